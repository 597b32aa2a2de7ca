"""Keeping the ledger true beside the sending: leases, recovery, the end of mailings, workers."""

from collections.abc import Iterable, Set
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from mailer.database import among
from mailer.delivery.models import DeliveryRow, MailingRow, WorkerRow, waits
from mailer.delivery.states import CLAIMED, FAILED, HELD, IN_DOUBT, QUEUED
from mailer.delivery.tally import BY_HAND, Changes, moved, tell
from mailer.sentence import Sentence

WORKER_GONE_AFTER = timedelta(seconds=15)
_FORGET_WORKER_AFTER = timedelta(days=1)
_AT_ONCE = 1000


def renew(
    session: Session,
    worker: str,
    delivery_ids: Iterable[int],
    lease_until: datetime,
    ends_before: datetime | None = None,
) -> None:
    """Hold for longer what this worker knows to hold; where `ends_before` is given, only what it
    would not hold any more by then: most deliveries are over long before."""
    ids = iter(delivery_ids)
    ending = () if ends_before is None else (DeliveryRow.lease_until < ends_before,)
    while some := list(islice(ids, _AT_ONCE)):
        session.execute(
            update(DeliveryRow)
            .where(
                among(session, DeliveryRow.id, some),
                DeliveryRow.worker == worker,
                DeliveryRow.state.in_(HELD),
                *ending,
            )
            .values(lease_until=lease_until)
            .execution_options(synchronize_session=False)
        )


def free_unknown(
    session: Session, worker: str, known: Set[int], now: datetime, in_doubt: str
) -> int:
    """Free what stands under this worker's name and is not `known` to it; returns how many.

    Such a claim was committed, and the reply to its COMMIT was lost.
    """
    held = session.scalars(
        select(DeliveryRow.id).where(
            DeliveryRow.lease_until.is_not(None), DeliveryRow.worker == worker
        )
    )
    unknown = [one for one in held if one not in known]
    if not unknown:
        return 0
    which = DeliveryRow.id.in_(unknown) & (DeliveryRow.worker == worker)
    return _free(session, which, now, in_doubt, "its worker lost sight of it", worker)


def recover(
    session: Session,
    now: datetime,
    in_doubt: str,
    *,
    worker: str = BY_HAND,
    sole_sender: bool = False,
) -> int:
    """Free what workers hold that are gone; returns how many deliveries that were.

    A lease that is over frees its delivery: claimed → queued; in flight → in doubt, which under
    "resend" means queued again and counted. `sole_sender`: `worker` is the one worker of a SQLite
    database, which holds the sender's lock: all others are gone, whatever their leases.
    A test that was interrupted is failed: it is never sent by anybody else.
    """
    gone = DeliveryRow.lease_until < now
    if sole_sender:
        gone = or_(gone, DeliveryRow.worker.like("sender-%") & (DeliveryRow.worker != worker))
    return _free(session, gone, now, in_doubt, "its worker is gone", worker)


def _free(
    session: Session,
    which: ColumnElement[bool],
    now: datetime,
    in_doubt: str,
    why: str,
    worker: str,
) -> int:
    rows = session.execute(
        select(
            DeliveryRow.id,
            DeliveryRow.mailing_id,
            DeliveryRow.state,
            exists()
            .where(MailingRow.id == DeliveryRow.mailing_id, MailingRow.kind == "test")
            .label("is_test"),
        )
        .where(DeliveryRow.lease_until.is_not(None), DeliveryRow.state.in_(HELD), which)
        .with_for_update(skip_locked=True)
    ).all()
    if not rows:
        return 0
    doubtful: dict[str, Any] = (
        {"state": IN_DOUBT, "due_at": now}
        if in_doubt == "hold"
        else {"state": QUEUED, "due_at": now, "doubts": DeliveryRow.doubts + 1}
    )
    changes: Changes = {}
    rules: tuple[tuple[str, dict[str, Any]], ...] = (
        (_INTERRUPTED, {"state": FAILED, "reason": "interrupted", "finished_at": now}),
        (_UNTOUCHED, {"state": QUEUED, "due_at": now}),
        (_DOUBTFUL, {**doubtful, "reason": f"in doubt: {why}"}),
    )
    for rule, values in rules:
        some = [row for row in rows if rule == _rule_for(row.state, is_test=row.is_test)]
        for start in range(0, len(some), _AT_ONCE):
            session.execute(
                update(DeliveryRow)
                .where(DeliveryRow.id.in_([row.id for row in some[start : start + _AT_ONCE]]))
                .values(**values, worker=None, lease_until=None)
                .execution_options(synchronize_session=False)
            )
        for row in some:
            moved(changes, row.mailing_id, QUEUED, values["state"], int("doubts" in values))
    tell(session, worker, changes)
    return len(rows)


_INTERRUPTED, _UNTOUCHED, _DOUBTFUL = "interrupted", "untouched", "doubtful"


def _rule_for(state: str, *, is_test: bool) -> str:
    if is_test:
        return _INTERRUPTED
    return _UNTOUCHED if state == CLAIMED else _DOUBTFUL


def finish(session: Session, now: datetime) -> list[int]:
    """Mark as sent the mailings of which nothing is left to do; returns their ids.

    Deliveries that are held in doubt wait for a person, not for us, and do not keep a mailing.
    """
    waiting = exists().where(DeliveryRow.mailing_id == MailingRow.id, waits())
    held = exists().where(
        DeliveryRow.mailing_id == MailingRow.id, DeliveryRow.lease_until.is_not(None)
    )
    done = (
        MailingRow.status == "sending",
        MailingRow.fanned_out_at.is_not(None),
        ~waiting,
        ~held,
    )
    seem = session.scalars(select(MailingRow.id).where(*done).with_for_update()).all()
    if not seem:
        return []
    # On PostgreSQL a person may have had something queued again while we waited for the row, which
    # only a statement that begins now sees.
    return list(
        session.execute(
            update(MailingRow)
            .where(MailingRow.id.in_(seem), *done)
            .values(status="sent", finished_at=now)
            .returning(MailingRow.id)
            .execution_options(synchronize_session=False)
        ).scalars()
    )


def cancelled_with_rest(session: Session) -> list[int]:
    """Cancelled mailings of which something waits still (it was held when they were cancelled)."""
    waiting = exists().where(DeliveryRow.mailing_id == MailingRow.id, waits())
    return list(
        session.execute(
            select(MailingRow.id).where(MailingRow.status == "cancelled", waiting)
        ).scalars()
    )


def say_alive(session: Session, worker: str, now: datetime, trouble: str = "") -> None:
    """Say that `worker` works, and what keeps it from sending, if anything does."""
    known = session.execute(
        update(WorkerRow)
        .where(WorkerRow.id == worker)
        .values(seen_at=now, trouble=trouble)
        .returning(WorkerRow.id)
    ).first()
    if known is None:
        session.add(WorkerRow(id=worker, started_at=now, seen_at=now, trouble=trouble))


def alive(session: Session, now: datetime) -> int:
    """How many workers are alive."""
    return session.scalars(
        select(func.count()).where(WorkerRow.seen_at >= now - WORKER_GONE_AFTER)
    ).one()


def say_ended(session: Session, worker: str, now: datetime) -> None:
    """Say that `worker` is no more, and forget those that went without a word."""
    session.execute(
        delete(WorkerRow).where(
            or_(WorkerRow.id == worker, WorkerRow.seen_at < now - _FORGET_WORKER_AFTER)
        )
    )


def waiting_without_worker(session: Session, now: datetime) -> str | None:
    """Why a mailing that is due does not move, where no worker is alive; None where all is well."""
    alive = session.execute(
        select(WorkerRow.id).where(WorkerRow.seen_at >= now - WORKER_GONE_AFTER).limit(1)
    ).first()
    if alive is not None:
        return None
    due = session.execute(
        select(MailingRow.id).where(
            or_(
                (MailingRow.status == "sending") & MailingRow.kind.not_in(("test",)),
                (MailingRow.status == "scheduled")
                & (MailingRow.start_at < now - WORKER_GONE_AFTER),
            )
        )
    ).first()
    if due is None:
        return None
    return Sentence("No worker is running; start `mailer serve` or `mailer work`.")
