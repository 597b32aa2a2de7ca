"""What is due and what waits for whom: the mailings of a span of time, and the desk's queue."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from mailer.delivery.models import ApprovalRow, MailingRow, TallyRow

_OWN = ("issue", "announcement")
MOST = 200
"""So many of each kind are listed; nobody works off more in a day."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A mailing of an issue: its own, or a correction. `at` is when it began, or is due."""

    issue_id: int
    kind: str
    status: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """An issue that waits for approval; `version` is the one that it was asked for."""

    issue_id: int
    version: int
    asked_at: datetime
    asked_by: str
    request: str


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A mailing of which so many deliveries are in doubt, and wait for a person."""

    issue_id: int
    kind: str
    count: int


def mailings_between(session: Session, since: datetime, until: datetime) -> list[Entry]:
    """The mailings of issues that began, or are due, in this span; in order of time."""
    at = func.coalesce(MailingRow.started_at, MailingRow.start_at)
    rows = session.execute(
        select(MailingRow.issue_id, MailingRow.kind, MailingRow.status, MailingRow.reason,
               at.label("at"))
        .where(
            MailingRow.kind.in_(_OWN),
            MailingRow.issue_id.is_not(None),
            at >= since,
            at < until,
        )
        .order_by(at)
        .limit(MOST)
    )  # fmt: skip
    return _entries(rows)


def _entries(rows: Iterable[Row[int | None, str, str, str, datetime]]) -> list[Entry]:
    return [Entry(row[0], *row[1:]) for row in rows if row[0] is not None]


def unfinished(session: Session) -> list[Entry]:
    """The mailings of issues that are scheduled, being sent or paused; in order of time."""
    at = func.coalesce(MailingRow.started_at, MailingRow.start_at)
    rows = session.execute(
        select(MailingRow.issue_id, MailingRow.kind, MailingRow.status, MailingRow.reason,
               at.label("at"))
        .where(
            MailingRow.status.in_(("scheduled", "sending", "paused")),
            MailingRow.kind.in_((*_OWN, "correction")),
        )
        .order_by(at)
        .limit(MOST)
    )  # fmt: skip
    return _entries(rows)


def waiting_for_approval(session: Session) -> list[Asked]:
    """The requests that nobody has answered, the oldest first."""
    rows = session.execute(
        select(
            ApprovalRow.issue_id,
            ApprovalRow.version,
            ApprovalRow.asked_at,
            ApprovalRow.asked_by,
            ApprovalRow.request,
        )
        .where(ApprovalRow.answer.is_(None))
        .order_by(ApprovalRow.asked_at)
        .limit(MOST)
    )
    return [Asked(*row) for row in rows]


def asked_about(session: Session, issue_ids: Iterable[int]) -> set[int]:
    """Those of these issues for which somebody asked for approval, however that ended."""
    found = session.scalars(
        select(ApprovalRow.issue_id).where(ApprovalRow.issue_id.in_(list(issue_ids))).distinct()
    )
    return set(found)


def doubtful(session: Session) -> list[Doubtful]:
    """The mailings of issues of which something is in doubt, the newest first."""
    in_doubt = func.sum(TallyRow.in_doubt)
    rows = session.execute(
        select(MailingRow.issue_id, MailingRow.kind, in_doubt)
        .join(TallyRow, TallyRow.mailing_id == MailingRow.id)
        .where(
            MailingRow.kind.in_((*_OWN, "correction")),
            MailingRow.issue_id.is_not(None),
        )
        .group_by(MailingRow.id, MailingRow.issue_id, MailingRow.kind)
        .having(in_doubt > 0)
        .order_by(MailingRow.id.desc())
        .limit(MOST)
    )
    return [Doubtful(one or 0, kind, int(count)) for one, kind, count in rows]


def mailed(session: Session, issue_ids: Iterable[int]) -> set[int]:
    """Those of these issues that have a mailing of their own."""
    return set(
        session.scalars(
            select(MailingRow.issue_id).where(
                MailingRow.issue_id.in_(list(issue_ids)), MailingRow.kind.in_(_OWN)
            )
        )
    ) - {None}  # type: ignore[return-value]
