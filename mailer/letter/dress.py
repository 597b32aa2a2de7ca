"""The organisation's colours and fonts, put into a theme's style sheets.

Mail programs know no custom properties, so each `var(--name)` gives way to its value:

| name | is |
|---|---|
| `--accent`, `--on-accent` | the organisation's colour, made readable; text on it |
| `--tint` | a background with a little of the accent in it |
| `--accent-dark`, `--on-accent-dark`, `--tint-dark` | the same in a dark scheme |
| `--heading-font`, `--text-font` | lists of fonts |

`PAPERS` and `DARK_PAPERS` are the backgrounds on which an accent must be readable: a theme
puts links on these, and on the tint, only.
"""

import re
from collections.abc import Iterator

from mailer.errors import WrongInput
from mailer.letter.colour import COLOUR, READABLE, Accent, accent, contrast
from mailer.letter.content import Organisation
from mailer.sentence import Sentence, shown

PAPERS, INK = ("#FFFFFF", "#FAF8F4", "#F1EDE6"), "#1E1B18"
DARK_PAPERS, DARK_INK = ("#161412", "#1F1C19", "#110F0D"), "#EEE9E1"

# Segoe UI first: Outlook on Windows falls back to Times where the first font is unknown.
FONTS = {
    "serif": 'Georgia, "Iowan Old Style", "Palatino Linotype", "Times New Roman", serif',
    "sans": '"Segoe UI", -apple-system, BlinkMacSystemFont, Roboto, "Helvetica Neue", Arial, '
    "sans-serif",
}

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_VARIABLE = re.compile(r"var\(--([a-z-]+)\)")


def dressed(css: str, organisation: Organisation, theme: str) -> str:
    """`css` without comments, and with the organisation's colours and fonts.

    Raises:
        WrongInput: an accent is no colour, or the sheet asks for what is not in the table.
    """
    values = dict(_values(organisation))

    def value_of(found: re.Match[str]) -> str:
        if found[1] not in values:
            known = ", ".join(f"--{name}" for name in values)
            raise WrongInput(
                Sentence(
                    "Theme “{theme}”: its style sheet asks for {name}; there is: {known}.",
                    theme=shown(theme),
                    name=found[0],
                    known=known,
                )
            )
        return values[found[1]]

    return _VARIABLE.sub(value_of, _COMMENT.sub("", css))


def legible(wanted: str, papers: tuple[str, ...], ink: str) -> Accent:
    """An accent that can be read on `papers` and on its own tint."""
    if not COLOUR.fullmatch(wanted):
        raise WrongInput(
            Sentence(
                "“{colour}” is no colour; write the accent like #1F4E79.", colour=shown(wanted)
            )
        )
    found = accent(wanted, papers, ink)
    while contrast(found.colour, found.tint) < READABLE:
        found = accent(wanted, (*papers, found.tint), ink)
    return found


def _values(organisation: Organisation) -> Iterator[tuple[str, str]]:
    light = legible(organisation.accent, PAPERS, INK)
    dark = legible(organisation.accent_dark, DARK_PAPERS, DARK_INK)
    for ending, found in (("", light), ("-dark", dark)):
        yield f"accent{ending}", found.colour
        yield f"on-accent{ending}", found.on
        yield f"tint{ending}", found.tint
    yield "heading-font", FONTS[organisation.heading_font]
    yield "text-font", FONTS[organisation.text_font]
