"""What an editor is told before sending."""

from dataclasses import replace

import pytest

from mailer.letter import Finding, IssueLetter, LetterItem, Theme, preflight
from mailer.letter.preflight import CHECKS


def found(content: IssueLetter, theme: Theme) -> list[tuple[str, str, str]]:
    return [(f.severity, f.check, f.place) for f in preflight(content, theme)]


def with_items(content: IssueLetter, *items: LetterItem) -> IssueLetter:
    return replace(content, items=items)


def on_site(content: IssueLetter, url: str) -> IssueLetter:
    return replace(content, organisation=replace(content.organisation, url=url))


def test_a_good_issue_has_no_findings(issue: IssueLetter, theme: Theme) -> None:
    assert preflight(issue, theme) == ()


def test_an_imported_item_has_no_error(issue: IssueLetter, theme: Theme) -> None:
    item = LetterItem("A title", "A summary.", "", "https://updates.example.org/a/")
    assert found(replace(with_items(issue, item), preheader=""), theme) == []


def test_an_issue_without_items(issue: IssueLetter, theme: Theme) -> None:
    assert found(with_items(issue), theme) == [("error", "items", "Update 120")]


def test_an_item_without_a_title(issue: IssueLetter, theme: Theme) -> None:
    item = replace(issue.items[0], title=" ")
    assert found(with_items(issue, item), theme) == [("error", "item_titles", "item 1")]


def test_an_unknown_merge_field(issue: IssueLetter, theme: Theme) -> None:
    content = replace(issue, subject="Dear {{ nmae }}")
    (finding,) = preflight(content, theme)
    assert finding == Finding(
        check="merge_fields",
        severity="error",
        place="the subject",
        reason="There is no merge field 'nmae'.",
        remedy="Write one of greeting, letter_url, name, preferences_url, unsubscribe_url, "
        "or take it out.",
    )
    assert preflight(content, theme, known_fields={"nmae", "greeting"}) == ()


def test_the_link_of_a_notes_button_is_no_field_of_an_issue(
    issue: IssueLetter, theme: Theme
) -> None:
    content = replace(issue, preheader="{{ action_url }}")
    assert found(content, theme) == [("error", "merge_fields", "the preheader")]


@pytest.mark.parametrize("number", ["0", "99", "9" * 5000])
def test_what_looks_like_a_placeholder_is_text(
    issue: IssueLetter, theme: Theme, number: str
) -> None:
    word = f"mf{'0' * 16}n{number}e"
    item = replace(issue.items[0], title=word, summary=f"[x](http://{word}.example) [y]({word})")
    assert {severity for severity, *_ in found(with_items(issue, item), theme)} == {"warning"}


def test_no_postal_address(issue: IssueLetter, theme: Theme) -> None:
    content = replace(issue, organisation=replace(issue.organisation, address=" \n"))
    assert found(content, theme) == [("error", "postal_address", "the footer")]


@pytest.mark.parametrize(
    "html",
    ["<p>Nothing</p>", "<!-- {{ fields.unsubscribe_url }} -->", "{{ broken", "{{ nothing }}"],
)
def test_no_unsubscribe_link(issue: IssueLetter, theme: Theme, html: str) -> None:
    assert found(issue, replace(theme, html=html)) == [
        ("error", "unsubscribe_link", "theme update")
    ]


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://updates.example.org", True),
        ("http://127.0.0.1:8000", True),
        ("http://localhost:8000", True),
        ("http://[::1]:8000", True),
        ("http://updates.example.org", False),
        ("http://127.0.0.1.example.org", False),
        ("https://", False),
        ("updates.example.org", False),
        ("http://[", False),
    ],
)
def test_a_site_that_is_not_safe(issue: IssueLetter, theme: Theme, url: str, good: bool) -> None:
    assert found(on_site(issue, url), theme) == ([] if good else [("error", "site", url)])


@pytest.mark.parametrize(
    ("accent", "expected"),
    [
        ("#1F4E79", []),
        ("#DDDD00", [("warning", "accent", "accent")]),
        ("red", [("error", "accent", "accent")]),
    ],
)
def test_an_accent_that_cannot_be_read(
    issue: IssueLetter, theme: Theme, accent: str, expected: list[tuple[str, str, str]]
) -> None:
    content = replace(issue, organisation=replace(issue.organisation, accent=accent))
    assert found(content, theme) == expected


@pytest.mark.parametrize("subject", ["", "A word " * 9])
def test_subject(issue: IssueLetter, theme: Theme, subject: str) -> None:
    assert found(replace(issue, subject=subject), theme) == [("warning", "subject", "the subject")]


def test_an_empty_item(issue: IssueLetter, theme: Theme) -> None:
    item = replace(issue.items[0], summary="", body="")
    assert [severity for severity, *_ in found(with_items(issue, item), theme)] == ["warning"]


@pytest.mark.parametrize(
    ("link", "good"),
    [
        ("https://a.example/b", True),
        ("mailto:a@b.example", True),
        ("/plan", True),
        ("{{letter_url}}", True),
        ("www.a.example", False),
        ("http:/a.example", False),
        ("https://nowhere", False),
        ("ftp://a.example/b", False),
        ("#top", False),
    ],
)
def test_a_link_that_leads_nowhere(issue: IssueLetter, theme: Theme, link: str, good: bool) -> None:
    item = replace(issue.items[0], title="Water", summary=f"[here]({link})")
    expected = [] if good else [("warning", "links", "item 1 (Water)")]
    assert found(with_items(issue, item), theme) == expected


def test_errors_come_first(issue: IssueLetter, theme: Theme) -> None:
    content = replace(with_items(issue), subject="")
    assert [f.severity for f in preflight(content, theme)] == ["error", "warning"]


def test_every_check_says_something_here() -> None:
    assert set(CHECKS) == {
        "items",
        "item_titles",
        "merge_fields",
        "postal_address",
        "unsubscribe_link",
        "site",
        "accent",
        "subject",
        "empty_items",
        "links",
    }
