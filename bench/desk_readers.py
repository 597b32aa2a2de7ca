"""How quickly readers are found at the desk, and how quickly its pages stand, among a million.

Run: python -m bench.desk_readers [--readers N] [--database sqlite|postgresql] [--keep FOLDER].
It fills a database of its own (kept in FOLDER; one that is there is used again), asks for readers
in the ways in which people do, and asks for each page; it prints the median and the 95th percentile
of each, and judges nothing.
"""

import argparse
import random
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from mailer import audience, staff
from mailer import publication as publications
from mailer.audience.models import (
    ConsentRow,
    ListDayRow,
    ReaderWordRow,
    SubscriberRow,
    SubscriptionRow,
)
from mailer.audience.words import words_of
from mailer.database import Database, connect, upgrade
from mailer.publication.models import PublicationRow
from mailer.web import create_app
from tests.conftest import make_config
from tests.services import start_postgres
from tests.web.desk.conftest import at_desk

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
ROUNDS = 30
ISSUES = 200
PAGES = (
    *("/desk/", "/desk/readers/", "/desk/readers/?words=ana", "/desk/readers/?words=ana+quispe"),
    *("/desk/readers/?state=unconfirmed", "/desk/readers/?words=%40big.example&state=suppressed"),
    *("/desk/readers/500000/", "/desk/readers/500000/change", "/desk/readers/500000/erase"),
    *("/desk/readers/add", "/desk/readers/import/"),
)
_AT_ONCE = 10_000
_FIRST = (
    "Ana",
    "Tom",
    "Eva",
    "Luis",
    "María",
    "José",
    "Rosa",
    "Juan",
    "Zoila",
    "Hugo",
    "Inés",
    "Olga",
)
_BEGINS = (
    "Quis",
    "Mam",
    "Con",
    "Var",
    "Hua",
    "Cas",
    "Gu",
    "Pal",
    "Sal",
    "Men",
    "Tor",
    "Núñ",
    "Lló",
)
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
    """As many readers, the same each time: most read, some left, few are suppressed."""
    dice = random.Random(7)
    for number in range(count):
        first, last = dice.choice(_FIRST), dice.choice(_LAST)
        domain = _LARGE[number % 3] if number % 10 < 6 else f"d{number * 7 % 2000}.example"
        local = f"{first}.{last}{number}".lower().encode("ascii", "ignore").decode()
        state = "ended" if number % 12 == 0 else "pending" if number % 500 == 1 else "active"
        suppressed = "bounce" if number % 2_500 == 3 else ""
        yield Made(f"{first} {last}", f"{local}@{domain}", state, suppressed)


def fill(database: Database, count: int) -> int:
    """Put them in, as imports of the last two years; the id of their publication."""
    with database.write() as session:
        row = PublicationRow(slug="updates", title="Update", language="en", created_at=NOW)
        session.add(row)
        session.flush()
        publication_id = row.id
    source = people(count)
    begin = 0
    while some := list(islice(source, _AT_ONCE)):
        at = NOW - timedelta(days=700 * (1 - begin / count))
        with database.write() as session:
            _put(session, some, begin, publication_id, at)
        begin += len(some)
    if not database.is_sqlite:
        with database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            for table in ("subscribers", "subscriptions"):
                last = f"SELECT max(id) FROM {table}"
                connection.exec_driver_sql(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), ({last}))"
                )
            connection.exec_driver_sql("VACUUM ANALYZE")
    return publication_id


def _put(session: Session, some: list[Made], begin: int, publication_id: int, at: datetime) -> None:
    numbered = [(begin + place + 1, one) for place, one in enumerate(some)]
    connection = session.connection()
    times = {"created_at": at, "updated_at": at}
    connection.execute(
        insert(SubscriberRow),
        [
            {
                "id": number,
                "mailbox": one.address,
                "address": one.address,
                "domain": one.address.rpartition("@")[2],
                "name": one.name,
                "suppressed": one.suppressed,
                **times,
            }
            for number, one in numbered
        ],
    )
    connection.execute(
        insert(ReaderWordRow),
        sorted(
            (
                {"word": word, "subscriber_id": number}
                for number, one in numbered
                for word in words_of(one.address, one.name, "")
            ),
            key=lambda row: str(row["word"]),
        ),
    )
    connection.execute(
        insert(SubscriptionRow),
        [
            {
                "id": number,
                "subscriber_id": number,
                "publication_id": publication_id,
                "state": one.state,
                **times,
            }
            for number, one in numbered
        ],
    )
    connection.execute(
        insert(ConsentRow),
        [
            {
                "subscriber_id": number,
                "publication_id": publication_id,
                "event": "imported",
                "method": "import",
                "at": at,
            }
            for number, _ in numbered
        ],
    )
    counted = {"publication_id": publication_id, "day": at.date()}
    known = session.get(ListDayRow, (publication_id, at.date()))
    joined = sum(one.state != "pending" for one in some)
    left = sum(one.state == "ended" for one in some)
    if known is None:
        session.add(ListDayRow(**counted, joined=joined, left=left))
    else:
        known.joined, known.left = known.joined + joined, known.left + left


def searches(publication: int) -> dict[str, Callable[[Session], object]]:
    """What people ask for."""

    def ask(words: str = "", **more: Any) -> Callable[[Session], object]:
        def asking(session: Session) -> object:
            more.setdefault("publication", publication)
            return audience.search(session, words, **more)

        return asking

    def deep(session: Session) -> object:
        page = audience.search(session, "ana", publication=publication)
        for _ in range(2):
            page = audience.search(session, "ana", publication=publication, after=page.after or "")
        return page

    return {
        "everybody, the newest": ask(publication=None),
        "who reads": ask(state="reads"),
        "who left, halfway down": ask(state="left", after="500000."),
        "unconfirmed, of all publications": ask(state="unconfirmed", publication=None),
        "suppressed": ask(state="suppressed"),
        "a letter: “a”": ask("a"),
        "a first name: “ana”": ask("ana"),
        "a last name: “nunez”": ask("nunez"),
        "two common words: “ana quispe”": ask("ana quispe"),
        "a common word and nobody: “ana zzz”": ask("ana zzz"),
        "two that never meet: “big large”": ask("big large"),
        "a large domain: “@big.example”": ask("@big.example"),
        "a large domain, unconfirmed": ask("@big.example", state="unconfirmed"),
        "a common name, suppressed": ask("ana", state="suppressed"),
        "part of an address: “hugo.m”": ask("hugo.m"),
        "a whole address": ask("luis.torres4242@d1694.example"),
        "three pages of “ana”": deep,
        "list size over two years": lambda session: audience.list_growth(
            session, publication, NOW.date(), spans=104, days=7
        ),
    }


def measure(work: Callable[[], object]) -> tuple[float, float]:
    """The median and the 95th percentile of `ROUNDS` runs, in ms."""
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - began))
    took.sort()
    return took[len(took) // 2], took[int(len(took) * 0.95)]


def show(name: str, work: Callable[[], object]) -> None:
    median, slow = measure(work)
    print(f"{name:45} {median:8.1f} {slow:8.1f}", flush=True)


@contextmanager
def filled(kind: str, readers: int, folder: Path) -> Iterator[tuple[Database, str]]:
    """A database of a kind with so many readers, and its URL."""
    with nullcontext() if kind == "sqlite" else start_postgres() as server:
        if server is None and kind != "sqlite":
            raise SystemExit("There is no PostgreSQL here (initdb and pg_ctl).")
        url = f"sqlite:///{folder / f'{readers}.db'}" if server is None else server.database("desk")
        database = connect(url)
        if kind != "sqlite" or not (folder / f"{readers}.db").exists():
            upgrade(url, database.engine)
            began = time.monotonic()
            fill(database, readers)
            print(f"{readers} readers put in: {time.monotonic() - began:.0f} s", flush=True)
        try:
            yield database, url
        finally:
            database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=1_000_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--keep", type=Path)
    said = parser.parse_args()
    kept = nullcontext(said.keep) if said.keep else tempfile.TemporaryDirectory()
    with kept as folder, filled(said.database, said.readers, Path(str(folder))) as (database, url):
        print(f"{said.database}, {said.readers} readers, ms{'':21} {'median':>8} {'p95':>8}")
        with database.read() as session:
            publication = session.scalars(select(PublicationRow.id)).first() or 0
        pages(database, url)
        for name, asking in searches(publication).items():

            def work(asking: Callable[[Session], object] = asking) -> None:
                with database.read() as session:
                    asking(session)

            show(name, work)


def pages(database: Database, url: str) -> None:
    """Ask for each page, as a browser of the desk's owner does."""
    with tempfile.TemporaryDirectory() as folder:
        config = make_config(Path(folder), url)
        mailbox = f"bench{secrets.token_hex(4)}@psg.example"
        with database.write() as session:
            if not publications.list_issues(session):
                listing = publications.parse_listing(issues(), "issues.txt", ["Update"])
                publications.import_listing(
                    session, listing, update=False, now=NOW, actor="command"
                )
            account = staff.add(session, mailbox, "owner", "a-password-of-the-bench", NOW, "bench")
        browser = at_desk(create_app(config, database), database, account)
        for path in PAGES:

            def work(path: str = path) -> None:
                answer = browser.get(path)
                assert answer.status_code == 200, f"{path}: {answer.status_code}"

            work()
            show(path, work)


def issues() -> str:
    """A listing of as many issues as the desk is to bear."""
    day = date(2007, 1, 31)
    return "\n\n".join(
        f"• Item {number}\n\n    Update {number}. {day.day} {day:%B} {day.year + number % 20}"
        f"\n\n    A summary."
        for number in range(1, ISSUES + 1)
    )


if __name__ == "__main__":
    main()
