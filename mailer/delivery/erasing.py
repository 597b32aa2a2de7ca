"""Erasing a person from the ledger: dates, states and codes stay, words and addresses go."""

from typing import Any

from sqlalchemy import case, delete, select, update
from sqlalchemy.orm import Session

from mailer.delivery.bare import bare_to
from mailer.delivery.models import DeliveryRow, MergeValueRow
from mailer.delivery.states import ERASED, HELD


def erase(session: Session, subscriber_id: int, address: str) -> None:
    """Strip what the ledger knows of a subscriber, and of tests to their address, however written.

    Relays repeat addresses in their replies, so the reasons go as well; what a worker holds at
    this moment is marked, so that no reply to come is written either.
    """
    theirs = DeliveryRow.subscriber_id == subscriber_id
    tests = list(bare_to(session, address))
    _strip_values(session, select(DeliveryRow.id).where(theirs))
    nothing = case((DeliveryRow.state.in_(HELD), ERASED), else_="")
    session.execute(update(DeliveryRow).where(theirs).values(reason=nothing))
    for delivery_id in tests:
        _strip_values(session, [delivery_id])
        session.execute(
            update(DeliveryRow)
            .where(DeliveryRow.id == delivery_id)
            .values(reason=nothing, address=f"erased {delivery_id}")
        )


def _strip_values(session: Session, deliveries: Any) -> None:
    session.execute(delete(MergeValueRow).where(MergeValueRow.delivery_id.in_(deliveries)))
