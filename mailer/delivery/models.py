"""The tables of how it gets there: mailings, compiled letters, the ledger, and who works on it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    bindparam,
    or_,
)
from sqlalchemy.orm import Mapped, mapped_column

from mailer.database import Base, BigId, Json, UtcDateTime
from mailer.delivery.states import TOLD, WAITING

_ONCE = "kind IN ('issue', 'announcement')"
_WAITING = "state IN ('queued', 'deferred')"
_HELD = "lease_until IS NOT NULL"
# Written out, and the commonest first: SQLite would look at each of a list of more than two
# whenever a row is written.
_STATES = (
    "state = 'sent' OR state = 'in_flight' OR state = 'claimed' OR state = 'queued'"
    " OR state = 'deferred' OR state = 'failed' OR state = 'skipped' OR state = 'in_doubt'"
)
_TOLD = "state = 'deferred' OR state = 'failed' OR state = 'skipped' OR state = 'in_doubt'"
_BARE = "address IS NOT NULL"
_TEST = "kind = 'test'"
_OPEN = "answer IS NULL"


class MailingRow(Base):
    """One act of sending a letter to an audience.

    `message_id_domain` and `nonce` are frozen here, so that a message sent again is the same
    message; `started_at` is its Date. `content` is the issue as it was then, from which variants
    are compiled that nobody needed at the start. `fan_out_cursor` is the last subscriber that the
    fan-out has looked at; `fanned_out_at` is set when it has seen them all. `version` is that of
    the letters which readers get from now on; it grows when the issue is corrected in the middle,
    and `content` is then the corrected one. A correction names in `corrects_id` the mailing that
    it corrects. Nothing is sent after `not_after`, whatever was deferred until then. `judged_at`
    is when its first failures were looked at. `approved_version` is the version of the issue that
    was approved, where it may begin with no other.
    """

    __tablename__ = "mailings"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('issue', 'announcement', 'test', 'confirmation', 'welcome', 'reminder',"
            " 'correction')",
            "kind",
        ),
        CheckConstraint(
            "status IN ('scheduled', 'sending', 'paused', 'sent', 'cancelled')", "status"
        ),
        Index(
            "uq_mailings__issue_id_kind",
            "issue_id",
            "kind",
            unique=True,
            info={"where": _ONCE},
        ),
        Index("ix_mailings__issue_id", "issue_id"),
        Index("ix_mailings__status", "status", "start_at"),
        Index("ix_mailings__tests", "created_by", "created_at", info={"where": _TEST}),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    publication_id: Mapped[int | None] = mapped_column(ForeignKey("publications.id"))
    issue_id: Mapped[int | None] = mapped_column(ForeignKey("issues.id"))
    dedupe_key: Mapped[str | None] = mapped_column(String(200), unique=True)
    status: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text, default="")
    start_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    send_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    not_after: Mapped[datetime | None] = mapped_column(UtcDateTime)
    judged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("mailings.id"))
    approved_version: Mapped[int | None]
    fan_out_cursor: Mapped[int] = mapped_column(BigId, default=0)
    fanned_out_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    day: Mapped[date | None]
    content: Mapped[str | None] = mapped_column(Text)
    message_id_domain: Mapped[str] = mapped_column(String(255), default="")
    nonce: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(200))


class CompiledLetterRow(Base):
    """A letter as it was compiled for one variant; what readers got is shown from here."""

    __tablename__ = "letters"
    __table_args__ = (UniqueConstraint("mailing_id", "variant", "version"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    mailing_id: Mapped[int] = mapped_column(ForeignKey("mailings.id"))
    variant: Mapped[str] = mapped_column(String(80))
    version: Mapped[int] = mapped_column(default=1)
    compiled: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DeliveryRow(Base):
    """The ledger: one message of a mailing to one subscriber (or, for tests, to an address).

    `letter_id` is NULL where the mailing has nothing for this reader. `due_at` is when it may be
    sent, or since when it is held in doubt. `fault` says whose fault it
    was that the relay did not take the message, "" where it took it: only faults of the mailbox
    ever count against an address.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint(_STATES, "state"),
        CheckConstraint("(subscriber_id IS NULL) <> (address IS NULL)", "recipient"),
        CheckConstraint("letter_id IS NOT NULL OR state = 'skipped'", "letter"),
        UniqueConstraint("mailing_id", "subscriber_id"),
        Index(
            "uq_deliveries__mailing_id_address",
            "mailing_id",
            "address",
            unique=True,
            info={"where": _BARE},
        ),
        # What is sent stands in none of these: a message costs no more than it must.
        Index("ix_deliveries__due", "mailing_id", "due_at", "id", info={"where": _WAITING}),
        Index("ix_deliveries__held", "mailing_id", "lease_until", info={"where": _HELD}),
        Index("ix_deliveries__told", "mailing_id", "state", "id", info={"where": _TOLD}),
        Index(None, "subscriber_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    mailing_id: Mapped[int] = mapped_column(ForeignKey("mailings.id"))
    subscriber_id: Mapped[int | None] = mapped_column(ForeignKey("subscribers.id"))
    address: Mapped[str | None] = mapped_column(String(320))
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letters.id"))
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text, default="")
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    doubts: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reply_code: Mapped[int | None]
    fault: Mapped[str] = mapped_column(String(10), default="", server_default="")
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def waits() -> ColumnElement[bool]:
    """That a delivery is queued or deferred, written out: with the states as parameters SQLite
    would not know that `ix_deliveries__due` has all such rows."""
    states: BindParameter[tuple[str, ...]] = bindparam(
        "waiting", WAITING, expanding=True, literal_execute=True, unique=True
    )
    return DeliveryRow.state.in_(states)


def tells() -> ColumnElement[bool]:
    """That there is something to say of a delivery, written out for `ix_deliveries__told`.

    Behind a condition that names one state: of two on the same column SQLite takes the first.
    """
    return or_(
        *(
            DeliveryRow.state == bindparam("told", state, literal_execute=True, unique=True)
            for state in TOLD
        )
    )


class MergeValueRow(Base):
    """A merge field's value that belongs to one delivery (the link in a confirmation)."""

    __tablename__ = "merge_values"

    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id"), primary_key=True)
    field: Mapped[str] = mapped_column(String(80), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class TallyRow(Base):
    """How many deliveries of a mailing for many stand where, as far as `worker` moved them.

    The sum over the workers is the truth of the ledger, in every transaction. What is not counted
    here is queued, claimed or in flight. `measured_at` and `rate` (messages a minute) are what the
    worker saw last.
    """

    __tablename__ = "tallies"

    mailing_id: Mapped[int] = mapped_column(ForeignKey("mailings.id"), primary_key=True)
    worker: Mapped[str] = mapped_column(String(64), primary_key=True)
    audience: Mapped[int] = mapped_column(default=0, server_default="0")
    deferred: Mapped[int] = mapped_column(default=0, server_default="0")
    sent: Mapped[int] = mapped_column(default=0, server_default="0")
    failed: Mapped[int] = mapped_column(default=0, server_default="0")
    skipped: Mapped[int] = mapped_column(default=0, server_default="0")
    in_doubt: Mapped[int] = mapped_column(default=0, server_default="0")
    doubts: Mapped[int] = mapped_column(default=0, server_default="0")
    measured_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rate: Mapped[int] = mapped_column(default=0, server_default="0")


class WorkerRow(Base):
    """A process that sends; it says once a second that it is alive."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    trouble: Mapped[str] = mapped_column(Text, default="")


class ApprovalRow(Base):
    """That somebody asked for an issue to be approved, and what the answer was.

    It is about one `version`, and what that says to readers: `said` is its hash. There is at most
    one request without an answer for each issue; a newer one lets the older lapse.
    """

    __tablename__ = "approvals"
    __table_args__ = (
        CheckConstraint("answer IN ('approved', 'returned', 'lapsed')", "answer"),
        Index(None, "issue_id", "id"),
        Index("uq_approvals__open", "issue_id", unique=True, info={"where": _OPEN}),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id"))
    version: Mapped[int]
    said: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_by: Mapped[str] = mapped_column(String(200))
    request: Mapped[str] = mapped_column(Text, default="")
    answer: Mapped[str | None] = mapped_column(String(10))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[str | None] = mapped_column(String(200))
    remark: Mapped[str] = mapped_column(Text, default="")


class FiguresRow(Base):
    """Figures that take long to count, kept with the moment at which they were true."""

    __tablename__ = "figures"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    counted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    content: Mapped[Any] = mapped_column(Json)
