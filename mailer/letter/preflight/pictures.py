"""Pictures: that they are there, light enough for a phone, and said in words."""

import re
from collections.abc import Iterator

from mailer.letter.content import Picture
from mailer.letter.preflight.examined import Examined, place_of
from mailer.letter.preflight.registry import Found, check

LARGE_OCTETS = 500_000
# A letter's column has 600 CSS pixels; a fine screen shows two dots for each.
USEFUL_WIDTH = 1200

_FILE_NAME = re.compile(r"\S+\.(?:jpe?g|png|gif|webp|svg|heic|tiff?)", re.IGNORECASE)


@check("pictures")
def _pictures(letter: Examined) -> Iterator[Found]:
    if logo := letter.content.organisation.logo:
        yield from _faults("the logo", logo)
    for number, item in enumerate(letter.content.items, 1):
        if item.picture:
            yield from _faults(f"the picture of {place_of(number, item)}", item.picture)


def _faults(place: str, picture: Picture) -> Iterator[Found]:
    alt = picture.alt.strip()
    if not alt or _FILE_NAME.fullmatch(alt):
        yield (
            "warning",
            place,
            f"Its words are the name of a file, {alt!r}." if alt else "It has no words beside it.",
            "Say in a few words what it shows, for those who do not see it.",
        )
    if picture.octets == 0:
        yield "warning", place, "There is no such picture on the site.", "Put it there again."
    elif picture.octets > LARGE_OCTETS:
        yield (
            "warning",
            place,
            f"It has {picture.octets // 1000} kB, a long wait on a phone.",
            f"Save it with less than {LARGE_OCTETS // 1000} kB.",
        )
    if picture.width > USEFUL_WIDTH:
        yield (
            "warning",
            place,
            f"It is {picture.width} pixels wide; letters show at most {USEFUL_WIDTH}.",
            "Make it narrower.",
        )
