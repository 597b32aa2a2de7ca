"""Drafts into the database: a handful of bulk statements for a few hundred readers.

1. Look up who is suppressed, who is known, and what their subscriptions are.
2. For each draft, in order, `merge` it into what is known; count what became of it. The same
   address may come twice.
3. Write what is new or different: readers, subscriptions, consents.

All in the caller's transaction, so a draft is in wholly or not at all; doing it again finds
everything as it should be, and writes nothing.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from mailer.audience.address import Address
from mailer.audience.consent import one_at_a_time, record
from mailer.audience.draft import Draft, Known, event_of, merge
from mailer.audience.growth import count_moves
from mailer.audience.models import SubscriberRow, SubscriptionRow
from mailer.audience.subscription import Event, State
from mailer.audience.suppression import suppression_of
from mailer.audience.words import index, words_of
from mailer.database import insert_all, next_ids


class Outcome(StrEnum):
    """What became of a draft."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class Act:
    """By what act drafts come in: the event and method of the consents, to which publication."""

    publication_id: int
    event: Event
    method: str
    ground: str
    now: datetime
    day: date
    import_id: int | None = None


@dataclass(slots=True)
class _Reader:
    """A reader while drafts are merged: as found, and as it will be. A new one has no id yet."""

    address: Address
    id: int | None
    found: Known
    known: Known
    events: list[Event] = field(default_factory=list)


def apply(session: Session, drafts: Sequence[Draft], act: Act) -> list[Outcome]:
    """Bring drafts in, and say what became of each."""
    one_at_a_time(session)
    outcomes, readers = _merged(session, drafts, act, lock=True)
    _write(session, readers, act)
    return outcomes


def foresee(session: Session, drafts: Sequence[Draft], act: Act) -> list[Outcome]:
    """What would become of drafts now; nothing is changed."""
    return _merged(session, drafts, act, lock=False)[0]


def _merged(
    session: Session, drafts: Sequence[Draft], act: Act, *, lock: bool
) -> tuple[list[Outcome], list[_Reader]]:
    addresses = {draft.address.mailbox: draft.address for draft in drafts}
    suppressed = suppression_of(session, addresses)
    readers = _find(session, addresses, act.publication_id, lock=lock)
    outcomes = [_merge(readers, suppressed, draft, act) for draft in drafts]
    return outcomes, list(readers.values())


def _find(
    session: Session, addresses: Mapping[str, Address], publication_id: int, *, lock: bool
) -> dict[str, _Reader]:
    rows = session.execute(
        select(
            SubscriberRow.mailbox,
            SubscriberRow.id,
            SubscriberRow.name,
            SubscriberRow.greeting,
            SubscriberRow.language,
            SubscriberRow.custom_fields,
            SubscriberRow.tags,
            SubscriberRow.member_from,
            SubscriberRow.member_until,
        ).where(SubscriberRow.mailbox.in_(addresses))
    ).all()
    theirs = select(
        SubscriptionRow.subscriber_id, SubscriptionRow.state, SubscriptionRow.format
    ).where(
        SubscriptionRow.publication_id == publication_id,
        SubscriptionRow.subscriber_id.in_([row.id for row in rows]),
    )
    subscriptions = session.execute(theirs.with_for_update() if lock else theirs)
    standing = {reader: (State(state), format_) for reader, state, format_ in subscriptions}
    readers = {}
    for mailbox, reader_id, name, greeting, language, custom, tags, since, until in rows:
        state, format_ = standing.get(reader_id, (None, "html"))
        known = Known(name, greeting, language, custom, tuple(tags), since, until, state, format_)
        readers[mailbox] = _Reader(addresses[mailbox], reader_id, known, known)
    return readers


def _merge(
    readers: dict[str, _Reader], suppressed: Container[str], draft: Draft, act: Act
) -> Outcome:
    mailbox = draft.address.mailbox
    if mailbox in suppressed:
        return Outcome.SUPPRESSED
    reader = readers.get(mailbox)
    created = reader is None
    if reader is None:
        reader = readers[mailbox] = _Reader(draft.address, None, Known(), Known())
    before, reader.known = reader.known, merge(reader.known, draft, act.event, act.day)
    if reader.known.state != before.state:
        reader.events.append(event_of(draft, act.event))
    if created:
        return Outcome.CREATED
    return Outcome.UNCHANGED if reader.known == before else Outcome.UPDATED


def _write(session: Session, readers: Sequence[_Reader], act: Act) -> None:
    connection = session.connection()
    if new := [reader for reader in readers if reader.id is None]:
        ids = next_ids(session, SubscriberRow, len(new))
        for reader, reader_id in zip(new, ids, strict=True):
            reader.id = reader_id
        insert_all(session, SubscriberRow, [_new_row(reader, act) for reader in new])
    elif not any(reader.known != reader.found for reader in readers):
        return
    fresh = {reader.address.mailbox for reader in new}
    _index(session, readers, fresh)
    if changed := [
        {"of": reader.id, **_columns(reader.known), "updated_at": act.now}
        for reader in readers
        if reader.address.mailbox not in fresh and _columns(reader.known) != _columns(reader.found)
    ]:
        connection.execute(
            update(SubscriberRow).where(SubscriberRow.id == bindparam("of")), changed
        )
    if subscriptions := [
        {
            "subscriber_id": reader.id,
            "publication_id": act.publication_id,
            "state": reader.known.state,
            "format": reader.known.format,
            "created_at": act.now,
            "updated_at": act.now,
        }
        for reader in readers
        if reader.found.state is None
    ]:
        insert_all(session, SubscriptionRow, subscriptions)
    if moved := [
        {
            "of": reader.id,
            "state": reader.known.state,
            "format": reader.known.format,
            "updated_at": act.now,
        }
        for reader in readers
        if reader.found.state is not None and _standing(reader.known) != _standing(reader.found)
    ]:
        connection.execute(
            update(SubscriptionRow).where(
                SubscriptionRow.subscriber_id == bindparam("of"),
                SubscriptionRow.publication_id == act.publication_id,
            ),
            moved,
        )
    record(
        session,
        *(
            {
                "subscriber_id": reader.id,
                "publication_id": act.publication_id,
                "event": event,
                "method": act.method,
                "at": act.now,
                "import_id": act.import_id,
                "ground": act.ground,
            }
            for reader in readers
            for event in reader.events
        ),
    )
    count_moves(
        session,
        act.now.date(),
        [(act.publication_id, reader.found.state, reader.known.state) for reader in readers],
    )


def _index(session: Session, readers: Sequence[_Reader], fresh: Container[str]) -> None:
    """Let readers be found by their words: new ones, and those whose words may have changed."""
    new: dict[int, list[str]] = {}
    known: dict[int, list[str]] = {}
    for reader in readers:
        assert reader.id is not None
        mailbox, (before, after) = reader.address.mailbox, (reader.found, reader.known)
        if mailbox in fresh:
            new[reader.id] = words_of(mailbox, after.name, after.greeting)
        elif (before.name, before.greeting) != (after.name, after.greeting):
            known[reader.id] = words_of(mailbox, after.name, after.greeting)
    if new:
        index(session, new, new=True)
    if known:
        index(session, known)


def _new_row(reader: _Reader, act: Act) -> dict[str, Any]:
    return {
        "id": reader.id,
        "mailbox": reader.address.mailbox,
        "address": reader.address.address,
        "domain": reader.address.domain,
        **_columns(reader.known),
        "created_at": act.now,
        "updated_at": act.now,
    }


def _columns(known: Known) -> dict[str, Any]:
    return {
        "name": known.name,
        "greeting": known.greeting,
        "language": known.language,
        "custom_fields": dict(known.custom_fields),
        "tags": list(known.tags),
        "member_from": known.member_from,
        "member_until": known.member_until,
    }


def _standing(known: Known) -> tuple[State | None, str]:
    return known.state, known.format
