"""What somebody pastes, and the Markdown that stands there then."""

import re
import time
from html import escape, unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import WrongInput
from mailer.letter import markdown_from_html
from mailer.letter.markdown import parse, to_html
from mailer.letter.pasting import LIMIT

PASTED = sorted((Path(__file__).parent / "pasted").glob("*.html"))


def shown(markdown: str) -> str:
    return to_html(parse(markdown, "en"), top_heading=2)


def visible(html: str) -> str:
    """The words of a page, without the spaces between them, and as they were typed."""
    return typed("".join(unescape(re.sub(r"<[^<>]*>", " ", html)).split()))


def typed(text: str) -> str:
    """`text` with what our dialect makes of dots and hyphens put back."""
    return text.replace("…", "...").replace("—", "---").replace("–", "--")


@pytest.mark.parametrize("page", PASTED, ids=lambda page: page.stem)
def test_what_is_pasted_becomes_markdown(page: Path) -> None:
    expected = page.with_suffix(".md").read_text(encoding="utf-8")
    markdown = markdown_from_html(page.read_text(encoding="utf-8"))
    assert markdown + "\n" == expected
    assert markdown_from_html(shown(markdown)) == markdown


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("", ""),
        ("only words", "only words"),
        ("<p><b>Note:</b>text</p>", "**Note**:text"),
        ("<p>un<b>believ</b>able <i>so</i></p>", "un**believ**able *so*"),
        ("<p><i>a<b>b</b></i><b>c</b></p>", "a***b*c**"),
        ("<p><b><i>a</i>b<i>c</i></b></p>", "**ab*c***"),
        ("<p>2 * 3 * 4, _x_, a_b, `y`</p>", r"2 \* 3 \* 4, \_x\_, a_b, \`y\`"),
        ("<p>&lt;b&gt; &amp;amp; &amp; ~~no~~</p>", r"\<b> \&amp; & \~\~no\~\~"),
        ("<p># no</p><p>1. no</p><p>- no</p>", "\\# no\n\n1\\. no\n\n\\- no"),
        ("<p>::: members</p>", r"\::: members"),
        ("<p>[^1] [a](b) ![c](d)</p>", r"\[^1\] \[a\](b) !\[c\](d)"),
        ("<p>wow!<a href='https://a.example'>b</a></p>", r"wow\![b](https://a.example)"),
        ("<p>Dear {{ greeting }},</p>", "Dear {{ greeting }},"),
        ("<p>Dear {{ <span>greeting</span> | friend }},</p>", "Dear {{ greeting | friend }},"),
        ("<b>{{ name }}</b>", "**{{ name }}**"),
        ("<a href='{{ letter_url }}'>x</a>", "[x]({{ letter_url }})"),
        ("<a href='https://a.example/%7B%7B%20name%20%7D%7D'>x</a>", None),
        ("<a href='javascript:alert(1)'>words</a>", "words"),
        ("<a href=' java\tscript:alert(1)'>words</a>", "words"),
        ("<a href='data:text/html,x'>words</a>", "words"),
        ("<a href='file:///C:/x.docx'>words</a>", "words"),
        ("<a href='#_ftn1'>1</a>", "1"),
        ("<a href='https://a.example/(b) c'>x</a>", "[x](https://a.example/%28b%29%20c)"),
        ("<a href='mailto:a@b.example'>a@b.example</a>", "<a@b.example>"),
        ("see https://a.example/b_c.", "see <https://a.example/b_c>."),
        ("<img src='https://a.example/x.png' alt='A map'>", "A map"),
        ("<img src='https://a.example/x.gif' alt='spy' width=1 height=1>", ""),
        ("a<br>b<br><br>c", "a\\\nb\n\nc"),
        ("<h2>A</h2><h4><b>B #</b></h4>", "## A\n\n#### B \\#"),
        ("<ol start=4><li>a<li>b</ol><ol start=6><li>c</ol>", "4. a\n5. b\n6. c"),
        ("<ol><li>a</ol><ol><li>b</ol>", "1. a\n\n1) b"),
        ("<ul><li>a<ul><li>b</ul><li>c</ul>", "- a\n  - b\n- c"),
        ("<ul><li>a</li><ul><li>b</li></ul></ul>", "- a\n  - b"),
        ("<hr>", "___"),
        ("<pre>a\n  ```b</pre>", "````\na\n  ```b\n````"),
        ("<p><code>a`b</code></p>", "``a`b``"),
        ("<p>a<span style='display:none'>b</span><span hidden>c</span></p>", "a"),
        ("<style>p{}</style><script>x()</script><nav>Home</nav>a", "a"),
    ],
)
def test_markdown(html: str, markdown: str | None) -> None:
    markdown = "[x](https://a.example/{{ name }})" if markdown is None else markdown
    assert markdown_from_html(html) == markdown


def test_a_bar_in_a_cell_ends_no_cell_and_no_merge_field() -> None:
    table = "<table><tr><th>a|b<th>c<tr><td>{{ name | x }}<td>d</table>"
    assert markdown_from_html(table) == "| a\\|b | c |\n| --- | --- |\n| {{ name | x }} | d |"


def test_too_much_is_refused() -> None:
    assert markdown_from_html("a" * LIMIT)
    with pytest.raises(WrongInput, match="2,000,001 characters"):
        markdown_from_html("a" * (LIMIT + 1))


# What is hard to read in bulk, each for a reason of its own.
PIECES = [
    *("<div>", "<b>", "<a href=x>", "<p><b>", "<ul><li>", "<blockquote>", "<font><p>x"),
    *("<table><tr><td>", "<td>x", "<br>", "x ", "*_", "<b>x</b> ", "<pre>", "&amp;", "{{"),
    *("<p style='mso-list:l0 level9 lfo1'>x", "<", "<!--", "\x00", "a:b;", "x<br>", "`", "!["),
    "<div id=divRplyFwdMsg>x",
]


@pytest.mark.parametrize("piece", PIECES)
def test_a_large_page_takes_a_bounded_time(piece: str) -> None:
    assert seconds_for(piece, LIMIT // 20) < 5


@pytest.mark.long
@pytest.mark.parametrize("piece", PIECES)
def test_the_hugest_page_takes_a_bounded_time(piece: str) -> None:
    # What grows with the square of the page would take many times this.
    assert seconds_for(piece, LIMIT) < 60


def seconds_for(piece: str, size: int) -> float:
    before = time.process_time()
    markdown_from_html(piece * (size // len(piece)))
    return time.process_time() - before


def test_words_in_the_deepest_page_stay() -> None:
    html = "<div>" * 5000 + "deep &amp; <script>no</script>" + "</div>" * 5000 + "<p>after"
    assert markdown_from_html(html) == "deep & after"
    lists = "<ul><li>" * 40 + "deep" + "</ul>" * 40 + "<blockquote>" * 40 + "too"
    assert visible(shown(markdown_from_html(lists))) == "deeptoo"


# Quotation marks and apostrophes are left out, since a dialect may set them by language.
WORDS = st.text(
    st.sampled_from("ab Zé東。,.:;-+*_#>|~=!?()[]{}\\`&<1 2)/@^$%\n\u00a0")
    | st.characters(exclude_categories=["Cc", "Cs", "Cf"], exclude_characters="\"'"),
    max_size=8,
)
TAGS = (
    *("p", "div", "span", "b", "i", "strong", "em", "u", "code", "h1", "h2", "h3", "blockquote"),
    *("ul", "ol", "li", "table", "tr", "td", "th", "pre", "hr", "br", "dl", "dd", "section"),
)
STYLES = ("", "font-weight:700", "font-style:italic", "font-weight:normal", "border-left:solid")
LINKS = ("https://a.example/x?y=1&z=2", "/x", "mailto:a@b.example", "http://b.example/ü (x)")


def wrapped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    element = st.tuples(st.sampled_from(TAGS), st.sampled_from(STYLES), st.lists(inner, max_size=4))
    link = st.tuples(st.sampled_from(LINKS), inner)
    return element.map(
        lambda part: f'<{part[0]} style="{part[1]}">{"".join(part[2])}</{part[0]}>'
    ) | link.map(lambda part: f'<a href="{escape(part[0])}">{part[1]}</a>')


PAGES = st.recursive(WORDS.map(escape), wrapped, max_leaves=12)


@given(PAGES)
def test_the_words_of_any_page_are_shown_again(html: str) -> None:
    markdown = markdown_from_html(html)
    assert sorted(visible(shown(markdown))) == sorted(visible(html))


@given(PAGES)
def test_what_is_shown_and_pasted_again_is_the_same_markdown(html: str) -> None:
    markdown = markdown_from_html(html)
    assert typed(markdown_from_html(shown(markdown))) == typed(markdown)


# Marks next to each other, to letters, and to signs, in all the ways there are.
LOOKS = st.sampled_from(["{}", "<b>{}</b>", "<i>{}</i>", "<b><i>{}</i></b>", "<code>{}</code>"])
PIECE_OF_LINE = st.tuples(LOOKS, st.text(st.sampled_from("ab .!*_({["), min_size=1, max_size=3))


@given(st.lists(PIECE_OF_LINE, max_size=8))
def test_bold_and_italic_never_cost_a_word(pieces: list[tuple[str, str]]) -> None:
    html = "".join(look.replace("{}", words) for look, words in pieces)
    markdown = markdown_from_html(f"<p>{html}</p>")
    assert visible(shown(markdown)) == visible(html)
    assert typed(markdown_from_html(shown(markdown))) == typed(markdown)


@given(st.text(st.characters() | st.sampled_from("<>/=\"'&;{}!-[]ptdb "), max_size=120))
def test_noise_is_taken(html: str) -> None:
    shown(markdown_from_html(html))
