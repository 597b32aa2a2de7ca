"""Subscribing by oneself: a form asks, a link in a letter to that mailbox confirms."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from mailer.audience.address import Address, normalise
from mailer.audience.consent import Wording, happen, one_at_a_time, wording_id
from mailer.audience.fields import language_of, line_of
from mailer.audience.models import ConsentRow, SubscriberRow, SubscriptionRow
from mailer.audience.subscriber import row_of
from mailer.audience.subscription import Event, State
from mailer.audience.suppression import lift, mark, suppression_of
from mailer.audience.words import index, words_of
from mailer.letter import LetterDue


def ask(
    session: Session,
    address: str,
    *,
    publication_id: int,
    language: str,
    name: str,
    wording: str,
    network: str | None,
    now: datetime,
) -> LetterDue | None:
    """Note that somebody asked to subscribe this address; return the letter that asks them back.

    `wording` is what the form said. None where nothing is to be sent: they read it already, or
    the address is suppressed by complaint or by staff. Whoever typed the address learns nothing
    of that: the page must look the same.

    The letter is addressed to nobody by name, since a stranger may have typed it. Its values are
    the door's to fill in (`dataclasses.replace`). Its `dedupe_key` is the same for a mailbox and
    publication all day, until it is confirmed.

    Raises:
        WrongInput: no address, or a name or language that cannot be one.
    """
    asked = normalise(address)
    name, language = line_of("name", name), language_of(language)
    one_at_a_time(session)
    suppression = suppression_of(session, [asked.mailbox]).get(asked.mailbox)
    if suppression is not None and not suppression.lifted_by_confirming:
        return None
    subscriber_id = _reader(session, asked, name, language, now)
    state = session.scalar(
        select(SubscriptionRow.state).where(
            SubscriptionRow.subscriber_id == subscriber_id,
            SubscriptionRow.publication_id == publication_id,
        )
    )
    if state == State.ACTIVE and suppression is None:
        return None
    shown = wording_id(session, Wording(wording, language), now)
    confirmed, asked_today = _so_far(session, subscriber_id, publication_id, shown, now)
    if not asked_today:
        happen(
            session,
            subscriber_id,
            publication_id,
            Event.ASKED,
            method="form",
            network=network,
            now=now,
            wording=shown,
        )
    return LetterDue(
        kind="confirmation",
        subscriber_id=subscriber_id,
        address=None,
        language=language,
        dedupe_key=f"confirmation {publication_id} {subscriber_id} {now:%Y-%m-%d} {confirmed}",
    )


def _reader(session: Session, asked: Address, name: str, language: str, now: datetime) -> int:
    """The id of this mailbox's reader, who is created if new; what is known stays as it is."""
    found = session.scalar(select(SubscriberRow.id).where(SubscriberRow.mailbox == asked.mailbox))
    if found is None:
        added = insert(SubscriberRow).values(
            mailbox=asked.mailbox,
            address=asked.address,
            domain=asked.domain,
            name=name,
            language=language,
            created_at=now,
            updated_at=now,
        )
        found = session.execute(added.returning(SubscriberRow.id)).scalar_one()
        mark(session, asked.mailbox)
        index(session, {found: words_of(asked.mailbox, name, "")}, new=True)
    return found


def _so_far(
    session: Session, subscriber_id: int, publication_id: int, shown: int, now: datetime
) -> tuple[int, bool]:
    """How often this was confirmed, and whether it was asked for today, and not confirmed since.

    Asked for, that is, with the same words shown.
    """
    confirmed, asked_today = 0, False
    for event, at, wording in session.execute(
        select(ConsentRow.event, ConsentRow.at, ConsentRow.wording_id)
        .where(
            ConsentRow.subscriber_id == subscriber_id,
            ConsentRow.publication_id == publication_id,
        )
        .order_by(ConsentRow.id)
    ):
        if event == Event.CONFIRMED:
            confirmed, asked_today = confirmed + 1, False
        elif event == Event.ASKED and at.date() == now.date() and wording == shown:
            asked_today = True
    return confirmed, asked_today


class Confirmation(StrEnum):
    """What became of a confirmation."""

    CONFIRMED = "confirmed"
    ALREADY = "already"
    REFUSED = "refused"


def confirm(
    session: Session,
    subscriber_id: int,
    publication_id: int,
    *,
    wording: Wording,
    network: str | None,
    now: datetime,
    method: str = "link",
) -> Confirmation:
    """Let a subscription begin, by the reader's own hand, under the words that they were shown.

    Lifts the suppressions that leaving, bounces and erasure left. Refused where the address is
    suppressed by complaint, by staff, or with its whole domain.

    Raises:
        NotFound: there is no such reader, or no more.
    """
    one_at_a_time(session)
    mailbox = row_of(session, subscriber_id).mailbox
    assert mailbox is not None
    suppression = suppression_of(session, [mailbox]).get(mailbox)
    if suppression is not None and not suppression.lifted_by_confirming:
        return Confirmation.REFUSED
    lifted = lift(session, mailbox)
    state = session.scalar(
        select(SubscriptionRow.state).where(
            SubscriptionRow.subscriber_id == subscriber_id,
            SubscriptionRow.publication_id == publication_id,
        )
    )
    if state == State.ACTIVE and not lifted:
        return Confirmation.ALREADY
    happen(
        session,
        subscriber_id,
        publication_id,
        Event.CONFIRMED,
        method=method,
        network=network,
        now=now,
        wording=wording_id(session, wording, now),
    )
    return Confirmation.CONFIRMED
