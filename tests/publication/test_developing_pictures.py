"""Pictures from cameras and clipboards: what is taken of them, and what is refused in words."""

import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from mailer.database import Database
from mailer.errors import WrongInput
from mailer.publication import develop, keep_picture, recent_pictures
from mailer.publication.developing import LARGEST_UPLOAD, WIDEST
from tests.conftest import NOW
from tests.publication.test_pictures import drawn, wide

PLACE = b"GPS-51.5N-0.1W"


def photo(size: tuple[int, int] = (1600, 1200), **more: Any) -> bytes:
    file = BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(file, "JPEG", **more)
    return file.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


def saved(picture: Image.Image, kind: str, **more: Any) -> bytes:
    file = BytesIO()
    picture.save(file, kind, **more)
    return file.getvalue()


def test_a_photo_is_as_wide_as_letters_need(database: Database) -> None:
    done = develop(photo((3000, 2000)))
    picture = opened(done.content)
    assert (picture.format, picture.size, done.said) == ("JPEG", (WIDEST, 800), "")
    with database.write() as session:
        assert keep_picture(session, done.content, NOW).width == WIDEST


def test_a_small_one_is_not_blown_up() -> None:
    assert opened(develop(photo((300, 200))).content).size == (300, 200)


def test_nothing_of_where_it_was_taken_comes_along() -> None:
    exif = Image.Exif()
    exif[0x010E] = PLACE.decode()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    done = develop(photo((300, 200), exif=exif, comment=PLACE, icc_profile=PLACE * 9)).content
    picture = opened(done)
    assert PLACE not in done
    assert not picture.getexif()
    assert "icc_profile" not in picture.info
    assert picture.size == (200, 300)
    text = PngInfo()
    text.add_text("Location", PLACE.decode())
    png = develop(saved(Image.new("RGB", (40, 30), "red"), "PNG", pnginfo=text)).content
    assert PLACE not in png


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png(mode: str) -> None:
    picture = opened(develop(saved(Image.new(mode, (40, 30)), "PNG")).content)
    assert picture.format == "PNG"
    assert picture.mode in {"L", "LA", "RGB", "RGBA"}


def test_a_print_shop_s_jpeg_is_turned_into_colours_of_screens() -> None:
    picture = opened(develop(saved(Image.new("CMYK", (40, 30), (0, 255, 255, 0)), "JPEG")).content)
    assert picture.mode == "RGB"
    red, green, blue = picture.getpixel((5, 5))  # type: ignore[misc]
    assert red > 200 > 80 > max(green, blue)


def test_a_profile_is_applied_and_left_behind() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    odd = saved(Image.new("RGB", (40, 30), "red"), "PNG", icc_profile=profile)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    good = saved(Image.new("RGB", (40, 30), "red"), "PNG", icc_profile=srgb)
    for content in (odd, good):
        assert opened(develop(content).content).getpixel((5, 5)) == (255, 0, 0)


def test_what_can_be_seen_through_stays_so() -> None:
    for kind in ("PNG", "WEBP"):
        done = opened(develop(saved(Image.new("RGBA", (40, 30), (255, 0, 0, 90)), kind)).content)
        assert (done.format, done.mode) == ("PNG", "RGBA")
    solid = opened(
        develop(saved(Image.new("RGBA", (40, 30), "red"), "WEBP", lossless=True)).content
    )
    assert (solid.format, solid.mode) == ("JPEG", "RGB")


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_what_moves_stands_still_and_says_so(kind: str) -> None:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    done = develop(saved(frames[0], kind, save_all=True, append_images=frames[1:]))
    assert done.said == "The picture moves; letters show its first moment."
    assert getattr(opened(done.content), "n_frames", 1) == 1


def test_a_heavy_drawing_becomes_a_photo() -> None:
    noise = Image.effect_noise((900, 900), 90).convert("RGB")
    assert opened(develop(saved(noise, "PNG")).content).format == "JPEG"


def png_bomb(width: int, height: int) -> bytes:
    """A PNG that says it is so large, and is a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def text_bomb() -> bytes:
    """A PNG with a note of a hundred megabytes, packed into a hundred kilobytes."""
    content = drawn()
    note = b"Comment\0\0" + zlib.compress(bytes(100_000_000), 9)
    chunk = struct.pack(">I", len(note)) + b"zTXt" + note
    chunk += struct.pack(">I", zlib.crc32(b"zTXt" + note))
    return content[:33] + chunk + content[33:]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no picture that can be read"),
        (b"GIF89a", "no picture that can be read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "This is a drawing"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<svg/>", "save it as PNG"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "Most Compatible"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "save it as JPEG"),
        (b"%PDF-1.7", "This is a PDF"),
        (b"<html><script>alert(1)</script>", "no picture that can be read"),
        (b"PK\x03\x04" + bytes(100), "no picture that can be read"),
        (drawn("BMP"), "give it as PNG, JPEG, GIF or WebP"),
        (drawn()[:60], "no picture that can be read"),
        (photo((600, 400))[:3000], "no picture that can be read"),
        (wide(8000, 5001), "more than 40 million pixels"),
        (png_bomb(60_000, 60_000), "more than 40 million pixels"),
        (png_bomb(2**31 - 1, 2**31 - 1), "more than 40 million pixels"),
        (text_bomb(), "no picture that can be read"),
        (b"\x89PNG" + bytes(LARGEST_UPLOAD), "20.0 MB; make it smaller than 20 MB"),
    ],
    ids=[
        *("nothing", "gif head", "svg", "svg with bom", "heic", "avif", "pdf", "html", "zip"),
        *("bmp", "cut", "cut jpeg", "wide", "bomb", "largest bomb", "text bomb", "heavy"),
    ],
)
def test_what_no_letter_could_show_is_refused_in_words(content: bytes, reason: str) -> None:
    with pytest.raises(WrongInput, match=reason):
        develop(content)


BASES = [drawn("PNG"), drawn("JPEG"), drawn("GIF"), drawn("WEBP")]


@given(st.sampled_from(BASES), st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_a_damaged_file_is_a_picture_or_refused(content: bytes, at: int, damage: bytes) -> None:
    broken = content[:at] + damage + content[at + len(damage) :]
    try:
        done = develop(broken).content
    except WrongInput:
        return
    assert opened(done).format in {"PNG", "JPEG"}


def test_recent_pictures_with_what_was_said_of_them(database: Database) -> None:
    with database.write() as session:
        first = keep_picture(session, drawn(), NOW)
        second = keep_picture(session, drawn(size=(20, 20)), NOW.replace(hour=11))
        assert [one.hash for one in recent_pictures(session)] == [second.hash, first.hash]
        assert [one.hash for one in recent_pictures(session, 1)] == [second.hash]
