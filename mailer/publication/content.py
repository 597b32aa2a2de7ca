"""What is said, as frozen values; where each thing stands on the site; how a slug is made."""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

SLUG_CHARACTERS = 80
LARGEST_NUMBER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture by the SHA-256 of its bytes; `octets` is how many these are."""

    hash: str
    width: int
    height: int
    octets: int
    alt: str = ""
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What a publication's letters have of their own; what is empty is the organisation's.

    Accents are #RRGGBB, fonts "serif" or "sans", `footer` Markdown. `logo` stands in the
    organisation's place; without `with_logo` there is none at all.
    """

    accent: str = ""
    accent_dark: str = ""
    heading_font: str = ""
    text_font: str = ""
    footer: str = ""
    logo: Picture | None = None
    with_logo: bool = True


@dataclass(frozen=True, slots=True)
class Publication:
    """A numbered series. Empty `sender`, `reply_to` and `theme` mean the configured ones.

    `version` grows with every change of its settings or look.
    """

    id: int
    slug: str
    title: str
    description: str
    language: str
    sender: str
    reply_to: str
    theme: str
    cadence: str = ""
    look: Look = Look()
    version: int = 1


@dataclass(frozen=True, slots=True)
class Item:
    """One article. `summary` and `body` are Markdown, all else is plain text.

    `version` grows with every change; `changed_at` and `changed_by` say whose was the last.
    """

    id: int
    position: int
    slug: str
    title: str
    topic: str
    summary: str
    body: str
    link: str
    members_only: bool
    picture: Picture | None = None
    reused_from: int | None = None
    version: int = 1
    changed_at: datetime | None = None
    changed_by: str = ""


@dataclass(frozen=True, slots=True)
class IssueSummary:
    """An issue without its items; `items` is how many it has. An announcement has no number."""

    id: int
    publication: Publication
    kind: str
    number: int | None
    date: date
    title: str
    public: bool
    items: int


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue or announcement, its items in order.

    `version` grows with every save, `head_version` with those of its own fields. `published_at`
    is when it was first public; from then on its number and its items' slugs stay.
    """

    id: int
    publication: Publication
    kind: str
    number: int | None
    date: date
    title: str
    subject: str
    preheader: str
    language: str
    public: bool
    version: int
    items: tuple[Item, ...]
    head_version: int = 1
    head_changed_at: datetime | None = None
    head_changed_by: str = ""
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ArchiveItem:
    """A public item, and the issue that it stands in; `language` is that of its text."""

    issue: IssueSummary
    item: Item
    language: str


@dataclass(frozen=True, slots=True)
class Page:
    """A standing page; `body` is Markdown. `version` grows with every save."""

    id: int
    slug: str
    title: str
    body: str
    position: int
    version: int = 1


def publication_path(publication: Publication) -> str:
    """The path of a publication's page, "/updates/"."""
    return f"/{publication.slug}/"


def issue_path(issue: Issue | IssueSummary) -> str:
    """The path of an issue's page, "/updates/120/".

    An announcement has no page of its own yet; it leads to its publication's.
    """
    if issue.number is None:
        return publication_path(issue.publication)
    return f"/{issue.publication.slug}/{issue.number}/"


def item_path(issue: Issue | IssueSummary, item: Item) -> str:
    """The path of an item's page, "/updates/120/a-pact-on-water/"."""
    if issue.number is None:
        return issue_path(issue)
    return f"{issue_path(issue)}{item.slug}/"


def page_path(page: Page) -> str:
    """The path of a standing page, "/pages/aims/"."""
    return f"/pages/{page.slug}/"


def picture_path(picture_hash: str) -> str:
    """The path of a picture, which never changes: "/pictures/" and its hash."""
    return f"/pictures/{picture_hash}"


def slug_from(title: str, taken: Collection[str], otherwise: str) -> str:
    """A slug for `title`: lower-case ASCII letters, digits and hyphens, 80 characters at most.

    It is none of `taken`; a title without a single such letter gives `otherwise`.
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", re.sub(r"'", "", plain)).strip("-") or otherwise
    slug, again = _cut(words, SLUG_CHARACTERS), 1
    while slug in taken:
        again += 1
        ending = f"-{again}"
        slug = _cut(words, SLUG_CHARACTERS - len(ending)) + ending
    return slug


def _cut(words: str, length: int) -> str:
    """`words` cut to `length`, between two words where there are several."""
    if len(words) <= length:
        return words
    head, hyphen, _ = words[: length + 1].rpartition("-")
    return head if hyphen else words[:length]
