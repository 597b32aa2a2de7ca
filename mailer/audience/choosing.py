"""What a reader chooses, and changing it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from mailer.audience.asking import Confirmation, confirm
from mailer.audience.consent import Wording, happen, one_at_a_time
from mailer.audience.fields import format_of, language_of, line_of
from mailer.audience.leaving import leave
from mailer.audience.models import SubscriptionRow
from mailer.audience.subscriber import index_row, row_of
from mailer.audience.subscription import Event, State
from mailer.errors import Refused


@dataclass(frozen=True, slots=True)
class Choice:
    """One publication that a reader has, or had, to do with."""

    publication_id: int
    state: State
    format: str

    @property
    def subscribed(self) -> bool:
        return self.state in (State.ACTIVE, State.PAUSED)


@dataclass(frozen=True, slots=True)
class Choices:
    """What a reader's page of choices shows."""

    subscriber_id: int
    address: str
    name: str
    greeting: str
    language: str
    subscriptions: tuple[Choice, ...]


def choices(session: Session, subscriber_id: int) -> Choices:
    """What this reader chose.

    Raises:
        NotFound: there is no such reader, or no more.
    """
    row = row_of(session, subscriber_id)
    assert row.address is not None
    return Choices(
        subscriber_id=row.id,
        address=row.address,
        name=row.name,
        greeting=row.greeting,
        language=row.language,
        subscriptions=tuple(
            Choice(s.publication_id, State(s.state), s.format)
            for s in session.scalars(_subscriptions(subscriber_id))
        ),
    )


def change(
    session: Session,
    subscriber_id: int,
    *,
    name: str,
    greeting: str,
    language: str,
    subscribed: Mapping[int, bool],
    formats: Mapping[int, str],
    wordings: Mapping[int, Wording],
    network: str | None,
    now: datetime,
) -> Choices:
    """Set what a reader chose, and return how it stands then.

    `subscribed` and `formats` speak by publication; of what they leave out, nothing changes.
    `wordings` are the words beside each publication that may begin.

    Raises:
        NotFound: there is no such reader, or no more.
        WrongInput: a name is too long, or a language or format is none.
        Refused: a subscription cannot begin, since the address is suppressed.
    """
    one_at_a_time(session)
    row = row_of(session, subscriber_id)
    said = (line_of("name", name), line_of("greeting", greeting), language_of(language))
    if said != (row.name, row.greeting, row.language):
        row.name, row.greeting, row.language = said
        row.updated_at = now
        session.flush()
        index_row(session, row)
    for choice in choices(session, subscriber_id).subscriptions:
        if choice.subscribed and subscribed.get(choice.publication_id) is False:
            leave(
                session,
                subscriber_id,
                choice.publication_id,
                method="form",
                network=network,
                now=now,
            )
    _begin(session, subscriber_id, subscribed, wordings, network, now)
    _set_formats(session, subscriber_id, formats, network, now)
    return choices(session, subscriber_id)


def _begin(
    session: Session,
    subscriber_id: int,
    subscribed: Mapping[int, bool],
    wordings: Mapping[int, Wording],
    network: str | None,
    now: datetime,
) -> None:
    standing = {
        choice.publication_id
        for choice in choices(session, subscriber_id).subscriptions
        if choice.subscribed
    }
    for publication_id, wanted in sorted(subscribed.items()):
        if not wanted or publication_id in standing:
            continue
        outcome = confirm(
            session,
            subscriber_id,
            publication_id,
            wording=wordings[publication_id],
            network=network,
            now=now,
            method="form",
        )
        if outcome is Confirmation.REFUSED:
            raise Refused("This address gets no letters; please write to us.")


def _set_formats(
    session: Session,
    subscriber_id: int,
    formats: Mapping[int, str],
    network: str | None,
    now: datetime,
) -> None:
    for row in session.scalars(_subscriptions(subscriber_id)):
        wanted = format_of(formats.get(row.publication_id, ""))
        if wanted and wanted != row.format:
            row.format = wanted
            happen(
                session,
                subscriber_id,
                row.publication_id,
                Event.CHANGED,
                method="form",
                network=network,
                now=now,
            )


def _subscriptions(subscriber_id: int) -> Select[SubscriptionRow]:
    return (
        select(SubscriptionRow)
        .where(SubscriptionRow.subscriber_id == subscriber_id)
        .order_by(SubscriptionRow.publication_id)
    )
