"""The text part of a letter: what a mail program may flow, and what is read aloud."""

import quopri
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.letter import (
    CompiledLetter,
    IssueLetter,
    Letterhead,
    MergeValues,
    Theme,
    Variant,
    compile_letter,
)
from mailer.letter.fields import Field, Placeholders
from mailer.letter.flowed import BLANK, Paragraph, as_lines, flow, lines_of, unflow
from mailer.letter.flowed import paragraph as made
from mailer.letter.markdown import parse
from mailer.letter.tree_text import to_text
from tests.letter.conftest import with_field

# What a line may begin with, words, and long ones.
_word = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters=" ")
    | st.sampled_from(">-.F'\u00a0"),
    min_size=1,
    max_size=20,
) | st.sampled_from(["From", ">", "--", "-", ">>", "https://e.example/" + "x" * 90])
_paragraph = st.builds(
    lambda words, indent, depth: Paragraph(
        (" " * indent if words else "") + " ".join(words), depth
    ),
    st.lists(_word, max_size=40),
    st.integers(0, 6),
    st.integers(0, 4),
)


@given(st.lists(_paragraph, min_size=1))
def test_what_flows_is_the_same_paragraphs_again(paragraphs: list[Paragraph]) -> None:
    assert unflow(flow(paragraphs)) == paragraphs


@given(st.lists(_paragraph, min_size=1))
def test_lines_are_short_unless_they_are_one_word(paragraphs: list[Paragraph]) -> None:
    for line in flow(paragraphs).split("\n"):
        words = line.lstrip("> ").removesuffix(" ").removeprefix("-- ")
        assert len(line) <= 78 or " " not in words


@given(st.lists(_paragraph, min_size=1))
def test_no_line_looks_like_a_new_message_or_a_signature(paragraphs: list[Paragraph]) -> None:
    for line in flow(paragraphs).split("\n"):
        assert not line.startswith("From ")
        assert line.lstrip(">").removeprefix(" ") != "-- "


@pytest.mark.parametrize(
    ("paragraph", "lines"),
    [
        (made("a " * 50), "a " * 36 + "\n" + "a " * 13 + "a"),
        (made("From here"), " From here"),
        (made("> no quotation"), " > no quotation"),
        (made("indented", 2), "   indented"),
        (Paragraph("quoted", 2), ">> quoted"),
        (Paragraph("", 1), ">"),
        (BLANK, ""),
        (Paragraph("https://e.example/" + "x" * 90, fixed=True), "https://e.example/" + "x" * 90),
        (Paragraph("code  ", fixed=True), "code"),
        (made("-- " + "x" * 72), "-- " + "x" * 72),
    ],
)
def test_lines(paragraph: Paragraph, lines: str) -> None:
    assert flow([paragraph]) == lines


def test_a_line_that_begins_with_a_merged_value_is_protected() -> None:
    put = Placeholders.of("en", "")
    name, link = put.put(Field("name")), put.put(Field("letter_url"))
    assert flow([made(f"{name}, hello")]) == f" {name}, hello"
    assert flow([Paragraph(link, fixed=True)]) == link


def test_to_look_at_it_has_no_blanks_for_programs() -> None:
    text = flow([made("word " * 30), made("From me"), Paragraph("quoted", 1)])
    assert as_lines(text).split("\n") == [
        ("word " * 14).strip(),
        ("word " * 14).strip(),
        "word word",
        "From me",
        "> quoted",
    ]


def text(source: str) -> str:
    texts, notes = to_text(parse(source, "en", members=True), [])
    return flow([*texts, BLANK, *notes]) if notes else flow(texts)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("# A\n\ntext\n\n## B", "A\n\ntext\n\n\nB"),
        ("a\n\n***\n\nb", "a\n\n\nb"),
        ("> a\n>\n> > b", "> a\n>\n>> b"),
        ("- a\n\n  b", "- a\n\n   b"),
        ("-     code", "-\n       code"),
        ("- > quoted", "-\n>   quoted"),
        ("a[^1]\n\n[^1]: b\n\n    c", "a [note 1]\n\nNote 1: b\n\nc"),
        ("a [^1]\n\n[^1]: > b", "a [note 1]\n\nNote 1:\n> b"),
        ("    a  \n    b", "     a\n     b"),
        ("::: members\na\n\nb\n:::", "a\n\nb"),
        ("|a|\n|-|", "a"),
    ],
)
def test_markdown_as_text(source: str, expected: str) -> None:
    assert text(source) == expected


@given(st.text(st.characters() | st.sampled_from("<>\"'[]()^*_`#|!:/-@.\n "), max_size=120))
def test_any_markdown_becomes_text_that_flows_back(source: str) -> None:
    links: list[str] = []
    texts, notes = to_text(parse(source, "en", members=True), links)
    for paragraphs in (texts, notes):
        plain = [Paragraph(one.text, one.depth) for one in paragraphs]
        if plain:
            assert unflow(flow(paragraphs)) == plain


@pytest.fixture
def letter(issue: IssueLetter, head: Letterhead, theme: Theme) -> CompiledLetter:
    long = replace(issue.items[0], summary="Many words, {{ name }}, stand here. " * 20)
    plain = Variant("en", "text", member=False)
    return compile_letter(replace(issue, items=(long,)), head, plain, theme)


def test_the_text_part_says_that_it_flows(letter: CompiledLetter, ana: MergeValues) -> None:
    wire = letter.merge(with_field(ana, name=">> From you"))
    assert b'Content-Type: text/plain; charset="utf-8"; format=flowed\r\n' in wire
    assert wire.count(b"=20\r\n") > 5
    assert not re.search(rb"[ \t]\r\n|\n\.|\nFrom ", wire)
    _, _, body = wire.partition(b"\r\n\r\n")
    sent = quopri.decodestring(body.replace(b"\r\n", b"\n")).decode()
    quoted = ("Many words, >> From you, stand here. " * 20).strip()
    assert Paragraph(quoted) in unflow(sent)


def test_a_reader_is_shown_it_without_blanks_at_the_ends(
    letter: CompiledLetter, ana: MergeValues
) -> None:
    shown = letter.parts(ana)[1]
    assert "Many words, Ana Quispe, stand here." in shown.replace("\n", " ")
    assert not re.search(r" $", shown, re.MULTILINE)


def test_a_letter_stored_before_text_flowed_is_shown_as_it_was(
    letter: CompiledLetter, ana: MergeValues
) -> None:
    old = tuple(part.replace(b"; format=flowed", b"") for part in letter.segments)
    assert " \n" in replace(letter, segments=old).parts(ana)[1]


def test_lines_of_a_text_stand_alone() -> None:
    assert lines_of("a  b\n c") == [made("a b"), made("c")]
