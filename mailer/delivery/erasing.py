"""Erasing a person from the ledger: dates, states and codes stay, words and addresses go."""

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from mailer.delivery.models import DeliveryRow, MergeValueRow


def erase(session: Session, subscriber_id: int, address: str) -> None:
    """Strip what the ledger knows of a subscriber, and of tests to their address, however written.

    Relays repeat addresses in their replies, so the reasons go as well.
    """
    theirs = DeliveryRow.subscriber_id == subscriber_id
    tests = func.lower(DeliveryRow.address) == address.lower()
    session.execute(
        delete(MergeValueRow).where(
            MergeValueRow.delivery_id.in_(select(DeliveryRow.id).where(theirs | tests))
        )
    )
    session.execute(update(DeliveryRow).where(theirs).values(reason=""))
    for delivery_id in session.execute(select(DeliveryRow.id).where(tests)).scalars().all():
        session.execute(
            update(DeliveryRow)
            .where(DeliveryRow.id == delivery_id)
            .values(reason="", address=f"erased {delivery_id}")
        )
