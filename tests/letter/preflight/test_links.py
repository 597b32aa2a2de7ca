"""Links: where they lead, and what their words say."""

from dataclasses import replace

import pytest

from mailer.letter import Facts, LetterItem, LinkAnswer, links_to_ask
from tests.letter.preflight.conftest import Checked

PLACE = "item 1 (Water)"


@pytest.mark.parametrize(
    ("link", "good"),
    [
        ("https://a.example/b", True),
        ("http://a.example/b", True),
        ("https://93.184.216.34/", True),
        ("https://münchen.example/straße", True),
        ("mailto:a@b.example", True),
        ("tel:+44", True),
        ("/plan", True),
        ("https://updates.example.org/plan", True),
        ("{{letter_url}}", True),
        ("http://updates.example.org/plan", False),
        ("", False),
        ("mailto:", False),
        ("www.a.example", False),
        ("http:/a.example", False),
        ("https://", False),
        ("https://a.example:99999/", False),
        ("https://nowhere", False),
        ("http://localhost/", False),
        ("http://localhost:8000/", False),
        ("http://127.0.0.1:8000/", False),
        ("http://[::1]/", False),
        ("http://192.168.0.7/", False),
        ("http://10.1.2.3/", False),
        ("http://169.254.169.254/", False),
        ("http://2130706433/", False),
        ("http://1.2.3/", False),
        ("https://staging.test/", False),
        ("https://a.invalid./", False),
        ("https://printer.local/", False),
        ("ftp://a.example/b", False),
        ("#top", False),
    ],
)
def test_a_link_that_leads_nowhere(checked: Checked, link: str, good: bool) -> None:
    found = checked.with_item(summary=f"[A pact on water]({link})")
    assert found == ([] if good else [("warning", "links", PLACE)])


@pytest.mark.parametrize(
    ("site", "link", "good"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/plan", True),
        ("http://127.0.0.1:8000", "http://localhost:8000/plan", True),
        ("http://127.0.0.1:8000", "http://10.0.0.1/plan", False),
        ("https://updates.example.org", "http://127.0.0.1:8000/plan", False),
    ],
)
def test_on_loopback_the_site_may_link_to_itself(
    checked: Checked, site: str, link: str, good: bool
) -> None:
    item = replace(checked.issue.items[0], title="Water", summary=f"[A pact on water]({link})")
    organisation = replace(checked.issue.organisation, url=site)
    found = checked.found(items=(item,), organisation=organisation)
    assert found == ([] if good else [("warning", "links", PLACE)])


@pytest.mark.parametrize("source", ["[A pact](https://a.example/a b)", "[A pact](javascript:x)"])
def test_what_was_meant_as_a_link(checked: Checked, source: str) -> None:
    assert checked.with_item(body=source) == [("warning", "links", PLACE)]


@pytest.mark.parametrize("source", ["`[a](b c)`", "[a] (b c)", "[1] and (2)", "\\[a] b"])
def test_brackets_are_no_links(checked: Checked, source: str) -> None:
    assert checked.with_item(body=source) == []


@pytest.mark.parametrize(
    ("url", "members_only", "good"),
    [
        ("https://a.example/water/", False, True),
        ("", False, False),
        ("javascript:alert(1)", False, False),
        ("https://a.example/a b", False, False),
        ("http://10.0.0.1/", False, False),
        ("", True, True),
    ],
)
def test_an_items_page(checked: Checked, url: str, members_only: bool, good: bool) -> None:
    found = checked.with_item(url=url, members_only=members_only)
    assert found == ([] if good else [("warning", "links", PLACE)])


@pytest.mark.parametrize(
    "words", ["here", "Click here", "**HERE**", "read more…", "Aquí", "Haga clic aquí", "más »", ""]
)
def test_words_that_say_nothing(checked: Checked, words: str) -> None:
    found = checked.with_item(summary=f"For the pact [{words}](https://a.example/).")
    assert found == [("warning", "link_words", PLACE)]


@pytest.mark.parametrize(
    "words", ["the pact", "Here we are", "https://a.example/", "`make`", "水", "Más agua"]
)
def test_words_that_say_where(checked: Checked, words: str) -> None:
    assert checked.with_item(summary=f"Read [{words}](https://a.example/).") == []


def test_a_picture_in_the_text_without_words(checked: Checked) -> None:
    for language in ("en", "es"):
        item = replace(checked.issue.items[0], title="Water", body="![](https://a.example/b.png)")
        found = checked.found(items=(item,), language=language)
        assert found == [("warning", "link_words", PLACE)]
    assert checked.with_item(body="![A river](https://a.example/b.png)") == []


def test_dead_links_are_told_where_they_stand(checked: Checked) -> None:
    item = replace(checked.issue.items[0], title="Water")
    facts = Facts(
        answers=(
            LinkAnswer("https://pact.example/text", "dead", "there is no such page (404)"),
            LinkAnswer("https://alive.example/", "alive"),
            LinkAnswer("https://late.example/", "not asked", "time was up"),
        )
    )
    findings = checked.findings(facts, items=(item,))
    assert [(f.severity, f.check, f.place, f.reason) for f in findings] == [
        (
            "warning",
            "dead_links",
            PLACE,
            "https://pact.example/text: there is no such page (404).",
        ),
        ("warning", "dead_links", "a link", "https://late.example/: time was up."),
    ]


def test_which_links_can_be_asked_for(checked: Checked) -> None:
    site = checked.issue.organisation.url
    source = (
        "[a](https://a.example/) [again](https://a.example/) [plan](/plan) [us]({{ letter_url }})"
        f" [ours]({site}/x) [mail](mailto:a@b.example) [inside](http://10.0.0.1/) <http://b.example>"
    )
    items = (
        LetterItem("Water", source, "[c](https://c.example/c)", f"{site}/updates/120/water/"),
        LetterItem("Away", "[near](near)", "", "https://d.example/far/"),
        LetterItem("Members", "", "", "https://e.example/", members_only=True),
    )
    assert links_to_ask(replace(checked.issue, items=items)) == (
        "https://a.example/",
        "http://b.example",
        "https://c.example/c",
        "https://d.example/far/",
    )
