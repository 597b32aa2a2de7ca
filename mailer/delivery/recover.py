"""Keeping the ledger true beside the sending: leases, recovery, the end of mailings, workers."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from mailer.delivery.models import DeliveryRow, MailingRow, WorkerRow
from mailer.delivery.states import CLAIMED, FAILED, HELD, IN_DOUBT, IN_FLIGHT, QUEUED, UNFINISHED

WORKER_GONE_AFTER = timedelta(seconds=15)
_FORGET_WORKER_AFTER = timedelta(days=1)
_RENEWED_AT_ONCE = 500


def renew(
    session: Session, worker: str, delivery_ids: Iterable[int], lease_until: datetime
) -> None:
    """Hold for longer what this worker knows to hold."""
    ids = iter(delivery_ids)
    while some := list(islice(ids, _RENEWED_AT_ONCE)):
        session.execute(
            update(DeliveryRow)
            .where(
                DeliveryRow.id.in_(some), DeliveryRow.worker == worker, DeliveryRow.state.in_(HELD)
            )
            .values(lease_until=lease_until)
        )


def free_unknown(
    session: Session, worker: str, renewed_until: datetime, now: datetime, in_doubt: str
) -> int:
    """Free what stands under this worker's name and is not known to it; returns how many.

    Such a claim was committed, and the reply to its COMMIT was lost. To be called right after
    `renew`, with its `lease_until`: all that the worker knows of has that very lease.
    """
    unknown = (DeliveryRow.worker == worker) & (DeliveryRow.lease_until < renewed_until)
    return _free(session, unknown, now, in_doubt, "its worker lost sight of it")


def recover(
    session: Session, now: datetime, in_doubt: str, *, sole_sender: str | None = None
) -> int:
    """Free what workers hold that are gone; returns how many deliveries that were.

    A lease that is over frees its delivery: claimed → queued; in flight → in doubt, which under
    "resend" means queued again and counted. `sole_sender` names the one worker of a SQLite
    database, which holds the sender's lock: all other workers are gone, whatever their leases.
    A test that was interrupted is failed: it is never sent by anybody else.
    """
    gone = DeliveryRow.lease_until < now
    if sole_sender is not None:
        others = DeliveryRow.worker.like("sender-%") & (DeliveryRow.worker != sole_sender)
        gone = or_(gone, others)
    return _free(session, gone, now, in_doubt, "its worker is gone")


def _free(
    session: Session, which: ColumnElement[bool], now: datetime, in_doubt: str, why: str
) -> int:
    tests = select(MailingRow.id).where(MailingRow.kind == "test")
    free = {"worker": None, "lease_until": None}
    doubtful = (
        {"state": IN_DOUBT}
        if in_doubt == "hold"
        else {"state": QUEUED, "due_at": now, "doubts": DeliveryRow.doubts + 1}
    )
    freed = 0
    for states, only_tests, values in (
        (HELD, True, {"state": FAILED, "reason": "interrupted", "finished_at": now}),
        ((CLAIMED,), False, {"state": QUEUED}),
        ((IN_FLIGHT,), False, {**doubtful, "reason": f"in doubt: {why}"}),
    ):
        is_test = DeliveryRow.mailing_id.in_(tests)
        freed += len(
            session.execute(
                update(DeliveryRow)
                .where(DeliveryRow.state.in_(states), which, is_test if only_tests else ~is_test)
                .values(**values, **free)
                .returning(DeliveryRow.id)
                .execution_options(synchronize_session=False)
            ).all()
        )
    return freed


def finish(session: Session, now: datetime) -> list[int]:
    """Mark as sent the mailings of which nothing is left to do; returns their ids.

    Deliveries that are held in doubt wait for a person, not for us, and do not keep a mailing.
    """
    left = exists().where(
        DeliveryRow.mailing_id == MailingRow.id, DeliveryRow.state.in_(UNFINISHED)
    )
    return list(
        session.execute(
            update(MailingRow)
            .where(
                MailingRow.status == "sending",
                MailingRow.fanned_out_at.is_not(None),
                ~left,
            )
            .values(status="sent", finished_at=now)
            .returning(MailingRow.id)
            .execution_options(synchronize_session=False)
        ).scalars()
    )


def cancelled_with_rest(session: Session) -> list[int]:
    """Cancelled mailings of which something waits still (it was held when they were cancelled)."""
    waiting = exists().where(
        DeliveryRow.mailing_id == MailingRow.id, DeliveryRow.state.in_(("queued", "deferred"))
    )
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
    return "No worker is running; start `mailer serve` or `mailer work`."
