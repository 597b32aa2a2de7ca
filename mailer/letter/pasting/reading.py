"""Reading a pasted page: its tree, walked once and without recursion, as blocks of words."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mailer.letter.pasting.blocks import (
    BREAK,
    Block,
    Cell,
    Code,
    Listing,
    Paragraph,
    Quote,
    Rule,
    Run,
    Table,
)
from mailer.letter.pasting.habits import (
    HEADINGS,
    begins_quoted_message,
    bold,
    heading_level,
    hidden,
    italic,
    link_target,
    quotes,
    styles_of,
    tracking_pixel,
    word_list,
)

# The Markdown parser follows twenty levels; a list takes two, and the words in it two more.
DEEPEST = 14
# A cell with more words than this is no datum.
LONGEST_CELL = 400

BOLD, ITALIC = frozenset({"b", "strong"}), frozenset({"i", "em", "cite", "dfn", "var"})
CODE = frozenset({"code", "kbd", "samp", "tt"})
STANDS_ALONE = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd"),
        *("details", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer"),
        *("form", "header", "hgroup", "html", "legend", "li", "main", "p", "section"),
        *("summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr"),
    }
) | frozenset(HEADINGS)
NOT_IN_DATA = frozenset({"table", "ul", "ol", "blockquote", "pre", "hr", *HEADINGS})

_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


def read_blocks(root: Any) -> list[Block]:
    """The blocks of a page, some of them perhaps empty."""
    reader = _Reader(_data_tables(root))
    walk(root, reader.enter, reader.leave)
    reader.flush()
    return reader.into[0]


def walk(root: Any, enter: Callable[[Any], bool], leave: Callable[[Any, bool], None]) -> None:
    """Every element below `root`, entered before what is in it and left after it.

    What is in an element is skipped where `enter` says False.
    """
    element, entered = root, [enter(root)]
    while True:
        below = next(iter(element), None) if entered[-1] else None
        while below is None:
            leave(element, entered.pop())
            if element is root:
                return
            below = element.getnext()
            if below is None:
                element = element.getparent()
        element = below
        entered.append(enter(element))


@dataclass(slots=True)
class _Seen:
    """What was seen of a table so far."""

    plain: bool = True
    columns: int = 0
    rows: int = 0
    column: int = 0
    letters: int = 0


def _data_tables(root: Any) -> set[Any]:
    """The tables that hold data; all others hold the page together."""
    seen: list[tuple[Any, _Seen]] = []
    data = set()

    def enter(element: Any) -> bool:
        if seen:
            table = seen[-1][1]
            table.plain &= element.tag not in NOT_IN_DATA
            if element.tag == "tr":
                table.rows += 1
                table.column = 0
            elif element.tag in ("td", "th"):
                table.column += 1
                table.columns = max(table.columns, table.column)
                table.letters = 0
            table.letters += len(element.text or "")
            table.plain &= table.letters <= LONGEST_CELL
        if element.tag == "table":
            presentation = element.get("role") in ("presentation", "none")
            seen.append((element, _Seen(plain=not presentation)))
        return isinstance(element.tag, str) and not hidden(element, styles_of(element))

    def leave(element: Any, _: bool) -> None:
        if element.tag == "table":
            table = seen.pop()[1]
            if table.plain and table.columns > 1 and table.rows > 1:
                data.add(element)
        if seen:
            seen[-1][1].letters += len(element.tail or "")

    walk(root, enter, leave)
    return data


@dataclass(slots=True)
class _Place:
    """What holds for the words in one element, and what is to be done when it ends."""

    look: Run
    verbatim: bool = False
    level: int = 0
    ends: list[Callable[[], object]] = field(default_factory=list)


class _Reader:
    def __init__(self, data: set[Any]) -> None:
        self.into: list[list[Block]] = [[]]
        self.places = [_Place(Run(""))]
        self.runs: list[Run] = []
        self.lists: list[Listing | None] = []
        self.tables: list[Table | None] = []
        self.word_lists: list[tuple[int, Listing]] = []
        self.cell = False
        self.depth = 0
        self.data = data

    def enter(self, element: Any) -> bool:
        outside = self.places[-1]
        place = _Place(outside.look, outside.verbatim, outside.level)
        self.places.append(place)
        if not isinstance(element.tag, str):
            return False
        styles = styles_of(element)
        if hidden(element, styles):
            return False
        place.look = self._look(element, styles, place.look)
        if element.tag == "br":
            self._say(BREAK)
        elif element.tag == "img" and not tracking_pixel(element):
            self._say(element.get("alt") or "")
        elif self.cell:
            if element.tag in STANDS_ALONE:
                self._say(" ")
                place.ends.append(lambda: self._say(" "))
        else:
            self._block(element, styles, place)
        self._say(element.text)
        return True

    def leave(self, element: Any, _: bool) -> None:
        for end in reversed(self.places[-1].ends):
            end()
        self.places.pop()
        self._say(element.tail)

    def flush(self) -> None:
        """Makes a block of the words since the last one."""
        if self.runs:
            place = self.places[-1]
            if place.verbatim:
                text = "".join(run.text for run in self.runs)
                self.into[-1].append(Code(text.replace(BREAK, "\n")))
            else:
                self.into[-1].append(Paragraph(self.runs, place.level))
            self.runs = []

    def _say(self, text: str | None) -> None:
        place = self.places[-1]
        # Between two blocks there is nothing to say.
        if text and (self.runs or place.verbatim or not text.isspace() or text == BREAK):
            spoken = text if place.verbatim or text == BREAK else " ".join(re.split(r"\s+", text))
            self.runs.append(place.look.saying(spoken))

    def _look(self, element: Any, styles: Mapping[str, str], look: Run) -> Run:
        is_bold, is_italic = bold(styles), italic(styles)
        if is_bold is None and element.tag in BOLD:
            is_bold = True
        if is_italic is None and element.tag in ITALIC:
            is_italic = True
        url = look.url
        if element.tag == "a" and element.get("href") is not None:
            url = link_target(element.get("href"))
        return Run(
            "",
            bold=look.bold if is_bold is None else is_bold,
            italic=look.italic if is_italic is None else is_italic,
            code=look.code or element.tag in CODE,
            url=url,
        )

    def _block(self, element: Any, styles: Mapping[str, str], place: _Place) -> None:
        tag = element.tag
        entry = word_list(element, styles)
        if begins_quoted_message(element, styles):
            self._quote_the_rest(element)
        if tag == "hr":
            self._flush_around(place)
            self.into[-1].append(Rule())
        elif tag == "pre":
            self._flush_around(place)
            place.verbatim = True
        elif quotes(element, styles):
            self._flush_around(place)
            self._open(Quote, place)
        elif tag in ("ul", "ol"):
            self._flush_around(place)
            self._list(element, place)
        elif entry and self.depth <= DEEPEST - 6:
            self._flush_around(place)
            self._word_entry(*entry, place)
        elif tag == "li" and self.lists and (listing := self.lists[-1]):
            self._flush_around(place)
            listing.items.append([])
            self._into(listing.items[-1], place)
        elif tag == "table":
            self._flush_around(place)
            self._table(element, place)
        elif tag == "tr" and self.tables and (table := self.tables[-1]):
            self._flush_around(place)
            table.rows.append([])
        elif tag in ("td", "th") and self.tables and (table := self.tables[-1]):
            self._flush_around(place)
            self._cell(element, styles, table, place)
        elif level := heading_level(element, styles):
            self._flush_around(place)
            place.level = level
        elif tag in STANDS_ALONE:
            self._flush_around(place)

    def _flush_around(self, place: _Place) -> None:
        # What came before stands outside of this element, and looks as it does there.
        self.places.pop()
        self.flush()
        self.places.append(place)
        place.ends.append(self.flush)

    def _into(self, blocks: list[Block], place: _Place) -> None:
        self.into.append(blocks)
        # Ends are called from the last to the first: the words go in before it is closed.
        place.ends.insert(0, self.into.pop)

    def _deeper(self, levels: int, place: _Place) -> bool:
        if self.depth + levels > DEEPEST:
            return False
        self.depth += levels

        def back() -> None:
            self.depth -= levels

        place.ends.insert(0, back)
        return True

    def _open(self, kind: type[Quote], place: _Place) -> None:
        if self._deeper(1, place):
            quote = kind()
            self.into[-1].append(quote)
            self._into(quote.blocks, place)

    def _quote_the_rest(self, element: Any) -> None:
        holder = element.getparent()
        at = -2
        # Outlook may wrap the beginning of the quoted message in one more element.
        if element.getprevious() is None and holder is not None and not (holder.text or "").strip():
            at = -3
        if len(self.places) < 4:
            at = -2
        outside = self.places[at]
        self.flush()
        if self._deeper(1, outside):
            quote = Quote()
            self.into[-1].append(quote)
            self._into(quote.blocks, outside)
            outside.ends.append(self.flush)

    def _list(self, element: Any, place: _Place) -> None:
        above = element.getparent()
        if not self._deeper(2, place):
            self.lists.append(None)
        else:
            outer = self.lists[-1] if self.lists else None
            if above is not None and above.tag in ("ul", "ol") and outer and outer.items:
                # Google Docs and Word put a list into a list, not into its last entry.
                self._into(outer.items[-1], place)
            start = element.get("start") or ""
            number = int(start) if _NUMBER.fullmatch(start) else 1
            listing = Listing(number if element.tag == "ol" else None)
            self.into[-1].append(listing)
            self.lists.append(listing)
        place.ends.insert(0, self.lists.pop)

    def _word_entry(self, level: int, number: int | None, place: _Place) -> None:
        blocks = self.into[-1]
        if not self.word_lists or not blocks or blocks[-1] is not self.word_lists[0][1]:
            self.word_lists = []
        while self.word_lists and self.word_lists[-1][0] > level:
            last = self.word_lists.pop()
            if not self.word_lists:
                level = last[0]
                self.word_lists.append(last)
        if self.word_lists and self.word_lists[-1][0] == level:
            listing = self.word_lists[-1][1]
            if (listing.start is None) != (number is None):
                self.word_lists.pop()
        if not self.word_lists or (self.word_lists[-1][0] < level and len(self.word_lists) < 3):
            if self.word_lists:
                blocks = self.word_lists[-1][1].items[-1]
            listing = Listing(number)
            blocks.append(listing)
            self.word_lists.append((level, listing))
        listing = self.word_lists[-1][1]
        listing.items.append([])
        self._into(listing.items[-1], place)

    def _table(self, element: Any, place: _Place) -> None:
        table = Table() if element in self.data else None
        if table:
            self.into[-1].append(table)
        self.tables.append(table)
        place.ends.insert(0, self.tables.pop)

    def _cell(self, element: Any, styles: Mapping[str, str], table: Table, place: _Place) -> None:
        if not table.rows:
            table.rows.append([])
        row = table.rows[-1]
        span = element.get("colspan") or ""
        align = (styles.get("text-align") or element.get("align") or "").lower()
        self.cell = True

        def end() -> None:
            row.append(Cell(self.runs, min(int(span), 20) if _NUMBER.fullmatch(span) else 1, align))
            self.runs = []
            self.cell = False

        place.ends = [end]
