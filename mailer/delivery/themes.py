"""Themes, read from their folders in templates/letters; what all share stands in `shared`."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from mailer.config import resource
from mailer.errors import WrongInput
from mailer.letter import Theme

SHARED = "shared"


@lru_cache(maxsize=16)
def theme(
    name: str, letter: str, inliner: Literal["premailer", "css-inline"] = "premailer"
) -> Theme:
    """Read the theme `name`; `letter` is its template, "letter" for issues or "note".

    Raises:
        WrongInput: there is no such theme; the sentence names those that there are.
    """
    shelf = resource("templates") / "letters"
    file = f"{letter}.html.j2"
    known = sorted(
        path.name for path in shelf.iterdir() if path.name != SHARED and (path / file).is_file()
    )
    if name not in known:
        raise WrongInput(f"There is no theme {name!r}; there is: {', '.join(known)}.")
    return Theme(
        name=name,
        html=_read(shelf / name / file),
        inlined_css=_sheets(shelf, name, "inlined.css"),
        kept_css=_sheets(shelf, name, "kept.css"),
        file=file,
        parts={path.name: _read(path) for path in sorted((shelf / SHARED).glob("*.j2"))},
        inliner=inliner,
    )


def _sheets(shelf: Path, name: str, file: str) -> str:
    return "".join(_read(shelf / folder / file) for folder in (SHARED, name))


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
