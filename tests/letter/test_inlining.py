"""Styles move into the elements, and every reader sees what the author wrote.

The faults of premailer that are named here are those of version 3.10.
"""

import html.parser
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mailer.errors import WrongInput
from mailer.letter import (
    IssueLetter,
    Letterhead,
    MergeValues,
    NoteLetter,
    Theme,
    Variant,
    compile_letter,
)
from mailer.letter.inlining import inline
from mailer.letter.inlining.stylesheet import read_sheet
from mailer.letter.inlining.tags import tags
from tests.letter.conftest import with_field
from tests.letter.inlining.comparing import (
    MODES,
    Template,
    Way,
    by_premailer_alone,
    chromium_page,
    compare,
    ours,
    ours_with_css_inline,
    table,
    templates,
    themes,
)
from tests.letter.inlining.quarrels import quarrel

LEAST = 0.95
WITH_CSS_INLINE = find_spec("css_inline") is not None
INLINERS = [
    "premailer",
    pytest.param(
        "css-inline",
        marks=pytest.mark.skipif(not WITH_CSS_INLINE, reason="css-inline is not installed"),
    ),
]


def page(body: str, css: str = "", head: str = "") -> str:
    sheet = f"<style>{css}</style>" if css else ""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>{head}{sheet}</head>\n'
        f"<body>{body}</body>\n</html>\n"
    )


def style_of(tag: str, inlined: str) -> str:
    """The style attribute of the first such element."""
    (first, *_) = [one for one in tags(inlined) if one.name == tag and not one.closing]
    return dict(first.attributes).get("style", "")


def sheets(inlined: str) -> list[str]:
    return [text.strip() for text in re.findall(r"<style[^>]*>(.*?)</style>", inlined, re.DOTALL)]


# As Chromium sees it


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with chromium_page() as opened:
        yield opened


def test_every_element_looks_the_same_afterwards(
    chromium: Any,
    issue: IssueLetter,
    note: NoteLetter,
    head: Letterhead,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ways: dict[str, Way] = {"premailer alone": by_premailer_alone, "ours": ours}
    if WITH_CSS_INLINE:
        ways["ours with css-inline"] = ours_with_css_inline
    written, own = templates(), themes(issue, note, head)
    assert len(written) >= 30
    assert own
    figures = compare(chromium, [*written, *own], ways)
    with capsys.disabled():
        print(f"\n{table(figures)}")  # noqa: T201 - the figures are wanted
    for mode in MODES:
        for way in set(ways) - {"premailer alone"}:
            wrong = {name: said[:3] for name, said in figures[mode][way].items() if said}
            assert len(wrong) <= (1 - LEAST) * len(written), f"{mode}, {way}: {wrong}"
            assert not [name for name in wrong if name in {theme.name for theme in own}]
        # Otherwise these templates would be too easy to tell anything.
        alone = figures[mode]["premailer alone"].values()
        assert sum(not said for said in alone) < LEAST * len(alone)


def test_whoever_wins_a_quarrel_of_rules_goes_on_winning(chromium: Any) -> None:
    figures = compare(chromium, [quarrel(seed) for seed in range(40)], {"ours": ours})
    for mode, ways in figures.items():
        wrong = {name: said[:3] for name, said in ways["ours"].items() if said}
        assert len(wrong) <= 2, f"{mode}: {wrong}"


def test_a_change_of_style_is_seen(chromium: Any) -> None:
    template = Template("one", page('<p class="a">x</p>', ".a { color: red }"))
    for change in ("color:blue", "margin-top:1px", "color:red;text-transform:uppercase"):
        figures = compare(
            chromium,
            [template],
            {"changed": lambda _, change=change: page(f'<p class="a" style="{change}">x</p>')},  # type: ignore[misc]
        )
        assert all(ways["changed"]["one"] for ways in figures.values())
    gone = compare(chromium, [template], {"gone": lambda _: page("")})
    assert gone["mobile"]["gone"]["one"] == ["3 elements have become 2"]


# What premailer would lose or damage


@pytest.mark.parametrize("inliner", INLINERS)
@pytest.mark.parametrize(
    "kept",
    [
        "@font-face { font-family: Lora; src: url(l.woff2) }",
        '@import url("https://fonts.example/css?family=Lora:400,700");',
        "@supports (display: grid) { p { display: grid } }",
        "@media (max-width: 9px) { @media print { p { top: 0 } } }",
        "@media (max-width: 9px) { p { top: 0 !important } .gone { color: red } }",
        "@keyframes fade { from { opacity: 0 } to { opacity: 1 } }",
        "u + .body p { top: 1px }",
        "[data-ogsc] p { top: 1px }",
        ".ExternalClass p { top: 1px }",
        "#outlook a { padding: 0 }",
        "a:hover { color: red }",
        'p::before { content: "»" }',
        "a, b:-moz-any-link { color: red }",
    ],
)
def test_what_no_attribute_can_say_is_kept(kept: str, inliner: Any) -> None:
    body = '<p>x <a href="#">y</a></p>'
    assert inline(page(body, kept), inliner=inliner) == page(body, f"\n{kept}\n")


@pytest.mark.parametrize(
    "body",
    [
        "<!--[if mso]><table><tr><td width=1><![endif]-->x<!--[if mso]></table><![endif]-->",
        '<!--[if !mso]><!-- --><p>x</p><!--<![endif]--><o:p>&nbsp;</o:p><v:rect fill="t"/>',
        '<a href="{{ a }}">1</a> {{#if b}}<a href="{{ c }}">2</a>{{/if}} <a href="{{a "b"}}">3</a>',
        '<a href="?a=1&b=2&copy=3">&eacute; é &amp; 漢 &#128512;</a><br/><p hidden>x</p>',
        '<table width="100%" height=50 align=center><tr><td valign=top><img src=a.png></table>',
        "<p>one<p>two<ul><li>a<li>b</ul><b><i>c</b></i></div> 1 < 2 && 3 > 2",
        '<script>if (a < b) { c("</p>") }</script><textarea><p></textarea>',
    ],
)
def test_nothing_but_styles_is_touched(body: str) -> None:
    for doctype in ("<!doctype html>", "<!DOCTYPE html>", "", "<?xml version='1.0'?>"):
        source = page(f"<p>x</p>{body}").replace("<!DOCTYPE html>", doctype)
        assert inline(source, ".none { color: red }") == source
        inlined = inline(source, "p, a, td { color: red }")
        assert inlined.replace(' style="color:red"', "") == source
        assert '<p style="color:red">x</p>' in inlined


def test_no_attribute_is_added_but_style() -> None:
    css = "img { float: left; width: calc(100% - 4px); height: auto; vertical-align: top }"
    inlined = inline(page("<img src=a.png>"), f"{css} td {{ text-align: right; width: 10px }}")
    assert re.findall(r"<img[^>]*>", inlined) == [
        '<img src=a.png style="float:left;width:calc(100% - 4px);height:auto;vertical-align:top">'
    ]


def test_values_stay_as_they_were_written() -> None:
    css = """p { background: url("a b.png") , linear-gradient(90DEG, #FFF 0%, rgb(0 0 0 / 50%));
             font-family: "A", 'B'; width: min(1px, 2px); mso-line-height-rule: exactly;
             filter: progid:X.Y(a='#80'); color: #FFFFFF }"""
    assert style_of("p", inline(page("<p>x</p>", css))) == (
        "background:url('a b.png') , linear-gradient(90DEG, #FFF 0%, rgb(0 0 0 / 50%));"
        "font-family:'A', 'B';width:min(1px, 2px);mso-line-height-rule:exactly;"
        "filter:progid:X.Y(a='#80');color:#FFFFFF"
    )


@pytest.mark.parametrize(
    ("css", "style", "inlined"),
    [
        ("p { color: red }", "color: blue", "color:blue"),
        ("p { color: red !important }", "color: blue", "color:red"),
        ("p { color: red !important }", "color: blue !important", "color:blue !important"),
        ("p { margin: 0 }", "margin-top: 1px", "margin:0;margin-top:1px"),
        ("p { margin-top: 1px } p.x { margin: 0 }", "", "margin:0"),
        ("p { margin-top: 1px } p { margin: 0 } p { margin-top: 2px }", "",
         "margin:0;margin-top:2px"),
        ("p { font-size: 9px } .x { font: 12px Arial }", "", "font-size:9px;font:12px Arial"),
        (".x { color: red } p { color: blue }", "", "color:red"),
        ("p[class] { color: red } .x { color: blue } p { color: green }", "", "color:red"),
        ("body p { color: red } p { color: blue }", "", "color:red"),
        ("p:not(#a) { color: red } .x.x { color: blue }", "", "color:red"),
        ("p { color: red } P { COLOR: blue }", "", "color:blue"),
        ("p { color: red; color: rgb(1 2 3 / 4%) }", "", "color:red;color:rgb(1 2 3 / 4%)"),
        ("p { vertical-align: top } .x { vertical-align: center }", "",
         "vertical-align:top;vertical-align:center"),
        ("* { top: 1px } p:nth-child(1) { left: 2px } p:first-child { right: 3px }", "",
         "top:1px;left:2px;right:3px"),
        ("p { color: red }", "{{ style }}", "color:red;{{ style }}"),
        ("p { color: unset; margin: inherit }", "", "color:unset;margin:inherit"),
    ],
)  # fmt: skip
def test_the_winner_is_that_of_the_cascade(css: str, style: str, inlined: str) -> None:
    attribute = f' style="{style}"' if style else ""
    assert style_of("p", inline(page(f'<p class="x"{attribute}>x</p>', css))) == inlined


def test_a_style_that_is_spelt_like_a_selector() -> None:
    """premailer keeps selectors and styles in one cache, and takes one for the other."""
    assert 'style="color:red;p"' in inline(
        page('<p style="p">x</p><p style="body">y</p>'), "p{color:red}"
    )


def test_table_cells_match_through_the_body_that_every_browser_adds() -> None:
    body = "<table><tr><td>x</table>"
    inlined = inline(page(body, "table > tr > td { top: 1px } tbody > tr > td { left: 2px }"))
    assert style_of("td", inlined) == "left:2px"


def test_elements_without_a_tag_keep_their_rule() -> None:
    inlined = inline("<!DOCTYPE html><title>x</title><p>x", "body, p { margin: 0 } td { top: 0 }")
    assert inlined == (
        "<!DOCTYPE html><title>x</title><style>\nbody, p { margin: 0 }\n</style>\n"
        '<p style="margin:0">x'
    )


# `!important`


@pytest.mark.parametrize(
    ("plain", "media", "kept", "inlined"),
    [
        # Had won, and would lose: becomes important.
        ("p { color: red }", "p { color: blue }", "p { color: blue !important }", "color:red"),
        ("p { margin: 0 }", "p { margin-top: 9px }",
         "p { margin-top: 9px !important }", "margin:0"),
        # Had lost, and loses: stays as it is.
        (".x { color: red }", "p { color: blue }", "p { color: blue }", "color:red"),
        # Nothing is against it: stays as it is.
        ("p { color: red }", "p { top: 0 }", "p { top: 0 }", "color:red"),
        # The author's own, against an important rule that is inlined.
        ("p { color: red !important }", "p { color: blue !important }",
         "p { color: blue !important }", "color:red"),
        (".x { color: red !important }", "p { color: blue !important }",
         "p { color: blue !important }", "color:red !important"),
    ],
)  # fmt: skip
def test_a_media_rule_wins_where_it_had_won(
    plain: str, media: str, kept: str, inlined: str
) -> None:
    result = inline(page('<p class="x">x</p>', f"{plain} @media print {{ {media} }}"))
    assert sheets(result) == [f"@media print {{ {kept} }}"]
    assert style_of("p", result) == inlined


def test_a_declaration_between_two_media_rules_is_kept_as_well() -> None:
    """It lost to the one and won over the other, and both are important now."""
    media = "@media print {{ p {{ color: blue{0} }} #i {{ color: pink{0} }} }}"
    css = f"p.x {{ color: red }} p {{ color: green }} {media.format('')}"
    result = inline(page('<p class="x" id="i">x</p><p>y</p>', css))
    assert sheets(result) == [f"p.x{{ color: red !important }} {media.format(' !important')}"]
    assert style_of("p", result) == "color:red"


def test_what_its_author_made_important_stays_above_what_became_so() -> None:
    css = "p { color: red } @media print { p { color: blue !important } #i { color: pink } }"
    (kept,) = sheets(inline(page('<p id="i">x</p>', css)))
    assert kept == (
        "@media print { p { color: blue !important }p:not(#_#_#_){ color: blue !important } "
        "#i { color: pink !important } }"
    )


# Style elements


def test_a_value_that_is_merged_in_stays_in_its_attribute(
    issue: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues
) -> None:
    source = theme.html.replace("<h1 class", "<h1 title={{ fields.greeting }} class")
    letter = compile_letter(
        issue, head, Variant("en", "html", member=False), replace(theme, html=source)
    )
    html, _ = letter.parts(with_field(ana, greeting="Ana onclick=x"))
    assert '<h1 title="Ana onclick=x" class="number"' in (html or "")


def test_a_block_is_small_enough_for_gmail() -> None:
    rules = "".join(f".c{number} {{ color: #{number:06} }} " for number in range(2000))
    css = f"@media (max-width: 480px) {{ {rules} }} a:hover {{ color: red }}"
    kept = sheets(inline(page('<p class="c7">x</p>', css)))
    assert len(kept) > 3
    assert all(len(block.encode()) < 16_384 for block in kept)
    assert sum(block.count("color:") for block in kept) == 2001
    assert all(block.startswith("@media (max-width: 480px)") for block in kept[:-1])


def test_an_at_rule_in_an_at_rule_has_a_block_of_its_own() -> None:
    nested = "@media print { @supports (top: 0) { p { top: 0 } } }"
    css = f"a:hover {{ top: 0 }} {nested} @media print {{ p {{ top: 1px }} }}"
    assert sheets(inline(page("<p>x", css))) == [
        "a:hover { top: 0 }",
        nested,
        "@media print { p { top: 1px } }",
    ]


def test_a_sheet_in_the_body_moves_to_the_head_and_keeps_its_condition() -> None:
    body = '<style media="print">p { top: 0 }</style><p>x</p>'
    result = inline(page(body, head="<title>x</title>"), "p { left: 0 }")
    assert '<style media="print">\np { top: 0 }\n</style>\n</head>' in result
    assert '<body><style media="print"></style><p style="left:0">' in result


def test_a_sheet_that_outlook_shall_not_see_stays_hidden_from_it() -> None:
    hidden = "<!--[if !mso]><!--><style>\na:hover { top: 0 }\n</style><!--<![endif]-->"
    assert hidden in inline(page("<p>x", head=hidden), "p { top: 0 }")
    assert hidden in inline(page(f"<p>x{hidden}"), "p { top: 0 }")


def test_a_string_cannot_end_the_style_element() -> None:
    result = inline(page("<p>x"), kept='p::before { content: "</style><script>" }')
    assert r'content: "<\/style><script>"' in result


def test_an_import_that_was_void_does_not_come_to_stand_first() -> None:
    css = "p { top: 0 } @import url(late.css); a:hover { top: 0 }"
    assert sheets(inline(page("<p>x", css))) == ["a:hover { top: 0 }"]


def test_a_sheet_of_another_kind_is_left_alone() -> None:
    source = page("<p>x", head='<style type="text/x">p { top: 0 }</style>')
    assert inline(source) == source


def test_brackets_without_end_are_refused_in_words() -> None:
    with pytest.raises(WrongInput, match="too many brackets"):
        inline(page("<p>x"), "p { color: " + "(" * 5000)


def test_an_inliner_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "css_inline", None)
    with pytest.raises(WrongInput, match=r"pip install mailer\[css-inline\]"):
        inline(page("<p>x"), "p { top: 0 }", inliner="css-inline")


def test_threads_inline_at_the_same_time() -> None:
    source = {number: page("<p>x</p>", f"p {{ top: {number}px }}") for number in range(40)}
    results: dict[int, str] = {}

    def work(number: int) -> None:
        results[number] = style_of("p", inline(source[number]))

    threads = [threading.Thread(target=work, args=(number,)) for number in source]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: f"top:{number}px" for number in source}


# For every page and every sheet


class Said(html.parser.HTMLParser):
    """Everything in a page but its styles, read by another parser than ours."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=False)
        self.events: list[Any] = []
        self._sheet = False
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._sheet = tag == "style"
        if tag != "style":
            self.events.append((tag, [one for one in attrs if one[0] != "style"]))

    def handle_endtag(self, tag: str) -> None:
        self._sheet = False
        if tag != "style":
            self.events.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        # What is put in stands on lines of its own.
        if not self._sheet and data.strip():
            self.events.append(data.strip())

    def handle_comment(self, data: str) -> None:
        self.events.append(("comment", data))

    def handle_decl(self, decl: str) -> None:
        self.events.append(("declaration", decl))

    def handle_entityref(self, name: str) -> None:
        self.events.append(("entity", name))

    def handle_charref(self, name: str) -> None:
        self.events.append(("character", name))


_WORDS = st.text("abé漢😀 &;{}'\u00a0\n", min_size=1, max_size=8)
_ATTRIBUTES: st.SearchStrategy[Mapping[str, str]] = st.dictionaries(
    st.sampled_from(["class", "id", "style", "href", "width", "align", "title", "data-a"]),
    st.one_of(st.sampled_from(["a", "b", "a b", "color: red", "{{ x }}", "top:0"]), _WORDS),
    max_size=3,
)


@st.composite
def elements(draw: Any, depth: int = 3) -> str:
    kind = draw(st.integers(0, 6))
    if kind == 0 or not depth:
        return str(draw(_WORDS)).replace("&", "&amp;")
    if kind == 1:
        return f"<!--{draw(st.sampled_from(['[if mso]><p><![endif]', ' a ', '[if !mso]><!']))}-->"
    if kind == 2:
        return str(draw(st.sampled_from(["&eacute;", "&#233;", "{{ name }}", "<br/>"])))
    name = draw(st.sampled_from(["p", "div", "a", "b", "td", "table", "tr", "li", "x-y"]))
    attributes = "".join(
        f' {key}="{value.replace("&", "&amp;")}"' for key, value in draw(_ATTRIBUTES).items()
    )
    inside = "".join(draw(st.lists(elements(depth=depth - 1), max_size=3)))
    return f"<{name}{attributes}>{inside}</{name}>"


_SELECTORS = st.sampled_from(
    ("p", "div", ".a", ".b", "#a", "a:hover", "td", "p>a", "[class]", "*", "p::before", "u+.a")
)
_RULES = st.builds(
    "{} {{ {}: {} }}".format,
    st.lists(_SELECTORS, min_size=1, max_size=2).map(",".join),
    st.sampled_from(["color", "margin", "margin-top", "--x", "content"]),
    st.sampled_from(["red", "0 !important", "'</p>'", "url(a;b)", "{{ x }}"]),
)
_SHEETS = st.lists(st.one_of(_RULES, _RULES.map("@media print {{ {} }}".format)), max_size=6).map(
    "\n".join
)


@pytest.mark.parametrize("inliner", INLINERS)
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(body=st.lists(elements(), max_size=4).map("".join), own=_SHEETS, css=_SHEETS)
def test_no_text_attribute_or_comment_is_lost(inliner: Any, body: str, own: str, css: str) -> None:
    source = page(body, own.replace("</", "<\\/"))
    assert Said(inline(source, css, inliner=inliner)).events == Said(source).events


@given(css=st.text() | st.text("{}()[]\"'\\;:!@#.,>+~*/ <abpm-_0\n\x00\x0c"))
@example("p{a:b")
@example("\\")
@example('p{a:"')
@example("@media{p{a:(}")
@example("p:not(:not(")
@example("a:nth-child(99999999999999999999n){b:c}")
@example('[a="\x00"]{b:c}')
@example("p{\ud800:\udfff}")
@example("@media{" * 2000)
def test_no_sheet_is_answered_by_a_traceback(css: str) -> None:
    for source in (page('<p class="a" id="p">x</p>'), page("<p>x", css.replace("</", "<"))):
        try:
            inlined = inline(source, css, css)
        except WrongInput:
            continue
        assert "<p" in inlined


@given(
    source=st.text()
    | st.text("<>/=\"'&;!- \n\x00abptdrs[]{}")
    | st.lists(
        st.sampled_from(
            ("<p", ">", "<style>", "</style>", "a{b:c}", "<!--", "-->", "<td>", "<table>", "<a>")
        )
        | st.sampled_from(
            ("<tr>", "</table>", " style=", '"', "'", "x", "<svg/>", "</p>", "<html a=b>", "<body>")
        )
    ).map("".join)
)
def test_no_page_is_answered_by_a_traceback(source: str) -> None:
    assert inline(source, ".none { color: red }", "p:hover { color: red }")


@given(css=st.text("{}()[]\"'\\;:!@.,>/ ab"))
def test_a_sheet_is_kept_the_same_when_it_is_read_again(css: str) -> None:
    """What is kept says the same to a parser as what was written."""
    from mailer.letter.inlining.stylesheet import Changes, kept_blocks

    once = kept_blocks(read_sheet(css, conditional=True), Changes())
    again = [block for one in once for block in kept_blocks(read_sheet(one, True), Changes())]
    assert again == once
