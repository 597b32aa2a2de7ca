"""The machine's clock steps an hour back, or forward, in the middle of a mailing; or is wrong."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bench.reckoning import books, copies_of, reckon
from mailer import clock, delivery
from mailer.database import connect
from mailer.delivery.models import DeliveryRow
from mailer.delivery.stepped import bring_forward
from tests.conftest import NOW
from tests.delivery.desk import LEASE, Desk, address
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


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("wrong", [HOUR, -HOUR], ids=["ahead", "behind"])
def test_two_machines_whose_clocks_differ_send_nothing_twice(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: timedelta
) -> None:
    """Else the one that is ahead takes the other's leases for over, each second anew."""

    async def go() -> dict[str, Row]:
        relay = FaultyRelay(per_second=PER_SECOND / 2)
        async with relay.serving():
            with closing(connect(database_url)) as ours, closing(connect(database_url)) as theirs:
                config = config_for(tmp_path, database_url, relay)
                begin(ours, config)
                right = delivery.open_sender(ours, config)
                with monkeypatch.context() as patch:
                    stepped = Clock()
                    stepped.ahead = wrong
                    patch.setattr(clock, "now", stepped)
                    other = delivery.open_sender(theirs, config)
                running = [asyncio.create_task(one.run()) for one in (right, other)]
                assert await came(lambda: is_over(ours))
                for one in (right, other):
                    one.stop()
                await asyncio.gather(*running)
                rows = ledger(ours)
        taken = copies_of((one.recipient, one.message_id) for one in relay.accepted)
        assert reckon(EVERYBODY, taken, books(database_url)).complaints(most_doubles=0) == []
        return rows

    rows = asyncio.run(go())
    assert {(row.tries, row.doubts) for row in rows.values()} == {(1, 0)}


def test_what_waits_for_the_old_time_is_brought_forward(desk: Desk) -> None:
    desk.subscribe(*map(address, range(5)))
    desk.send(NOW)
    queued, deferred, soon, claimed, untouched = (one.delivery_id for one in desk.claim(limit=5))
    minute = timedelta(minutes=1)
    desk.put([queued], state="queued", due_at=NOW + minute, worker=None)
    desk.put([deferred], state="deferred", due_at=NOW + HOUR, worker=None)
    desk.put([soon], state="deferred", due_at=NOW - HOUR + minute, worker=None)
    desk.put([untouched], state="queued", due_at=NOW, worker=None)
    now, first = NOW - HOUR, timedelta(minutes=5)

    def bring() -> int:
        with desk.database.write() as session:
            return bring_forward(session, now, first, LEASE, most=1)

    # In the order of their ids or not: each call takes as many as it may, until none is left.
    assert [bring() for _ in range(3)] == [1, 1, 0]
    due = dict(desk.rows(DeliveryRow.id, DeliveryRow.due_at))
    assert due[queued] == now
    assert due[deferred] == now + first
    assert due[soon] == now + minute
    assert due[untouched] == NOW
    leases = dict(desk.rows(DeliveryRow.id, DeliveryRow.lease_until))
    assert leases[claimed] == now + LEASE
    # The start of the mailing is due, whatever the clock says; what is queued for now is as well.
    assert [one.delivery_id for one in desk.claim(now=now)] == [queued, untouched]
