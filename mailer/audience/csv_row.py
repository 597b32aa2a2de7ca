"""The columns of a CSV file of readers: a row → a draft or a refusal, and back.

A cell that a spreadsheet would take for a formula is written with an apostrophe before it, and
read back without it. Apostrophes that stand there already are kept apart by one more, so that
reading gives exactly what was written.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mailer.audience.address import normalise
from mailer.audience.draft import Draft
from mailer.audience.fields import (
    CUSTOM_FIELD_LIMIT,
    TAG_LIMIT,
    format_of,
    language_of,
    line_of,
    one_line,
    yes_or_no,
)
from mailer.audience.subscription import State
from mailer.errors import WrongInput
from mailer.letter import MERGE_FIELDS
from mailer.sentence import Sentence, shown

COLUMNS = (
    "email",
    "name",
    "greeting",
    "member",
    "language",
    "tags",
    "subscription_state",
    "subscription_format",
)
"""The columns that mean something to Mailer; every other one is a custom field."""

COLUMN_LIMIT = 500

_MEANINGFUL = frozenset(COLUMNS)
# A custom field stands in letters under its own name: never where Mailer's links stand.
_TAKEN = MERGE_FIELDS - _MEANINGFUL

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_MADE_HARMLESS = re.compile(r"'+[=+\-@\t\r]")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that cannot be taken: the value that is wrong, and why. Nothing else of the row."""

    line: int
    value: str
    reason: str


def harmless(cell: str) -> str:
    """`cell` so that no spreadsheet takes it for a formula."""
    return "'" + cell if _FORMULA.match(cell) else cell


def as_written(cell: str) -> str:
    """What `harmless` was given."""
    return cell[1:] if cell[:1] == "'" and _MADE_HARMLESS.match(cell) else cell


def read_header(cells: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns, in lower case; a column without a name is "" and not read.

    Raises:
        WrongInput: no column is `email`, there are too many, or a name comes twice, is too long
            or is that of a link in letters.
    """
    if len(cells) > COLUMN_LIMIT:
        raise WrongInput(
            Sentence(
                "the header has {count} columns; {limit} is the most.",
                count=len(cells),
                limit=COLUMN_LIMIT,
            )
        )
    names = tuple(one_line(as_written(cell)).lower() for cell in cells)
    seen: set[str] = set()
    for name in filter(None, names):
        if name in seen:
            raise WrongInput(
                Sentence(
                    "the column “{name}” comes twice; rename or remove one of them.",
                    name=shown(name),
                )
            )
        seen.add(name)
        if name in _TAKEN:
            raise WrongInput(
                Sentence(
                    "the column “{name}” is a link in letters; rename or remove it.",
                    name=shown(name),
                )
            )
        if len(name) > TAG_LIMIT:
            raise WrongInput(
                Sentence("a column’s name has more than {limit} characters.", limit=TAG_LIMIT)
            )
    if "email" not in names:
        raise WrongInput(
            "no column is named email; the first line must name the columns, "
            "and one of them must be email."
        )
    return names


def field_name(text: str) -> str:
    """The name of a custom field, as a column's name makes it.

    Raises:
        WrongInput: it is empty, too long, or means something else already.
    """
    (name,) = read_header(("email", text))[1:]
    if not name or name in _MEANINGFUL:
        raise WrongInput(Sentence("“{name}” is no name for a further field.", name=shown(text)))
    return name


def read_row(columns: Sequence[str], line: int, cells: Sequence[str]) -> Draft | Refusal:
    """What the row that begins in `line` says of a reader, or why it cannot be taken."""
    if len(cells) > len(columns) and any(cells[len(columns) :]):
        reason = Sentence(
            "The row has {cells} cells, and the header names {columns} columns.",
            cells=len(cells),
            columns=len(columns),
        )
        return Refusal(line, str(len(cells)), reason)
    said = {
        name: as_written(cell).strip(" ")
        for name, cell in zip(columns, cells, strict=False)
        if name and cell
    }
    value = said.get("email", "")
    if not value:
        return Refusal(line, "", Sentence("The row has no address."))
    try:
        address = normalise(value)
        value = said.get("name", "")
        name = line_of("name", value)
        value = said.get("greeting", "")
        greeting = line_of("greeting", value)
        value = said.get("language", "")
        language = language_of(value)
        value = said.get("member", "")
        member = yes_or_no(value)
        value = said.get("tags", "")
        tags = read_tags(value)
        value = said.get("subscription_state", "")
        state = _state(value)
        value = said.get("subscription_format", "")
        format_ = format_of(value)
        custom = {}
        for column, value in said.items():
            if column not in _MEANINGFUL and (words := line_of(column, value, CUSTOM_FIELD_LIMIT)):
                custom[column] = words
    except WrongInput as error:
        return Refusal(line, value, error.said)
    return Draft(address, name, greeting, language, member, tags, custom, state, format_)


def write_row(
    draft: Draft, custom_columns: Sequence[str], custom_fields: Mapping[str, str]
) -> list[str]:
    """The cells of one reader: `COLUMNS`, then `custom_columns`. `read_row` gives `draft` back."""
    known = (
        draft.address.address,
        draft.name,
        draft.greeting,
        "" if draft.member is None else "yes" if draft.member else "no",
        draft.language,
        write_tags(draft.tags),
        draft.state or "",
        draft.format,
    )
    return [
        harmless(cell) for cell in (*known, *(custom_fields.get(c, "") for c in custom_columns))
    ]


def read_tags(cell: str) -> tuple[str, ...]:
    """Tags are separated by commas; one with a comma in it stands in quotation marks.

    Raises:
        WrongInput: a tag is too long, or holds half a character.
    """
    if not cell:
        return ()
    parts = next(csv.reader([one_line(cell)], skipinitialspace=True), [])
    return tuple(dict.fromkeys(tag for part in parts if (tag := line_of("tag", part, TAG_LIMIT))))


def write_tags(tags: Sequence[str]) -> str:
    if not tags:
        return ""
    cell = io.StringIO()
    csv.writer(cell, lineterminator="").writerow(tags)
    return cell.getvalue()


def _state(cell: str) -> State | None:
    word = cell.strip().lower()
    if not word:
        return None
    try:
        return State(word)
    except ValueError:
        raise WrongInput(
            Sentence(
                "The subscription_state must be one of {states}, or empty.", states=", ".join(State)
            )
        ) from None
