"""What a letter shows, to whom, and in which clothes."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import WrongInput
from mailer.letter import (
    IssueLetter,
    Letterhead,
    LetterItem,
    MergeValues,
    NoteLetter,
    Picture,
    Theme,
    Variant,
    compile_letter,
)
from tests.letter.conftest import SITE, with_field

PUBLIC = Variant("en", "html", member=False)
MEMBER = Variant("en", "html", member=True)


def shown(
    content: IssueLetter | NoteLetter,
    head: Letterhead,
    theme: Theme,
    reader: MergeValues,
    variant: Variant = PUBLIC,
) -> tuple[str, str]:
    html, text = compile_letter(content, head, variant, theme).parts(reader)
    assert html is not None
    return html, text


def test_both_parts_hold_every_item(
    issue: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues
) -> None:
    html, text = shown(issue, head, theme, ana)
    for part in (html.replace("&amp;", "&"), text):
        for item in issue.items[:2]:
            assert item.title in part
            assert item.url in part
        for name in ("unsubscribe_url", "preferences_url", "letter_url"):
            assert ana.fields[name] in part
        assert "Andes Society" in part
        assert "Update 120" in part
        assert "31 March 2007" in part
        assert "because you subscribe to Update" in part
    assert "The whole story" not in html


def test_both_parts_say_the_same_beside_the_items(
    issue: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues
) -> None:
    picture = Picture("https://updates.example.org/p", 600, 400, "A dry river", "Photo: A. Flores")
    item = replace(issue.items[0], picture=picture, topic="News for {{ name | you }}")
    organisation = replace(issue.organisation, footer="Registered charity 123.\nTelephone 020")
    content = replace(issue, items=(item,), title="For {{ greeting }}", organisation=organisation)
    for part in shown(content, head, theme, with_field(ana, name="Ana Q.")):
        for words in (
            issue.preheader,
            "For Ana and Tom",
            "News for Ana Q.",
            "A dry river",
            "Photo: A. Flores",
            "Registered charity 123.",
            "Telephone 020",
        ):
            assert words in part


@pytest.mark.parametrize(
    ("page", "leads_to"),
    [
        (f"{SITE}/updates/120/water/", f"{SITE}/updates/120/water/more"),
        ("https://other.example/page.html?a=1", f"{SITE}/more"),
    ],
)
def test_relative_links_lead_to_the_site(
    issue: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues, page: str, leads_to: str
) -> None:
    item = replace(issue.items[0], url=page, summary="[a](/pages/aims/) and [b](more)")
    for part in shown(replace(issue, items=(item,)), head, theme, ana):
        assert f"{SITE}/pages/aims/" in part
        assert leads_to in part


def test_a_blank_summary_is_none(
    issue: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues
) -> None:
    item = replace(issue.items[0], summary="  ", body="All that there is.")
    for part in shown(replace(issue, items=(item,)), head, theme, ana):
        assert "All that there is." in part


def test_the_text_is_wrapped_and_its_links_numbered(
    issue: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues
) -> None:
    _, text = shown(issue, head, theme, ana)
    assert "Ministries signed a pact [1] on water.\n\n[1] https://pact.example/text" in text
    assert f"Read on: A promise about water & rivers\n{issue.items[0].url}" in text
    assert all(len(line) <= 72 for line in text.split("\n") if "://" not in line)
    assert text.rstrip("\n").endswith("Andes Society\n1 Example Street\nLondon")


def test_who_is_no_member_is_told_what_is_missing(
    issue: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues
) -> None:
    for part in shown(issue, head, theme, ana):
        assert "one more item, for members" in part
        assert "https://updates.example.org/join/" in part
        assert "For those who pay" not in part
        assert "The accounts" not in part
    two = replace(issue, items=(*issue.items, issue.items[2]), join_url=None)
    for part in shown(two, head, theme, ana):
        assert "2 more items, for members" in part
        assert "renew your membership" not in part


def test_members_get_the_whole_item(
    issue: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues
) -> None:
    html, text = shown(issue, head, theme, ana, MEMBER)
    for part in (html, text):
        assert "For those who pay" in part
        assert "https://updates.example.org/accounts" in part
        assert "more item" not in part
        assert "updates/120/accounts" not in part  # it has no page
    assert re.search(r"<h3[^>]*>Money</h3>", html)
    assert "- in\n- out" in text


def test_the_page_is_sound(
    issue: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues
) -> None:
    html, _ = shown(issue, head, theme, ana)
    assert html.startswith('<!DOCTYPE html>\n<html lang="en" dir="ltr">')
    assert re.search(r'<body[^>]*>\s*<div[^>]* lang="en" dir="ltr"', html)
    assert "<title>Update 120: water for everybody</title>" in html
    assert len(re.findall("<h1", html)) == 1
    assert all('role="presentation"' in table for table in re.findall("<table[^>]*>", html))
    assert not re.search(r"<(img|script|link|iframe)\b|url\(", html)


def test_styles_are_inlined_and_the_rest_is_kept(
    issue: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues
) -> None:
    coloured = replace(issue, organisation=replace(issue.organisation, accent="#7A1F1F"))
    html, _ = shown(coloured, head, theme, ana)
    assert "border-top:4px solid #7A1F1F" in html
    assert "@media (prefers-color-scheme: dark)" in html
    assert "background-color: #161412 !important" in html
    assert "var(" not in html
    assert html.count("<style") == 1
    assert "<!--[if mso]>" in html


def test_at_rules_that_the_inliner_would_damage_stay(
    issue: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues
) -> None:
    kept = "@supports (display: grid) { @media print { u + .body p:not(.x) { top: 0 } } }"
    html, _ = shown(issue, head, replace(theme, kept_css=kept), ana)
    assert kept in html


def test_spanish_phrases_round_english_items(
    issue: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues
) -> None:
    html, text = shown(issue, head, theme, ana, Variant("es-PE", "html", member=False))
    assert '<html lang="es-PE" dir="ltr">' in html
    assert re.search(r'<div lang="en" dir="ltr"', html)
    for part in (html, text):
        assert "31 de marzo de 2007" in part
        assert "Hola, Ana and Tom:" in part
        assert "Darse de baja de Update" in part


def test_an_unknown_language_gets_english_and_its_own_direction(
    issue: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues
) -> None:
    html, _ = shown(issue, head, theme, ana, Variant("ar", "html", member=False))
    assert '<html lang="ar" dir="rtl">' in html
    assert "Unsubscribe from Update" in html


def test_variant_keys() -> None:
    assert PUBLIC.key == "en-html-public"
    assert Variant("es", "text", member=True).key == "es-text-member"


def test_an_unknown_merge_field_is_refused(
    issue: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues
) -> None:
    item = replace(issue.items[0], summary="Your number is {{ number | none }}.")
    content = replace(issue, items=(item,))
    with pytest.raises(WrongInput, match=r"summary of item 1 .* no merge field “number”"):
        compile_letter(content, head, PUBLIC, theme)
    letter = compile_letter(content, head, PUBLIC, theme, known_fields={"number", "greeting"})
    assert "Your number is none." in letter.parts(ana)[1]
    assert letter.fallbacks["number"] == "none"


def test_the_link_of_a_notes_button_is_no_field_of_an_issue(
    issue: IssueLetter, head: Letterhead, theme: Theme
) -> None:
    item = replace(issue.items[0], summary="[here]({{ action_url }})")
    with pytest.raises(WrongInput, match="no merge field “action_url”"):
        compile_letter(replace(issue, items=(item,)), head, PUBLIC, theme)
    with pytest.raises(WrongInput, match="there is no 'action_url'"):
        compile_letter(issue, head, PUBLIC, replace(theme, html="{{ fields.action_url }}"))


@pytest.mark.parametrize("link", ["{{name}}", "https://e.example/{{name}}", "{{letter_url}}x"])
def test_a_readers_words_are_never_a_link(
    issue: IssueLetter, head: Letterhead, theme: Theme, link: str
) -> None:
    item = replace(issue.items[0], summary=f"[here]({link})")
    with pytest.raises(WrongInput, match="inside a link"):
        compile_letter(replace(issue, items=(item,)), head, PUBLIC, theme)


def test_an_author_may_link_to_the_letter(
    issue: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues
) -> None:
    item = replace(issue.items[0], summary="[here]({{letter_url}})")
    html, text = shown(replace(issue, items=(item,)), head, theme, ana)
    assert html.count(f'href="{ana.fields["letter_url"]}"') == 2
    assert f"[1] {ana.fields['letter_url']}" in text


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("<p>{{ nothing }}</p>", "'nothing' is undefined"),
        ("<p>{% if %}</p>", "line 1: Expected an expression"),
        ("<p>{{ ''.__class__.__mro__ }}</p>", "begins with an underscore"),
        ("<p>{{ 1 / 0 }}</p>", "division by zero"),
        ("<p>{{ say('nothing') }}</p>", "there is no phrase 'nothing'"),
        ("<p>{{ fields.unsubscribe_url }}</p>", "no unsubscribe link"),
    ],
)
def test_a_poor_theme_is_refused(
    issue: IssueLetter, head: Letterhead, theme: Theme, html: str, reason: str
) -> None:
    with pytest.raises(WrongInput, match=reason):
        compile_letter(issue, head, PUBLIC, replace(theme, html=html))


@pytest.mark.parametrize("accent", ["red", "#12345", "#123456;x", "</style>"])
def test_what_is_no_colour_is_refused(
    issue: IssueLetter, head: Letterhead, theme: Theme, accent: str
) -> None:
    content = replace(issue, organisation=replace(issue.organisation, accent=accent))
    with pytest.raises(WrongInput, match="no colour"):
        compile_letter(content, head, PUBLIC, theme)


def test_markup_in_plain_fields_is_shown_not_obeyed(
    issue: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues
) -> None:
    bad = '"><script>alert(1)</script>'
    item = LetterItem(title=bad, summary=bad, body="", url=f"https://e.example/{bad}", topic=bad)
    content = replace(issue, items=(item,), subject=bad, title=bad, preheader=bad, publication=bad)
    html, _ = shown(content, head, theme, ana)
    assert "<script" not in html
    assert "Read on" not in html  # what is no web address is no link


@given(text=st.text(st.characters() | st.sampled_from("{}[]()<>*_#|`\n\r\t\x00:"), max_size=60))
def test_any_content_compiles_or_is_refused(
    issue: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues, text: str
) -> None:
    item = LetterItem(title=text, summary=text, body=text, url=text, topic=text)
    content = replace(issue, items=(item,), preheader=text)
    try:
        letter = compile_letter(content, head, PUBLIC, theme)
    except WrongInput:
        return
    message = letter.merge(ana)
    body = message.partition(b"\r\n\r\n")[2]
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert b"\r" not in message.replace(b"\r\n", b"")
    html, _ = letter.parts(ana)
    assert html is not None
    assert ana.fields["unsubscribe_url"] in html
