"""The entries of a listing: titles with bullets, and the lines below them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from mailer.errors import WrongInput
from mailer.sentence import Sentence

BULLET = "•"
LONGEST_TITLE = 300
SHORT = 40
"""Characters of a line that stands for itself, as a call ("Become a member") does."""

_ENTRY = re.compile(rf" {{0,3}}{BULLET}(.*)")


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A title, and the lines below it; `column` is where its bullet stands."""

    title: str
    line: int
    column: int
    lines: tuple[Line, ...]


def refuse(file: str, line: int, reason: Sentence) -> NoReturn:
    """Nothing is imported: `reason` says what is wrong in this line."""
    raise WrongInput(
        Sentence(
            "{file}:{line}: {reason}; nothing was imported.", file=file, line=line, reason=reason
        )
    )


def entries_of(text: str, file: str) -> Iterator[Entry]:
    """The entries of the listing: a bullet's title, and the lines below it."""
    title, begin, column, lines = None, 0, 0, list[Line]()
    for number, raw in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        line = raw.expandtabs(4)
        if bullet := _ENTRY.fullmatch(line):
            if title is not None:
                yield Entry(title, begin, column, tuple(lines))
            title, begin, column, lines = bullet[1].strip(), number, line.index(BULLET), []
            if not title:
                refuse(file, number, Sentence("a bullet without a title"))
            if len(title) > LONGEST_TITLE:
                refuse(
                    file,
                    number,
                    Sentence("a title of more than {limit} characters", limit=LONGEST_TITLE),
                )
        elif title is not None:
            lines.append(Line(number, line))
        elif line.strip():
            refuse(file, number, Sentence("text before the first bullet ({bullet})", bullet=BULLET))
    if title is None:
        refuse(
            file,
            1,
            Sentence("the file is empty: no entry begins with a bullet ({bullet})", bullet=BULLET),
        )
    yield Entry(title, begin, column, tuple(lines))


def refuse_lost_bullet(entry: Entry, file: str) -> None:
    """Refuse text that stands as far left as a title, where the rest is set in."""
    texts = [line for line in entry.lines if line.text.strip()]
    if not texts or _indent(texts[0]) <= entry.column:
        return
    for line in texts:
        if _indent(line) <= entry.column:
            refuse(
                file,
                line.number,
                Sentence(
                    "“{text}” stands where a title does, without a bullet ({bullet})",
                    text=line.text.strip()[:SHORT],
                    bullet=BULLET,
                ),
            )


def _indent(line: Line) -> int:
    return len(line.text) - len(line.text.lstrip())


def blocks_of(lines: tuple[Line, ...], file: str) -> list[str]:
    """Paragraphs, each on one line, and lists, as Markdown."""
    blocks: list[list[str]] = []
    within = False
    for line in lines:
        words = line.text.strip()
        if not words:
            within = False
        elif words.startswith(BULLET):
            point = words.removeprefix(BULLET).strip()
            if not point:
                refuse(file, line.number, Sentence("a bullet without words"))
            if blocks and blocks[-1][0].startswith("- "):
                blocks[-1].append(f"- {point}")
            else:
                blocks.append([f"- {point}"])
            within = True
        elif within:
            blocks[-1][-1] += f" {words}"
        else:
            blocks.append([words])
            within = True
    return ["\n".join(block) for block in blocks]
