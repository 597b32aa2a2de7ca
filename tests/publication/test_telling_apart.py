"""Two texts: what differs between them, and how two people's changes become one."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.publication import Piece, differences
from mailer.publication.merging import merge, merge_texts

WORDS = st.lists(st.sampled_from(["a", "vote", "the", "mine", " ", "\n", ".", "ñ"])).map("".join)
TEXTS = WORDS | st.text(max_size=60)


def test_a_person_sees_which_words_changed() -> None:
    assert differences("Three towns have voted.", "Four towns voted.") == (
        Piece("gone", "Three"),
        Piece("new", "Four"),
        Piece("same", " towns"),
        Piece("gone", " have"),
        Piece("same", " voted."),
    )


def test_a_small_word_between_two_changes_is_part_of_them() -> None:
    assert differences("rain on hills today", "snow on roads today") == (
        Piece("gone", "rain on hills"),
        Piece("new", "snow on roads"),
        Piece("same", " today"),
    )


@given(TEXTS, TEXTS)
def test_both_texts_are_in_the_pieces(before: str, after: str) -> None:
    pieces = differences(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "new") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "gone") == after
    assert all(piece.text for piece in pieces)
    assert before != after or all(piece.kind == "same" for piece in pieces)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a " * 50_000, "b a " * 25_000),
        ("\n" * 100_000, "\n" * 50_000 + "x" + "\n" * 40_000),
        ("ab" * 50_000, "ba" * 50_000),
        ("".join(random.Random(1).choices("a b\n", k=100_000)), "a b \n" * 20_000),
    ],
)
def test_hostile_texts_take_a_moment(before: str, after: str) -> None:
    begun = time.process_time()
    pieces = differences(before, after)
    assert time.process_time() - begun < 3
    assert "".join(piece.text for piece in pieces if piece.kind != "new") == before


def test_paragraphs_that_are_apart_are_put_together() -> None:
    base = "One.\n\nTwo.\n\nThree."
    assert merge_texts(base, "ONE.\n\nTwo.\n\nThree.", base + "\n\nFour.") == (
        "ONE.\n\nTwo.\n\nThree.\n\nFour."
    )


@pytest.mark.parametrize(
    ("theirs", "yours"),
    [("One!\n\nTwo.", "One?\n\nTwo."), ("One.\n\nTwo.\nA", "One.\n\nTwo.\nB"), ("", "One.")],
)
def test_the_same_lines_are_for_a_person_to_decide(theirs: str, yours: str) -> None:
    assert merge_texts("One.\n\nTwo.", theirs, yours) is None


LINES = st.lists(st.sampled_from("abcd"), max_size=8).map("\n".join)


@given(LINES, LINES, LINES)
def test_no_line_that_somebody_wrote_is_lost(base: str, theirs: str, yours: str) -> None:
    both = merge_texts(base, theirs, yours)
    assert both == merge_texts(base, yours, theirs)
    if both is None:
        assert theirs != yours
        return
    # Whatever one of them added stands in it; whatever both left is there.
    for text in (theirs, yours):
        for line in set(text.split("\n")):
            added = text.split("\n").count(line) - base.split("\n").count(line)
            assert added <= 0 or line in both.split("\n")
    if theirs == base:
        assert both == yours


def test_fields_that_one_of_them_changed_are_theirs() -> None:
    base = {"title": "Water", "topic": "", "members_only": False}
    merged = merge(base, base | {"topic": "Rivers"}, base | {"title": "A year of water"})
    assert merged.fields == {"title": "A year of water", "topic": "Rivers", "members_only": False}
    assert (merged.from_theirs, merged.undecided) == (("topic",), ())


def test_without_the_base_whatever_differs_is_undecided() -> None:
    merged = merge({}, {"title": "Water", "topic": "x"}, {"title": "Waters"})
    assert (merged.undecided, merged.fields) == (("title",), {"title": "Waters", "topic": "x"})
