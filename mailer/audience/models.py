"""The tables of who reads."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from mailer.database import Base, BigId, Json, UtcDateTime


class SubscriberRow(Base):
    """One mailbox that reads.

    `mailbox` is the normalised address (NFC, lower case, IDNA A-labels), by which it is unique;
    `address` is what mail is sent to. Both are NULL once the subscriber is erased. `suppressed` is
    for lists alone: the reason by which the table of suppressions, which holds, knows the mailbox.
    """

    __tablename__ = "subscribers"
    __table_args__ = (
        Index(None, "domain"),
        Index("ix_subscribers__suppressed", "id", info={"where": "suppressed <> ''"}),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    mailbox: Mapped[str | None] = mapped_column(String(320), unique=True)
    address: Mapped[str | None] = mapped_column(String(320))
    domain: Mapped[str | None] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(Text, default="")
    greeting: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(String(20), default="")
    custom_fields: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    tags: Mapped[list[str]] = mapped_column(Json, default=list)
    member_from: Mapped[date | None]
    member_until: Mapped[date | None]
    suppressed: Mapped[str] = mapped_column(String(20), default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ReaderWordRow(Base):
    """One word by which a reader is found: in small letters, without accents."""

    __tablename__ = "reader_words"
    __table_args__ = (Index(None, "subscriber_id"),)

    # By bytes on PostgreSQL too: a range of words that begin alike is read from its key.
    word: Mapped[str] = mapped_column(
        String(40).with_variant(String(40, collation="C"), "postgresql"), primary_key=True
    )
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id"), primary_key=True)


class AddressChangeRow(Base):
    """A new address for a reader, at which nobody has confirmed it yet; its id is random."""

    __tablename__ = "address_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id"), unique=True)
    address: Mapped[str] = mapped_column(String(320))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ListDayRow(Base):
    """How many readers a publication won and lost on one day (UTC).

    Written with each change of a subscription, so that the sum of all days is the size of the list.
    """

    __tablename__ = "list_days"

    publication_id: Mapped[int] = mapped_column(ForeignKey("publications.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    joined: Mapped[int] = mapped_column(default=0, server_default="0")
    left: Mapped[int] = mapped_column(default=0, server_default="0")


class SubscriptionRow(Base):
    """A subscriber's standing with one publication."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'active', 'paused', 'ended')", "state"),
        CheckConstraint("format IN ('html', 'text')", "format"),
        UniqueConstraint("subscriber_id", "publication_id"),
        Index(None, "publication_id", "state", "subscriber_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id"))
    publication_id: Mapped[int] = mapped_column(ForeignKey("publications.id"))
    state: Mapped[str] = mapped_column(String(10))
    format: Mapped[str] = mapped_column(String(10), default="html")
    topics: Mapped[list[str] | None] = mapped_column(Json)
    paused_until: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class WordingRow(Base):
    """The words that somebody agreed to; never changed, found by the hash of language and text."""

    __tablename__ = "wordings"

    id: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    language: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ImportRow(Base):
    """One import of readers: which file, when, by whom, on what stated ground, and how far it is.

    File name and ground are stripped when the last reader who came by it is erased. What is
    uploaded at the desk is `looking`, then `looked` (its counts say what would become of the
    rows), then `waiting` for somebody to run it. `runner` holds a running one until `lease_until`.
    """

    __tablename__ = "imports"
    __table_args__ = (
        CheckConstraint(
            "state IN ('uploading', 'looking', 'looked', 'waiting', 'running', 'done', 'stopped',"
            " 'failed')",
            "state",
        ),
        Index(None, "state", "id"),
        Index(None, "publication_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    file_name: Mapped[str] = mapped_column(Text)
    operator: Mapped[str] = mapped_column(String(200))
    ground: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    publication_id: Mapped[int | None] = mapped_column(ForeignKey("publications.id"))
    state: Mapped[str] = mapped_column(String(10), default="done", server_default="done")
    octets: Mapped[int] = mapped_column(BigId, default=0, server_default="0")
    rows: Mapped[int] = mapped_column(default=0, server_default="0")
    created: Mapped[int] = mapped_column(default=0, server_default="0")
    updated: Mapped[int] = mapped_column(default=0, server_default="0")
    unchanged: Mapped[int] = mapped_column(default=0, server_default="0")
    rejected: Mapped[int] = mapped_column(default=0, server_default="0")
    suppressed: Mapped[int] = mapped_column(default=0, server_default="0")
    problem: Mapped[dict[str, Any] | None] = mapped_column(Json)
    runner: Mapped[str] = mapped_column(String(64), default="", server_default="")
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ImportPartRow(Base):
    """A piece of an uploaded file, compressed; gone as soon as the import is over.

    In the database, so that any process on any machine can go on with it, and no file of readers
    lies anywhere else.
    """

    __tablename__ = "import_parts"

    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    packed: Mapped[bytes] = mapped_column(LargeBinary)


class ImportRefusalRow(Base):
    """A refused row of an import: its line, the value that is wrong, and why."""

    __tablename__ = "import_refusals"

    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    reason: Mapped[dict[str, Any]] = mapped_column(Json)


class ConsentRow(Base):
    """One event in the story of a subscription; only ever added.

    `event` is asked, confirmed, imported, added, changed, paused, left; `method` is how: form,
    link, one-click, import, staff. Erasing strips `network` and `ground`, and nothing else.
    """

    __tablename__ = "consents"
    __table_args__ = (
        Index(None, "subscriber_id", "id"),
        Index(None, "publication_id", "event", "at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id"))
    publication_id: Mapped[int | None] = mapped_column(ForeignKey("publications.id"))
    event: Mapped[str] = mapped_column(String(20))
    method: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    wording_id: Mapped[int | None] = mapped_column(ForeignKey("wordings.id"))
    import_id: Mapped[int | None] = mapped_column(ForeignKey("imports.id"), index=True)
    topics: Mapped[list[str] | None] = mapped_column(Json)
    ground: Mapped[str] = mapped_column(Text, default="")
    network: Mapped[str | None] = mapped_column(String(64))


class SuppressionRow(Base):
    """An address or domain that gets no mail, known by a keyed hash only."""

    __tablename__ = "suppressions"
    __table_args__ = (
        CheckConstraint("scope IN ('address', 'domain')", "scope"),
        CheckConstraint("reason IN ('left', 'complaint', 'bounce', 'erased', 'staff')", "reason"),
        Index(None, "reason", "at"),
    )

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    scope: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class AudienceKeyRow(Base):
    """The key of the suppression hashes: random, made once, never rotated."""

    __tablename__ = "audience_keys"

    purpose: Mapped[str] = mapped_column(String(20), primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary(32))
