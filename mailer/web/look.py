"""The organisation's colours, made readable, and the stylesheets."""

import hashlib
from html import escape

from mailer.config import Organisation, resource
from mailer.letter import Accent, legible

PAPER, INK, SURFACE = "#FAF8F4", "#1E1B18", "#FFFFFF"
DARK_PAPER, DARK_INK, DARK_SURFACE = "#161412", "#EEE9E1", "#1F1C19"


def stylesheet(organisation: Organisation, *parts: str) -> str:
    """A stylesheet as served: the organisation's accents, what all pages share, then `parts`."""
    light = legible(organisation.accent, (SURFACE, PAPER), INK)
    dark = legible(organisation.accent_dark, (DARK_SURFACE, DARK_PAPER), DARK_INK)
    folder = resource("templates") / "static"
    rules = "".join((folder / name).read_text(encoding="utf-8") for name in ("base.css", *parts))
    return (
        f":root {{{_tokens(light)}}}\n"
        f"@media (prefers-color-scheme: dark) {{:root {{{_tokens(dark)}}}}}\n{rules}"
    )


def version_of(content: str) -> str:
    """A name for this content, which changes with it."""
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def icon(organisation: Organisation) -> str:
    """The site's icon, as SVG: the organisation's first letter on its accent."""
    light = legible(organisation.accent, (SURFACE, PAPER), INK)
    letter = escape(organisation.name[:1].upper())
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">'
        f'<rect width="64" height="64" rx="12" fill="{light.colour}"/>'
        f'<text x="32" y="46" font-family="Georgia, serif" font-size="40" font-weight="600" '
        f'text-anchor="middle" fill="{light.on}">{letter}</text></svg>'
    )


def _tokens(accent: Accent) -> str:
    return f"--accent: {accent.colour}; --on-accent: {accent.on}; --tint: {accent.tint};"
