"""Who gets a mailing: counted, listed in order, and looked at again before each letter."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session

from mailer.audience.address import normalise
from mailer.audience.models import SubscriberRow, SubscriptionRow
from mailer.audience.subscriber import by_id
from mailer.audience.subscription import State
from mailer.audience.suppression import Suppression, suppression_of
from mailer.database import among
from mailer.sentence import Sentence

# Well below what either database takes as parameters of one statement.
_IDS_AT_ONCE = 10_000

WHY_NOT: dict[State, Sentence] = {
    State.PENDING: Sentence("not confirmed"),
    State.PAUSED: Sentence("paused"),
    State.ENDED: Sentence("left"),
}
_ERASED, _UNKNOWN = Sentence("erased"), Sentence("unknown")
_NOT_SUBSCRIBED = Sentence("not subscribed")


@dataclass(frozen=True, slots=True)
class Recipient:
    """A reader as a letter needs them; `domain` is the address's, in IDNA A-labels."""

    subscriber_id: int
    address: str
    name: str
    greeting: str
    language: str
    custom_fields: Mapping[str, str]
    domain: str


@dataclass(frozen=True, slots=True)
class Group:
    """What sets readers apart whose letters differ; `topics` None: they chose none, and get all.

    `key` is the same text for the same group, in this database.
    """

    language: str
    format: str
    is_member: bool
    topics: tuple[str, ...] | None
    key: str


@dataclass(frozen=True, slots=True)
class NotSendable:
    """That a reader must not get the letter, and why in words."""

    reason: str


def count_active(session: Session, publication_id: int) -> int:
    """How many active subscriptions a publication has."""
    return session.scalars(
        select(func.count())
        .select_from(SubscriptionRow)
        .where(
            SubscriptionRow.publication_id == publication_id,
            SubscriptionRow.state == State.ACTIVE,
        )
    ).one()


def fan_out(
    publication_id: int,
    day: date,
    *,
    after: int = 0,
    only: int | None = None,
    among: Sequence[int] | None = None,
) -> Select[int, str]:
    """The audience of a publication as a statement: (subscriber_id, the key of their `Group`).

    In order of subscriber_id, from the first one greater than `after`; membership as of `day`.
    With `only` it is that subscriber, if they are in the audience; with `among` those of these
    that are.
    """
    parts: tuple[Any, ...] = (
        SubscriberRow.language,
        SubscriptionRow.format,
        case((_member_on(day), "member"), else_="public"),
        func.coalesce(cast(SubscriptionRow.topics, Text), ""),
    )
    group = parts[0]
    for part in parts[1:]:
        group = group.concat(" ").concat(part)
    statement = (
        select(SubscriptionRow.subscriber_id, group.label("group"))
        .join(SubscriberRow, SubscriberRow.id == SubscriptionRow.subscriber_id)
        .where(
            SubscriptionRow.publication_id == publication_id,
            SubscriptionRow.state == State.ACTIVE,
            # Beside a list SQLite would prefer this bound, and read the whole audience.
            SubscriptionRow.subscriber_id > after
            if among is None
            else SubscriptionRow.subscriber_id.in_(among),
        )
        .order_by(SubscriptionRow.subscriber_id)
    )
    return statement if only is None else statement.where(SubscriptionRow.subscriber_id == only)


def next_readers(
    session: Session, publication_id: int, after: int, most: int
) -> tuple[int, int | None]:
    """How many readers come next in `fan_out`, `most` at most, and the last one's subscriber_id.

    It looks at subscriptions alone, so that it takes a tenth of what the readers themselves take.
    """
    some = (
        select(SubscriptionRow.subscriber_id)
        .where(
            SubscriptionRow.publication_id == publication_id,
            SubscriptionRow.state == State.ACTIVE,
            SubscriptionRow.subscriber_id > after,
        )
        .order_by(SubscriptionRow.subscriber_id)
        .limit(most)
        .subquery()
    )
    count, last = session.execute(
        select(func.count(), func.max(some.c.subscriber_id)).select_from(some)
    ).one()
    return count, last


def groups(session: Session, readers: Select[int, str]) -> list[Group]:
    """The groups among `readers`, a statement that `fan_out` gave."""
    found = readers.order_by(None).subquery()
    return sorted(
        (_group(key) for key in session.scalars(select(found.c.group).distinct())),
        key=lambda group: group.key,
    )


def _group(key: str) -> Group:
    language, format_, member, topics = key.split(" ", 3)
    chosen = tuple(json.loads(topics)) if topics else ()
    return Group(language, format_, member == "member", chosen or None, key)


def domains() -> Select[int, str | None]:
    """Every reader's id and the domain of their address, as a statement; None where erased."""
    return select(SubscriberRow.id.label("subscriber_id"), SubscriberRow.domain)


def addresses(session: Session, subscriber_ids: Sequence[int]) -> dict[int, str]:
    """For each of these readers their address; who was erased is not in it."""
    found: dict[int, str] = {}
    for start in range(0, len(subscriber_ids), _IDS_AT_ONCE):
        some = SubscriberRow.id.in_(subscriber_ids[start : start + _IDS_AT_ONCE])
        rows = session.execute(select(SubscriberRow.id, SubscriberRow.address).where(some))
        found.update((row.id, row.address) for row in rows if row.address is not None)
    return found


def recipients(
    session: Session,
    subscriber_ids: Sequence[int],
    publication_id: int | None,
    kind: str,
    day: date,
) -> dict[int, Recipient | NotSendable]:
    """Who of these may be sent a letter of `kind` now, and who not and why; each id is answered.

    A letter to a publication's readers needs their active subscription, or one whose pause is
    over on `day`; with `publication_id` None, any reader will do. A letter that was asked for
    needs no subscription, and goes out in spite of a suppression that confirming lifts.
    """
    # What somebody has just asked for on the site goes to whoever left as well.
    asked_for = kind == "confirmation"
    subscribed = not asked_for and publication_id is not None
    answers: dict[int, Recipient | NotSendable] = {}
    for start in range(0, len(subscriber_ids), _IDS_AT_ONCE):
        some = subscriber_ids[start : start + _IDS_AT_ONCE]
        rows = session.execute(_look_at(session, some, publication_id)).all()
        suppressed = suppression_of(session, [row.mailbox for row in rows if row.mailbox])
        for state, paused_until, mailbox, *reader in rows:
            answers[reader[0]] = (
                (NotSendable(_ERASED) if mailbox is None else None)
                or (_not_active(state, paused_until, day) if subscribed else None)
                or _not_suppressed(suppressed.get(mailbox), asked_for=asked_for)
                or Recipient(*reader)
            )
    if len(answers) == len(subscriber_ids):
        return answers
    return {wanted: answers.get(wanted, NotSendable(_UNKNOWN)) for wanted in subscriber_ids}


def recipient_by_id(session: Session, subscriber_id: int) -> Recipient:
    """A reader as a letter needs them, whether or not one may be sent.

    Raises:
        NotFound: there is no such reader, or no more.
    """
    found = by_id(session, subscriber_id)
    return Recipient(
        found.id,
        found.address.address,
        found.name,
        found.greeting,
        found.language,
        found.custom_fields,
        found.address.domain,
    )


def bare_recipient(address: str) -> Recipient:
    """An address that is no reader's (a test's), or nobody's ("" ); as subscriber it is 0."""
    domain = normalise(address).domain if address else ""
    return Recipient(0, address, "", "", "", {}, domain)


def _not_suppressed(suppression: Suppression | None, *, asked_for: bool) -> NotSendable | None:
    if suppression is None or (asked_for and suppression.lifted_by_confirming):
        return None
    return NotSendable(suppression.words)


def _not_active(state: State | None, paused_until: date | None, day: date) -> NotSendable | None:
    if state == State.ACTIVE:
        return None
    if state is None:
        return NotSendable(_NOT_SUBSCRIBED)
    if state == State.PAUSED and paused_until is not None and paused_until <= day:
        return None
    return NotSendable(WHY_NOT[State(state)])


def _look_at(
    session: Session, subscriber_ids: Sequence[int], publication_id: int | None
) -> Select[*tuple[Any, ...]]:
    """What decides, and then what a `Recipient` is made of, in its order."""
    # The tables' columns, not the classes': rows come without the ORM's part in them.
    subscribers, subscriptions = SubscriberRow.__table__, SubscriptionRow.__table__
    subscriber, subscription = subscribers.c, subscriptions.c
    return (
        select(
            subscription.state,
            subscription.paused_until,
            subscriber.mailbox,
            subscriber.id,
            subscriber.address,
            subscriber.name,
            subscriber.greeting,
            subscriber.language,
            subscriber.custom_fields,
            subscriber.domain,
        )
        .select_from(subscribers)
        .join(
            subscriptions,
            and_(
                subscription.subscriber_id == subscriber.id,
                subscription.publication_id == publication_id,
            ),
            isouter=True,
        )
        .where(among(session, subscriber.id, subscriber_ids))
    )


def _member_on(day: date) -> ColumnElement[bool]:
    """`draft.is_member`, in SQL."""
    return and_(
        SubscriberRow.member_from.is_not(None),
        SubscriberRow.member_from <= day,
        or_(SubscriberRow.member_until.is_(None), SubscriberRow.member_until >= day),
    )
