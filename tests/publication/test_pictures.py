"""Pictures kept by their hash: what is taken, what is refused, and who shows them."""

from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select, update

from mailer.database import Database
from mailer.errors import NotFound, WrongInput
from mailer.publication import (
    ensure_first,
    find_issue,
    find_picture,
    import_listing,
    keep_picture,
    logo_path,
    parse_listing,
    picture_path,
    public_item,
    read_logo,
    recent_items,
)
from mailer.publication.models import ItemRow, PictureRow

LISTING = """
• Water

    Update 121. 31 May 2007

    A summary.
"""


def drawn(kind: str = "PNG", size: tuple[int, int] = (60, 40), **more: Any) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, "#5A826E").save(file, kind, **more)
    return file.getvalue()


def wide(width: int, height: int) -> bytes:
    """A picture in black, with a bit for each of its pixels."""
    file = BytesIO()
    Image.new("1", (width, height)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("GIF", "image/gif"), ("WEBP", "image/webp")],
)
def test_a_picture_is_kept_with_its_type_and_size(
    database: Database, now: datetime, kind: str, media_type: str
) -> None:
    content = drawn(kind)
    with database.write() as session:
        kept = keep_picture(session, content, now)
    assert (kept.width, kept.height, kept.octets) == (60, 40, len(content))
    with database.read() as session:
        found = find_picture(session, kept.hash)
    assert (found.media_type, found.content) == (media_type, content)
    assert picture_path(kept.hash) == f"/pictures/{kept.hash}"


def test_the_same_picture_is_kept_once(database: Database, now: datetime) -> None:
    with database.write() as session:
        first = keep_picture(session, drawn(), now)
        assert keep_picture(session, drawn(), now) == first
        assert session.scalar(select(func.count()).select_from(PictureRow)) == 1


def test_a_camera_held_upright(database: Database, now: datetime) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    with database.write() as session:
        kept = keep_picture(session, drawn("JPEG", exif=exif), now)
    assert (kept.width, kept.height) == (40, 60)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no picture that can be read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "give it as PNG, JPEG, GIF or WebP"),
        (drawn("BMP"), "give it as PNG, JPEG, GIF or WebP"),
        (drawn()[:60], "no picture that can be read"),
        (drawn("JPEG", (600, 400))[:900], "no picture that can be read"),
        (wide(8000, 5001), "8000 × 5001 pixels"),
        (wide(20_000, 20_000), "pixels"),
        (b"\x89PNG" + bytes(10_000_001), "10.0 MB; make it smaller than 10 MB"),
    ],
    ids=["nothing", "svg", "bmp", "cut", "cut jpeg", "wide", "bomb", "heavy"],
)
def test_what_no_letter_could_show_is_refused(
    database: Database, now: datetime, content: bytes, reason: str
) -> None:
    with database.write() as session:
        with pytest.raises(WrongInput, match=reason):
            keep_picture(session, content, now)
        assert session.scalar(select(func.count()).select_from(PictureRow)) == 0


@pytest.mark.parametrize("name", ["", "0" * 64, "../etc/passwd", "A" * 64])
def test_a_picture_that_is_not_there(database: Database, name: str) -> None:
    with database.read() as session, pytest.raises(NotFound):
        find_picture(session, name)


def test_an_item_has_its_picture(database: Database, now: datetime) -> None:
    with database.write() as session:
        ensure_first(session, "en", now)
        listing = parse_listing(LISTING, "l.txt", ["Update"])
        import_listing(session, listing, update=False, now=now, actor="command")
        kept = keep_picture(session, drawn(), now)
        session.execute(update(ItemRow).values(picture_hash=kept.hash, picture_alt="A green field"))
    with database.read() as session:
        (item,) = find_issue(session, 1, 121).items
        _, public = public_item(session, "updates", 121, "water")
        (recent,) = recent_items(session, None, 5)
    assert item.picture is not None
    assert item.picture.alt == "A green field"
    assert (item.picture.width, item.picture.octets) == (60, len(drawn()))
    assert item.picture == public.picture == recent.item.picture


def test_the_logo_is_read_with_its_size(tmp_path: Path) -> None:
    file = tmp_path / "logo.png"
    assert read_logo(None) is None
    assert read_logo(file) is None
    file.write_bytes(drawn())
    logo = read_logo(file)
    assert logo is not None
    assert (logo.media_type, logo.width, logo.height) == ("image/png", 60, 40)
    file.write_bytes(drawn("PNG", (61, 40)))
    newer = read_logo(file)
    assert newer is not None
    assert logo_path(newer) != logo_path(logo)
    drawing = tmp_path / "logo.svg"
    drawing.write_text("<svg/>")
    assert (svg := read_logo(drawing)) is not None
    assert (svg.width, svg.height) == (0, 0)
