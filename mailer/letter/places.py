"""Where a finding is: in words for whoever reads it, and for a page that leads there."""

from dataclasses import dataclass
from typing import Literal

from mailer.letter.content import LetterItem
from mailer.sentence import Sentence

Thing = Literal["issue", "item", "publication", "configuration", "theme", "letter"]


@dataclass(frozen=True, slots=True)
class Where:
    """The field that mends a finding: of the issue, of its item `item` (the first is 1), of the
    publication, of the configuration ("organisation.address"), or none in particular."""

    thing: Thing
    field: str = ""
    item: int = 0

    def __str__(self) -> str:
        """In one line: "item 2 body", "issue subject", "configuration site.url"."""
        number = str(self.item) if self.item else ""
        return " ".join(filter(None, (self.thing, number, self.field)))


@dataclass(frozen=True, slots=True)
class Place:
    """A place in words, in the middle of a sentence, and as a `Where`."""

    words: str
    where: Where


SUBJECT = Place(Sentence("the subject"), Where("issue", "subject"))
TITLE = Place(Sentence("the title"), Where("issue", "title"))
PREHEADER = Place(Sentence("the preheader"), Where("issue", "preheader"))
LANGUAGE = Place(Sentence("the language"), Where("issue", "language"))
LETTER = Place(Sentence("the letter"), Where("letter"))
FOOTER = Place(Sentence("the footer"), Where("publication", "footer"))
ADDRESS = Place(Sentence("the footer"), Where("configuration", "organisation.address"))
LOGO = Place(Sentence("the logo"), Where("publication", "logo"))
SENDER = Place(Sentence("the sender"), Where("publication", "sender"))

HEADING = Place(Sentence("the heading"), Where("letter"))
REASON = Place(Sentence("the reason"), Where("letter"))

TEXTS = {
    "title": "the title of item {number} ({title})",
    "topic": "the topic of item {number} ({title})",
    "summary": "the summary of item {number} ({title})",
    "body": "the body of item {number} ({title})",
}


def item_place(number: int, item: LetterItem, field: str = "") -> Place:
    """An item's place: "item 2 (A pact on water)"; `field` is where in it the mending is done."""
    title = " ".join(item.title.split())
    if title:
        words = Sentence("item {number} ({title})", number=number, title=title)
    else:
        words = Sentence("item {number}", number=number)
    return Place(words, Where("item", field, number))


def picture_place(number: int, item: LetterItem) -> Place:
    """The place of an item's picture."""
    of = item_place(number, item).words
    words = Sentence("the picture of {item}", item=of)
    return Place(words, Where("item", "picture_alt", number))


def theme_place(name: str) -> Place:
    """The place of a theme, whose files somebody wrote."""
    return Place(Sentence("theme {name}", name=name), Where("theme"))


def text_place(number: int, item: LetterItem, field: str) -> Place:
    """The place of one of an item's texts, of those in `TEXTS`."""
    words = Sentence(TEXTS[field], number=number, title=item.title)
    return Place(words, Where("item", field, number))


def paragraph_place(number: int) -> Place:
    """The place of a note's paragraph."""
    return Place(Sentence("paragraph {number}", number=number), Where("letter"))
