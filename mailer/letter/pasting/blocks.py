"""What a pasted page is made of: blocks, and in them runs of words with one look each."""

from dataclasses import dataclass, field

# No text from outside holds it: `plain_lines` makes a line end of it.
BREAK = "\u2028"


@dataclass(frozen=True, slots=True)
class Run:
    """Words that look alike; `BREAK` alone is a line break."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    url: str | None = None

    def saying(self, text: str) -> "Run":
        """Other words that look the same."""
        return Run(text, self.bold, self.italic, self.code, self.url)


@dataclass(slots=True)
class Paragraph:
    """Words; a heading where `level` is from 1 to 6."""

    runs: list[Run]
    level: int = 0


@dataclass(slots=True)
class Code:
    """Words whose spaces and lines are to stay."""

    text: str


@dataclass(slots=True)
class Rule:
    """A line across."""


@dataclass(slots=True)
class Quote:
    """What somebody else said."""

    blocks: "list[Block]" = field(default_factory=list)


@dataclass(slots=True)
class Listing:
    """A list, numbered from `start`, or with bullets where there is none."""

    start: int | None
    items: "list[list[Block]]" = field(default_factory=list)


@dataclass(slots=True)
class Cell:
    """One cell of a table, over `span` columns."""

    runs: list[Run]
    span: int = 1
    align: str = ""


@dataclass(slots=True)
class Table:
    """A table of data; the first row names the columns."""

    rows: list[list[Cell]] = field(default_factory=list)


Block = Paragraph | Code | Rule | Quote | Listing | Table
