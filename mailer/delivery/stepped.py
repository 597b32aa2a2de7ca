"""After the machine's clock was put back: nobody waits for a moment that was set before.

Moments in the ledger are of the calendar's clock, which may be put back by an hour. What was never
touched since the fan-out is due at its mailing's start, whatever the clock says (`claim`). What has
been touched, and the leases, are brought forward here: twice does no harm, by whichever worker.
"""

from datetime import datetime, timedelta

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from mailer.delivery.models import DeliveryRow, MailingRow, waits
from mailer.delivery.states import DEFERRED


def bring_forward(
    session: Session, now: datetime, first: timedelta, lease: timedelta, most: int
) -> int:
    """Have what is queued due now, what is deferred `first` from now, and no lease longer than
    `lease`; returns how many of up to `most` that waited were to wait for longer.
    """
    due = case((DeliveryRow.state == DEFERRED, now + first), else_=now)
    late = session.scalars(
        select(DeliveryRow.id)
        .join(MailingRow, MailingRow.id == DeliveryRow.mailing_id)
        .where(
            MailingRow.status.in_(("sending", "paused")),
            waits(),
            DeliveryRow.due_at > due,
            DeliveryRow.due_at != MailingRow.started_at,
        )
        .limit(most)
        .with_for_update(skip_locked=True, of=DeliveryRow)
    ).all()
    if late:
        session.execute(
            update(DeliveryRow)
            .where(DeliveryRow.id.in_(late))
            .values(due_at=due)
            .execution_options(synchronize_session=False)
        )
    session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.lease_until.is_not(None), DeliveryRow.lease_until > now + lease)
        .values(lease_until=now + lease)
        .execution_options(synchronize_session=False)
    )
    return len(late)
