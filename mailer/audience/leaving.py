"""Leaving one publication, or all of them."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer.audience.consent import record
from mailer.audience.growth import count_moves
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
    ground: str = "",
) -> bool:
    """End one subscription; True where that changed something, False where it had ended.

    `method` is link, one-click, form or staff; `ground` is what staff say about it.
    """
    return bool(_end(session, subscriber_id, publication_id, method, network, now, ground))


def leave_all(
    session: Session,
    subscriber_id: int,
    *,
    method: str,
    network: str | None,
    now: datetime,
    ground: str = "",
) -> bool:
    """End every subscription and suppress the address; True where a subscription was ended."""
    ended = _end(session, subscriber_id, None, method, network, now, ground)
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
    ground: str,
) -> list[int]:
    """The publications that were left; of two requests at once, one gets each."""
    theirs = [SubscriptionRow.subscriber_id == subscriber_id, SubscriptionRow.state != State.ENDED]
    if publication_id is not None:
        theirs.append(SubscriptionRow.publication_id == publication_id)
    before = {
        publication: State(state)
        for publication, state in session.execute(
            select(SubscriptionRow.publication_id, SubscriptionRow.state)
            .where(*theirs)
            .order_by(SubscriptionRow.publication_id)
            .with_for_update()
        )
    }
    left = list(before)
    if not left:
        return left
    session.execute(
        update(SubscriptionRow).where(*theirs).values(state=State.ENDED, updated_at=now)
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
                "ground": ground,
                "at": now,
            }
            for publication in left
        ),
    )
    count_moves(session, now.date(), [(of, state, State.ENDED) for of, state in before.items()])
    return left
