"""Subject, preheader, language and merge fields."""

from dataclasses import replace

import pytest

from mailer.letter import Finding, Where, preflight
from tests.letter.preflight.conftest import Checked

SUBJECT = ("warning", "subject", "the subject")
SHOUTING = ("warning", "shouting", "the subject")
PREHEADER = ("warning", "preheader", "the preheader")


@pytest.mark.parametrize("subject", ["", " \n", "A word " * 9, "Update 120", "é" * 61])
def test_a_subject_that_is_missing_or_long(checked: Checked, subject: str) -> None:
    assert checked.found(subject=subject) == [SUBJECT]


@pytest.mark.parametrize(
    "subject",
    [
        "Water",
        "é" * 60,
        "Update 120. 31 March 2007",
        # What a reader sees counts, not what the author typed.
        "Dear {{ name                                                             | friend }}",
    ],
)
def test_a_subject_that_is_well(checked: Checked, subject: str) -> None:
    assert checked.found(subject=subject) == []


def test_an_announcement_may_have_its_title_as_its_subject(checked: Checked) -> None:
    assert checked.found(subject="A meeting in Lima", title="A meeting in Lima") == []


@pytest.mark.parametrize(
    "subject",
    [
        "WATER FOR EVERYBODY",
        "Update 120: WATER FOR EVERYBODY",
        "IMPORTANT news",
        "URGENT APPEAL",
        "¡AGUA PARA TODOS!",
        "ВОДА ДЛЯ ВСЕХ НАС",
        "Water! Now!",
        "Water!!",
        "水！水！",
    ],
)
def test_a_subject_that_shouts(checked: Checked, subject: str) -> None:
    assert checked.found(subject=subject) == [SHOUTING]


@pytest.mark.parametrize(
    "subject",
    [
        "The IACHR rules against Peru",
        "IACHR: TRC, NDIC and PSG",
        "PSG AGM 2007",
        "UNESCO",
        "UPDATE 120",
        "Agua para todos en el Perú",
        "¡Feliz año!",
        "Water!",
        "秘鲁最新消息报告全文如下请看",
        "IACHRの最新情報",
        "أخبار من بيرو",
        "पेरू से समाचार",
        "Новости из Перу",
        "120",
    ],
)
def test_a_subject_that_does_not_shout(checked: Checked, subject: str) -> None:
    assert checked.found(subject=subject) == []


def test_a_long_name_in_capitals_is_known_from_the_items(checked: Checked) -> None:
    assert checked.found(subject="GRUFIDES under threat") == [SHOUTING]
    item = replace(checked.issue.items[0], summary="They work at GRUFIDES, an NGO.")
    assert checked.found(subject="GRUFIDES under threat", items=(item,)) == []


@pytest.mark.parametrize(
    ("preheader", "expected"),
    [
        ("Water, and a new colleague.", []),
        ("", [PREHEADER]),
        (" ", [PREHEADER]),
        ("update 120:  Water for everybody", [PREHEADER]),
        ("A word " * 16, [PREHEADER]),
        ("A word " * 15, []),
    ],
)
def test_preheader(checked: Checked, preheader: str, expected: list[object]) -> None:
    assert checked.found(preheader=preheader) == expected


@pytest.mark.parametrize(
    ("language", "good"),
    [("en", True), ("es-PE", True), ("qu", True), ("zh_Hans", True), ("", False), ("a?", False)],
)
def test_language(checked: Checked, language: str, good: bool) -> None:
    found = checked.found(language=language)
    assert found == ([] if good else [("warning", "language", "the language")])


def test_an_unknown_merge_field(checked: Checked) -> None:
    content = replace(checked.issue, subject="Dear {{ nmae }}")
    (finding,) = preflight(content, checked.theme)
    assert finding == Finding(
        check="merge_fields",
        severity="error",
        place="the subject",
        reason="There is no merge field “nmae”.",
        remedy="Write one of greeting, letter_url, name, preferences_url, unsubscribe_url, "
        "or take it out.",
        where=Where("issue", "subject"),
    )


def test_the_link_of_a_notes_button_is_no_field_of_an_issue(checked: Checked) -> None:
    found = checked.found(preheader="Confirm: {{ action_url }}")
    assert found == [("error", "merge_fields", "the preheader")]


@pytest.mark.parametrize(
    ("summary", "good"),
    [
        ("Dear {{ town | neighbour }}", True),
        ("Dear {{ town }}", False),
        ("Dear {{ name }} and {{ greeting }}", True),
        ("[Leave]({{ unsubscribe_url }})", True),
        ("Dear {{ name", False),
        ("Dear name }}", False),
        ("Dear { name }", True),
    ],
)
def test_a_field_without_a_fallback_or_without_an_end(
    checked: Checked, summary: str, good: bool
) -> None:
    item = replace(checked.issue.items[0], title="Water", summary=summary)
    known = {"town", "name", "greeting", "unsubscribe_url"}
    found = preflight(replace(checked.issue, items=(item,)), checked.theme, known)
    assert [(f.severity, f.check, f.place) for f in found] == (
        [] if good else [("warning", "merge_fields", "the summary of item 1 (Water)")]
    )


@pytest.mark.parametrize("url", ["{{ name }}", "https://a.example/{{ name }}"])
def test_a_field_inside_a_link(checked: Checked, url: str) -> None:
    found = checked.with_item(summary=f"[A pact on water](<{url}>)")
    assert found == [("error", "fields_in_links", "item 1 (Water)")]
    # The body of a public item with a summary is on its page alone.
    found = checked.with_item(body=f"[A pact on water](<{url}>)")
    assert found == [("warning", "fields_in_links", "item 1 (Water)")]


@pytest.mark.parametrize("number", ["0", "99", "9" * 5000])
def test_what_looks_like_a_placeholder_is_text(checked: Checked, number: str) -> None:
    word = f"mf{'0' * 16}n{number}e"
    found = checked.with_item(title=word, summary=f"[x](http://{word}.example) [y]({word})")
    assert {severity for severity, *_ in found} == {"warning"}
