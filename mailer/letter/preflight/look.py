"""How the letter looks: whether its text can be told from the paper, by day and by night."""

from collections.abc import Iterator

from mailer.letter.colour import COLOUR, READABLE
from mailer.letter.dress import DARK_INK, DARK_PAPERS, INK, PAPERS, legible
from mailer.letter.places import Place, Where, theme_place
from mailer.letter.preflight.examined import Examined
from mailer.letter.preflight.painted import painted
from mailer.letter.preflight.registry import Found, check
from mailer.sentence import Sentence

_TOO_CLOSE = {
    "light": "“{words}” in {ink} on {paper} has a contrast of {ratio:.1f}.",
    "dark": "“{words}” in {ink} on {paper} in dark mode has a contrast of {ratio:.1f}.",
}
_ACCENTS = {
    "accent": Place(Sentence("[organisation] accent"), Where("publication", "accent")),
    "accent_dark": Place(
        Sentence("[organisation] accent_dark"), Where("publication", "accent_dark")
    ),
}


@check("accent")
def _accent(letter: Examined) -> Iterator[Found]:
    organisation = letter.content.organisation
    for key, colour, papers, ink in (
        ("accent", organisation.accent, PAPERS, INK),
        ("accent_dark", organisation.accent_dark, DARK_PAPERS, DARK_INK),
    ):
        if not COLOUR.fullmatch(colour):
            continue  # the letter cannot be compiled, which is told
        shown = legible(colour, papers, ink).colour
        if shown != colour.upper():
            yield (
                "warning",
                _ACCENTS[key],
                Sentence(
                    "{colour} is hard to read on paper; letters show {shown} in its place.",
                    colour=colour,
                    shown=shown,
                ),
                Sentence(
                    "Choose a colour with a contrast of {readable}, or leave it so.",
                    readable=READABLE,
                ),
            )


@check("contrast")
def _contrast(letter: Examined) -> Iterator[Found]:
    told = set()
    for words, ink, paper, ratio, scheme in painted(letter.page.html):
        if ratio >= READABLE or (ink, paper) in told:
            continue
        told.add((ink, paper))
        yield (
            "warning",
            theme_place(letter.theme.name),
            Sentence(_TOO_CLOSE[scheme], words=words, ink=ink, paper=paper, ratio=ratio),
            Sentence("Choose colours with a contrast of at least {readable}.", readable=READABLE),
        )
