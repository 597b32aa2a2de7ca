"""The sender, end to end: from a mailing that has begun to messages that a relay accepted."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from mailer import clock, delivery
from mailer.config import Delivery, Pace
from mailer.database import connect
from mailer.delivery import route as route_module
from mailer.delivery import sender as sender_module
from mailer.delivery.models import CompiledLetterRow, DeliveryRow, WorkerRow
from mailer.delivery.sender import Sender
from mailer.delivery.trip import Trip
from tests.delivery.desk import Desk, address
from tests.services import free_port
from tests.sink import DROP, STALL, Sink

READERS = 60
EVERYBODY = [address(number) for number in range(READERS)]
BOTH_DOUBTS = pytest.mark.parametrize("in_doubt", ["resend", "hold"])
# What only the relay decides is the same on either database.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KEEP_S", "LOCK_S", "POLL_S"):
        monkeypatch.setattr(sender_module, name, 0.05)


def set_up(
    desk: Desk, port: int, in_doubt: str = "resend", retry_first: float = 0.2, **relay: Any
) -> Desk:
    """The desk with a relay on this port, and patience that suits a test."""
    config = desk.config
    return Desk(
        desk.database,
        config.model_copy(
            update={
                "relay": (config.relay[0].model_copy(update={"port": port, **relay}),),
                "delivery": Delivery(in_doubt=in_doubt),  # type: ignore[arg-type]
                "pace": Pace(retry_first=timedelta(seconds=retry_first)),
            }
        ),
    )


def open_sender(desk: Desk) -> Sender:
    return delivery.open_sender(desk.database, desk.config)


async def until(condition: Callable[[], bool], what: str, within_s: float = 20) -> None:
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, f"never came: {what}"
        await asyncio.sleep(0.02)


async def run_until(desk: Desk, condition: Callable[[], bool], what: str) -> None:
    sender = open_sender(desk)
    running = asyncio.create_task(sender.run())
    try:
        await until(lambda: running.done() or condition(), what)
    finally:
        sender.stop()
        await running


def send_all(desk: Desk, readers: list[str]) -> Counter[str]:
    """Send Update 120 to these readers, until it is sent; how the ledger's states came out."""
    desk.subscribe(*readers)
    desk.begin(clock.now())
    asyncio.run(run_until(desk, lambda: is_sent(desk), "the mailing's end"))
    assert is_sent(desk)
    return desk.states()


def is_sent(desk: Desk) -> bool:
    return status(desk).status == "sent"


def status(desk: Desk) -> delivery.Status:
    return desk.status(clock.now())


def test_everybody_gets_their_own_letter_once(desk: Desk) -> None:
    sink = Sink()
    with sink.running():
        states = send_all(set_up(desk, sink.port), EVERYBODY)
    assert states == {"sent": READERS}
    assert sorted(sink.recipients) == EVERYBODY
    assert sink.connections <= 4
    for recorded in sink.recorded:
        message = recorded.message()
        assert message.defects == []
        assert message["To"].addresses[0].addr_spec == recorded.recipient
        assert recorded.sender.startswith("bounces+")
        assert recorded.recipient.partition("@")[0].capitalize() in message["To"]
    assert len({recorded.sender for recorded in sink.recorded}) == READERS
    assert len({recorded.message()["Message-ID"] for recorded in sink.recorded}) == READERS
    found = status(desk)
    assert (found.audience, found.sent, found.queued, found.in_flight) == (READERS, READERS, 0, 0)
    with desk.database.read() as session:
        assert session.scalars(select(func.count()).select_from(WorkerRow)).one() == 0


@pytest.mark.parametrize("stage", ["RCPT", "dot"])
def test_what_is_refused_fails_and_the_others_are_sent(desk: Desk, stage: str) -> None:
    refused = EVERYBODY[:30:3]
    sink = Sink(
        script=lambda at, argument: (
            "550 5.1.1 no such mailbox" if at == stage and argument in refused else None
        )
    )
    with sink.running():
        states = send_all(set_up(desk, sink.port), EVERYBODY[:30])
    assert states == {"sent": 20, "failed": 10}
    assert sorted(sink.recipients) == sorted(set(EVERYBODY[:30]) - set(refused))
    rows = desk.rows(DeliveryRow.state, DeliveryRow.reason, DeliveryRow.reply_code)
    failed = {tuple(row) for row in rows if row.state == "failed"}
    ((_, reason, code),) = failed
    assert "550 5.1.1 no such mailbox" in reason
    assert code == 550


def test_lost_behind_the_dot_it_can_be_held(desk: Desk) -> None:
    held = EVERYBODY[:3]
    sink = Sink(script=lambda at, argument: DROP if at == "accepted" and argument in held else None)
    readers = EVERYBODY[:12]
    with sink.running():
        states = send_all(set_up(desk, sink.port, in_doubt="hold"), readers)
    assert states == {"sent": 9, "in_doubt": 3}
    assert sorted(sink.recipients) == readers
    found = status(desk)
    assert (found.status, found.in_doubt, found.audience) == ("sent", 3, 12)


@ON_SQLITE
@pytest.mark.parametrize(
    ("stage", "reply", "relay"),
    [
        ("connect", "554 5.7.1 not you", {}),
        ("connect", DROP, {}),
        ("AUTH", "535 5.7.8 wrong password", {"username": "ana", "password": "secret"}),
        ("MAIL", "530 5.7.0 authentication required", {}),
    ],
    ids=["greeting", "dropped", "auth", "mail"],
)
def test_a_relay_that_cannot_be_used_rests_and_comes_back(
    desk: Desk, stage: str, reply: str, relay: dict[str, str]
) -> None:
    refusing = True

    def script(at: str, _argument: str) -> str | None:
        if at == stage and refusing:
            return reply
        return "235 2.7.0 welcome" if at == "AUTH" else None

    sink = Sink(script=script, extensions=("PIPELINING", "AUTH PLAIN"))
    desk.subscribe(*EVERYBODY[:20])
    desk = set_up(desk, sink.port, **relay)

    async def go() -> None:
        nonlocal refusing
        sender = open_sender(desk)
        running = asyncio.create_task(sender.run())
        await until(lambda: status(desk).reason != "", "the reason in the status")
        words = "connection closed" if reply == DROP else reply
        assert words in status(desk).reason
        await until(lambda: sink.connections >= 3, "three knocks")
        found = status(desk)
        assert found.status == "sending"
        assert (found.sent, found.failed, found.deferred) == (0, 0, 0)
        refusing = False
        await until(lambda: is_sent(desk), "the mailing's end")
        sender.stop()
        await running

    with sink.running():
        desk = set_up(desk, sink.port, **relay)
        desk.begin(clock.now())
        asyncio.run(go())
    assert sorted(sink.recipients) == EVERYBODY[:20]
    assert {tries for (tries,) in desk.rows(DeliveryRow.tries)} == {1}


@ON_SQLITE
def test_a_relay_that_is_not_there_burns_nothing(desk: Desk) -> None:
    port = free_port()
    desk = set_up(desk, port)
    desk.subscribe(*EVERYBODY[:20])
    desk.begin(clock.now())

    async def go() -> None:
        sender = open_sender(desk)
        running = asyncio.create_task(sender.run())
        await until(lambda: f":{port} cannot be used" in status(desk).reason, "the reason")
        sink = Sink(port=port)
        with sink.running():
            await until(lambda: is_sent(desk), "the mailing's end")
        sender.stop()
        await running
        assert sorted(sink.recipients) == EVERYBODY[:20]

    asyncio.run(go())
    assert {tries for (tries,) in desk.rows(DeliveryRow.tries)} == {1}


@ON_SQLITE
def test_a_relay_that_takes_few_connections_is_used_with_those(desk: Desk) -> None:
    sink = Sink()

    def script(at: str, _argument: str) -> str | None:
        return "421 4.7.0 too many connections" if at == "connect" and sink._open > 1 else None

    sink.script = script
    with sink.running():
        states = send_all(set_up(desk, sink.port), EVERYBODY[:20])
    assert states == {"sent": 20}
    assert sorted(sink.recipients) == EVERYBODY[:20]


# Stopping


@BOTH_DOUBTS
def test_stopped_in_the_middle_nobody_gets_it_twice(desk: Desk, in_doubt: str) -> None:
    sink = Sink()
    with sink.running():
        desk = set_up(desk, sink.port, in_doubt=in_doubt)
        desk.subscribe(*EVERYBODY)
        desk.begin(clock.now())
        for wanted in (10, 35):
            asyncio.run(
                run_until(desk, lambda wanted=wanted: len(sink.recorded) >= wanted, "some messages")
            )
            states = desk.states()
            assert set(states) <= {"queued", "sent"}
            assert states["sent"] == len(sink.recorded)
        asyncio.run(run_until(desk, lambda: is_sent(desk), "the mailing's end"))
    assert sorted(sink.recipients) == EVERYBODY
    assert status(desk).resent_in_doubt == 0


def stalling(at: str, _argument: str) -> str | None:
    return STALL if at == "dot" else None


@BOTH_DOUBTS
def test_stopped_without_an_answer_it_ends_in_time_and_is_in_doubt(
    desk: Desk, in_doubt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender_module, "LAST_REPLIES_S", 0.3)
    sink = Sink(script=stalling)
    with sink.running():
        desk = set_up(desk, sink.port, in_doubt=in_doubt)
        desk.subscribe(*EVERYBODY[:10])
        desk.begin(clock.now())
        asyncio.run(run_until(desk, lambda: status(desk).in_flight == 4, "four in flight"))
    doubtful = {"in_doubt": 4, "queued": 6} if in_doubt == "hold" else {"queued": 10}
    assert desk.states() == doubtful
    assert status(desk).resent_in_doubt == (4 if in_doubt == "resend" else 0)


@ON_SQLITE
def test_stopped_before_the_dot_nothing_of_it_counts(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender_module, "LAST_REPLIES_S", 0.3)
    stalled: list[str] = []

    def stall(at: str, argument: str) -> str | None:
        if at != "DATA":
            return None
        stalled.append(argument)
        return STALL

    sink = Sink(script=stall)
    with sink.running():
        desk = set_up(desk, sink.port)
        desk.subscribe(*EVERYBODY[:10])
        desk.begin(clock.now())
        asyncio.run(run_until(desk, lambda: len(stalled) == 4, "four begun"))
    assert desk.states() == {"queued": 10}
    assert {tuple(row) for row in desk.rows(DeliveryRow.tries, DeliveryRow.doubts)} == {(0, 0)}


@ON_SQLITE
def test_stopped_while_the_relay_does_not_answer_the_call(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender_module, "LAST_REPLIES_S", 0.3)
    sink = Sink(script=lambda at, _argument: STALL if at == "connect" else None)
    with sink.running():
        desk = set_up(desk, sink.port)
        desk.subscribe(*EVERYBODY[:10])
        desk.begin(clock.now())

        async def go() -> float:
            sender = open_sender(desk)
            running = asyncio.create_task(sender.run())
            await until(lambda: sink.connections >= 1, "a call")
            began = time.monotonic()
            sender.stop()
            await running
            return time.monotonic() - began

        took = asyncio.run(go())
    assert took < 2
    assert desk.states() in ({"queued": 10}, {})


@ON_SQLITE
def test_stopped_before_it_ran(desk: Desk) -> None:
    async def go() -> None:
        sender = open_sender(desk)
        sender.stop()
        async with asyncio.timeout(5):
            await sender.run()
        async with asyncio.timeout(5):
            await run_until(desk, lambda: True, "nothing")

    asyncio.run(go())


# Other workers


@ON_SQLITE
def test_on_sqlite_a_second_sender_waits_and_takes_over(desk: Desk, database_url: str) -> None:
    sink = Sink()

    async def go() -> None:
        other = connect(database_url)
        first, second = open_sender(desk), open_sender(Desk(other, desk.config))
        running = [asyncio.create_task(first.run())]
        await until(lambda: len(sink.recorded) >= 1, "the first message")
        running.append(asyncio.create_task(second.run()))
        await until(lambda: is_sent(desk), "the mailing's end")
        workers = {worker for (worker,) in rows(desk, WorkerRow.id)}
        assert workers == {first.worker}
        first.stop()
        await running[0]
        await until(lambda: (second.worker,) in rows(desk, WorkerRow.id), "the second at work")
        second.stop()
        await running[1]
        other.close()

    with sink.running():
        desk = set_up(desk, sink.port)
        desk.subscribe(*EVERYBODY)
        desk.begin(clock.now())
        asyncio.run(go())
    assert sorted(sink.recipients) == EVERYBODY


def rows(desk: Desk, *columns: Any) -> list[Any]:
    with desk.database.read() as session:
        return [tuple(row) for row in session.execute(select(*columns))]


@ON_POSTGRESQL
def test_on_postgresql_two_senders_share_the_work(desk: Desk, database_url: str) -> None:
    sink = Sink()

    async def go() -> None:
        other = connect(database_url)
        senders = [open_sender(desk), open_sender(Desk(other, desk.config))]
        running = [asyncio.create_task(sender.run()) for sender in senders]
        await until(lambda: is_sent(desk), "the mailing's end")
        for sender in senders:
            sender.stop()
        await asyncio.gather(*running)
        other.close()

    with sink.running():
        desk = set_up(desk, sink.port)
        desk.subscribe(*EVERYBODY)
        desk.begin(clock.now())
        asyncio.run(go())
    assert sorted(sink.recipients) == EVERYBODY
    assert sink.most_open > 4


def test_a_lease_that_was_lost_sends_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else took the deliveries while we were busy with the envelope."""
    sink = Sink()
    stolen: list[int] = []

    let_go = Trip._let_go

    def too_late(trip: Trip) -> None:
        if not stolen and trip._current is not None:
            stolen.append(trip._current.delivery.delivery_id)
            desk.put(stolen, worker="other", lease_until=clock.now() + timedelta(days=1))
        let_go(trip)

    monkeypatch.setattr(Trip, "_let_go", too_late)

    async def go() -> None:
        sender = open_sender(desk)
        running = asyncio.create_task(sender.run())
        await until(lambda: len(sink.recorded) == 19, "the other messages")
        await until(lambda: desk.states()["sent"] == 19, "their record")
        sender.stop()
        await running

    with sink.running():
        desk = set_up(desk, sink.port)
        desk.subscribe(*EVERYBODY[:20])
        mailing = desk.begin(clock.now())
        desk.fan_out(mailing, clock.now())
        asyncio.run(go())
    assert len(set(sink.recipients)) == len(sink.recipients) == 19
    assert rows(desk, DeliveryRow.state, DeliveryRow.worker).count(("claimed", "other")) == 1


# Troubles that are nobody's fault outside


@ON_SQLITE
def test_a_letter_that_cannot_be_read_stops_nobody_elses(desk: Desk) -> None:
    """One stored letter is damaged; its deliveries end with a reason, all others are sent."""
    sink = Sink()
    with sink.running():
        desk = set_up(desk, sink.port)
        _, text = desk.subscribe(*EVERYBODY[:2])
        mailing = desk.begin(clock.now())
        desk.fan_out(mailing, clock.now())
        with desk.database.write() as session:
            session.execute(
                update(CompiledLetterRow)
                .where(CompiledLetterRow.variant.like("%text%"))
                .values(compiled=b"rubbish")
            )
            letter = session.scalars(
                select(CompiledLetterRow.id).where(CompiledLetterRow.variant.like("%text%"))
            ).first()
            session.execute(
                update(DeliveryRow)
                .where(DeliveryRow.subscriber_id == text)
                .values(letter_id=letter)
            )
        asyncio.run(run_until(desk, lambda: is_sent(desk), "the mailing's end"))
    assert desk.states() == {"sent": 1, "failed": 1}


@ON_SQLITE
def test_a_courier_that_breaks_ends_the_sender(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else its delivery hangs in flight for ever, under a lease that the sender renews."""

    def broken(_trip: Trip) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(Trip, "_let_go", broken)
    sink = Sink()

    async def go() -> None:
        running = asyncio.create_task(open_sender(desk).run())
        try:
            await until(running.done, "the sender's end", within_s=2)
        finally:
            running.cancel()
        await running

    with sink.running():
        desk = set_up(desk, sink.port)
        desk.subscribe("ana@example.org")
        desk.begin(clock.now())
        with pytest.raises(RuntimeError, match="boom"):
            asyncio.run(go())


@ON_SQLITE
def test_a_relay_that_takes_few_connections_is_used_at_full_speed(desk: Desk) -> None:
    """Three of ten are taken; that those three are in a dialogue must not shut the gate."""
    sink = Sink(taking=3)
    with sink.running():
        began = time.monotonic()
        states = send_all(set_up(desk, sink.port, retry_first=30, connections=10), EVERYBODY)
    assert states == {"sent": READERS}
    assert time.monotonic() - began < 10
    assert sorted(sink.recipients) == EVERYBODY


@ON_SQLITE
@pytest.mark.parametrize("stage", ["MAIL", "accepted"])
def test_the_status_says_that_every_connection_is_lost(desk: Desk, stage: str) -> None:
    reply = "421 4.3.2 no <ana@example.org> today" if stage == "MAIL" else DROP
    bad = True
    sink = Sink(script=lambda at, _argument: reply if at == stage and bad else None)

    async def go() -> None:
        nonlocal bad
        sender = open_sender(desk)
        running = asyncio.create_task(sender.run())
        await until(lambda: "in a row" in status(desk).reason, "the reason")
        assert ("421 4.3.2 no … today" if stage == "MAIL" else "closed") in status(desk).reason
        bad = False
        await until(lambda: is_sent(desk), "the mailing's end")
        assert rows(desk, WorkerRow.trouble) == [("",)]
        sender.stop()
        await running

    with sink.running():
        desk = set_up(desk, sink.port)
        desk.subscribe(*EVERYBODY[:20])
        desk.begin(clock.now())
        asyncio.run(go())


@pytest.mark.parametrize("stage", ["accepted", "connect"])
def test_who_leaves_while_the_relay_stalls_is_sent_nothing(desk: Desk, stage: str) -> None:
    sink = Sink()
    stalled = True

    async def go() -> None:
        nonlocal stalled
        sender = open_sender(desk)
        running = asyncio.create_task(sender.run())
        await until(lambda: sink.pausing == 4, "every connection to stall")
        await until(lambda: desk.states()["claimed"] >= 8, "more claimed")
        began = time.monotonic()
        held = desk.rows(DeliveryRow.subscriber_id, DeliveryRow.state)
        leavers.extend(one for one, state in held if state == "claimed")
        desk.leave(*leavers)
        await until(lambda: time.monotonic() - began > 2, "the claims to be old")
        sink.go_on()
        await until(lambda: is_sent(desk), "the mailing's end")
        sender.stop()
        await running

    leavers: list[int] = []
    sink.pause_at = stage
    with sink.running():
        desk = set_up(desk, sink.port)
        desk.subscribe(*EVERYBODY)
        mailing = desk.begin(clock.now())
        desk.fan_out(mailing, clock.now())
        asyncio.run(go())
    left = rows(desk, DeliveryRow.subscriber_id, DeliveryRow.state)
    assert {state for one, state in left if one in leavers} == {"skipped"}
    assert desk.states() == {"sent": READERS - len(leavers), "skipped": len(leavers)}
    assert len(sink.recipients) == len(set(sink.recipients)) == READERS - len(leavers)


@ON_SQLITE
def test_a_relay_that_is_slow_is_no_reason_to_be_busy(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Claims grow old between two messages: each goes back once, and no more than that."""
    monkeypatch.setattr("mailer.delivery.outbox.STALE_AFTER_S", 0.15)
    claims = 0
    claim = route_module.claim

    def counted(*arguments: Any, **more: Any) -> Any:
        nonlocal claims
        claims += 1
        return claim(*arguments, **more)

    monkeypatch.setattr(route_module, "claim", counted)
    sink = Sink(delay_s=0.2)
    with sink.running():
        states = send_all(set_up(desk, sink.port), EVERYBODY[:24])
    assert states == {"sent": 24}
    assert sorted(sink.recipients) == EVERYBODY[:24]
    assert claims <= 24


@pytest.mark.parametrize("how", ["not", "not behind a dot", "out of order"])
def test_a_relay_that_offers_pipelining_and_breaks_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """It is noticed, costs nobody a try, and everything goes in lock-step from then on."""
    monkeypatch.setattr("mailer.delivery.trip.READS_AHEAD_WITHIN_S", 0.3)
    sink = Sink(reads_ahead=how)
    with sink.running():
        desk = set_up(desk, sink.port, connections=1)
        assert send_all(desk, EVERYBODY[:20]) == {"sent": 20}
    assert sorted(sink.recipients) == EVERYBODY[:20]
    assert {tuple(row) for row in desk.rows(DeliveryRow.tries, DeliveryRow.doubts)} == {(1, 0)}
    assert sink.connections == 2


@ON_SQLITE
def test_a_refused_reader_is_no_reason_to_doubt_pipelining(desk: Desk) -> None:
    refused = set(EVERYBODY[:10])
    sink = Sink(script=lambda at, who: "550 5.1.1 no" if at == "RCPT" and who in refused else None)
    with sink.running():
        desk = set_up(desk, sink.port, connections=1)
        assert send_all(desk, EVERYBODY[:20]) == {"sent": 10, "failed": 10}
    assert sink.connections == 1
    faults = {tuple(row) for row in desk.rows(DeliveryRow.state, DeliveryRow.fault)}
    assert faults == {("sent", ""), ("failed", "mailbox")}
