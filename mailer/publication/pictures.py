"""Pictures, kept by the hash of their bytes, so that an address never shows another one."""

import hashlib
import io
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.errors import NotFound, WrongInput
from mailer.publication.content import Picture
from mailer.publication.models import ItemRow, PictureRow
from mailer.sentence import Sentence

# What mail programs and browsers show, by Pillow's name for it.
MEDIA_TYPES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "GIF": "image/gif",
    "WEBP": "image/webp",
}
LARGEST_OCTETS = 10_000_000
LARGEST_PIXELS = 40_000_000

_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """A picture with its bytes."""

    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Logo:
    """The organisation's logo; without a size where mail programs would not show it."""

    hash: str
    media_type: str
    content: bytes
    width: int = 0
    height: int = 0


def keep_picture(session: Session, content: bytes, now: datetime) -> Picture:
    """Keep a picture; the same bytes are kept once.

    Raises:
        WrongInput: it is none that mail programs show, damaged, or too large.
    """
    media_type, width, height = read_picture(content)
    kept = Picture(hashlib.sha256(content).hexdigest(), width, height, len(content))
    if session.get(PictureRow, kept.hash) is None:
        session.add(
            PictureRow(
                hash=kept.hash,
                media_type=media_type,
                width=width,
                height=height,
                content=content,
                created_at=now,
            )
        )
        session.flush()
    return kept


def find_picture(session: Session, picture_hash: str) -> KeptPicture:
    """The picture with this hash.

    Raises:
        NotFound: there is none.
    """
    row = _HASH.fullmatch(picture_hash) and session.get(PictureRow, picture_hash)
    if not row:
        raise NotFound("There is no such picture here.")
    return KeptPicture(row.media_type, row.content)


def read_picture(content: bytes) -> tuple[str, int, int]:
    """The media type, width and height of a picture, as it is shown.

    Raises:
        WrongInput: it is none that mail programs show, damaged, or too large.
    """
    from PIL import Image, ImageOps

    if len(content) > LARGEST_OCTETS:
        raise WrongInput(
            Sentence(
                "The picture has {size} MB; make it smaller than {limit} MB.",
                size=f"{len(content) / 1000000.0:.1f}",
                limit=f"{LARGEST_OCTETS / 1000000.0:.0f}",
            )
        )
    try:
        with warnings.catch_warnings():
            # Pillow warns of large pictures; the limit here is our own.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=tuple(MEDIA_TYPES)) as picture:
                media_type = MEDIA_TYPES[picture.format or ""]
                width, height = picture.size
                if width * height > LARGEST_PIXELS:
                    raise WrongInput(
                        Sentence(
                            "The picture has {width} × {height} pixels; make it smaller "
                            "than {limit} million.",
                            width=width,
                            height=height,
                            limit=f"{LARGEST_PIXELS / 1000000.0:.0f}",
                        )
                    )
                # A camera held upright writes so, and turns nothing; what is damaged shows here.
                picture.load()
                width, height = ImageOps.exif_transpose(picture).size
    except Image.DecompressionBombError as error:
        raise WrongInput(
            Sentence(
                "The picture has too many pixels; make it smaller than {limit} million.",
                limit=f"{LARGEST_PIXELS / 1000000.0:.0f}",
            )
        ) from error
    except (OSError, ValueError, SyntaxError, EOFError, KeyError) as error:
        raise WrongInput(
            "This is no picture that can be read; give it as PNG, JPEG, GIF or WebP."
        ) from error
    return media_type, width, height


def pictures_of(session: Session, items: Iterable[ItemRow]) -> Mapping[str, Picture]:
    """The pictures of `items` by their hash, without alt texts, and without reading their bytes."""
    wanted = {row.picture_hash for row in items if row.picture_hash}
    if not wanted:
        return {}
    query = select(
        PictureRow.hash, PictureRow.width, PictureRow.height, func.length(PictureRow.content)
    ).where(PictureRow.hash.in_(wanted))
    return {row.hash: Picture(*row) for row in session.execute(query)}


def picture_of(row: ItemRow, pictures: Mapping[str, Picture]) -> Picture | None:
    """The picture of one item, with its alt text."""
    found = pictures.get(row.picture_hash or "")
    return found and Picture(found.hash, found.width, found.height, found.octets, row.picture_alt)


LOGO_TYPES = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}


def read_logo(path: Path | None) -> Logo | None:
    """The logo in the file at `path`; None where there is none, or it is of another kind."""
    media_type = LOGO_TYPES.get(path.suffix.lower()) if path else None
    if path is None or media_type is None:
        return None
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return _logo(content, media_type)


@lru_cache(maxsize=4)
def _logo(content: bytes, media_type: str) -> Logo:
    width = height = 0
    try:
        # No mail program of note shows SVG.
        if media_type != "image/svg+xml":
            media_type, width, height = read_picture(content)
    except WrongInput:
        width = height = 0
    return Logo(hashlib.sha256(content).hexdigest(), media_type, content, width, height)


def logo_path(logo: Logo) -> str:
    """The path of the logo, which changes with it."""
    return f"/static/logo-{logo.hash[:20]}"
