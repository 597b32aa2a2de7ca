"""How long what is known of readers is kept: what a nightly job clears away."""

from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from mailer.audience.models import ConsentRow, SubscriberRow, SubscriptionRow
from mailer.audience.subscription import State


def forget_networks(session: Session, before: datetime, limit: int) -> int:
    """Strip up to `limit` consents from before that moment of their network; returns how many."""
    some = select(ConsentRow.id).where(ConsentRow.network.is_not(None), ConsentRow.at < before)
    stripped = session.execute(
        update(ConsentRow)
        .where(ConsentRow.id.in_(some.limit(limit)))
        .values(network=None)
        .returning(ConsentRow.id)
        .execution_options(synchronize_session=False)
    )
    return len(stripped.all())


def unconfirmed_since(session: Session, before: datetime, limit: int) -> list[tuple[int, str]]:
    """Ids and addresses of readers who were asked before that moment and never confirmed."""
    pending = SubscriptionRow.state == State.PENDING
    theirs = SubscriptionRow.subscriber_id == SubscriberRow.id
    lately = SubscriptionRow.updated_at >= before
    rows = session.execute(
        select(SubscriberRow.id, SubscriberRow.address)
        .where(
            SubscriberRow.address.is_not(None),
            SubscriberRow.created_at < before,
            exists().where(theirs, pending),
            ~exists().where(theirs, ~pending | lately),
        )
        .limit(limit)
    )
    return [(row.id, row.address) for row in rows if row.address is not None]
