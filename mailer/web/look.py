"""The organisation's colours, made readable, and the one stylesheet.

The contrast of two colours is WCAG 2.2's (1.4.3): text needs 4.5.
"""

import hashlib
from dataclasses import dataclass
from html import escape

from mailer.config import Organisation, resource

READABLE = 4.5

PAPER, INK, SURFACE = "#FAF8F4", "#1E1B18", "#FFFFFF"
DARK_PAPER, DARK_INK, DARK_SURFACE = "#161412", "#EEE9E1", "#1F1C19"
_TINT = 0.1
_STEP = 0.05

Rgb = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Accent:
    """An accent in one scheme: itself, text on it, and a background tinted with it."""

    colour: str
    on: str
    tint: str


def accent(wanted: str, paper: str, surface: str, ink: str) -> Accent:
    """`wanted` moved towards the ink until it can be read on paper and surface."""
    colour, part = wanted, 0.0
    while min(contrast(colour, paper), contrast(colour, surface)) < READABLE:
        part += _STEP
        colour = mix(wanted, ink, part)
    on = max("#FFFFFF", "#161412", key=lambda text: contrast(colour, text))
    return Accent(colour, on, mix(paper, colour, _TINT))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def mix(one: str, other: str, part: float) -> str:
    """`one` with `part` (0 to 1) of `other` in it."""
    pairs = zip(_rgb(one), _rgb(other), strict=True)
    return "#" + "".join(f"{round((a + (b - a) * min(part, 1)) * 255):02X}" for a, b in pairs)


def stylesheet(organisation: Organisation) -> str:
    """The stylesheet as served: the organisation's accents, then our own rules."""
    light = accent(organisation.accent, PAPER, SURFACE, INK)
    dark = accent(organisation.accent_dark, DARK_PAPER, DARK_SURFACE, DARK_INK)
    rules = (resource("templates") / "static" / "style.css").read_text(encoding="utf-8")
    return (
        f":root {{{_tokens(light)}}}\n"
        f"@media (prefers-color-scheme: dark) {{:root {{{_tokens(dark)}}}}}\n{rules}"
    )


def version_of(content: str) -> str:
    """A name for this content, which changes with it."""
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def icon(organisation: Organisation) -> str:
    """The site's icon, as SVG: the organisation's first letter on its accent."""
    light = accent(organisation.accent, PAPER, SURFACE, INK)
    letter = escape(organisation.name[:1].upper())
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">'
        f'<rect width="64" height="64" rx="12" fill="{light.colour}"/>'
        f'<text x="32" y="46" font-family="Georgia, serif" font-size="40" font-weight="600" '
        f'text-anchor="middle" fill="{light.on}">{letter}</text></svg>'
    )


def _tokens(accent: Accent) -> str:
    return f"--accent: {accent.colour}; --on-accent: {accent.on}; --tint: {accent.tint};"


def _luminance(colour: str) -> float:
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _rgb(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rgb(colour: str) -> Rgb:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue
