"""What an author writes, and what comes of it."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.letter import long_date, plain_text, render_markdown
from mailer.letter.flowed import as_lines, flow
from mailer.letter.markdown import ALLOWED, LINK_SCHEMES, has_members_block, parse, to_html
from mailer.letter.tree_text import apart, to_text


def text(source: str) -> str:
    links: list[str] = []
    texts, notes = to_text(parse(source, "en"), links)
    body = as_lines(flow(apart([texts, notes])))
    return "\n".join([body, *(f"[{n}] {url}" for n, url in enumerate(links, 1))])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("*a* **b** `c`", "<p><em>a</em> <strong>b</strong> <code>c</code></p>\n"),
        ("# One\n## Two", "<h2>One</h2>\n<h3>Two</h3>\n"),
        ("### Three", "<h2>Three</h2>\n"),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>\n"),
        ("[a](https://b.example/?c=d&e)", '<p><a href="https://b.example/?c=d&amp;e">a</a></p>\n'),
        ("![a map](/m.png)", '<p><a href="/m.png">Picture: a map</a></p>\n'),
        ("Dear {{ greeting | friend }}", "<p>Dear friend</p>\n"),
        ("Dear {{ greeting }}", "<p>Dear reader</p>\n"),
    ],
)
def test_html(source: str, expected: str) -> None:
    assert render_markdown(source, "en") == expected


def test_a_table_keeps_its_alignment() -> None:
    html = render_markdown("| a | b |\n|---|--:|\n| 1 | 2 |", "en")
    assert '<td style="text-align:right">2</td>' in html


@pytest.mark.parametrize(
    "source", ["[x](javascript:alert(1))", "[x](data:text/html,y)", "<javascript:alert(1)>"]
)
def test_no_script_becomes_a_link(source: str) -> None:
    assert "href" not in render_markdown(source, "en")


def test_members_are_quoted_on_a_last_line_without_an_end() -> None:
    assert has_members_block(">::: members\n>")
    assert render_markdown(">::: members\n>", "en") == "<blockquote></blockquote>\n"


_markdown = st.lists(
    st.characters()
    | st.sampled_from("<>\"'&[]()^*_`#|!:/-.@=\n ")
    | st.sampled_from(["::: members\n", "[^1]: ", "[^1]", "www.e.example", "<div class=x>", "href"])
    | st.sampled_from(["https://", "javascript:", "](", "\n\n", "|-|\n", "ana@example.org"]),
    max_size=60,
).map("".join)


class _Attributes(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [(tag, name, value) for name, value in attrs]


@given(_markdown, st.booleans(), st.sampled_from(["en", "es", "fr", "zz"]))
def test_only_what_is_allowed_comes_out(source: str, members: bool, language: str) -> None:
    html = to_html(parse(source, language, members=members), top_heading=2)
    assert set(re.findall(r"</?([a-zA-Z][a-zA-Z0-9]*)", html)) <= set(ALLOWED)
    for tag, name, value in _Attributes(html).found:
        assert name in ALLOWED[tag] or (tag, name, value) == ("div", "class", "for-members")
        if name == "href":
            scheme, colon, _ = (value or "").partition(":")
            assert scheme.lower() in LINK_SCHEMES or not colon or not scheme.isalpha()
    plain_text(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("A \\*star\\* &amp; more  \nnext", "A *star* & more\nnext"),
        (
            "[a](https://b.example) and [c](https://b.example)",
            "a [1] and c [1]\n[1] https://b.example",
        ),
        ("<https://b.example>", "https://b.example"),
        ("1. a\n2. b\n   - c", "1. a\n\n2. b\n\n   - c"),
        ("> a\n>\n> b", "> a\n>\n> b"),
        ("```\ncode\n```", "    code"),
        ("a\n\n---\n\nb", "a\n\n\nb"),
        ("| Term | Price |\n|---|---|\n| one year | £20 |", "- Term: one year; Price: £20"),
    ],
)
def test_text(source: str, expected: str) -> None:
    assert text(source) == expected


def test_one_plain_line() -> None:
    source = "# A\n\nSome *words*, {{ name }}\nand a [link](https://b.example).\n\n- one"
    assert plain_text(source) == "A Some words, reader and a link. one".replace("one", "- one")


def test_long_dates() -> None:
    from datetime import date

    day = date(2007, 3, 1)
    assert long_date(day, "en") == "1 March 2007"
    assert long_date(day, "es_PE") == "1 de marzo de 2007"
    assert long_date(day, "qu") == "1 March 2007"


@pytest.mark.parametrize(
    "source",
    [
        *("[" * 40_000, "[a](" * 10_000, "![" * 20_000, "^[" * 20_000, "[^a] " * 8_000),
        *("&" * 40_000, "www." * 10_000, "-" * 40_000 + "a", "a|b\n" + "-" * 40_000 + "a"),
        ("|a" * 60 + "\n" + "|-" * 60 + "\n" + "|a\n" * 1000 + "\n") * 10,
        "|a" * 3000 + "\n" + "|-" * 3000 + "\n" + "|a\n" * 300,
    ],
    ids=[
        *("brackets", "links", "pictures", "notes", "calls", "a word", "hosts", "line", "rule"),
        *("tables", "wide table"),
    ],
)
def test_a_text_written_to_take_for_ever_does_not(source: str) -> None:
    began = time.process_time()
    assert render_markdown(source, "en")
    # Each of them took from ten seconds to minutes.
    assert time.process_time() - began < 5


def test_many_links_and_a_large_table_are_no_attack() -> None:
    links = " ".join(f"[{n}](https://psg.example/{n})" for n in range(150))
    assert render_markdown(links, "en").count("<a ") == 150
    rows = "\n".join("| a | b | c | d |" for _ in range(200))
    shown = render_markdown(f"| A | B | C | D |\n|---|:-:|---|---|\n{rows}\n", "en")
    assert shown.count("<td") == 800
