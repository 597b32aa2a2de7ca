"""All that is kept about one reader: told in words, and as the export that they may ask for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audience.draft import is_member
from mailer.audience.models import ConsentRow, ImportRow, SubscriptionRow, WordingRow
from mailer.audience.subscriber import Subscriber, by_id
from mailer.audience.subscription import Event, State
from mailer.audience.suppression import Suppression, suppression_of
from mailer.sentence import Sentence

EVENT_WORDS: dict[Event, Sentence] = {
    Event.ASKED: Sentence("asked to subscribe to {publication}"),
    Event.CONFIRMED: Sentence("confirmed the subscription to {publication}"),
    Event.IMPORTED: Sentence("was imported to {publication}"),
    Event.ADDED: Sentence("was added to {publication}"),
    Event.CHANGED: Sentence("changed the format of {publication}"),
    Event.PAUSED: Sentence("paused {publication}"),
    Event.LEFT: Sentence("left {publication}"),
    Event.MOVED: Sentence("confirmed a new address"),
}
METHOD_WORDS = {
    "form": Sentence("by the form"),
    "link": Sentence("by the link in a letter"),
    "one-click": Sentence("by one click in their mail program"),
    "import": "",
    "staff": Sentence("by staff"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A reader's subscription to one publication."""

    publication: str
    state: State
    format: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Happening:
    """One event in the record of consent."""

    at: datetime
    event: Event
    method: str
    publication: str
    ground: str
    network: str | None
    wording: str
    file_name: str
    operator: str

    @property
    def words(self) -> Sentence:
        """Like "was imported to Update from readers.csv by command (ana): asked at our stall"."""
        told = Sentence(EVENT_WORDS[self.event], publication=self.publication)
        how = METHOD_WORDS.get(self.method, self.method)
        if self.file_name:
            how = Sentence("from {file} by {operator}", file=self.file_name, operator=self.operator)
        if how:
            told = Sentence("{what} {how}", what=told, how=how)
        return Sentence("{what}: {ground}", what=told, ground=self.ground) if self.ground else told


@dataclass(frozen=True, slots=True)
class Story:
    """All that is kept about one reader."""

    subscriber: Subscriber
    standings: tuple[Standing, ...]
    happenings: tuple[Happening, ...]
    suppression: Suppression | None


def story(session: Session, subscriber_id: int, titles: Mapping[int, str]) -> Story:
    """The story of one reader; `titles` names the publications by id.

    Raises:
        NotFound: there is no such reader, or no more.
    """
    subscriber = by_id(session, subscriber_id)
    mailbox = subscriber.address.mailbox
    subscriptions = session.scalars(
        select(SubscriptionRow)
        .where(SubscriptionRow.subscriber_id == subscriber_id)
        .order_by(SubscriptionRow.publication_id)
    )
    events = session.execute(
        select(ConsentRow, ImportRow, WordingRow)
        .join(ImportRow, ImportRow.id == ConsentRow.import_id, isouter=True)
        .join(WordingRow, WordingRow.id == ConsentRow.wording_id, isouter=True)
        .where(ConsentRow.subscriber_id == subscriber_id)
        .order_by(ConsentRow.id)
    )
    return Story(
        subscriber=subscriber,
        standings=tuple(
            Standing(_title(titles, s.publication_id), State(s.state), s.format, s.updated_at)
            for s in subscriptions
        ),
        happenings=tuple(
            Happening(
                at=consent.at,
                event=Event(consent.event),
                method=consent.method,
                publication=_title(titles, consent.publication_id),
                ground=consent.ground or (source.ground if source else ""),
                network=consent.network,
                wording=wording.text if wording else "",
                file_name=source.file_name if source else "",
                operator=source.operator if source else "",
            )
            for consent, source, wording in events
        ),
        suppression=suppression_of(session, [mailbox]).get(mailbox),
    )


def export_person(
    session: Session, subscriber_id: int, titles: Mapping[int, str], day: date
) -> dict[str, Any]:
    """All that is kept about one reader, ready for JSON; membership as of `day`.

    Raises:
        NotFound: there is no such reader, or no more.
    """
    told = story(session, subscriber_id, titles)
    reader = told.subscriber
    return {
        "id": reader.id,
        "address": reader.address.address,
        "name": reader.name,
        "greeting": reader.greeting,
        "language": reader.language,
        "member": is_member(reader.member_from, reader.member_until, day),
        "member_from": reader.member_from.isoformat() if reader.member_from else None,
        "member_until": reader.member_until.isoformat() if reader.member_until else None,
        "tags": list(reader.tags),
        "custom_fields": dict(reader.custom_fields),
        "created_at": reader.created_at.isoformat(),
        "updated_at": reader.updated_at.isoformat(),
        "suppressed": told.suppression.reason if told.suppression else None,
        "subscriptions": [
            {
                "publication": standing.publication,
                "state": standing.state,
                "format": standing.format,
                "since": standing.since.isoformat(),
            }
            for standing in told.standings
        ],
        "consents": [
            {
                "at": happening.at.isoformat(),
                "event": happening.event,
                "method": happening.method,
                "publication": happening.publication,
                "ground": happening.ground,
                "network": happening.network,
                "wording": happening.wording,
                "file": happening.file_name,
                "operator": happening.operator,
            }
            for happening in told.happenings
        ],
    }


def _title(titles: Mapping[int, str], publication_id: int | None) -> str:
    if publication_id is None:
        return Sentence("everything")
    return titles.get(publication_id, f"publication {publication_id}")
