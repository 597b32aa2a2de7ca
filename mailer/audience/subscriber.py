"""Finding one reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audience.address import Address, normalise
from mailer.audience.models import SubscriberRow, SubscriptionRow
from mailer.audience.subscription import State
from mailer.audience.words import index, words_of
from mailer.errors import NotFound
from mailer.sentence import Sentence


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One mailbox that reads."""

    id: int
    address: Address
    name: str
    greeting: str
    language: str
    custom_fields: Mapping[str, str]
    tags: tuple[str, ...]
    member_from: date | None
    member_until: date | None
    created_at: datetime
    updated_at: datetime


def reads(session: Session, address: str, publication_id: int) -> bool:
    """Whether the mailbox of this address has an active subscription."""
    reading = (
        select(SubscriberRow.id)
        .join(SubscriptionRow, SubscriptionRow.subscriber_id == SubscriberRow.id)
        .where(
            SubscriberRow.mailbox == normalise(address).mailbox,
            SubscriptionRow.publication_id == publication_id,
            SubscriptionRow.state == State.ACTIVE,
        )
    )
    return session.execute(reading).first() is not None


def find(session: Session, address: str) -> Subscriber:
    """The reader with this address.

    Raises:
        WrongInput: it is no address.
        NotFound: nobody has it.
    """
    wanted = normalise(address)
    row = session.scalar(select(SubscriberRow).where(SubscriberRow.mailbox == wanted.mailbox))
    if row is None:
        raise NotFound(Sentence("No reader has the address {mailbox}.", mailbox=wanted.address))
    return _subscriber(row)


def by_id(session: Session, subscriber_id: int) -> Subscriber:
    """The reader with this id.

    Raises:
        NotFound: there is none, or they were erased.
    """
    return _subscriber(row_of(session, subscriber_id))


def row_of(session: Session, subscriber_id: int) -> SubscriberRow:
    """The row of a reader who was not erased.

    Raises:
        NotFound: there is none, or they were erased.
    """
    row = session.get(SubscriberRow, subscriber_id)
    if row is None or row.mailbox is None:
        raise NotFound("Nothing is kept here about this reader.")
    return row


def index_row(session: Session, row: SubscriberRow) -> None:
    """Let the reader of this row be found by what it says now."""
    index(session, {row.id: words_of(row.mailbox or "", row.name, row.greeting)})


def _subscriber(row: SubscriberRow) -> Subscriber:
    assert row.address is not None
    assert row.mailbox is not None
    assert row.domain is not None
    return Subscriber(
        id=row.id,
        address=Address(row.address, row.mailbox, row.domain),
        name=row.name,
        greeting=row.greeting,
        language=row.language,
        custom_fields=dict(row.custom_fields),
        tags=tuple(row.tags),
        member_from=row.member_from,
        member_until=row.member_until,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
