"""Deliveries that will not be sent, or not again: how they end, and with which words.

Nothing was sent of a delivery that was never in doubt: it is `skipped`. One that was in doubt, and
waits to be sent again, may have been received: it stays `in_doubt`, and a person may decide.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, case, literal, update
from sqlalchemy.orm import Session

from mailer.delivery.models import DeliveryRow
from mailer.delivery.states import IN_DOUBT, SKIPPED

_MAY_HAVE_COME = "in doubt: it was sent once, without an answer"


def end_unsent(session: Session, which: ColumnElement[bool], why: str, now: datetime) -> int:
    """End the deliveries that `which` selects, which are not to be sent; returns how many."""
    doubted = DeliveryRow.doubts > 0
    told = case((DeliveryRow.reason.startswith("in doubt: "), DeliveryRow.reason),
                else_=_MAY_HAVE_COME)  # fmt: skip
    ended = session.execute(
        update(DeliveryRow)
        .where(which)
        .values(
            state=case((doubted, IN_DOUBT), else_=SKIPPED),
            reason=case((doubted, told.concat(f"; not sent again: {why}")), else_=why),
            finished_at=case((doubted, None), else_=literal(now, DeliveryRow.finished_at.type)),
        )
        .returning(DeliveryRow.id)
        .execution_options(synchronize_session=False)
    )
    return len(ended.all())
