"""Colours that can be read: contrast, mixtures, and an accent moved until it is legible.

The contrast of two colours is WCAG 2.2's (1.4.3): text needs 4.5. Colours are #RRGGBB.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
READABLE = 4.5

_TINT = 0.1
_STEP = 0.05

Rgb = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Accent:
    """An accent in one scheme: itself, text on it, and a background tinted with it."""

    colour: str
    on: str
    tint: str


def accent(wanted: str, papers: Collection[str], ink: str) -> Accent:
    """`wanted` moved towards the ink until it can be read on each of `papers`.

    Its tint is of the first.
    """
    colour, part = wanted, 0.0
    while min(contrast(colour, paper) for paper in papers) < READABLE:
        part += _STEP
        colour = mix(wanted, ink, part)
    on = max("#FFFFFF", "#161412", key=lambda text: contrast(colour, text))
    return Accent(colour, on, mix(next(iter(papers)), colour, _TINT))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def mix(one: str, other: str, part: float) -> str:
    """`one` with `part` (0 to 1) of `other` in it."""
    pairs = zip(_rgb(one), _rgb(other), strict=True)
    return "#" + "".join(f"{round((a + (b - a) * min(part, 1)) * 255):02X}" for a, b in pairs)


def _luminance(colour: str) -> float:
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _rgb(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rgb(colour: str) -> Rgb:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue
