"""An ordeal: a mailing, one thing that goes wrong, and what the ledger and the readers got of it.

Only the engine's doors are used, and the ledger is read as anybody could read it. Many ordeals
go on at once, in one loop, each with a database and a relay of its own.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bench.reckoning import Books, books
from mailer import clock, delivery
from mailer.config import Config, Pace
from mailer.database import Database, connect
from mailer.delivery.disposition import Stage
from tests.conftest import make_config
from tests.delivery.desk import address, furnish
from tests.faulty_relay import Accepted, Break, Fault, FaultyRelay, Kind

READERS = 30
CONNECTIONS = 3
AT_ONCE = 12
PATIENCE_S = 40.0
IMPATIENCE_S = 2.0
FIRST_RETRY = timedelta(milliseconds=100)
EVERYBODY = [address(number) for number in range(READERS)]

_LEDGER = text(
    "SELECT s.address AS address, d.state AS state, d.reason AS reason, d.tries AS tries,"
    " d.doubts AS doubts, d.worker AS worker, d.reply_code AS reply_code, d.fault AS fault"
    " FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id ORDER BY d.id"
)
_WAITING = text(
    "SELECT count(*) FROM deliveries WHERE state NOT IN ('sent', 'failed', 'skipped', 'in_doubt')"
)
_ALL = text("SELECT count(*) FROM deliveries")


@dataclass(frozen=True)
class Ordeal:
    """What is to be gone through."""

    fault: Fault | None = None
    breaks: Break | None = None
    pipelining: bool = True
    secured: bool = False

    def __str__(self) -> str:
        how = "" if self.breaks or self.secured else " pipelining" * self.pipelining or " in steps"
        if self.fault is None:
            return f"{self.breaks}{how}"
        return f"{self.fault.moment} {self.fault.kind}{how}"

    @property
    def slow(self) -> bool:
        """Whether somebody waits in vain for an answer."""
        return self.breaks is not None or (self.fault is not None and self.fault.kind is Kind.STALL)


@dataclass(frozen=True)
class Row:
    """One delivery as the ledger has it in the end."""

    address: str
    state: str
    reason: str
    tries: int
    doubts: int
    worker: str | None
    reply_code: int | None
    fault: str


@dataclass(frozen=True)
class Ended:
    """How an ordeal ended."""

    finished: bool
    rows: dict[str, Row]
    copies: dict[str, list[Accepted]]
    books: Books
    struck: frozenset[str] = field(default_factory=frozenset)
    """The readers at whose message the relay struck, as far as it knew them."""
    strikes: int = 0


@contextmanager
def impatient() -> Iterator[None]:
    """Have the engine wait for answers as long as a test can; the one place that knows where."""
    with pytest.MonkeyPatch.context() as patch:
        limits = dict.fromkeys(Stage, IMPATIENCE_S)
        patch.setattr("mailer.delivery.wire.TIMEOUTS", limits)
        patch.setattr("mailer.delivery.wire.BLOCK_TIMEOUT", IMPATIENCE_S)
        yield


def config_for(folder: Path, url: str, relay: FaultyRelay, **more: Any) -> Config:
    """A configuration that uses this relay and is not patient."""
    config = make_config(folder, url)
    given = {"port": relay.port, "connections": CONNECTIONS, **more}
    return config.model_copy(
        update={
            "relay": (config.relay[0].model_copy(update=given),),
            "pace": Pace(retry_first=FIRST_RETRY),
        }
    )


def begin(database: Database, config: Config, readers: Collection[str] = EVERYBODY) -> None:
    """Have Update 120 sending to these readers, nothing fanned out yet."""
    desk = furnish(database, config)
    desk.subscribe(*readers)
    desk.begin(clock.now())


def ledger(database: Database) -> dict[str, Row]:
    with database.read() as session:
        rows = session.execute(_LEDGER).mappings().all()
    return {row["address"]: Row(**row) for row in rows}


def is_over(database: Database, readers: int = READERS) -> bool:
    """Whether nothing of the mailing waits any more."""
    with database.read() as session:
        return (
            session.execute(_ALL).scalar_one() == readers
            and session.execute(_WAITING).scalar_one() == 0
        )


@contextmanager
def sending(database: Database, config: Config) -> Iterator["asyncio.Task[None]"]:
    """Run a sender beside the block; its end is to be awaited by `stopped`."""
    sender = delivery.open_sender(database, config)
    running = asyncio.create_task(sender.run())
    try:
        yield running
    finally:
        sender.stop()


async def came(condition: Callable[[], bool], within_s: float = PATIENCE_S) -> bool:
    """Whether the condition came true in that time."""
    end = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.05)
    return True


async def go_through(
    ordeal: Ordeal, url: str, folder: Path, tls: ssl.SSLContext, ca_file: Path
) -> Ended:
    """Send the mailing that waits in the database at `url`."""
    relay = FaultyRelay(ordeal.fault, ordeal.pipelining, ordeal.breaks)
    more: dict[str, Any] = {}
    if ordeal.secured:
        relay.tls, relay.auth = tls, True
        more = {"security": "starttls", "ca_file": ca_file, "username": "a", "password": "b"}
    async with relay.serving():
        with closing(connect(url)) as database:
            config = config_for(folder, url, relay, **more)
            with sending(database, config) as running:
                finished = await came(lambda: running.done() or is_over(database))
            await running
            rows = ledger(database)
    known = {relay.recipients[sender] for sender in relay.struck if sender in relay.recipients}
    return Ended(finished, rows, relay.copies, books(url), frozenset(known), relay.strikes)


async def go_through_all(
    ordeals: Collection[Ordeal],
    url_of: Callable[[], str],
    folder: Path,
    tls: ssl.SSLContext,
    ca_file: Path,
) -> dict[Ordeal, Ended]:
    """Go through them, many at once."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(ordeal: Ordeal) -> Ended:
        async with room:
            return await go_through(ordeal, url_of(), folder, tls, ca_file)

    ended = await asyncio.gather(*(one(ordeal) for ordeal in ordeals))
    return dict(zip(ordeals, ended, strict=True))
