"""Leaving one publication, or all of them."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer.audience.consent import record
from mailer.audience.models import SubscriberRow, SubscriptionRow
from mailer.audience.subscription import Event, State
from mailer.audience.suppression import suppress


def leave(
    session: Session,
    subscriber_id: int,
    publication_id: int,
    *,
    method: str,
    network: str | None,
    now: datetime,
) -> bool:
    """End one subscription; True where that changed something, False where it had ended.

    `method` is link, one-click, form or staff.
    """
    return bool(_end(session, subscriber_id, publication_id, method, network, now))


def leave_all(
    session: Session, subscriber_id: int, *, method: str, network: str | None, now: datetime
) -> bool:
    """End every subscription and suppress the address; True where a subscription was ended."""
    ended = _end(session, subscriber_id, None, method, network, now)
    address = session.scalar(select(SubscriberRow.address).where(SubscriberRow.id == subscriber_id))
    if address is not None:
        suppress(session, address, "address", "left", now)
    return bool(ended)


def _end(
    session: Session,
    subscriber_id: int,
    publication_id: int | None,
    method: str,
    network: str | None,
    now: datetime,
) -> list[int]:
    """The publications that were left; of two requests at once, one gets each."""
    ending = update(SubscriptionRow).where(
        SubscriptionRow.subscriber_id == subscriber_id, SubscriptionRow.state != State.ENDED
    )
    if publication_id is not None:
        ending = ending.where(SubscriptionRow.publication_id == publication_id)
    left = list(
        session.scalars(
            ending.values(state=State.ENDED, updated_at=now).returning(
                SubscriptionRow.publication_id
            )
        )
    )
    record(
        session,
        *(
            {
                "subscriber_id": subscriber_id,
                "publication_id": publication,
                "event": Event.LEFT,
                "method": method,
                "network": network,
                "at": now,
            }
            for publication in left
        ),
    )
    return left
