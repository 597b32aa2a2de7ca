"""Preflight as a whole: every check runs, errors come first, and nothing makes it fail."""

from dataclasses import replace
from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer.letter import (
    EarlierItem,
    Facts,
    Finding,
    IssueLetter,
    LetterItem,
    LinkAnswer,
    Organisation,
    Picture,
    Theme,
    errors_in_content,
    links_to_ask,
    preflight,
)
from mailer.letter.preflight import CHECKS, Where
from mailer.letter.preflight.examined import page_of
from tests.letter.preflight.conftest import Checked


def test_a_good_issue_has_no_findings(checked: Checked) -> None:
    facts = Facts(
        sender="Andes Updates <updates@andes.example>",
        bounce_address="bounces@mail.andes.example",
        earlier=(EarlierItem("Update 119", "Another", "Something else."),),
        answers=(LinkAnswer("https://pact.example/text", "alive"),),
    )
    assert checked.findings(facts) == ()


def test_what_an_import_makes_has_no_findings(checked: Checked) -> None:
    title = (
        "A title which the listing has, and which is rather longer than a hundred characters " * 2
    )
    title = title.strip()
    found = checked.found(
        publication="Peru Support Group Quarterly Bulletin and Digest",
        title="Peru Support Group Quarterly Bulletin and Digest 120",
        subject="Peru Support Group Quarterly Bulletin and Digest 120. 31 March 2007",
        preheader=title,
        items=(LetterItem(title, "A summary.", "", "https://updates.example.org/a/"),),
    )
    assert found == []


def test_errors_come_first(checked: Checked) -> None:
    found = checked.found(items=(), subject="")
    assert [severity for severity, *_ in found] == ["error", "warning"]


def test_findings_are_sentences(checked: Checked) -> None:
    item = replace(checked.issue.items[0], title="", summary="[here](http://10.0.0.1/) {{ x }}")
    for finding in checked.findings(items=(item,), subject="WATER FOR EVERYBODY!!", preheader=""):
        assert finding.check in CHECKS
        assert finding.reason.endswith((".", "!"))
        assert finding.remedy.endswith(".")


def test_a_letter_is_compiled_once_for_all_checks(checked: Checked) -> None:
    page_of.cache_clear()
    for _ in range(3):
        checked.findings(subject="Compiled once")
    assert page_of.cache_info().misses == 1


def test_what_compiling_finds_as_well_need_not_be_looked_at_before(checked: Checked) -> None:
    page_of.cache_clear()
    assert errors_in_content(checked.issue, checked.theme) == ()
    assert errors_in_content(replace(checked.issue, items=(), subject=""), checked.theme) == (
        Finding(
            "items",
            "error",
            "Update 120",
            "It has no item.",
            "Write at least one item.",
            Where("issue", "items"),
        ),
    )
    assert page_of.cache_info().misses == 0


# Their errors keep a letter from being compiled.
BY_COMPILING = {"letter", "unsubscribe_link", "fields_in_links"}

wild = st.one_of(
    st.text(st.characters(), max_size=60),
    st.text("ab {}|[]()<>#*!\n/:.-@%&;\"'\\`1é日\x00\u2028", max_size=60),
    st.sampled_from(
        [
            "",
            " ",
            "{{ letter_url }}",
            "[x]({{ name }})",
            "[x](http://[)",
            "# A\n\n### B",
            "![](http://a/b.png)",
            "https://a.example:99999/",
            "http://[::1%25eth0]/",
            "red",
            "#1F4E79",
        ]
    ),
)
numbers = st.integers(-1, 10**9)
pictures = st.none() | st.builds(Picture, wild, numbers, numbers, wild, wild, numbers)
items = st.builds(LetterItem, wild, wild, wild, wild, wild, st.booleans(), pictures)
organisations = st.builds(
    Organisation, wild, wild, wild, accent=wild, accent_dark=wild, logo=pictures
)
issues = st.builds(
    IssueLetter,
    publication=wild,
    title=wild,
    date=st.dates(date(1900, 1, 1)),
    subject=wild,
    preheader=wild,
    language=wild,
    items=st.lists(items, max_size=3).map(tuple),
    organisation=organisations,
    archive_url=wild,
    join_url=st.none() | wild,
)
answers = st.builds(LinkAnswer, wild, st.sampled_from(["alive", "dead", "not asked"]), wild)
facts = st.builds(
    Facts,
    wild,
    wild,
    st.lists(st.builds(EarlierItem, wild, wild, wild), max_size=2).map(tuple),
    st.lists(answers, max_size=2).map(tuple),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=issues, known=st.sets(wild), known_facts=facts)
def test_no_content_makes_it_fail(
    theme: Theme, content: IssueLetter, known: set[str], known_facts: Facts
) -> None:
    findings = preflight(content, theme, known, known_facts)
    assert errors_in_content(content, theme, known) == tuple(
        finding
        for finding in findings
        if finding.severity == "error" and finding.check not in BY_COMPILING
    )
    for finding in findings:
        assert finding.place or finding.check in ("items", "site")
        assert finding.reason
        assert finding.remedy
    assert len(set(links_to_ask(content))) == len(links_to_ask(content))


css = st.text("abc{}@:;.#()!/*\"' \n", max_size=80) | st.sampled_from(
    [
        "a { color: #fff } p { background: red url(x) }",
        "@media (prefers-color-scheme: dark) { a:hover, b::before { color: rgba(0, 0, 0, .5) } }",
        "a { color: inherit; background: transparent }",
    ]
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(html=wild, inlined=css, kept=css)
def test_no_theme_makes_it_fail(issue: IssueLetter, html: str, inlined: str, kept: str) -> None:
    page = f"<html><head></head><body><p>x</p>{html}</body></html>"
    preflight(issue, Theme("wild", page, inlined, kept))
    preflight(issue, Theme("wild", html, inlined, kept))
