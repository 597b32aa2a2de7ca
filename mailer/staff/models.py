"""The tables of who may: accounts, their sessions and recovery codes, links by mail, tries."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from mailer.database import Base, BigId, UtcDateTime

_ROLES = "role IN ('owner', 'editor', 'writer', 'secretary', 'auditor')"


class AccountRow(Base):
    """Somebody who works at the desk; `removed_at` ends it, the row stays for the audit log.

    `totp_secret` is sealed under a key that does not stand in the database; NULL, and signing in
    takes the password alone. `totp_step` is the last step whose code was used (RFC 6238
    section 5.2): no code is good for it, or for one before it, again.
    """

    __tablename__ = "accounts"
    __table_args__ = (CheckConstraint(_ROLES, "role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mailbox: Mapped[str] = mapped_column(String(320), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200), default="", server_default="")
    language: Mapped[str] = mapped_column(String(10), default="en", server_default="en")
    password_hash: Mapped[str] = mapped_column(Text)
    totp_secret: Mapped[str | None] = mapped_column(Text)
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SessionRow(Base):
    """A browser that is signed in; it knows the secret of which the hash stands here."""

    __tablename__ = "staff_sessions"
    __table_args__ = (Index(None, "account_id"), Index(None, "seen_at"), Index(None, "created_at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    network: Mapped[str | None] = mapped_column(String(45))
    agent: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RecoveryCodeRow(Base):
    """A code that stands in for the telephone, once; used, it is gone."""

    __tablename__ = "recovery_codes"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)


class InvitationRow(Base):
    """A link that was sent to somebody who is to work here; used, it is gone."""

    __tablename__ = "invitations"
    __table_args__ = (CheckConstraint(_ROLES, "role"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    mailbox: Mapped[str] = mapped_column(String(320), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(10))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    invited_by: Mapped[str] = mapped_column(String(200))
    invited_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ResetRow(Base):
    """A link that was sent to somebody who forgot their password; used, it is gone."""

    __tablename__ = "password_resets"
    __table_args__ = (Index(None, "account_id"), Index(None, "expires_at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TriesRow(Base):
    """How often somebody tried in vain: by a mark of the mailbox, the account or the network.

    The mark says nothing to whoever reads the table: somebody may have typed a password where an
    address belongs.
    """

    __tablename__ = "sign_in_tries"
    __table_args__ = (Index(None, "tried_at"),)

    mark: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    failures: Mapped[int]
    tried_at: Mapped[datetime] = mapped_column(UtcDateTime)
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
