"""What has changed from one text to another, word by word, for people to read.

The shortest way from one to the other is found as Myers does ("An O(ND) Difference Algorithm",
1986). Texts that have too little in common for that are compared line by line, and at last as
two wholes: however hostile they are, it takes a moment.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

Kind = Literal["same", "gone", "new"]

MOST_STEPS = 200_000

_WORDS = re.compile(r"\n|[^\S\n]+|\w+|[^\w\s]")
# A word or two between two changes are harder to read left in than struck and said again.
_ISLAND = re.compile(r"[^\S\n]*(\S{1,3}[^\S\n]*)?")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch that both texts have, or only the one before (`gone`), or the one after (`new`)."""

    kind: Kind
    text: str


def differences(before: str, after: str) -> tuple[Piece, ...]:
    """The pieces of both texts in order: `same` and `gone` make `before`, `same` and `new` `after`.

    They are found in words where that is quick enough, else in lines, else not at all.
    """
    for cut in (_WORDS.findall, _lines):
        steps = _steps(cut(before), cut(after))
        if steps is not None:
            return tuple(_readable(steps))
    return tuple(_grouped([("gone", before), ("new", after)]))


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _steps(before: Sequence[str], after: Sequence[str]) -> list[tuple[Kind, str]] | None:
    """Each word as same, gone or new; None where that takes too long."""
    begin, shorter = 0, min(len(before), len(after))
    while begin < shorter and before[begin] == after[begin]:
        begin += 1
    end = 0
    while end < shorter - begin and before[-1 - end] == after[-1 - end]:
        end += 1
    found = _shortest(before[begin : len(before) - end], after[begin : len(after) - end])
    if found is None:
        return None
    same: Kind = "same"
    head = [(same, word) for word in before[:begin]]
    return [*head, *found, *((same, word) for word in before[len(before) - end :])]


def _shortest(before: Sequence[str], after: Sequence[str]) -> list[tuple[Kind, str]] | None:
    """The fewest words to strike and to add."""
    reached = {1: 0}  # on each diagonal x - y, how far in `before`
    trace: list[dict[int, int]] = []
    left = MOST_STEPS
    for changes in range(len(before) + len(after) + 1):
        trace.append(dict(reached))
        left -= 3 * changes
        for diagonal in range(-changes, changes + 1, 2):
            x = _entered(reached, diagonal, changes)
            start, y = x, x - diagonal
            while x < len(before) and y < len(after) and before[x] == after[y]:
                x, y = x + 1, y + 1
            reached[diagonal] = x
            left -= x - start
            if x >= len(before) and y >= len(after):
                return _way_back(trace, before, after)
        if left < 0:
            return None
    raise AssertionError("striking all and adding all leads there")


def _entered(reached: dict[int, int], diagonal: int, changes: int) -> int:
    """Where a diagonal is entered with one more change: from the neighbour that is further."""
    down = diagonal == -changes or (
        diagonal != changes and reached[diagonal - 1] < reached[diagonal + 1]
    )
    return reached[diagonal + 1] if down else reached[diagonal - 1] + 1


def _way_back(
    trace: list[dict[int, int]], before: Sequence[str], after: Sequence[str]
) -> list[tuple[Kind, str]]:
    steps: list[tuple[Kind, str]] = []
    x, y = len(before), len(after)
    for changes in range(len(trace) - 1, -1, -1):
        reached, diagonal = trace[changes], x - y
        entered = _entered(reached, diagonal, changes)
        while x > entered and x > 0 and y > 0:
            x, y = x - 1, y - 1
            steps.append(("same", before[x]))
        if changes == 0:
            break
        down = diagonal == -changes or (
            diagonal != changes and reached[diagonal - 1] < reached[diagonal + 1]
        )
        if down:
            y -= 1
            steps.append(("new", after[y]))
        else:
            x -= 1
            steps.append(("gone", before[x]))
    return steps[::-1]


def _readable(steps: list[tuple[Kind, str]]) -> Iterator[Piece]:
    """Islands of a word between two changes become part of them; what is struck stands first."""
    pieces = list(_grouped(steps))
    gone, new = "", ""
    for at, piece in enumerate(pieces):
        if piece.kind == "gone":
            gone += piece.text
        elif piece.kind == "new":
            new += piece.text
        elif 0 < at < len(pieces) - 1 and _ISLAND.fullmatch(piece.text):
            gone += piece.text
            new += piece.text
        else:
            yield from _grouped([("gone", gone), ("new", new)])
            gone, new = "", ""
            yield piece
    yield from _grouped([("gone", gone), ("new", new)])


def _grouped(steps: list[tuple[Kind, str]]) -> Iterator[Piece]:
    for kind, words in groupby((step for step in steps if step[1]), key=lambda step: step[0]):
        yield Piece(kind, "".join(word for _, word in words))
