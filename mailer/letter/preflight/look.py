"""How the letter looks: whether its text can be told from the paper, by day and by night."""

from collections.abc import Iterator

from mailer.letter.preflight.examined import Examined
from mailer.letter.preflight.painted import painted
from mailer.letter.preflight.registry import Found, check

READABLE = 4.5  # WCAG 2.2, 1.4.3; large text too, since a letter may be shown smaller

_NIGHT = {"light": "", "dark": " in dark mode"}


@check("contrast")
def _contrast(letter: Examined) -> Iterator[Found]:
    organisation = letter.content.organisation
    accents = {"light": organisation.accent.upper(), "dark": organisation.accent_dark.upper()}
    keys = {"light": "accent", "dark": "accent_dark"}
    told = set()
    for words, ink, paper, ratio, scheme in painted(letter.page.html):
        if ratio >= READABLE or (ink, paper) in told:
            continue
        told.add((ink, paper))
        ours = accents[scheme] in (ink, paper)
        yield (
            "warning",
            f"[organisation] {keys[scheme]}" if ours else f"theme {letter.theme.name}",
            f"“{words}” in {ink} on {paper}{_NIGHT[scheme]} has a contrast of {ratio:.1f}.",
            f"Choose colours with a contrast of at least {READABLE}.",
        )
