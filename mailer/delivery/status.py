"""How a mailing stands: what the ledger says, in numbers and words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.delivery.models import DeliveryRow, MailingRow, TallyRow, WorkerRow
from mailer.delivery.recover import WORKER_GONE_AFTER, waiting_without_worker
from mailer.delivery.states import DEFERRED, FAILED, IN_FLIGHT, SENT
from mailer.delivery.tally import COUNTED_STATES, tallied

DRAFT = "draft"
_MEASURED_LATELY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Status:
    """A mailing's state; the counts add up to `audience` once the fan-out has ended.

    `claimed` counts in `queued`. `rate_per_s` is messages a second at this moment, smoothed over
    some ten seconds; since the start where nobody measured, and once it is over. `eta_s` are the
    seconds at that rate until nothing is queued, None where nobody can tell.
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
    not_after: datetime | None = None
    rate_per_s: float = 0.0
    eta_s: float | None = None


def status_of(session: Session, issue_id: int, kind: str, now: datetime) -> Status:
    """The state of an issue's or announcement's own mailing, or of its latest correction; a draft
    where it has none."""
    mailing = session.execute(
        select(MailingRow)
        .where(MailingRow.issue_id == issue_id, MailingRow.kind == kind)
        .order_by(MailingRow.id.desc())
        .limit(1)
    ).scalar()
    if mailing is None:
        return Status(DRAFT)
    tally = tallied(session, [mailing.id])[mailing.id]
    in_flight = session.scalars(
        select(func.count()).where(
            DeliveryRow.mailing_id == mailing.id,
            DeliveryRow.lease_until.is_not(None),
            DeliveryRow.state == IN_FLIGHT,
        )
    ).one()
    counts = {state: tally[state] for state in COUNTED_STATES}
    queued = tally["audience"] - sum(counts.values()) - in_flight
    rate = _rate_now(session, mailing, now)
    if rate is None:
        rate = _rate(mailing, tally[SENT] + tally[FAILED], now)
    left = queued + in_flight
    told_by_rate = mailing.status == "sending" and (left > 0 or not counts[DEFERRED])
    reason = mailing.reason
    if mailing.status == "sending" and not reason:
        reason = _trouble(session, now)
    due = mailing.status in ("sending", "scheduled")
    if due and not reason and mailing.start_at < now - WORKER_GONE_AFTER:
        reason = waiting_without_worker(session, now) or ""
    return Status(
        status=mailing.status,
        reason=reason,
        audience=tally["audience"],
        queued=queued,
        in_flight=in_flight,
        **counts,
        resent_in_doubt=tally["doubts"],
        start_at=mailing.start_at,
        started_at=mailing.started_at,
        finished_at=mailing.finished_at,
        not_after=mailing.not_after,
        rate_per_s=round(rate, 1),
        eta_s=round(left / rate, 1) if rate and told_by_rate else None,
    )


def _rate(mailing: MailingRow, done: int, now: datetime) -> float:
    if mailing.started_at is None:
        return 0.0
    seconds = ((mailing.finished_at or now) - mailing.started_at).total_seconds()
    return done / seconds if seconds > 0 else 0.0


def _rate_now(session: Session, mailing: MailingRow, now: datetime) -> float | None:
    """What the workers see at this moment, together; None where none of them ever looked."""
    if mailing.status == "paused":
        return 0.0
    if mailing.status != "sending":
        return None
    measured = session.execute(
        select(TallyRow.rate, TallyRow.measured_at).where(
            TallyRow.mailing_id == mailing.id, TallyRow.measured_at.is_not(None)
        )
    ).all()
    if not measured:
        return None
    lately = now - _MEASURED_LATELY
    return float(sum(row.rate for row in measured if row.measured_at >= lately)) / 60


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
