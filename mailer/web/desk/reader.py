"""One reader: what happened, told in words; what they get; and what staff may do about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from mailer import audience, audit, delivery, publication, staff
from mailer.audience import Happening, Standing, Story, Subscriber
from mailer.clock import today
from mailer.errors import NotFound
from mailer.sentence import Sentence
from mailer.staff import Act
from mailer.web.catalogue import languages
from mailer.web.desk.colleagues import People
from mailer.web.desk.readers import Chip, standing_chip, suppressed_chip
from mailer.web.desk.received_words import what_became, what_was_sent
from mailer.web.desk.shell import Desk, TheDesk, look

router = APIRouter()

RECEIVED = 20
_LARGEST_ID = 2**53
# How `audience.add` begins the ground with whoever added.
_BY_STAFF = re.compile(r"(staff \d+)(?:: |$)")


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that happened; `shown` are the words that the reader agreed to."""

    at: datetime
    words: str
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a reader has to do with one publication; None: nothing yet."""

    publication_id: int
    title: str
    standing: Standing | None
    chip: Chip | None
    since: str

    @property
    def on_list(self) -> bool:
        return self.standing is not None and self.standing.state != "ended"


@look(router, "/desk/readers/{reader_id:int}/", Act.READERS_SEE)
def reader(desk: TheDesk, reader_id: int) -> Response:
    """Everything that is kept about one reader."""
    return reader_page(desk, known(reader_id))


def known(reader_id: int) -> int:
    """Raises NotFound where no database could have such an id."""
    if reader_id > _LARGEST_ID:
        raise NotFound("Nothing is kept here about this reader.")
    return reader_id


def log(desk: Desk, session: Session, reader_id: int, words: Sentence) -> None:
    """Say in the log what somebody here did; readers stand there by their ids."""
    audit.record(session, desk.now, desk.actor, f"subscriber {reader_id}", words)


def reader_page(desk: Desk, reader_id: int, errors: Mapping[str, str] | None = None) -> Response:
    """The page of one reader; `errors` by the ids of its fields."""
    with desk.database.read() as session:
        publications = publication.publications(session)
        told = audience.story(session, reader_id, {of.id: of.title for of in publications})
        people = People(desk, staff.names(session))
        entries = audit.entries(session, subject=f"subscriber {reader_id}")
        new = audience.new_address_of(session, reader_id)
        received = delivery.received(session, told.subscriber.address.mailbox, RECEIVED)
        chosen = {c.publication_id: c for c in audience.choices(session, reader_id).subscriptions}
    standings = dict(zip(chosen, told.standings, strict=True))
    subscriptions = [
        Subscription(
            of.id,
            of.title,
            standings.get(of.id),
            standing_chip(desk, standings[of.id].state) if of.id in standings else None,
            _day(desk, standings[of.id].since) if of.id in standings else "",
        )
        for of in publications
    ]
    return desk.page(
        "readers/reader",
        status=422 if errors else 200,
        reader=told.subscriber,
        sentence=_sentence(desk, told),
        subscriptions=subscriptions,
        suppressed=suppressed_chip(desk) if told.suppression else None,
        why=_why(desk, told),
        liftable=told.suppression is not None
        and told.suppression.scope == "address"
        and told.suppression.reason in audience.LIFTED_BY_STAFF,
        new_address=new,
        facts=_facts(desk, told.subscriber),
        received=[(one.at, what_was_sent(desk, one), what_became(desk, one)) for one in received],
        happenings=_happenings(desk, told, people, entries),
        errors=errors or {},
    )


def _sentence(desk: Desk, told: Story) -> str:
    """In one sentence how they stand."""
    reads = [one for one in told.standings if one.state == "active"]
    if told.suppression is not None:
        return desk.say("Nothing is sent to this address.")
    if not reads:
        return desk.say("This reader gets nothing at the moment.")
    if len(reads) > 1:
        return desk.count(
            "This reader gets {n} publication.",
            "This reader gets {n} publications.",
            len(reads),
        )
    return desk.say(
        "This reader gets {publication}, and has since {date}.",
        publication=reads[0].publication,
        date=_day(desk, reads[0].since),
    )


def _day(desk: Desk, at: datetime) -> str:
    return desk.catalogue.date(today(desk.config.organisation.zone, at))


def _why(desk: Desk, told: Story) -> str:
    """Why nothing is sent there, and who can change that."""
    if told.suppression is None:
        return ""
    if told.suppression.scope == "domain":
        return desk.say("Its whole domain is suppressed.")
    return {
        "left": desk.say(
            "They left everything. Only they can take that back, by subscribing on the site."
        ),
        "erased": desk.say(
            "Its reader had themselves erased before. They can take that back by confirming."
        ),
        "bounce": desk.say("Letters came back from there. Lift it if the mailbox works again."),
        "complaint": desk.say(
            "Somebody there complained of our letters. Lift it only if they ask you to."
        ),
        "staff": desk.say("Somebody here stopped it."),
    }[told.suppression.reason]


def _facts(desk: Desk, found: Subscriber) -> list[tuple[str, str]]:
    """What is said of them, with its name; what is empty is left out."""
    since = desk.catalogue.date(found.member_from) if found.member_from else ""
    until = desk.catalogue.date(found.member_until) if found.member_until else ""
    member = desk.say("from {date}", date=since) if since else ""
    if until:
        member = desk.say("from {date} until {end}", date=since, end=until)
    facts = [
        (desk.say("Name"), found.name),
        (desk.say("Greeting"), found.greeting),
        (desk.say("Language"), languages().get(found.language, found.language)),
        (desk.say("Member"), member),
        (desk.say("Tags"), ", ".join(found.tags)),
        *sorted(found.custom_fields.items()),
    ]
    return [(name, value) for name, value in facts if value]


def _happenings(desk: Desk, told: Story, people: People, entries: list[audit.Entry]) -> list[Told]:
    """Consents and the acts of staff in one story, the newest first."""
    acts = [
        Told(
            entry.at,
            desk.say("{name}: {what}", name=people.name(entry.actor), what=desk.tell(entry.words)),
        )
        for entry in entries
    ]
    consents = [
        Told(one.at, desk.tell(_named(one, people).words), one.wording) for one in told.happenings
    ]
    return sorted(acts + consents, key=lambda one: one.at, reverse=True)


def _named(happening: Happening, people: People) -> Happening:
    """With the names of staff, where the record has their numbers."""

    def name(match: "re.Match[str]") -> str:
        return match[0].replace(match[1], people.name(match[1]), 1)

    operator = people.name(happening.operator) if happening.operator else ""
    ground = happening.ground
    if happening.method == "staff":
        ground = _BY_STAFF.sub(name, ground)
    return replace(happening, operator=operator, ground=ground)
