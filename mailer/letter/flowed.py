"""Plain text whose lines a mail program may fill anew: format=flowed (RFC 3676).

A line that ends in a blank goes on in the next one (section 4.2); a reader's narrow screen then
breaks lines where it likes, and a program that knows nothing of this shows lines of 72. What
begins with a blank, ">" or "From " has one blank more in front (section 4.4). So has a line that
begins with a merged value, since that could begin with anything; one that is a link cannot.
Quotations are marked by as many ">" as they are deep (section 4.5). The separator of a signature,
"-- ", never comes up (section 4.3), and blanks at the ends of lines are not deleted (DelSp is no).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mailer.letter.fields import PLACEHOLDER

WIDTH = 72
_NARROWEST = 24

_BLANKS = re.compile("[ \t\n]+")
_QUOTED = re.compile("(>*)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph, or a line that stands for itself; an empty one is a blank line.

    `text` may begin with blanks, and has no other run of them and none at its end, unless it is
    `fixed`: then it is one line that is never broken, such as an address or a line of code.
    `depth` is how deep in quotations it stands.
    """

    text: str
    depth: int = 0
    fixed: bool = False


BLANK = Paragraph("")


def paragraph(text: str, indent: int = 0) -> Paragraph:
    """`text` as one paragraph, each run of blanks in it made one."""
    return Paragraph(" " * indent + _BLANKS.sub(" ", text).strip(" "))


def lines_of(text: str) -> list[Paragraph]:
    """Each line of `text` as a paragraph of its own."""
    return [paragraph(line) for line in text.split("\n")]


def flow(paragraphs: Iterable[Paragraph]) -> str:
    """The text as it goes into a message: lines that end in LF, the last one in none."""
    return "\n".join(line for one in paragraphs for line in _lines(one))


def unflow(text: str) -> list[Paragraph]:
    """The paragraphs of a flowed text, each as long as it is; none of them `fixed`."""
    found: list[Paragraph] = []
    goes_on = False
    for line in text.split("\n"):
        depth, words = _read(line)
        if goes_on and found[-1].depth == depth:
            found[-1] = Paragraph(found[-1].text + words, depth)
        else:
            found.append(Paragraph(words, depth))
        goes_on = words.endswith(" ")
    return found


def as_lines(text: str) -> str:
    """A flowed text to look at: the same lines, without the blanks that only programs need."""
    shown = []
    for line in text.split("\n"):
        depth, words = _read(line)
        shown.append(((">" * depth + " " if depth else "") + words).rstrip(" "))
    return "\n".join(shown)


def _read(line: str) -> tuple[int, str]:
    """How deep a line is quoted, and its words without the blank that protects them."""
    marks, words = _QUOTED.fullmatch(line).groups()  # type: ignore[union-attr]  # matches all
    return len(marks), words.removeprefix(" ")


def _lines(one: Paragraph) -> Iterator[str]:
    marks = ">" * one.depth
    if one.fixed:
        yield _protected(marks, one.text.rstrip(" "))
        return
    *first, last = _wrapped(one.text, max(_NARROWEST, WIDTH - len(marks)))
    for words in first:
        yield _protected(marks, words + " ", merged=True)
    yield _protected(marks, last, merged=True)


def _protected(marks: str, line: str, *, merged: bool = False) -> str:
    """A line behind its marks; where `merged`, a value at its beginning may be any words."""
    if not line:
        return marks
    stuffed = marks or line.startswith((" ", ">", "From ")) or (merged and PLACEHOLDER.match(line))
    return f"{marks} {line}" if stuffed else line


def _wrapped(text: str, width: int) -> Iterator[str]:
    indent = len(text) - len(text.lstrip(" "))
    first, *others = text[indent:].split(" ")
    line = text[:indent] + first
    for word in others:
        # "--" and a blank would be where a signature begins.
        if len(line) + 1 + len(word) <= width or line == "--":
            line += " " + word
        else:
            yield line
            line = word
    yield line
