"""What the checks look at, each made once, when the first of them asks for it.

1. The content as it will be compiled, the theme, the merge fields, the facts from outside.
2. Of each item its *prose*: the links and headings in its Markdown, from the same tree as the
   letter's.
3. The *page*: the HTML part that members get. It has every item, so it is the largest.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mailer.errors import WrongInput
from mailer.letter.content import IssueLetter, LetterItem, Theme, Variant
from mailer.letter.draft import base_of, draft_issue, links_from
from mailer.letter.fields import Field, Placeholders
from mailer.letter.html_part import html_part
from mailer.letter.markdown import parse
from mailer.letter.places import Place, item_place
from mailer.letter.plain import plain_content
from mailer.letter.preflight.facts import Facts
from mailer.sentence import Sentence

if TYPE_CHECKING:
    from markdown_it.token import Token

# About as long as a reader's link, the longest of the usual values.
_VALUE_OCTETS = 100
# Square brackets and round ones behind them: a link, had its address been one.
_UNMADE_LINK = re.compile(r"\[[^\[\]\n]*\]\([^()\n]*\)?")


@dataclass(frozen=True, slots=True)
class Link:
    """A link as its author wrote it in `field`, an item's "summary" or "body".

    `fault` is what is wrong with a merge field in `url`.
    """

    field: str
    url: str
    words: str
    has_field: bool
    fault: str


@dataclass(frozen=True, slots=True)
class Prose:
    """What stands in the summary and body of `item`, the `number`th.

    `headings` has the levels in each of the two texts that has any. `unmade` is what looks like a
    link and came out as text, each with the text in which it stands.
    """

    number: int
    item: LetterItem
    links: tuple[Link, ...]
    headings: tuple[tuple[str, tuple[int, ...]], ...]
    unmade: tuple[tuple[str, str], ...]

    def place(self, field: str) -> Place:
        """The item, where `field` of it is to be mended."""
        return item_place(self.number, self.item, field)


@dataclass(frozen=True, slots=True)
class Page:
    """The members' HTML part, empty where it cannot be made; `fault` then says why."""

    html: str
    fault: str
    can_leave: bool
    octets: int


@dataclass(frozen=True, slots=True)
class Examined:
    """What the checks look at."""

    content: IssueLetter
    theme: Theme
    known_fields: Collection[str]
    facts: Facts

    @property
    def prose(self) -> tuple[Prose, ...]:
        """The prose of each item, parsed when the first check asks for it."""
        return prose_of(self.content)

    @property
    def page(self) -> Page:
        """The page, compiled when the first check asks for it."""
        return page_of(self.content, self.theme)


def examine(
    content: IssueLetter, theme: Theme, known_fields: Collection[str], facts: Facts
) -> Examined:
    """All that the checks look at."""
    return Examined(plain_content(content), theme, known_fields, facts)


@lru_cache(maxsize=4)
def prose_of(content: IssueLetter) -> tuple[Prose, ...]:
    """The prose of each item, in order."""
    put = Placeholders.of(content.language, content)
    return tuple(_prose(content, number, item, put) for number, item in enumerate(content.items, 1))


@lru_cache(maxsize=4)  # a command checks an issue, schedules it and starts it
def page_of(content: IssueLetter, theme: Theme) -> Page:
    """The HTML part of a letter to members, who get every item."""
    variant = Variant(content.language, "html", member=True)
    put = Placeholders.of(variant.language, content, theme)
    try:
        html = html_part(draft_issue(content, variant, put), theme, variant, put)
    except WrongInput as error:
        return Page("", sentence_of(error), can_leave=False, octets=0)
    except Exception as error:  # noqa: BLE001
        # A theme may be somebody's own; whatever it makes a renderer raise is a finding here.
        kind = type(error).__name__
        fault = Sentence("It cannot be made ({kind}: {error}).", kind=kind, error=error)
        return Page("", fault, can_leave=False, octets=0)
    leave = put.put(Field("unsubscribe_url"))
    octets = sum(
        _VALUE_OCTETS if isinstance(piece, Field) else len(piece.encode())
        for piece in put.cut(html)
    )
    return Page(html, "", bool(re.search(rf"""href=["']{leave}["']""", html)), octets)


def _prose(content: IssueLetter, number: int, item: LetterItem, put: Placeholders) -> Prose:
    trees = [
        (field, parse(put.put_all(source), content.language, lambda url: url, members=True))
        for field, source in (("summary", item.summary), ("body", item.body))
    ]
    levels = [
        (field, tuple(int(token.tag[1]) for token in tree if token.type == "heading_open"))
        for field, tree in trees
    ]
    return Prose(
        number=number,
        item=item,
        links=tuple(
            _link(field, url, words, base_of(item, content.organisation), put)
            for field, tree in trees
            for url, words in _links_in(tree)
        ),
        headings=tuple(one for one in levels if one[1]),
        unmade=tuple(
            (field, _as_written(found, put))
            for field, tree in trees
            for token in tree
            if token.type == "inline"
            for found in _UNMADE_LINK.findall(_words(token.children or [], "text"))
        ),
    )


def _link(field: str, url: str, words: str, base: str, put: Placeholders) -> Link:
    fault = ""
    try:
        links_from(base, put)(url)
    except WrongInput as error:
        fault = sentence_of(error)
    has_field = len(list(put.cut(url))) > 1
    return Link(field, _as_written(url, put), _as_written(words, put), has_field, fault)


def sentence_of(error: WrongInput) -> str:
    """What the error says, as a `Sentence` where it was raised with one."""
    said = error.args[0] if error.args else ""
    return said if isinstance(said, Sentence) else str(error)


def _links_in(tree: "list[Token]") -> Iterator[tuple[str, str]]:
    for block in tree:
        children = block.children or []
        begins = [at for at, token in enumerate(children) if token.type == "link_open"]
        for begin in begins:
            ends = (at for at in range(begin, len(children)) if children[at].type == "link_close")
            within = children[begin : next(ends, len(children))]
            yield str(children[begin].attrs.get("href", "")), _words(within)


def _words(tokens: "list[Token]", *types: str) -> str:
    """What stands in tokens of these types, or of all that are text."""
    return "".join(
        token.content if token.type in (types or ("text", "code_inline")) else " "
        for token in tokens
        if not token.type.endswith(("_open", "_close"))
    )


def _as_written(text: str, put: Placeholders) -> str:
    """`text` with the merge fields in place of their placeholders."""
    return "".join(
        "{{ " + piece.name + " }}" if isinstance(piece, Field) else piece for piece in put.cut(text)
    )
