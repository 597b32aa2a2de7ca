"""A picture from somebody's camera or clipboard, made fit for letters.

What it is is seen by its bytes, never by the name of a file. It is looked at before it is decoded,
turned the way it was held, brought to sRGB and to `WIDEST` pixels, and written anew: nothing of
its metadata, such as the place where it was taken, comes along. Do this before a transaction
begins, since it takes a while; then `keep_picture`.
"""

import io
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mailer.errors import WrongInput
from mailer.publication.pictures import LARGEST_PIXELS, MEDIA_TYPES
from mailer.sentence import Sentence

if TYPE_CHECKING:
    from PIL import Image

LARGEST_UPLOAD = 20_000_000
WIDEST = 1_200
HIGHEST = 3_600
_MODES = {"L", "LA", "RGB", "RGBA"}
_ROOM_FOR_PNG = 300_000

_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif")
_SVG = re.compile(rb"\A\s*(?:<\?xml|<!DOCTYPE svg|<!--|<svg)", re.I)


@dataclass(frozen=True, slots=True)
class Developed:
    """The picture as it is kept; `said` is what somebody should know who chose it, or empty."""

    content: bytes
    said: str = ""


def develop(content: bytes) -> Developed:
    """The picture in `content`, fit for letters.

    Raises:
        WrongInput: it is none that can be used; the sentence says what to do instead.
    """
    from PIL import Image

    _refuse_by_bytes(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=tuple(MEDIA_TYPES)) as picture:
                width, height = picture.size
                if width * height > LARGEST_PIXELS:
                    raise WrongInput(_too_large())
                moves = getattr(picture, "n_frames", 1) > 1
                drawn = picture.format in {"PNG", "GIF"}
                return Developed(_written(_ready(picture), drawn=drawn), _STILL if moves else "")
    except Image.DecompressionBombError:
        raise WrongInput(_too_large()) from None
    # What a damaged file makes Pillow raise is not written down anywhere.
    except (OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError, TypeError) as error:
        raise WrongInput(_UNREAD) from error
    except (OverflowError, MemoryError, AttributeError, ZeroDivisionError) as error:
        raise WrongInput(_UNREAD) from error


_STILL = Sentence("The picture moves; letters show its first moment.")
_UNREAD = Sentence("This is no picture that can be read; give it as PNG, JPEG, GIF or WebP.")


def _too_large() -> Sentence:
    return Sentence(
        "The picture has more than {n} million pixels; make it smaller first.",
        n=LARGEST_PIXELS // 1_000_000,
    )


def _refuse_by_bytes(content: bytes) -> None:
    if len(content) > LARGEST_UPLOAD:
        raise WrongInput(
            Sentence(
                "The picture has {mb} MB; make it smaller than {most} MB.",
                mb=f"{len(content) / 1e6:.1f}",
                most=LARGEST_UPLOAD // 1_000_000,
            )
        )
    if _SVG.match(content[:1000].removeprefix(b"\xef\xbb\xbf")):
        raise WrongInput(
            Sentence(
                "This is a drawing (SVG), which mail programs do not show; save it as PNG and "
                "choose that."
            )
        )
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC:
        raise WrongInput(
            Sentence(
                "This is a HEIC or AVIF picture, which most mail programs do not show; save it "
                "as JPEG and choose that. (On an iPhone: Settings, Camera, Formats, Most "
                "Compatible.)"
            )
        )
    if content.startswith(b"%PDF"):
        raise WrongInput(
            Sentence("This is a PDF; take a picture of its page, or put a link to it in the text.")
        )


def _ready(picture: "Image.Image") -> "Image.Image":
    """Upright, in sRGB, of at most `WIDEST` pixels, in eight bits a channel."""
    from PIL import Image, ImageOps

    # JPEG can be decoded at a half or a quarter of its size, which is much quicker.
    picture.draft(None, (WIDEST * 2, HIGHEST * 2))
    picture.load()
    upright = ImageOps.exif_transpose(picture)
    if upright.mode == "P" or "transparency" in upright.info:
        upright = upright.convert("RGBA" if "transparency" in upright.info else "RGB")
    elif upright.mode.startswith("I;16") or upright.mode in {"I", "F"}:
        upright = upright.point(lambda value: value / 256).convert("L")
    coloured = _in_srgb(upright, picture.info.get("icc_profile"))
    if coloured.mode not in _MODES:
        coloured = coloured.convert("RGB")
    coloured.thumbnail((WIDEST, HIGHEST), Image.Resampling.LANCZOS)
    return coloured


def _in_srgb(picture: "Image.Image", profile: Any) -> "Image.Image":
    """The picture's colours as all screens show them; a profile that is damaged says nothing."""
    if not isinstance(profile, bytes) or picture.mode not in {"L", "RGB", "RGBA", "CMYK"}:
        return picture
    from PIL import ImageCms

    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = "RGBA" if picture.mode == "RGBA" else "RGB"
        done = ImageCms.profileToProfile(
            picture, own, ImageCms.createProfile("sRGB"), outputMode=mode
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture
    return done or picture


def _written(picture: "Image.Image", *, drawn: bool) -> bytes:
    """PNG where it has to be seen through, or is drawn and small enough; else JPEG."""
    see_through = picture.mode in {"LA", "RGBA"} and _has_holes(picture)
    if not see_through and picture.mode in {"LA", "RGBA"}:
        picture = picture.convert(picture.mode[:-1])
    bare = picture.copy()
    bare.info = {}
    if not see_through and not drawn:
        return _encoded(bare, "JPEG")
    png = _encoded(bare, "PNG")
    if see_through or len(png) <= _ROOM_FOR_PNG:
        return png
    jpeg = _encoded(bare, "JPEG")
    return jpeg if len(jpeg) < len(png) // 2 else png


def _has_holes(picture: "Image.Image") -> bool:
    lowest, _highest = picture.getchannel("A").getextrema()
    return bool(int(str(lowest)) < 255)


def _encoded(picture: "Image.Image", kind: str) -> bytes:
    file = io.BytesIO()
    if kind == "JPEG":
        picture.save(file, "JPEG", quality=84, optimize=True, progressive=True)
    else:
        picture.save(file, "PNG", optimize=True)
    return file.getvalue()
