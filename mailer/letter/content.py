"""What goes into a letter: frozen values, filled in by the rooms that know the facts."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name (may be empty) and an address, as in RFC 5322 section 3.4."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture by its address on the site; `width` and `height` in CSS pixels.

    `octets` is the size of the file; 0 means that there is none at `url`.
    """

    url: str
    width: int
    height: int
    alt: str
    caption: str = ""
    octets: int = 0


@dataclass(frozen=True, slots=True)
class Organisation:
    """Who writes. `url` is the site's root without a closing slash; accents are #RRGGBB.

    `footer` is a line or two of plain text of its own, for every letter's foot; `own_footer` is
    the publication's, in Markdown, which stands in its place.
    """

    name: str
    address: str
    url: str
    language: str = "en"
    accent: str = "#1F4E79"
    accent_dark: str = "#9CC3E8"
    logo: Picture | None = None
    heading_font: Literal["serif", "sans"] = "serif"
    text_font: Literal["serif", "sans"] = "sans"
    footer: str = ""
    own_footer: str = ""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What every message of one mailing has in its header.

    `date` is aware: the mailing's start, so that a message sent again is the same message.
    `list_id` is the identifier of RFC 2919 without angle brackets ("updates.example.org"),
    `list_name` the words before it.
    """

    sender: Mailbox
    date: datetime
    reply_to: Mailbox | None = None
    list_name: str = ""
    list_id: str | None = None


@dataclass(frozen=True, slots=True)
class LetterItem:
    """One article. `summary` and `body` are Markdown, `title` and `topic` plain text.

    A public item shows its summary and a link to `url`. A members' item is in no archive,
    so its whole body stands in the letter.
    """

    title: str
    summary: str
    body: str
    url: str
    topic: str = ""
    members_only: bool = False
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class IssueLetter:
    """An issue (or announcement) as a letter: `title` is its heading, "Update 120".

    `archive_url` is the page from which this and earlier issues can be read.
    """

    publication: str
    title: str
    date: date
    subject: str
    preheader: str
    language: str
    items: tuple[LetterItem, ...]
    organisation: Organisation
    archive_url: str
    join_url: str | None = None


@dataclass(frozen=True, slots=True)
class NoteLetter:
    """A short letter about one thing: a confirmation, a welcome, a reminder.

    `paragraphs` are Markdown. The button bears `action_label` and leads to the merge field
    `action_url`; an empty label leaves it out. `reason` says why the reader gets this.
    """

    subject: str
    heading: str
    language: str
    paragraphs: tuple[str, ...]
    action_label: str
    organisation: Organisation
    reason: str


@dataclass(frozen=True, slots=True)
class Variant:
    """What readers who get the same bytes, merge fields aside, have in common.

    `language` is that of the fixed phrases and the date; the items keep their own. `topics`
    are those whose items are in it, in alphabetical order; None: every item is.
    """

    language: str
    format: Literal["html", "text"]
    member: bool
    topics: tuple[str, ...] | None = None

    @property
    def key(self) -> str:
        """The variant's name: "en-html-public", "es-text-member", "en-html-public-3f2a9c01bd54"."""
        key = f"{self.language}-{self.format}-{'member' if self.member else 'public'}"
        if self.topics is None:
            return key
        # Topics are words of any length, and a name is short.
        return f"{key}-{hashlib.sha256(repr(self.topics).encode()).hexdigest()[:12]}"

    def shows(self, item: LetterItem) -> bool:
        """Whether the item is in it, as far as its topic goes."""
        return self.topics is None or item.topic in self.topics


@dataclass(frozen=True, slots=True)
class Theme:
    """The sources of one theme, read by the caller.

    `html` is a Jinja2 template, and `file` its name in error sentences; `parts` are templates
    that it may import macros from, by name. `inlined_css` goes into style attributes.
    `kept_css` (media queries, dark mode) stays in a `<style>` of its own. In both, `var(--…)`
    stands for a colour or font of the organisation's (mailer/letter/dress.py). `inliner` finds
    the elements of each selector (mailer/letter/inlining/matching.py).
    """

    name: str
    html: str
    inlined_css: str
    kept_css: str
    file: str = "letter.html.j2"
    parts: Mapping[str, str] = field(default_factory=dict, hash=False)
    inliner: Literal["premailer", "css-inline"] = "premailer"


@dataclass(frozen=True, slots=True)
class MergeValues:
    """What differs from reader to reader.

    `message_id` is whole, "<left@domain>". `fields` maps a merge field to its value; where
    one is missing or blank, the author's fallback stands.
    """

    to_name: str
    to_address: str
    message_id: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LetterDue:
    """A letter that a room needs sent; the door that called the room has it enqueued.

    Addressed to a subscriber, or to a bare address. The same `dedupe_key` is sent once. `note`
    names its words, where a kind has several; empty, they are those of the kind.
    """

    kind: str
    subscriber_id: int | None
    address: str | None
    language: str
    dedupe_key: str
    values: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
