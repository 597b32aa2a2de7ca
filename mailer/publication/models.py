"""The tables of what is said."""

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
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from mailer.database import Base, BigId, Json, UtcDateTime


class PublicationRow(Base):
    """A numbered series. Empty `sender`, `reply_to` and `theme` mean the configured ones.

    From `accent` on it is what its letters look like, empty where the organisation's look holds.
    The size of its logo stands here, since a picture's hash never names another one.
    """

    __tablename__ = "publications"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(String(200), unique=True)
    description: Mapped[str] = mapped_column(Text, default="")
    sender: Mapped[str] = mapped_column(String(400), default="")
    reply_to: Mapped[str] = mapped_column(String(400), default="")
    theme: Mapped[str] = mapped_column(String(80), default="")
    cadence: Mapped[str] = mapped_column(String(80), default="")
    language: Mapped[str] = mapped_column(String(20))
    accent: Mapped[str] = mapped_column(String(7), default="", server_default="")
    accent_dark: Mapped[str] = mapped_column(String(7), default="", server_default="")
    heading_font: Mapped[str] = mapped_column(String(10), default="", server_default="")
    text_font: Mapped[str] = mapped_column(String(10), default="", server_default="")
    footer: Mapped[str] = mapped_column(Text, default="", server_default="")
    logo_hash: Mapped[str | None] = mapped_column(ForeignKey("pictures.hash"), index=True)
    logo_width: Mapped[int | None]
    logo_height: Mapped[int | None]
    logo_octets: Mapped[int | None]
    with_logo: Mapped[bool] = mapped_column(default=True, server_default=true())
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class WelcomeRow(Base):
    """The letter that greets a new subscriber of a publication, in one language; Markdown."""

    __tablename__ = "welcomes"
    __table_args__ = (UniqueConstraint("publication_id", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    publication_id: Mapped[int] = mapped_column(ForeignKey("publications.id"))
    language: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    active: Mapped[bool]
    when_added: Mapped[bool]
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class IssueRow(Base):
    """One number of a publication, or an announcement, which has none.

    `version` grows with every save, `head_version` with those of its own fields; what it was is
    in `revisions`.
    """

    __tablename__ = "issues"
    __table_args__ = (
        CheckConstraint("kind IN ('issue', 'announcement')", "kind"),
        CheckConstraint("(kind = 'issue') = (number IS NOT NULL)", "number"),
        UniqueConstraint("publication_id", "number"),
        Index(None, "publication_id", "date"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    publication_id: Mapped[int] = mapped_column(ForeignKey("publications.id"))
    kind: Mapped[str] = mapped_column(String(20), default="issue")
    number: Mapped[int | None]
    date: Mapped[date]
    title: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text, default="")
    preheader: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(String(20))
    public: Mapped[bool] = mapped_column(default=False)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)
    head_version: Mapped[int] = mapped_column(default=1, server_default="1")
    head_changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    head_changed_by: Mapped[str] = mapped_column(String(200), default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ItemRow(Base):
    """One article in an issue. Its slug never changes once the issue has been public.

    `version` grows with every change of its fields. `reused_from` is the item whose text it
    began with, the first of all those that were made of each other. An id is never given again:
    somebody may still be writing on an item that was removed.
    """

    __tablename__ = "items"
    __table_args__ = (UniqueConstraint("issue_id", "slug"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id"))
    position: Mapped[int]
    slug: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(Text)
    topic: Mapped[str] = mapped_column(String(80), default="")
    summary: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[str] = mapped_column(Text, default="")
    link: Mapped[str] = mapped_column(Text, default="")
    picture_hash: Mapped[str | None] = mapped_column(ForeignKey("pictures.hash"), index=True)
    picture_alt: Mapped[str] = mapped_column(Text, default="")
    picture_caption: Mapped[str] = mapped_column(Text, default="", server_default="")
    members_only: Mapped[bool] = mapped_column(default=False)
    reused_from: Mapped[int | None] = mapped_column(
        ForeignKey("items.id", ondelete="SET NULL"), index=True
    )
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(String(200), default="", server_default="")


class OverwrittenRow(Base):
    """What an item was until somebody's save or removal of it; `item_id` 0 is an issue's head.

    It outlives its item, and is kept for a day: whoever still writes on that version can then be
    told what has changed, and their text be put with the other.
    """

    __tablename__ = "overwritten"
    __table_args__ = (UniqueConstraint("issue_id", "item_id", "version"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id"))
    item_id: Mapped[int]
    version: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    by: Mapped[str] = mapped_column(String(200))


class RevisionRow(Base):
    """What an issue (with its items) or a page was after one save, or a few in a row.

    `begun_at` is when the first of these was, `saved_at` the last; of a save that was not made
    while typing it is empty, and none follows in it.
    """

    __tablename__ = "revisions"
    __table_args__ = (
        CheckConstraint("(issue_id IS NULL) <> (page_id IS NULL)", "subject"),
        UniqueConstraint("issue_id", "version"),
        UniqueConstraint("page_id", "version"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    issue_id: Mapped[int | None] = mapped_column(ForeignKey("issues.id"))
    page_id: Mapped[int | None] = mapped_column(ForeignKey("pages.id"))
    version: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    begun_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    saved_by: Mapped[str] = mapped_column(String(200))


class PageRow(Base):
    """A standing page, like "Aims"; Markdown. Once removed it is kept, and stands nowhere."""

    __tablename__ = "pages"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    position: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PictureRow(Base):
    """A picture by the SHA-256 of its bytes, in hexadecimal; its URL never changes."""

    __tablename__ = "pictures"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(80))
    width: Mapped[int]
    height: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
