"""Deliveries that will not be sent, or not again: how they end, and with which words.

Nothing was sent of a delivery that was never in doubt: it is `skipped`. One that was in doubt, and
waits to be sent again, may have been received: it stays `in_doubt`, and a person may decide.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, literal, select, update
from sqlalchemy.orm import Session

from mailer.delivery.models import DeliveryRow, MailingRow, waits
from mailer.delivery.states import FAILED, IN_DOUBT, SKIPPED
from mailer.delivery.tally import BY_HAND, Changes, moved, tell

_MAY_HAVE_COME = "in doubt: it was sent once, without an answer"


def end_unsent(
    session: Session, delivery_ids: Sequence[int], why: str, now: datetime, worker: str = BY_HAND
) -> int:
    """End those of these deliveries that wait, which are not to be sent; returns how many."""
    rows = session.execute(
        select(DeliveryRow.id, DeliveryRow.mailing_id, DeliveryRow.state, DeliveryRow.doubts)
        .where(DeliveryRow.id.in_(delivery_ids), waits())
        .order_by(DeliveryRow.id)
        .with_for_update()
    ).all()
    if not rows:
        return 0
    changes: Changes = {}
    for row in rows:
        moved(changes, row.mailing_id, row.state, IN_DOUBT if row.doubts else SKIPPED)
    doubted = DeliveryRow.doubts > 0
    told = case((DeliveryRow.reason.startswith("in doubt: "), DeliveryRow.reason),
                else_=_MAY_HAVE_COME)  # fmt: skip
    session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id.in_([row.id for row in rows]))
        .values(
            state=case((doubted, IN_DOUBT), else_=SKIPPED),
            reason=case((doubted, told.concat(f"; not sent again: {why}")), else_=why),
            due_at=case((doubted, literal(now, DeliveryRow.due_at.type)), else_=DeliveryRow.due_at),
            finished_at=case((doubted, None), else_=literal(now, DeliveryRow.finished_at.type)),
        )
        .execution_options(synchronize_session=False)
    )
    tell(session, worker, changes)
    return len(rows)


def end_overdue(session: Session, now: datetime, worker: str, most: int) -> int:
    """End up to `most` deliveries that wait though their mailing's time is up; returns how many.

    One that the relay put off is given up; one that was never begun is skipped.
    """
    overdue = session.execute(
        select(DeliveryRow.id, DeliveryRow.tries, DeliveryRow.doubts)
        .join(MailingRow, MailingRow.id == DeliveryRow.mailing_id)
        .where(
            MailingRow.status == "sending",
            MailingRow.fanned_out_at.is_not(None),
            MailingRow.send_until < now,
            waits(),
        )
        .limit(most)
    ).all()
    tried = [row.id for row in overdue if row.tries and not row.doubts]
    others = [row.id for row in overdue if not row.tries or row.doubts]
    return _give_up(session, tried, now, worker) + (
        end_unsent(session, others, "its time was up", now, worker) if others else 0
    )


def _give_up(session: Session, delivery_ids: Sequence[int], now: datetime, worker: str) -> int:
    if not delivery_ids:
        return 0
    rows = session.execute(
        select(DeliveryRow.id, DeliveryRow.mailing_id, DeliveryRow.state)
        .where(DeliveryRow.id.in_(delivery_ids), waits())
        .with_for_update()
    ).all()
    session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id.in_([row.id for row in rows]))
        .values(
            state=FAILED,
            reason=literal("given up; at last: ").concat(DeliveryRow.reason),
            finished_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    changes: Changes = {}
    for row in rows:
        moved(changes, row.mailing_id, row.state, FAILED)
    tell(session, worker, changes)
    return len(rows)
