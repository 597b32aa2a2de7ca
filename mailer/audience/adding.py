"""Adding one reader by hand."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audience.address import normalise
from mailer.audience.apply import Act, Outcome, apply
from mailer.audience.draft import Draft
from mailer.audience.fields import ground_of, language_of, line_of
from mailer.audience.models import SubscriberRow, SubscriptionRow
from mailer.audience.subscription import Event, State
from mailer.audience.suppression import suppression_of
from mailer.errors import Refused
from mailer.sentence import Sentence


@dataclass(frozen=True, slots=True)
class Added:
    """Who was added, and what that did: created, updated or unchanged."""

    subscriber_id: int
    outcome: Outcome


def add(
    session: Session,
    address: str,
    *,
    publication_id: int,
    operator: str,
    now: datetime,
    name: str = "",
    greeting: str = "",
    language: str = "",
    member: bool | None = None,
    ground: str = "",
    day: date | None = None,
) -> Added:
    """Subscribe one reader at once, as a person who was asked to does it.

    `day` is the civil date from which a new member is one (default: that of `now`). Whoever left
    is brought back only with a stated `ground`, since that was their own decision.

    Raises:
        WrongInput: no address, or a name, language or ground that cannot be one.
        Refused: the address is suppressed, or its reader left and no ground is given.
    """
    draft = Draft(
        normalise(address),
        line_of("name", name),
        line_of("greeting", greeting),
        language_of(language),
        member,
    )
    operator, ground = line_of("operator", operator), ground_of(ground)
    mailbox = draft.address.mailbox
    if suppression := suppression_of(session, [mailbox]).get(mailbox):
        raise Refused(
            Sentence(
                "{mailbox} is {reason}; they can subscribe again themselves, on the page "
                "/subscribe/.",
                mailbox=draft.address.address,
                reason=suppression.words,
            )
            if suppression.lifted_by_confirming
            else Sentence(
                "{mailbox} is {reason}; nothing is sent there.",
                mailbox=draft.address.address,
                reason=suppression.words,
            )
        )
    if not ground and _left(session, mailbox, publication_id):
        raise Refused(
            Sentence(
                "{mailbox} left this publication; if they asked to come back, "
                "say so with --ground.",
                mailbox=draft.address.address,
            )
        )
    act = Act(
        publication_id=publication_id,
        event=Event.ADDED,
        method="staff",
        ground=f"{operator}: {ground}" if ground else operator,
        now=now,
        day=day or now.date(),
    )
    (outcome,) = apply(session, [draft], act)
    subscriber_id = session.scalars(
        select(SubscriberRow.id).where(SubscriberRow.mailbox == mailbox)
    ).one()
    return Added(subscriber_id, outcome)


def _left(session: Session, mailbox: str, publication_id: int) -> bool:
    state = session.scalar(
        select(SubscriptionRow.state)
        .join(SubscriberRow, SubscriberRow.id == SubscriptionRow.subscriber_id)
        .where(SubscriberRow.mailbox == mailbox, SubscriptionRow.publication_id == publication_id)
    )
    return state == State.ENDED
