"""What staff change about a reader; and a new address, which its reader confirms first.

Nothing is sent to a new address but the one letter that asks. Until somebody there confirms it, the
reader is reached where they were.
"""

import secrets
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mailer.audience.address import Address, normalise
from mailer.audience.consent import happen, one_at_a_time, record
from mailer.audience.csv_row import field_name
from mailer.audience.draft import Known, membership
from mailer.audience.fields import CUSTOM_FIELD_LIMIT, format_of, language_of, line_of
from mailer.audience.models import AddressChangeRow, SubscriberRow, SubscriptionRow
from mailer.audience.subscriber import index_row, row_of
from mailer.audience.subscription import Event
from mailer.audience.suppression import lift, mark, suppression_of
from mailer.errors import NotFound, Refused
from mailer.letter import LetterDue
from mailer.sentence import Sentence

# What the subject of a link has room for, and an INTEGER on PostgreSQL.
_NUMBERS = 2**31 - 1

FIELD_WORDS: Mapping[str, Sentence] = {
    "name": Sentence("the name"),
    "greeting": Sentence("the greeting"),
    "language": Sentence("the language"),
    "member_from": Sentence("the membership"),
    "tags": Sentence("the tags"),
    "custom_fields": Sentence("further fields"),
}
"""What the log calls what was changed; it never says to what."""


def amend(
    session: Session,
    subscriber_id: int,
    *,
    name: str,
    greeting: str,
    language: str,
    member: bool | None,
    tags: tuple[str, ...],
    custom_fields: Mapping[str, str],
    day: date,
    now: datetime,
) -> tuple[Sentence, ...]:
    """Set what is said of a reader, and return what of it is different now, in words.

    `member` is as of `day`; None leaves it. A custom field that is empty goes.

    Raises:
        NotFound: there is no such reader, or no more.
        WrongInput: a text is too long, a language none, or a field's name is taken.
    """
    row = row_of(session, subscriber_id)
    known = Known(member_from=row.member_from, member_until=row.member_until)
    said: dict[str, Any] = {
        "name": line_of("name", name),
        "greeting": line_of("greeting", greeting),
        "language": language_of(language),
        "tags": list(tags),
        "custom_fields": {
            field_name(field): line
            for field, value in custom_fields.items()
            if (line := line_of(field, value, CUSTOM_FIELD_LIMIT))
        },
        **membership(known, member, day),
    }
    changed = {field: value for field, value in said.items() if value != getattr(row, field)}
    if not changed:
        return ()
    for field, value in changed.items():
        setattr(row, field, value)
    row.updated_at = now
    session.flush()
    index_row(session, row)
    return tuple(words for field, words in FIELD_WORDS.items() if field in changed)


def set_format(
    session: Session, subscriber_id: int, publication_id: int, format_: str, now: datetime
) -> bool:
    """Let a reader's letters come as html or text; True where that is different now.

    Raises:
        WrongInput: it is neither.
    """
    wanted = format_of(format_)
    row = session.scalar(
        select(SubscriptionRow).where(
            SubscriptionRow.subscriber_id == subscriber_id,
            SubscriptionRow.publication_id == publication_id,
        )
    )
    if row is None or not wanted or row.format == wanted:
        return False
    row.format = wanted
    happen(
        session,
        subscriber_id,
        publication_id,
        Event.CHANGED,
        method="staff",
        network=None,
        now=now,
    )
    return True


def ask_new_address(
    session: Session, subscriber_id: int, address: str, now: datetime
) -> tuple[LetterDue, int] | None:
    """Note a new address for a reader; the letter that asks there, and the id of the change.

    None where it is the same mailbox, only written otherwise: that is changed at once.

    Raises:
        NotFound: there is no such reader, or no more.
        WrongInput: it is no address.
        Refused: it is another reader's, or gets no mail.
    """
    new = normalise(address)
    one_at_a_time(session)
    row = row_of(session, subscriber_id)
    if new.mailbox == row.mailbox:
        row.address, row.updated_at = new.address, now
        return None
    _refuse_taken(session, new)
    suppression = suppression_of(session, [new.mailbox]).get(new.mailbox)
    if suppression is not None and not suppression.lifted_by_confirming:
        raise Refused(
            Sentence(
                "{address} is {suppression}; nothing is sent there.",
                address=new.address,
                suppression=suppression.words,
            )
        )
    forget_new_address(session, subscriber_id)
    # Never one that was there before: the link of an earlier letter must lead nowhere.
    number = 1 + secrets.randbelow(_NUMBERS)
    change = AddressChangeRow(
        id=number, subscriber_id=subscriber_id, address=new.address, asked_at=now
    )
    session.add(change)
    session.flush()
    due = LetterDue(
        kind="confirmation",
        note="new address",
        subscriber_id=None,
        address=new.address,
        language=row.language,
        dedupe_key=f"address {subscriber_id} {change.id}",
    )
    return due, change.id


def new_address_of(
    session: Session, subscriber_id: int, change_id: int | None = None
) -> str | None:
    """The address that is still to be confirmed, if any; with `change_id` only by that change."""
    theirs = select(AddressChangeRow.address).where(AddressChangeRow.subscriber_id == subscriber_id)
    if change_id is not None:
        theirs = theirs.where(AddressChangeRow.id == change_id)
    return session.scalar(theirs)


def addresses_of(session: Session, subscriber_id: int) -> list[str]:
    """Every address that is known of a reader, for rooms that erase what went there.

    Raises:
        NotFound: there is no such reader, or no more.
    """
    row, new = row_of(session, subscriber_id), new_address_of(session, subscriber_id)
    return [address for address in (row.address, new) if address is not None]


def forget_new_address(session: Session, subscriber_id: int) -> None:
    """Let an address that nobody has confirmed be; its letter's link leads nowhere any more."""
    session.execute(delete(AddressChangeRow).where(AddressChangeRow.subscriber_id == subscriber_id))


def confirm_new_address(
    session: Session, subscriber_id: int, change_id: int, network: str | None, now: datetime
) -> None:
    """Reach a reader at their new address from now on, by the word of whoever reads there.

    Raises:
        NotFound: there is no such reader, or the change was taken back, or is done.
        Refused: meanwhile the address is another reader's, or gets no mail.
    """
    one_at_a_time(session)
    row = row_of(session, subscriber_id)
    change = session.get(AddressChangeRow, change_id)
    if change is None or change.subscriber_id != subscriber_id:
        raise NotFound("This change of address is done, or was taken back.")
    new = normalise(change.address)
    _refuse_taken(session, new)
    suppression = suppression_of(session, [new.mailbox]).get(new.mailbox)
    if suppression is not None and not suppression.lifted_by_confirming:
        raise Refused("This address gets no letters; please write to us.")
    session.delete(change)
    row.address, row.mailbox, row.domain = new.address, new.mailbox, new.domain
    row.updated_at = now
    session.flush()
    lift(session, new.mailbox)
    mark(session, new.mailbox)
    index_row(session, row)
    record(
        session,
        {
            "subscriber_id": subscriber_id,
            "publication_id": None,
            "event": Event.MOVED,
            "method": "link",
            "network": network,
            "at": now,
        },
    )


def _refuse_taken(session: Session, new: Address) -> None:
    """Raises Refused where a reader has this address."""
    theirs = select(SubscriberRow.id).where(SubscriberRow.mailbox == new.mailbox)
    if session.scalar(theirs) is not None:
        raise Refused(
            Sentence(
                "{address} is the address of another reader already. End one of the two instead.",
                address=new.address,
            )
        )
