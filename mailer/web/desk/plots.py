"""Plots: numbers in, SVG out. Zero stands at the bottom, labels at what they name, no legend.

Pure: words come in as they are shown. The figures of a plot stand in a table beneath it, so that
the plot itself is one picture with a title and a description.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 400, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 4, 4, 26, 26
_BAR_ROW, _BAR = 34, 10


@dataclass(frozen=True, slots=True)
class Words:
    """What the plot is called, and what it shows in a sentence."""

    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its height, and the words that stand at it, if any."""

    value: int
    words: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of `shares`: its name, its parts by kind, and the words behind it."""

    name: str
    parts: tuple[tuple[str, int], ...]
    words: str


def columns(name: str, words: Words, shown: Sequence[Column], first: str, last: str) -> Markup:
    """Columns side by side; the highest has its words above it. `first` and `last` name the ends
    of the axis; `name` is unique on the page."""
    highest = max((one.value for one in shown), default=0)
    inner = WIDTH - _LEFT - _RIGHT
    step = inner / max(1, len(shown))
    floor, room = HEIGHT - _BOTTOM, HEIGHT - _TOP - _BOTTOM
    drawn = []
    for place, one in enumerate(shown):
        if one.value <= 0:
            continue
        # What there is can be seen, however little it is.
        height = max(1.5, room * one.value / highest)
        x = _LEFT + place * step
        gap = min(1.0, step / 4)
        drawn.append(
            Markup('<rect class="column" x="{}" y="{}" width="{}" height="{}"/>').format(
                _r(x + gap / 2), _r(floor - height), _r(step - gap), _r(height)
            )
        )
        if one.words:
            drawn.append(_label(x + step / 2, floor - height - 6, one.words))
    axis = Markup('<path class="axis" d="M{} {}H{}"/>').format(_LEFT, floor, WIDTH - _RIGHT)
    ends = Markup('<text x="{}" y="{}">{}</text><text class="end" x="{}" y="{}">{}</text>').format(
        _LEFT, HEIGHT - 8, first, WIDTH - _RIGHT, HEIGHT - 8, last
    )
    return _svg(name, words, HEIGHT, Markup("").join((*drawn, axis, ends)))


def shares(name: str, words: Words, lines: Sequence[Line]) -> Markup:
    """Bars below each other, all on one scale; each has its name above and its words behind it."""
    longest = max((sum(value for _, value in line.parts) for line in lines), default=0)
    inner = WIDTH - _LEFT - _RIGHT
    drawn = []
    for place, line in enumerate(lines):
        y, x = place * _BAR_ROW, float(_LEFT)
        drawn.append(
            Markup('<text x="{}" y="{}">{}</text><text class="end" x="{}" y="{}">{}</text>').format(
                _LEFT, y + 16, line.name, WIDTH - _RIGHT, y + 16, line.words
            )
        )
        for kind, value in line.parts:
            if value <= 0:
                continue
            width = max(1.5, inner * value / longest)
            drawn.append(
                Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
                    kind, _r(x), y + 20, _r(min(width, WIDTH - _RIGHT - x)), _BAR
                )
            )
            x += width
    return _svg(name, words, max(1, len(lines)) * _BAR_ROW, Markup("").join(drawn))


def _label(x: float, y: float, words: str) -> Markup:
    """Words at a place; near an end of the plot they are held inside."""
    place = "middle"
    if x < WIDTH * 0.3:
        place, x = "start", max(_LEFT, x - 4)
    elif x > WIDTH * 0.7:
        place, x = "end", min(WIDTH - _RIGHT, x + 4)
    return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(place, _r(x), _r(y), words)


def _svg(name: str, words: Words, height: int, inside: Markup) -> Markup:
    return Markup(
        '<svg class="plot" viewBox="0 0 {w} {h}" role="img" aria-labelledby="{n}-title {n}-desc">'
        '<title id="{n}-title">{title}</title><desc id="{n}-desc">{desc}</desc>{inside}</svg>'
    ).format(
        w=WIDTH, h=height, n=escape(name), title=words.title, desc=words.description, inside=inside
    )


def _r(number: float) -> str:
    return f"{number:.1f}".rstrip("0").rstrip(".")
