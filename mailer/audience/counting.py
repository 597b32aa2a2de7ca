"""How many readers are in which group, and how many of them are suppressed: counted, not listed.

Counting reads the whole audience, in the database. Whoever must not wait asks `next_readers` first
how many there are.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from mailer.audience.models import ConsentRow, SubscriberRow, SuppressionRow
from mailer.audience.sendable import Group, fan_out, group_of
from mailer.audience.subscription import Event

_AT_ONCE = 1_000


def count_groups(session: Session, publication_id: int, day: date) -> dict[Group, int]:
    """How many active readers of a publication are in each group, with membership as of `day`."""
    readers = fan_out(publication_id, day).order_by(None).subquery()
    rows = session.execute(select(readers.c.group, func.count()).group_by(readers.c.group))
    return {group_of(key): count for key, count in rows}


def count_suppressed(session: Session, publication_id: int, day: date) -> dict[Group, int]:
    """How many of these readers are suppressed, by their group, as their marks say.

    The table of suppressions knows a mailbox by its hash alone: to ask it, all mailboxes would have
    to be hashed.
    """
    found: Counter[str] = Counter()
    last = 0
    while some := _suppressed_after(session, last):
        last = some[-1]
        theirs = fan_out(publication_id, day, among=some).subquery()
        found.update(session.scalars(select(theirs.c.group)))
    return {group_of(key): count for key, count in found.items()}


def _suppressed_after(session: Session, last: int) -> Sequence[int]:
    """The next readers who are marked, by the index that has no others."""
    return session.scalars(
        select(SubscriberRow.id)
        .where(text("suppressed <> ''"), SubscriberRow.id > last)
        .order_by(SubscriberRow.id)
        .limit(_AT_ONCE)
    ).all()


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
