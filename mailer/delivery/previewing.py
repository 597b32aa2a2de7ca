"""An issue's letter as one reader would get it, while it is being written.

1. Whoever shows it has the issue as it stands on the screen (`publication.with_typed`): nothing
   of it need be saved.
2. `chosen_variant` says what readers who chose this and that get; `sample_reader` what one of
   them gets.
3. `preview` has the compiler make that letter, the same that a mailing would store, and merges it
   for that reader, or for nobody.
4. `in_scheme` makes of its HTML what a mail program shows by day or by night, whatever the
   machine of whoever looks prefers.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mailer.audience import Group, Recipient
from mailer.config import Config
from mailer.delivery import compose
from mailer.delivery.sample import NOBODY, sample_values
from mailer.delivery.variants import variant_for
from mailer.letter import CUT_HTML, Variant, as_read, kept_for_members
from mailer.publication import Issue

Scheme = Literal["light", "dark"]

SHOWN_CHARACTERS = 110
"""About so much of a letter's beginning an inbox shows behind the subject."""

_STYLE = re.compile(r"(<style\b[^>]*>)(.*?)(</style>)", re.DOTALL | re.IGNORECASE)
_ASKED = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)", re.IGNORECASE)
_SCHEMES = re.compile(r"((?:color-scheme|supported-color-schemes)\s*:\s*)light dark")
_META = re.compile(
    r'(<meta name="(?:color-scheme|supported-color-schemes)" content=")light dark(")'
)


@dataclass(frozen=True, slots=True)
class Preview:
    """A letter, and what an inbox shows of it.

    `html` is None where the reader gets text only. `octets` is the size of the HTML part, of which
    Gmail shows `most`. `beginning` is what an inbox shows behind the subject: the preheader, or
    without one whatever comes first. `missing` counts what is kept for members.
    """

    variant: Variant
    html: str | None
    text: str
    subject: str
    beginning: str
    octets: int
    missing: int
    most: int = CUT_HTML

    @property
    def share(self) -> float:
        """How much of what Gmail shows is used up; over 1 it cuts the rest off."""
        return self.octets / self.most


def chosen_variant(
    issue: Issue,
    *,
    language: str = "",
    form: Literal["html", "text"] = "html",
    member: bool = False,
    topics: tuple[str, ...] | None = None,
) -> Variant | None:
    """What readers get who chose this; None where the issue has nothing for them."""
    return variant_for(issue, Group(language, form, member, topics, ""))


def preview(
    config: Config, issue: Issue, variant: Variant, at: datetime, reader: Recipient = NOBODY
) -> Preview:
    """The letter of the issue in this variant, merged for `reader`.

    Links to a reader's own pages lead to the site's start, as in `write_sample`.

    Raises:
        WrongInput: it does not compile; the sentence says what to mend.
    """
    (letter,) = compose.compile_issue(config, issue, at, (variant,))
    values = sample_values(config, reader)
    html, text = letter.parts(values)
    preheader = as_read(issue.preheader, variant.language, values)
    return Preview(
        variant,
        html,
        text,
        " ".join(as_read(letter.subject, variant.language, values).split()),
        " ".join((preheader.strip() or text).split())[:SHOWN_CHARACTERS],
        len(html.encode()) if html is not None else 0,
        kept_for_members(compose.issue_letter(config, issue), variant),
    )


def in_scheme(html: str, scheme: Scheme) -> str:
    """`html` with its media queries for dark mode answered as `scheme` answers them.

    No page can tell a browser which scheme a frame in it prefers, so the queries are written
    anew, for looking at only: as ones that are always true, or never. Both are conditions on the
    width, since `all` may not stand behind an `and`.
    """

    def answered(found: re.Match[str]) -> str:
        return "(min-width: 0)" if found[1].lower() == scheme else "(max-width: 0)"

    def styled(found: re.Match[str]) -> str:
        css = _SCHEMES.sub(rf"\g<1>{scheme}", _ASKED.sub(answered, found[2]))
        return f"{found[1]}{css}{found[3]}"

    return _META.sub(rf"\g<1>{scheme}\g<2>", _STYLE.sub(styled, html))
