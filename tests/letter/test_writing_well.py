"""Typographic marks, addresses that become links, and footnotes."""

import pytest

from mailer.letter import render_markdown
from mailer.letter.dialect import QUOTES
from mailer.letter.fields import Field, Placeholders
from mailer.letter.markdown import notes_in, parse, to_html


def html(source: str, language: str = "en") -> str:
    return render_markdown(source, language).removeprefix("<p>").removesuffix("</p>\n")


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        ("en", "\"One 'two' three\"", "“One ‘two’ three”"),
        ("en-GB", '"One"', "“One”"),
        ("es", "\"Uno 'dos' tres\"", "«Uno “dos” tres»"),
        ("es_PE", '"Uno"', "«Uno»"),
        ("de", '"Eins"', "„Eins“"),
        ("fr", '"Un"', "«\u00a0Un\u00a0»".replace("\u00a0", "&nbsp;")),
        ("qu", '"Huk"', "“Huk”"),
        ("", '"One"', "“One”"),
        ("en", '*"One"* "**two**"', "<em>“One”</em> “<strong>two</strong>”"),
        ("en", "it's Peru's, the miners' own", "it’s Peru’s, the miners’ own"),
        ("en", "since the '90s and '68, 'twas", "since the ’90s and ’68, ’twas"),
        ("en", "rock 'n' roll, 'tis 'fine'", "rock ‘n’ roll, ’tis ‘fine’"),
        ("es", "O'Higgins", "O’Higgins"),
        ("en", "a -- b, 1990--2000, c---d", "a – b, 1990–2000, c—d"),
        ("en", "wait... a .. b ....", "wait… a .. b ...."),
        ("en", "(a), (b) and (c), +-, what!!!!", "(a), (b) and (c), +-, what!!!!"),
        ("en", 'a \\"b\\"', 'a "b"'),
        ("en", '`"a" -- ...`', '<code>"a" -- ...</code>'),
    ],
)
def test_marks_are_those_of_the_language(language: str, source: str, expected: str) -> None:
    assert html(source, language) == expected


@pytest.mark.parametrize("language", sorted(QUOTES))
def test_every_language_of_the_table_pairs_its_quotes(language: str) -> None:
    first, last, inner, closing = QUOTES[language]
    shown = to_html(parse("\"a 'b' c\"", language), top_heading=2).replace("&nbsp;", "\u00a0")
    assert shown == f"<p>{first}a {inner}b{closing} c{last}</p>\n"


def test_code_blocks_and_addresses_keep_their_characters() -> None:
    assert '"a" -- b' in html('```\n"a" -- b\n```')
    address = "https://e.example/a--b...c'd"
    for source in (f"<{address}>", address, f"[{address}]({address})"):
        assert html(source) == f'<a href="{address}">{address}</a>'
    assert 'href="/a--b..."' in html('["x"](/a--b...)')


@pytest.mark.parametrize(
    ("source", "address", "words"),
    [
        ("see https://e.example/a, and", "https://e.example/a", "https://e.example/a"),
        ("(http://e.example/a_(b))", "http://e.example/a_(b)", "http://e.example/a_(b)"),
        ("at www.e.example/a.", "https://www.e.example/a", "www.e.example/a"),
        ("WWW.psg.org.uk", "https://WWW.psg.org.uk", "WWW.psg.org.uk"),
        ("to ana@example.org.", "mailto:ana@example.org", "ana@example.org"),
    ],
)
def test_a_plain_address_is_a_link(source: str, address: str, words: str) -> None:
    assert f'<a href="{address}">{words}</a>' in html(source)


@pytest.mark.parametrize(
    "source",
    [
        *("e.g.so", "the PSG.Aims of it", "example.org", "//e.example", "ftp://e.example"),
        *("10.0.0.1", "www.", "www", "www.psg", "wwwe.example.org", "a@b", "https://"),
        *("`https://e.example`", "data:text/html"),
    ],
)
def test_what_is_no_plain_address_is_no_link(source: str) -> None:
    assert "href" not in html(source)


def test_merge_fields_go_through_untouched() -> None:
    put = Placeholders.of("en", "")
    name, link = put.put(Field("name")), put.put(Field("letter_url"))
    shown = to_html(
        parse(
            f'"{name}" -- {name}\'s https://e.example/{name} www.{name}.org {name}@example.org\n\n'
            f"[go]({link}) ^[{name}]\n\n|{name}|\n|--|",
            "en",
        ),
        top_heading=2,
    )
    assert shown.count(name) == 7
    assert f"“{name}” – {name}’s https://e.example/{name} www.{name}.org" in shown
    assert shown.count("href") == 1
    assert f'<a href="{link}">go</a>' in shown


def test_a_merge_field_as_a_link_leaves_its_words_on_a_page() -> None:
    assert html("[Leave]({{ unsubscribe_url }}) now") == "Leave now"
    assert html("[Leave]({{ unsubscribe_url | /out }})") == '<a href="/out">Leave</a>'


def test_footnotes_are_numbered_and_listed_at_the_end() -> None:
    shown = render_markdown("One[^a] two[^b] [^a]\n\n[^b]: B\n[^a]: A *note*\n\nend", "en")
    assert shown == (
        "<p>One [1] two [2] [1]</p>\n<p>end</p>\n<p>Notes</p>\n"
        '<ol start="1">\n<li><p>A <em>note</em></p>\n</li><li><p>B</p>\n</li></ol>'
    )
    assert "<p>Notas</p>" in render_markdown("Uno^[dos]", "es")
    assert "[^c]" in html("No note[^c]")


def test_notes_of_a_second_text_are_numbered_on() -> None:
    first = parse("a^[b] c^[d]", "en")
    second = to_html(parse("e^[f]", "en", notes_before=notes_in(first)), top_heading=2)
    assert "e [3]" in second
    assert '<ol start="3">' in second
