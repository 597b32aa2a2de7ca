"""Sentences: English for everybody, and their parts for other languages."""

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import Failed, Refused
from mailer.sentence import Recogniser, Sentence, shown

NAMES = st.sampled_from(["issue", "reason", "count"])
# Words of letters that no value has, so that there is one way only to take a text apart.
WORDS = st.text("ABCDEFGH", min_size=5, max_size=12)
VALUES = st.text("abc “”.;{}éñ", min_size=1, max_size=12)


@st.composite
def templates(draw: st.DrawFn) -> str:
    parts = [draw(WORDS)]
    for name in draw(st.lists(NAMES, unique=True, max_size=3)):
        parts += [f"{{{name}}}", draw(WORDS)]
    return " ".join(parts)


def test_it_is_its_english_and_keeps_its_parts() -> None:
    said = Sentence("{mailbox} is the last owner.", mailbox="ana@psg.example")
    assert said == "ana@psg.example is the last owner."
    assert (said.template, said.values) == (
        "{mailbox} is the last owner.",
        {"mailbox": "ana@psg.example"},
    )


def test_without_values_braces_stand_as_they_are() -> None:
    assert Sentence("Write {{ name }}.") == "Write {{ name }}."


def test_an_error_says_it_and_keeps_it() -> None:
    said = Sentence("No {what}.", what="item")
    assert str(Refused(said)) == "No item."
    assert Refused(said).said is said
    assert (Failed().said, Failed(OSError("disk full")).said) == ("", "disk full")


def test_it_survives_being_copied() -> None:
    said = Sentence("{count} readers", count=3)
    for again in (copy.deepcopy(said), pickle.loads(pickle.dumps(said))):
        assert (again, again.template, again.values) == (said, said.template, said.values)


def test_what_was_typed_is_shown_on_one_line() -> None:
    assert shown("a\x1b[2J\r\nñ “b” \udcff\u202e") == r"a\x1b[2J\r\nñ “b” \udcff\u202e"


@given(template=templates(), others=st.lists(templates()), values=st.lists(VALUES, min_size=3))
def test_a_stored_sentence_is_known_again(
    template: str, others: list[str], values: list[str]
) -> None:
    named = dict(zip(("issue", "reason", "count"), values, strict=False))
    said = Sentence(template, **{key: named[key] for key in named if f"{{{key}}}" in template})
    found = Recogniser([template])(str(said))
    assert found is not None
    assert (found, found.template, found.values) == (said, said.template, said.values)
    # Among others it may be taken for another's, and is still the same text.
    assert Recogniser([*others, template])(str(said)) == said


@given(st.lists(templates()), st.text())
def test_whatever_is_known_again_is_the_same_text(known: list[str], text: str) -> None:
    assert Recogniser(known)(text) in (None, text)


@given(st.lists(st.text()), st.text())
def test_no_template_and_no_text_breaks_it(known: list[str], text: str) -> None:
    assert Recogniser(known)(text) in (None, text)


def test_the_template_that_says_most_is_taken() -> None:
    known = Recogniser(["{what} failed.", "The relay {relay} failed.", "{a}: {b}"])
    found = known("The relay smtp.example failed.")
    assert found is not None
    assert found.values == {"relay": "smtp.example"}
    assert known("this: that") is None


def test_a_reason_in_a_sentence_is_a_sentence() -> None:
    known = Recogniser(["given up; at last: {reason}", "{reply} (in reply to {stage})"])
    found = known("given up; at last: 451 later (in reply to RCPT TO)")
    assert found is not None
    reason = found.values["reason"]
    assert isinstance(reason, Sentence)
    assert reason.values == {"reply": "451 later", "stage": "RCPT TO"}


@pytest.mark.parametrize("text", ["", "not begun: ", "begun: late", "not begun"])
def test_what_only_looks_like_it_is_not_taken_for_it(text: str) -> None:
    assert Recogniser(["not begun: {reason}"])(text) is None
