"""Deliveries that did not go as they should, one by one: deferred, failed, skipped, in doubt."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer import audience
from mailer.delivery.models import DeliveryRow, MailingRow, tells
from mailer.delivery.states import TOLD
from mailer.publication import Issue


@dataclass(frozen=True, slots=True)
class Hindered:
    """One of them. No address is left of a reader who was erased; a seed has no `subscriber_id`."""

    delivery_id: int
    subscriber_id: int | None
    address: str
    reason: str
    reply_code: int | None
    fault: str
    tries: int
    due_at: datetime


def hindered(
    session: Session, issue: Issue, kind: str, state: str, *, after: int = 0, most: int = 100
) -> list[Hindered]:
    """The next of the issue's own mailing, or of its latest of `kind`, in the order of the ledger.

    `state` is one of those of which there is something to say; of any other there are none.
    """
    if state not in TOLD:
        return []
    mailing = select(func.max(MailingRow.id)).where(
        MailingRow.issue_id == issue.id, MailingRow.kind == kind
    )
    rows = session.execute(
        select(
            DeliveryRow.id,
            DeliveryRow.subscriber_id,
            DeliveryRow.address,
            DeliveryRow.reason,
            DeliveryRow.reply_code,
            DeliveryRow.fault,
            DeliveryRow.tries,
            DeliveryRow.due_at,
        )
        .where(
            DeliveryRow.mailing_id == mailing.scalar_subquery(),
            DeliveryRow.state == state,
            tells(),
            DeliveryRow.id > after,
        )
        .order_by(DeliveryRow.id)
        .limit(most)
    ).all()
    known = audience.addresses(session, [row.subscriber_id for row in rows if row.subscriber_id])
    return [
        Hindered(
            row.id,
            row.subscriber_id,
            known.get(row.subscriber_id, row.address or ""),
            row.reason,
            row.reply_code,
            row.fault,
            row.tries,
            row.due_at,
        )
        for row in rows
    ]
