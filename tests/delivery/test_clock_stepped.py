"""The machine's clock steps an hour back, or forward, in the middle of a mailing."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bench.reckoning import books, copies_of, reckon
from mailer import clock
from mailer.database import connect
from tests.delivery.ordeal import (
    EVERYBODY,
    Row,
    begin,
    came,
    config_for,
    is_over,
    ledger,
    sending,
)
from tests.faulty_relay import Fault, FaultyRelay, Kind, Moment

HOUR = timedelta(hours=1)
BEFORE_THE_STEP = 8
PER_SECOND = 40.0
# Three messages wait for another try when the clock steps; FIRST_RETRY would be over by then.
FIRST_RETRY = timedelta(seconds=2)
DEFERRED = 3


class Clock:
    """The machine's clock, which somebody steps."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)
        self._now = clock.now

    def __call__(self) -> datetime:
        return self._now() + self.ahead


async def send(url: str, folder: Path, step: Callable[[], None]) -> tuple[dict[str, Row], bool]:
    """Send to everybody, and step the clock when a few have it."""
    fault = Fault(Moment.DOT, Kind.LATER, times=DEFERRED, spared=1)
    relay = FaultyRelay(fault, per_second=PER_SECOND)
    async with relay.serving():
        with closing(connect(url)) as database:
            config = config_for(folder, url, relay)
            pace = config.pace.model_copy(update={"retry_first": FIRST_RETRY})
            config = config.model_copy(update={"pace": pace})
            begin(database, config)
            with sending(database, config) as running:
                assert await came(lambda: len(relay.accepted) >= BEFORE_THE_STEP)
                assert relay.strikes == DEFERRED
                step()
                finished = await came(lambda: running.done() or is_over(database), within_s=15)
            await running
            rows = ledger(database)
    taken = copies_of((one.recipient, one.message_id) for one in relay.accepted)
    if finished:
        assert reckon(EVERYBODY, taken, books(url)).complaints(most_doubles=0) == []
    return rows, finished


@pytest.mark.parametrize("step", [-HOUR, HOUR, timedelta(minutes=-2)], ids=["back", "on", "a bit"])
def test_the_mailing_goes_on_and_nobody_gets_it_twice(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: timedelta
) -> None:
    stepped = Clock()
    monkeypatch.setattr(clock, "now", stepped)
    rows, finished = asyncio.run(
        send(database_url, tmp_path, lambda: setattr(stepped, "ahead", step))
    )
    assert finished, {row.address: row for row in rows.values() if row.state != "sent"}
    assert {row.state for row in rows.values()} == {"sent"}
    assert sorted(row.tries for row in rows.values())[-DEFERRED - 1 :] == [1, 2, 2, 2]
    assert {row.doubts for row in rows.values()} == {0}
