"""The items: that there are some, each with a title and a text, and none of them twice."""

import re
from collections.abc import Iterator
from functools import lru_cache

from mailer.letter.content import LetterItem
from mailer.letter.places import Place, Where, item_place
from mailer.letter.preflight.examined import Examined
from mailer.letter.preflight.facts import EARLIER_CHARACTERS
from mailer.letter.preflight.registry import Found, check
from mailer.sentence import Sentence

# Of two items with one title: so much of their words must be the same. "Events" may come again.
_SAME_WORDS = 0.6
# Titles and texts of a decade: they are the same with each keystroke of whoever writes on.
_TEXTS_KEPT = 2_500


@check("items", stops=True)
def _items(letter: Examined) -> Iterator[Found]:
    if not letter.content.items:
        yield (
            "error",
            Place(letter.content.title, Where("issue", "items")),
            Sentence("It has no item."),
            Sentence("Write at least one item."),
        )


@check("item_titles", stops=True)
def _item_titles(letter: Examined) -> Iterator[Found]:
    for number, item in enumerate(letter.content.items, 1):
        if not item.title.strip():
            yield (
                "error",
                item_place(number, item, "title"),
                Sentence("It has no title."),
                Sentence("Give it a title."),
            )


@check("empty_items")
def _empty_items(letter: Examined) -> Iterator[Found]:
    for number, item in enumerate(letter.content.items, 1):
        if not item.summary.strip() and not item.body.strip():
            yield (
                "warning",
                item_place(number, item, "summary"),
                Sentence("It has neither summary nor text."),
                Sentence("Write a sentence or two."),
            )


@check("repeated_items")
def _repeated_items(letter: Examined) -> Iterator[Found]:
    seen = [
        (earlier.issue, _words(earlier.title), _words(earlier.text))
        for earlier in letter.facts.earlier
    ]
    for number, item in enumerate(letter.content.items, 1):
        title, text = _words(item.title), _words(_text(item))
        for where, other_title, other_text in seen:
            if _same(title, text, other_title, other_text):
                yield (
                    "warning",
                    item_place(number, item, "title"),
                    Sentence("{issue} has it already.", issue=where)
                    if where
                    else Sentence("An item above has it already."),
                    Sentence("Take it out, or say what is new."),
                )
                break
        seen.append(("", title, text))


@check("topics")
def _topics(letter: Examined) -> Iterator[Found]:
    without = [n for n, item in enumerate(letter.content.items, 1) if not item.topic.strip()]
    if 0 < len(without) < len(letter.content.items):
        yield (
            "warning",
            Place(_places(without), Where("item", "topic", without[0])),
            Sentence("No topic, while others have one: readers who chose topics do not get it."),
            Sentence("Give each item a topic, or none."),
        )


@check("headings")
def _headings(letter: Examined) -> Iterator[Found]:
    for prose in letter.prose:
        for field, levels in prose.headings:
            # The letter shows an author's highest heading right below the item's title.
            highest = min(levels) - 1
            steps = zip((highest, *levels), levels, strict=False)
            if any(level > before + 1 for before, level in steps):
                yield (
                    "warning",
                    prose.place(field),
                    Sentence("Its headings leave out a level, and screen readers say so."),
                    Sentence("Begin with #, and go one level down at a time."),
                )


def _text(item: LetterItem) -> str:
    """The item's text as an `EarlierItem` has it."""
    return item.summary if item.summary.strip() else item.body[:EARLIER_CHARACTERS]


@lru_cache(_TEXTS_KEPT)
def _words(text: str) -> str:
    """The words of a text, with a space between two."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def _same(
    title: str,
    text: str,
    other_title: str,
    other_text: str,
) -> bool:
    if text and text == other_text:
        return True
    if not title or title != other_title:
        return False
    ours, theirs = set(text.split()), set(other_text.split())
    return len(ours & theirs) >= _SAME_WORDS * len(ours | theirs)


def _places(numbers: list[int]) -> Sentence:
    if len(numbers) == 1:
        return Sentence("item {number}", number=numbers[0])
    *most, last = map(str, numbers)
    return Sentence("items {numbers} and {last}", numbers=", ".join(most), last=last)
