"""Deliveries that will not be sent, or not again: how they end, and with which words.

Nothing was sent of a delivery that was never in doubt: it is `skipped`. One that was in doubt, and
waits to be sent again, may have been received: it stays `in_doubt`, and a person may decide.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, literal, select, update
from sqlalchemy.orm import Session

from mailer.delivery.models import DeliveryRow, waits
from mailer.delivery.states import IN_DOUBT, SKIPPED
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
            finished_at=case((doubted, None), else_=literal(now, DeliveryRow.finished_at.type)),
        )
        .execution_options(synchronize_session=False)
    )
    tell(session, worker, changes)
    return len(rows)
