"""Themes, read from their folders: ours in templates/letters, with what all share in `shared`, and
those of the organisation's own."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from mailer.config import Config, resource
from mailer.errors import WrongInput
from mailer.letter import Theme
from mailer.sentence import Sentence, shown

SHARED = "shared"


def theme(config: Config, name: str, letter: str) -> Theme:
    """The theme `name`, or the configured one; `letter` is its template, "letter" or "note".

    One of the organisation's own (`[mail] themes`) goes before one of ours with that name, and is
    read anew each time: somebody may be writing it.

    Raises:
        WrongInput: there is no such theme, or it cannot be read; the sentence names it.
    """
    name, own = name or config.mail.theme, config.mail.themes
    if own is not None and name in _known(own, letter):
        return _theme(own, name, letter, config.mail.inliner)
    return ours(name, letter, config.mail.inliner, own)


@lru_cache(maxsize=16)
def ours(
    name: str,
    letter: str,
    inliner: Literal["premailer", "css-inline"] = "premailer",
    own: Path | None = None,
) -> Theme:
    """The theme `name` of those that come with Mailer; `own` has others, for the sentence.

    Raises:
        WrongInput: there is no such theme; the sentence names those that there are.
    """
    known = _known(_shelf(), letter)
    if name not in known:
        there = sorted({*known, *(_known(own, letter) if own is not None else ())})
        raise WrongInput(
            Sentence(
                "There is no theme “{name}”; there is: {themes}.",
                name=shown(name),
                themes=", ".join(there),
            )
        )
    return _theme(_shelf(), name, letter, inliner)


def _shelf() -> Path:
    return resource("templates") / "letters"


def _known(shelf: Path, letter: str) -> list[str]:
    return sorted(
        path.parent.name for path in shelf.glob(f"*/{letter}.html.j2") if path.parent.name != SHARED
    )


def _theme(
    shelf: Path, name: str, letter: str, inliner: Literal["premailer", "css-inline"]
) -> Theme:
    file = f"{letter}.html.j2"
    return Theme(
        name=name,
        html=_read(shelf / name / file),
        inlined_css=_sheets(shelf / name, "inlined.css"),
        kept_css=_sheets(shelf / name, "kept.css"),
        file=file,
        parts={path.name: _read(path) for path in sorted((_shelf() / SHARED).glob("*.j2"))},
        inliner=inliner,
    )


def _sheets(folder: Path, file: str) -> str:
    """The sheet that all themes share, and then the theme's own, if it has one."""
    own = _read(folder / file) if (folder / file).exists() else ""
    return _read(_shelf() / SHARED / file) + own


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongInput(
            Sentence("The theme’s file {file} cannot be read: {reason}.", file=path, reason=error)
        ) from None
