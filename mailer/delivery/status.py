"""How a mailing stands: what the ledger says, in numbers and words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.delivery.models import DeliveryRow, MailingRow, WorkerRow
from mailer.delivery.recover import WORKER_GONE_AFTER, waiting_without_worker
from mailer.delivery.states import CLAIMED, QUEUED, STATES

DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Status:
    """A mailing's state; the counts add up to `audience` once the fan-out has ended.

    `claimed` counts in `queued`. `rate_per_s` is messages a second since the start, `eta_s` the
    seconds that are left at that rate, None where nobody can tell.
    """

    status: str
    reason: str = ""
    audience: int = 0
    sent: int = 0
    failed: int = 0
    skipped: int = 0
    deferred: int = 0
    queued: int = 0
    in_flight: int = 0
    in_doubt: int = 0
    resent_in_doubt: int = 0
    start_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    rate_per_s: float = 0.0
    eta_s: float | None = None


def status_of(session: Session, issue_id: int, kind: str, now: datetime) -> Status:
    """The state of an issue's or announcement's own mailing; a draft where it has none."""
    mailing = session.execute(
        select(MailingRow).where(MailingRow.issue_id == issue_id, MailingRow.kind == kind)
    ).scalar()
    if mailing is None:
        return Status(DRAFT)
    counts = dict.fromkeys(STATES, 0)
    doubts = 0
    for state, count, doubted in session.execute(
        select(DeliveryRow.state, func.count(), func.sum(DeliveryRow.doubts))
        .where(DeliveryRow.mailing_id == mailing.id)
        .group_by(DeliveryRow.state)
    ):
        counts[state] = count
        doubts += int(doubted or 0)
    counts[QUEUED] += counts.pop(CLAIMED)
    rate = _rate(mailing, counts["sent"] + counts["failed"], now)
    left = counts[QUEUED] + counts["in_flight"]
    reason = mailing.reason
    if mailing.status == "sending" and not reason:
        reason = _trouble(session, now)
    due = mailing.status in ("sending", "scheduled")
    if due and not reason and mailing.start_at < now - WORKER_GONE_AFTER:
        reason = waiting_without_worker(session, now) or ""
    return Status(
        status=mailing.status,
        reason=reason,
        audience=sum(counts.values()),
        **counts,
        resent_in_doubt=doubts,
        start_at=mailing.start_at,
        started_at=mailing.started_at,
        finished_at=mailing.finished_at,
        rate_per_s=round(rate, 1),
        eta_s=round(left / rate, 1) if rate and mailing.status == "sending" else None,
    )


def _rate(mailing: MailingRow, done: int, now: datetime) -> float:
    if mailing.started_at is None:
        return 0.0
    seconds = ((mailing.finished_at or now) - mailing.started_at).total_seconds()
    return done / seconds if seconds > 0 else 0.0


def _trouble(session: Session, now: datetime) -> str:
    """What keeps the workers from sending, as the latest of them said."""
    return (
        session.execute(
            select(WorkerRow.trouble)
            .where(WorkerRow.trouble != "", WorkerRow.seen_at >= now - WORKER_GONE_AFTER)
            .order_by(WorkerRow.seen_at.desc())
            .limit(1)
        ).scalar()
        or ""
    )


def statuses(session: Session, issue_ids: Sequence[int]) -> dict[int, str]:
    """The status of each of these issues' own mailings; those without one are not in it."""
    rows = session.execute(
        select(MailingRow.issue_id, MailingRow.status).where(
            MailingRow.issue_id.in_(issue_ids), MailingRow.kind.in_(("issue", "announcement"))
        )
    )
    return {issue_id: status for issue_id, status in rows if issue_id is not None}
