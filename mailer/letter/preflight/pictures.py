"""Pictures: that they are there, light enough for a phone, and said in words."""

import re
from collections.abc import Iterator

from mailer.letter.content import Picture
from mailer.letter.places import LOGO, Place, picture_place
from mailer.letter.preflight.examined import Examined
from mailer.letter.preflight.registry import Found, check
from mailer.sentence import Sentence

LARGE_OCTETS = 500_000
# A letter's column has 600 CSS pixels; a fine screen shows two dots for each.
USEFUL_WIDTH = 1200

_FILE_NAME = re.compile(r"\S+\.(?:jpe?g|png|gif|webp|svg|heic|tiff?)", re.IGNORECASE)


@check("pictures")
def _pictures(letter: Examined) -> Iterator[Found]:
    if logo := letter.content.organisation.logo:
        yield from _faults(LOGO, logo)
    for number, item in enumerate(letter.content.items, 1):
        if item.picture:
            yield from _faults(picture_place(number, item), item.picture)


def _faults(place: Place, picture: Picture) -> Iterator[Found]:
    alt = picture.alt.strip()
    if not alt or _FILE_NAME.fullmatch(alt):
        yield (
            "warning",
            place,
            Sentence("Its words are the name of a file, {alt!r}.", alt=alt)
            if alt
            else Sentence("It has no words beside it."),
            Sentence("Say in a few words what it shows, for those who do not see it."),
        )
    if picture.octets == 0:
        missing = Sentence("There is no such picture on the site.")
        yield "warning", place, missing, Sentence("Put it there again.")
    elif picture.octets > LARGE_OCTETS:
        yield (
            "warning",
            place,
            Sentence("It has {size} kB, a long wait on a phone.", size=picture.octets // 1000),
            Sentence("Save it with less than {size} kB.", size=LARGE_OCTETS // 1000),
        )
    if picture.width > USEFUL_WIDTH:
        yield (
            "warning",
            place,
            Sentence(
                "It is {width} pixels wide; letters show at most {most}.",
                width=picture.width,
                most=USEFUL_WIDTH,
            ),
            Sentence("Make it narrower."),
        )
