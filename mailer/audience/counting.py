"""How many readers are in which group, and how many of them are suppressed: counted, not listed.

Counting reads the whole audience, in the database. Whoever must not wait asks `next_readers` first
how many there are.
"""

from collections import Counter
from datetime import date, datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from mailer.audience.models import ConsentRow, SubscriberRow, SubscriptionRow, SuppressionRow
from mailer.audience.sendable import Group, fan_out, group_of
from mailer.audience.subscription import Event, State
from mailer.audience.suppression import suppression_of

_AT_ONCE = 10_000


def count_groups(session: Session, publication_id: int, day: date) -> dict[Group, int]:
    """How many active readers of a publication are in each group, with membership as of `day`."""
    readers = fan_out(publication_id, day).order_by(None).subquery()
    rows = session.execute(select(readers.c.group, func.count()).group_by(readers.c.group))
    return {group_of(key): count for key, count in rows}


def count_suppressed(session: Session, publication_id: int, day: date) -> dict[Group, int]:
    """How many of these readers are suppressed, by their group.

    A suppression is known by a hash alone, so that each reader's mailbox is hashed; a few thousand
    at once are in memory.
    """
    if session.scalar(select(SuppressionRow.key).limit(1)) is None:
        return {}
    found: Counter[str] = Counter()
    last = 0
    while some := _next(session, publication_id, last):
        last = max(some.values())
        suppressed = [some[mailbox] for mailbox in suppression_of(session, some)]
        if suppressed:
            theirs = fan_out(publication_id, day, among=suppressed).subquery()
            found.update(session.scalars(select(theirs.c.group)))
    return {group_of(key): count for key, count in found.items()}


def _next(session: Session, publication_id: int, after: int) -> dict[str, int]:
    rows = session.execute(
        select(SubscriberRow.mailbox, SubscriptionRow.subscriber_id)
        .join(SubscriberRow, SubscriberRow.id == SubscriptionRow.subscriber_id)
        .where(
            SubscriptionRow.publication_id == publication_id,
            SubscriptionRow.state == State.ACTIVE,
            SubscriptionRow.subscriber_id > after,
            SubscriberRow.mailbox.is_not(None),
        )
        .order_by(SubscriptionRow.subscriber_id)
        .limit(_AT_ONCE)
    )
    return {mailbox: subscriber_id for mailbox, subscriber_id in rows if mailbox is not None}


def leavings(publication_id: int, since: datetime, until: datetime) -> Select[int, str]:
    """Who left a publication between two moments, and how, as a statement: (subscriber_id,
    method)."""
    return select(ConsentRow.subscriber_id, ConsentRow.method).where(
        ConsentRow.publication_id == publication_id,
        ConsentRow.event == Event.LEFT,
        ConsentRow.at >= since,
        ConsentRow.at < until,
    )


def count_complaints(session: Session, since: datetime, until: datetime) -> int:
    """How many addresses were suppressed between two moments since somebody there complained."""
    return session.scalars(
        select(func.count())
        .select_from(SuppressionRow)
        .where(
            SuppressionRow.reason == "complaint",
            SuppressionRow.at >= since,
            SuppressionRow.at < until,
        )
    ).one()
