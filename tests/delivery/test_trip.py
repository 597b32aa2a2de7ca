"""A trip over a connection that is not there: what its pace is told of the relay's quickness."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, cast

import pytest

from mailer.config import Pace, Relay
from mailer.delivery.claim import Claimed
from mailer.delivery.dialogue import Dialogue, Envelope
from mailer.delivery.disposition import Reply
from mailer.delivery.gate import Gate
from mailer.delivery.load import Equipment
from mailer.delivery.message import Message
from mailer.delivery.pace import RelayPace
from mailer.delivery.record import Outcome
from mailer.delivery.rests import Rests
from mailer.delivery.shares import Shares
from mailer.delivery.trip import Trip
from tests.conftest import NOW
from tests.delivery.test_pacing import QUICK_S, claimed

RELAY = Relay(host="127.0.0.1", security="none", connections=1)
ENVELOPE = [Reply(250, ("ok",)), Reply(250, ("ok",)), Reply(354, ("go on",))]
TAKEN = Reply(250, ("kept",))


class Line:
    """A connection whose other end is the test."""

    botched = lost = full = False
    messages = 0

    def __init__(self) -> None:
        self.dialogue = Dialogue({"PIPELINING": ""}, ahead=True)

    def listen(self, _trip: Trip) -> None: ...

    def write(self, _octets: bytes) -> None: ...

    def write_message(self, _pieces: Sequence[bytes]) -> None: ...

    def write_dot(self, _octets: bytes) -> None: ...


class Waiting:
    """An outbox and a book in one: what waits, and who rests for want of it."""

    def __init__(self) -> None:
        self.deliveries: list[Claimed] = []
        self.call: Callable[[], None] | None = None
        self.outcomes: list[Outcome] = []

    def is_stale(self, _delivery: Claimed) -> bool:
        return False

    def look_again(self, _delivery: Claimed) -> bool:
        return True

    def next(self, pace: RelayPace, now: float) -> Claimed | None:
        if not self.deliveries:
            return None
        pace.started(self.deliveries[0].recipient.domain, now)
        return self.deliveries.pop(0)

    def rest(self, _pace: RelayPace, call: Callable[[], None], _now: float) -> None:
        self.call = call

    def enter(self, _delivery_id: int, entered: Callable[[bool], None]) -> None:
        entered(True)

    def record(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


class Maker:
    def make(self, _letter: Any, delivery: Claimed) -> Message:
        envelope = Envelope("bounces@psg.example", delivery.recipient.address, 7)
        return Message(envelope, [b"Hello\r\n"])


class Journey:
    """A trip, on a clock of our own."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waiting = Waiting()
        self.pace = RelayPace(RELAY, Pace())
        # Another connection has shown how quick the relay can be.
        self.pace.started("quick.example", self.now)
        self.pace.answered("quick.example", self.now, QUICK_S)
        gate = Gate(RELAY, timedelta(seconds=1), self.seconds)
        given = Equipment(
            cast(Any, self.waiting),
            cast(Any, self.waiting),
            cast(Any, Maker()),
            lambda _letter_id: cast(Any, None),
            lambda: NOW,
            self.seconds,
            Pace(),
            "resend",
            lambda: False,
            Shares([gate]),
            Rests([self.pace], timedelta(minutes=5)),
        )
        self.trip = Trip(gate, self.pace, given, cast(Any, Line()), lambda: None)

    def seconds(self) -> float:
        return self.now

    def put(self, number: int, domain: str) -> None:
        self.waiting.deliveries.append(claimed(number, domain))
        call, self.waiting.call = self.waiting.call, None
        if call is not None:
            call()

    def begin(self, number: int, domain: str) -> None:
        self.put(number, domain)
        delivery = self.waiting.next(self.pace, self.now)
        assert delivery is not None
        self.trip.begin(delivery)

    def hear(self, *replies: Reply, after: float) -> None:
        self.now += after
        self.trip.came(list(replies))


def test_a_relay_is_not_slow_because_there_was_nothing_to_carry() -> None:
    journey = Journey()
    journey.now += 8.0  # from the connection's opening to the first delivery
    journey.begin(1, "a.example")
    journey.hear(*ENVELOPE, after=0.01)
    journey.hear(TAKEN, after=0.01)
    assert not journey.pace.is_slow("a.example")
    journey.now += 15.0
    journey.put(2, "b.example")
    journey.hear(*ENVELOPE, after=0.01)
    journey.hear(TAKEN, after=0.01)
    assert [one.state for one in journey.waiting.outcomes] == ["sent", "sent"]
    assert not journey.pace.is_slow("b.example")


@pytest.mark.parametrize("at", ["envelope", "dot"])
def test_a_relay_that_takes_its_time_is_slow_wherever_it_does(at: str) -> None:
    journey = Journey()
    journey.begin(1, "a.example")
    journey.hear(*ENVELOPE, after=3.0 if at == "envelope" else 0.01)
    journey.hear(TAKEN, after=3.0 if at == "dot" else 0.01)
    assert journey.pace.is_slow("a.example")


def test_what_was_written_behind_a_dot_counts_from_the_reply_to_it() -> None:
    journey = Journey()
    journey.begin(1, "a.example")
    journey.put(2, "b.example")
    journey.hear(*ENVELOPE, after=0.01)
    journey.hear(TAKEN, *ENVELOPE, after=3.0)
    journey.hear(TAKEN, after=0.01)
    assert len(journey.waiting.outcomes) == 2
    assert journey.pace.is_slow("a.example")
    assert not journey.pace.is_slow("b.example")
