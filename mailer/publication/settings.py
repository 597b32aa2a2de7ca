"""The settings of a publication and the look of its letters, as staff change them.

What is wrong with them is found by pure functions, field by field (`faults_in_settings`,
`faults_in_look`), so that a form can say all of it at once; whoever changes something wrong all
the same is told the first.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.errors import NotFound, WrongInput
from mailer.letter import ISSUE_FIELDS, fields_in, parse_mailbox
from mailer.publication.cadence import read_cadence
from mailer.publication.content import SLUG_CHARACTERS, Look, Publication, slug_from
from mailer.publication.meanwhile import ChangedMeanwhile
from mailer.publication.models import PublicationRow
from mailer.publication.series import publication_from
from mailer.sentence import Sentence

RESERVED = frozenset(
    {
        "address",
        "api",
        "confirm",
        "desk",
        "join",
        "letter",
        "metrics",
        "pages",
        "pictures",
        "preferences",
    }
    | {"search", "static", "subscribe", "unsubscribe", "healthz", "readyz"}
)
"""Words with which addresses of the site begin already."""

FONTS = ("", "serif", "sans")
LONGEST = {"title": 200, "sender": 400, "reply_to": 400, "cadence": 80, "theme": 80}
LONGEST_TEXT = 4_000

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# C0, DEL, C1, and the line ends of Unicode: none of them may get into a header.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL_AMID_LINES = re.compile(rf"(?![\t\r\n]){_CONTROL.pattern}")

Faults = Mapping[str, Sentence]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a publication is. Empty `sender`, `reply_to` and `theme` mean the configured ones."""

    title: str
    language: str
    description: str = ""
    sender: str = ""
    reply_to: str = ""
    cadence: str = ""
    theme: str = ""

    @classmethod
    def of(cls, publication: Publication) -> "Settings":
        """Those that it has."""
        return cls(**{name: getattr(publication, name) for name in cls.__slots__})


def faults_in_settings(
    settings: Settings, titles: frozenset[str] = frozenset()
) -> dict[str, Sentence]:
    """What is wrong with them, by field; `titles` are those of the other publications."""
    faults: dict[str, Sentence] = {}
    if not settings.title.strip():
        faults["title"] = Sentence("Give it a title, like “Update”.")
    elif settings.title in titles:
        faults["title"] = Sentence(
            "There is a publication “{title}” already.", title=settings.title
        )
    for name, most in LONGEST.items():
        value = getattr(settings, name)
        if _CONTROL.search(value):
            faults[name] = Sentence("Write it on one line, without control characters.")
        elif len(value) > most:
            faults[name] = Sentence("It may have {most} characters at most.", most=most)
    if not _LANGUAGE.fullmatch(settings.language) or len(settings.language) > 20:
        faults["language"] = Sentence("Choose the language in which it is written.")
    if fault := _fault_in_text(settings.description):
        faults["description"] = fault
    if "cadence" not in faults and (fault := _fault_in_cadence(settings.cadence)):
        faults["cadence"] = fault
    for name in ("sender", "reply_to"):
        if name not in faults and (fault := _fault_in_mailbox(getattr(settings, name))):
            faults[name] = fault
    return faults


def faults_in_look(look: Look) -> dict[str, Sentence]:
    """What is wrong with it, by field."""
    faults: dict[str, Sentence] = {}
    for name in ("accent", "accent_dark"):
        if (colour := getattr(look, name)) and not _COLOUR.fullmatch(colour):
            faults[name] = Sentence("Write the colour like #1F4E79.")
    for name in ("heading_font", "text_font"):
        if getattr(look, name) not in FONTS:
            faults[name] = Sentence("Choose one of the fonts in the list.")
    if fault := fault_in_words(look.footer):
        faults["footer"] = fault
    return faults


def fault_in_words(markdown: str) -> Sentence | None:
    """What is wrong with a text that stands in letters: its length, or an unknown merge field."""
    for field in fields_in(markdown):
        if field.name not in ISSUE_FIELDS:
            return Sentence(
                "There is no merge field “{name}”; write one of {known}.",
                name=field.name,
                known=", ".join(sorted(ISSUE_FIELDS)),
            )
    return _fault_in_text(markdown)


def create_publication(
    session: Session, settings: Settings, now: datetime, slug: str = ""
) -> Publication:
    """A new publication. Its slug is made of the title unless one is given, and never changes.

    Raises:
        WrongInput: a setting is wrong, or the slug is taken.
    """
    rows = session.scalars(select(PublicationRow)).all()
    _require(faults_in_settings(settings, frozenset(row.title for row in rows)))
    taken = {row.slug for row in rows} | RESERVED
    if slug and (fault := fault_in_slug(slug, frozenset(taken))):
        raise WrongInput(fault)
    slug = slug or slug_from(settings.title, taken, "publication")
    row = PublicationRow(slug=slug, created_at=now, **_values(settings))
    session.add(row)
    session.flush()
    return publication_from(row)


def fault_in_slug(slug: str, taken: frozenset[str]) -> Sentence | None:
    """What keeps `slug` from being a publication's."""
    if slug in taken | RESERVED:
        return Sentence("The address “{slug}” is taken.", slug=slug)
    if len(slug) > SLUG_CHARACTERS or not _SLUG.fullmatch(slug):
        return Sentence("Write it in small letters, digits and hyphens, like “updates”.")
    return None


def taken_slugs(session: Session) -> frozenset[str]:
    """The slugs that no further publication may have."""
    return RESERVED | frozenset(session.scalars(select(PublicationRow.slug)))


def change_settings(
    session: Session, publication_id: int, base_version: int, settings: Settings
) -> Publication:
    """Have these settings from now on; what is in letters already stays as it is there.

    Raises:
        NotFound: there is no such publication.
        ChangedMeanwhile: somebody changed it since `base_version`.
        WrongInput: a setting is wrong.
    """
    row = _row(session, publication_id, base_version)
    others = select(PublicationRow.title).where(PublicationRow.id != publication_id)
    _require(faults_in_settings(settings, frozenset(session.scalars(others))))
    for name, value in _values(settings).items():
        setattr(row, name, value)
    return _changed(session, row)


def change_look(
    session: Session, publication_id: int, base_version: int, look: Look
) -> Publication:
    """Have letters look so from now on; its logo is one that `keep_picture` kept.

    Raises:
        NotFound, ChangedMeanwhile, WrongInput: as `change_settings`.
    """
    row = _row(session, publication_id, base_version)
    _require(faults_in_look(look))
    for name in ("accent", "accent_dark", "heading_font", "text_font", "footer", "with_logo"):
        setattr(row, name, getattr(look, name))
    logo = look.logo
    row.logo_hash = logo.hash if logo else None
    row.logo_width, row.logo_height, row.logo_octets = (
        (logo.width, logo.height, logo.octets) if logo else (None, None, None)
    )
    return _changed(session, row)


def _row(session: Session, publication_id: int, base_version: int) -> PublicationRow:
    row = session.get(PublicationRow, publication_id, with_for_update=True)
    if row is None:
        raise NotFound(
            Sentence("There is no publication with the id {number}.", number=publication_id)
        )
    if row.version != base_version:
        raise ChangedMeanwhile(
            Sentence(
                "Somebody else changed it while you were at it. Nothing of yours is saved yet."
            ),
            publication_from(row),
        )
    return row


def _changed(session: Session, row: PublicationRow) -> Publication:
    row.version += 1
    session.flush()
    return publication_from(row)


def _values(settings: Settings) -> dict[str, str]:
    return {name: getattr(settings, name) for name in Settings.__slots__}


def _require(faults: Faults) -> None:
    for fault in faults.values():
        raise WrongInput(fault)


def _fault_in_cadence(text: str) -> Sentence | None:
    try:
        read_cadence(text)
    except WrongInput as error:
        return cast(Sentence, error.said)
    return None


def _fault_in_mailbox(mailbox: str) -> Sentence | None:
    """RFC 6531: before the @ plain ASCII, or every relay would have to know SMTPUTF8."""
    if not mailbox:
        return None
    try:
        address = parse_mailbox(mailbox).address
    except WrongInput:
        return Sentence("Write an address, like “Updates <updates@example.org>”.")
    if not address.rpartition("@")[0].isascii():
        return Sentence("Write what stands before the @ in plain letters.")
    return None


def _fault_in_text(text: str) -> Sentence | None:
    if len(text) > LONGEST_TEXT:
        return Sentence("It may have {most} characters at most.", most=LONGEST_TEXT)
    if _CONTROL_AMID_LINES.search(text):
        return Sentence("A control character cannot stand here.")
    return None
