"""Items: there are some, with titles and texts, and none of them twice."""

from dataclasses import replace

import pytest

from mailer.letter import EarlierItem, Facts, LetterItem
from tests.letter.preflight.conftest import Checked


def test_an_issue_without_items(checked: Checked) -> None:
    assert checked.found(items=()) == [("error", "items", "Update 120")]


@pytest.mark.parametrize("title", ["", " \n"])
def test_an_item_without_a_title(checked: Checked, title: str) -> None:
    assert checked.with_item(title=title) == [("error", "item_titles", "item 1")]


@pytest.mark.parametrize(
    ("summary", "body", "empty"), [("", " ", True), ("", "Body.", False), ("Sum.", "", False)]
)
def test_an_empty_item(checked: Checked, summary: str, body: str, empty: bool) -> None:
    found = checked.with_item(summary=summary, body=body)
    assert found == ([("warning", "empty_items", "item 1 (Water)")] if empty else [])


TEXT = "Ministries signed a pact on the use of water in all of Peru."


@pytest.mark.parametrize(
    ("title", "text", "again"),
    [
        ("Water", TEXT, True),
        ("WATER!", TEXT.replace("pact", "treaty"), True),
        ("Another title", f"  {TEXT.upper()}", True),
        ("Water", "Rivers ran dry in the south this year, says a report.", False),
        ("Another title", TEXT.replace("pact", "treaty"), False),
        ("", "", False),
    ],
)
def test_an_item_of_an_earlier_issue(checked: Checked, title: str, text: str, again: bool) -> None:
    item = replace(checked.issue.items[0], title="Water", summary=TEXT)
    facts = Facts(earlier=(EarlierItem("Update 119", title, text),))
    findings = checked.findings(facts, items=(item,))
    assert [(f.check, f.place, f.reason) for f in findings] == (
        [("repeated_items", "item 1 (Water)", "Update 119 has it already.")] if again else []
    )


def test_an_item_twice_in_one_issue(checked: Checked) -> None:
    item = replace(checked.issue.items[0], title="Water")
    found = checked.found(items=(item, replace(item, title="Rivers")))
    assert found == [("warning", "repeated_items", "item 2 (Rivers)")]


def test_an_item_without_a_summary_is_known_by_its_body(checked: Checked) -> None:
    item = replace(checked.issue.items[0], title="Water", summary="", body="Long. " * 1000)
    facts = Facts(earlier=(EarlierItem("Update 119", "Rivers", item.body[:2000]),))
    found = checked.found(facts, items=(item,))
    assert found == [("warning", "repeated_items", "item 1 (Water)")]


@pytest.mark.parametrize(
    ("topics", "place"),
    [
        (("", "", ""), None),
        (("a", "b", "a"), None),
        (("a", " ", "b"), "item 2"),
        (("", "a", ""), "items 1 and 3"),
        (("", "", "", "a"), "items 1, 2 and 3"),
    ],
)
def test_topics_are_for_all_items_or_none(
    checked: Checked, topics: tuple[str, ...], place: str | None
) -> None:
    items = tuple(
        LetterItem(f"Title {topic}{at}", f"Text {at}.", "", "https://a.example/", topic)
        for at, topic in enumerate(topics)
    )
    assert checked.found(items=items) == ([("warning", "topics", place)] if place else [])


@pytest.mark.parametrize(
    ("body", "good"),
    [
        ("# A\n\n## B\n\n# C\n\n## D\n\n### E", True),
        ("### A\n\n### B", True),
        ("Text", True),
        ("# A\n\n### B", False),
        ("## A\n\n# B", False),
    ],
)
def test_heading_order(checked: Checked, body: str, good: bool) -> None:
    found = checked.with_item(body=body)
    assert found == ([] if good else [("warning", "headings", "item 1 (Water)")])
