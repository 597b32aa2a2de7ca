"""How the letter looks: whether its text can be told from the paper, by day and by night."""

from collections.abc import Iterator

from mailer.letter.colour import COLOUR, READABLE
from mailer.letter.dress import DARK_INK, DARK_PAPERS, INK, PAPERS, legible
from mailer.letter.preflight.examined import Examined
from mailer.letter.preflight.painted import painted
from mailer.letter.preflight.registry import Found, check

_NIGHT = {"light": "", "dark": " in dark mode"}


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
                f"[organisation] {key}",
                f"{colour} is hard to read on paper; letters show {shown} in its place.",
                f"Choose a colour with a contrast of {READABLE}, or leave it so.",
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
            f"theme {letter.theme.name}",
            f"“{words}” in {ink} on {paper}{_NIGHT[scheme]} has a contrast of {ratio:.1f}.",
            f"Choose colours with a contrast of at least {READABLE}.",
        )
