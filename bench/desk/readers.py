"""Very many readers: as imports of the last two years brought them, the same each time."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bench.desk.bulk import put
from mailer import audience
from mailer.audience.models import (
    ConsentRow,
    ListDayRow,
    ReaderWordRow,
    SubscriberRow,
    SubscriptionRow,
)
from mailer.audience.words import words_of
from mailer.database import Database

AT_ONCE = 20_000
LEFT_LATELY = 500
"""One of so many active readers left within the week after the last large mailing."""

_FIRST = ("Ana", "Tom", "Eva", "Luis", "María", "José", "Rosa", "Juan", "Zoila", "Hugo", "Inés")
_BEGINS = ("Quis", "Mam", "Con", "Var", "Hua", "Cas", "Gu", "Pal", "Sal", "Men", "Tor", "Núñ")
_ENDS = ("pe", "ani", "dori", "gas", "man", "tro", "jas", "mez", "azar", "va", "res", "ez", "ren")
_LAST = [begin + end for begin in _BEGINS for end in _ENDS]
_LARGE = ("big.example", "large.example", "huge.example")


@dataclass(frozen=True, slots=True)
class Made:
    """A reader before they are in the database."""

    name: str
    address: str
    state: str
    suppressed: str


def people(count: int) -> Iterator[Made]:
    """As many readers: most read, some left, few are suppressed or have not confirmed."""
    dice = random.Random(7)
    for number in range(count):
        first, last = dice.choice(_FIRST), dice.choice(_LAST)
        domain = _LARGE[number % 3] if number % 10 < 6 else f"d{number * 7 % 2000}.example"
        local = f"{first}.{last}{number}".lower().encode("ascii", "ignore").decode()
        state = "ended" if number % 12 == 0 else "pending" if number % 500 == 1 else "active"
        suppressed = "bounce" if number % 2_500 == 3 else ""
        yield Made(f"{first} {last}", f"{local}@{domain}", state, suppressed)


def fill(database: Database, count: int, publication_id: int, now: datetime) -> None:
    """Put them in, and what their records say."""
    source = people(count)
    begin = 0
    while some := list(islice(source, AT_ONCE)):
        at = now - timedelta(days=30 + 700 * (1 - begin / count))
        with database.write() as session:
            _put(session, some, begin + 1, publication_id, at)
        begin += len(some)
    if not database.is_sqlite:
        with database.write() as session:
            for table in ("subscribers", "subscriptions"):
                sequence = func.pg_get_serial_sequence(table, "id")
                session.execute(select(func.setval(sequence, count)))


def _put(session: Session, some: list[Made], first: int, publication_id: int, at: datetime) -> None:
    numbered = list(enumerate(some, first))
    times = {"created_at": at, "updated_at": at}
    put(
        session,
        SubscriberRow,
        [
            {
                "id": number,
                "mailbox": one.address,
                "address": one.address,
                "domain": one.address.rpartition("@")[2],
                "name": one.name,
                "greeting": "",
                "language": ("", "en", "es")[number % 3],
                "custom_fields": {},
                "tags": [],
                "member_from": date(2006, 1, 1) if number % 2 else None,
                **times,
            }
            for number, one in numbered
        ],
    )
    words = [
        {"word": word, "subscriber_id": number}
        for number, one in numbered
        for word in words_of(one.address, one.name, "")
    ]
    put(session, ReaderWordRow, sorted(words, key=lambda row: str(row["word"])))
    put(
        session,
        SubscriptionRow,
        [
            {
                "id": number,
                "subscriber_id": number,
                "publication_id": publication_id,
                "state": one.state,
                "format": "text" if number % 10 == 0 else "html",
                **times,
            }
            for number, one in numbered
        ],
    )
    put(session, ConsentRow, _consents(numbered, publication_id, at))
    joined = sum(one.state != "pending" for one in some)
    left = sum(one.state == "ended" for one in some)
    day = session.get(ListDayRow, (publication_id, at.date()))
    if day is None:
        day = ListDayRow(publication_id=publication_id, day=at.date(), joined=0, left=0)
        session.add(day)
    day.joined, day.left = day.joined + joined, day.left + left
    for _, one in numbered:
        if one.suppressed:
            audience.suppress(session, one.address, "address", "bounce", at)


def _consents(
    numbered: list[tuple[int, Made]], publication_id: int, at: datetime
) -> list[dict[str, object]]:
    """The imports of all of them, and the leavings of those who left."""
    event = {"publication_id": publication_id, "ground": "", "at": at}
    return [
        *(
            {"subscriber_id": number, "event": "imported", "method": "import", **event}
            for number, _ in numbered
        ),
        *(
            {"subscriber_id": number, "event": "left", "method": "link", **event}
            for number, one in numbered
            if one.state == "ended"
        ),
    ]


def leave(
    database: Database, count: int, publication_id: int, since: datetime, span: timedelta
) -> None:
    """Let one of `LEFT_LATELY` leave within a span of time, as far as their record tells it."""
    leaving = range(2, count + 1, LEFT_LATELY)
    with database.write() as session:
        put(
            session,
            ConsentRow,
            [
                {
                    "subscriber_id": number,
                    "publication_id": publication_id,
                    "event": "left",
                    "method": ("link", "one-click", "form")[place % 3],
                    "ground": "",
                    "at": since + span * (place / len(leaving)),
                }
                for place, number in enumerate(leaving)
            ],
        )
