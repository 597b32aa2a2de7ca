"""Who may be sent something now: on a clock of our own, without a network or a ledger."""

import math
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count, pairwise
from typing import Any, cast

import pytest

from mailer import audience
from mailer.config import DomainLimit, Pace, Relay
from mailer.delivery.claim import Claimed, Sending
from mailer.delivery.outbox import Outbox
from mailer.delivery.pace import FIRST_WINDOW, HOLD_S, RECOVER_AFTER, RelayPace
from tests.conftest import NOW

QUICK_S = 0.005
SLOW = "slow.example"
SILENCE_S = 600.0


def sending(kind: str) -> Sending:
    return Sending(1, kind, 1, "nonce", "site.example", NOW, NOW + timedelta(days=2))


ISSUE, CONFIRMATION = sending("issue"), sending("confirmation")


def claimed(number: int, domain: str, of: Sending = ISSUE) -> Claimed:
    return Claimed(number, 1, 0, 0, of, audience.bare_recipient(f"reader{number}@{domain}"), {})


def pace_of(*limits: DomainLimit, connections: int = 10, **relay: Any) -> RelayPace:
    return RelayPace(
        Relay(host="127.0.0.1", security="none", connections=connections, **relay),
        Pace(domain=limits),
    )


class SimulatedOutbox(Outbox):
    """An outbox whose ledger is the simulation's."""

    def __init__(self, later: Callable[..., None], given_back: Callable[..., None]) -> None:
        super().__init__(cast(Any, None), "worker", cast(Any, None), later)
        self._given_back = given_back

    def give_back(self, deliveries: Any) -> None:
        self.forget([one.delivery_id for one in deliveries])
        self._given_back(deliveries)


class Simulation:
    """A sender with one relay, where only the clock is not real: its couriers take a delivery,
    have a reply after as long as `reply_after` says, and come for the next."""

    def __init__(self, pace: RelayPace, domains: list[str], connections: int = 10) -> None:
        self.pace = pace
        self.now = 100.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._all = {number: claimed(number, domain) for number, domain in enumerate(domains)}
        self._ledger = [(0.0, number) for number in self._all]
        self.outbox = SimulatedOutbox(self._later, self._take_back)
        self.sent: list[tuple[float, str]] = []
        self.in_transit: Counter[str] = Counter()
        self.most_in_transit: Counter[str] = Counter()
        self.put_off = 0
        self._slow_free_at = 0.0
        self._claim()
        for _ in range(connections):
            self._later(0.0, self._take)

    def run(self, seconds: float = math.inf) -> None:
        end = self.now + seconds
        while self._events and self._events[0][0] <= end and len(self.sent) < len(self._all):
            self.now, _, call = heappop(self._events)
            call()

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        heappush(self._events, (self.now + seconds, next(self._order), call))

    def _claim(self) -> None:
        while self._ledger and self._ledger[0][0] <= self.now and len(self.outbox) < 1000:
            some = []
            while self._ledger and self._ledger[0][0] <= self.now and len(some) < 500:
                some.append(self._all[heappop(self._ledger)[1]])
            self.outbox.put(some, self.now)
            clock = datetime.fromtimestamp(self.now, NOW.tzinfo)
            for due_at, ids in self.outbox.too_long([self.pace], self.now, clock).items():
                self.outbox.forget(ids)
                self.put_off += len(ids)
                for number in ids:
                    heappush(self._ledger, (due_at.timestamp(), number))
        self._later(0.05, self._claim)

    def _take_back(self, deliveries: list[Claimed]) -> None:
        for delivery in deliveries:
            heappush(self._ledger, (0.0, delivery.delivery_id))

    def _take(self) -> None:
        delivery = self.outbox.next(self.pace, self.now)
        if delivery is None:
            self.outbox.rest(self.pace, self._take, self.now)
            return
        domain, began = delivery.recipient.domain, self.now
        self.in_transit[domain] += 1
        self.most_in_transit[domain] = max(self.most_in_transit[domain], self.in_transit[domain])

        def reply() -> None:
            self.in_transit[domain] -= 1
            self.sent.append((self.now, domain))
            self.outbox.forget([delivery.delivery_id])
            self.pace.answered(domain, self.now, self.now - began)
            self._take()

        self._later(self._reply_after(domain), reply)

    def _reply_after(self, domain: str) -> float:
        if domain != SLOW:
            return QUICK_S
        self._slow_free_at = max(self._slow_free_at, self.now) + 1.0
        return self._slow_free_at - self.now


def others_done(simulation: Simulation) -> float:
    """Seconds until all but the slow domain's were sent."""
    return max(at for at, domain in simulation.sent if domain != SLOW) - 100.0


@pytest.mark.parametrize("connections", [4, 10, 40])
def test_a_slow_domain_holds_up_nobody_else(connections: int) -> None:
    domains = [f"d{number % 37}.example" for number in range(36_000)]
    mixed = list(domains)
    for place in range(0, 40_000, 10):
        mixed.insert(place, SLOW)
    alone = Simulation(pace_of(connections=connections), domains, connections)
    alone.run()
    beside = Simulation(pace_of(connections=connections), mixed, connections)
    beside.run(3 * 36_000 * QUICK_S / connections)
    sent = Counter(domain == SLOW for _, domain in beside.sent)
    assert sent[False] == 36_000
    assert sent[True] > 0
    assert others_done(alone) > 0.9 * others_done(beside)
    # What cannot go comes back into the ledger, and does not do so all the time.
    assert 0 < beside.put_off < 36_000


def test_one_domain_alone_has_all_connections_from_the_start() -> None:
    simulation = Simulation(pace_of(), ["big.example"] * 1000)
    simulation.run(QUICK_S / 2)
    assert simulation.in_transit["big.example"] == 10
    simulation.run()
    assert simulation.now - 100.0 == pytest.approx(1000 * QUICK_S / 10)


def test_one_domain_alone_that_hesitates_once_waits_for_nobody() -> None:
    pace = pace_of(connections=3)
    for latency in (QUICK_S, 1.5, 1.5):
        pace.started("example.org", 10.0)
        pace.answered("example.org", 10.0, latency)
    pace.started("example.org", 10.0)

    assert pace.may_start("example.org", 10.1, others_waiting=False) == 0.0
    assert set(pace.slots("example.org", 20, 10.1)) <= {10.1}


def test_a_slow_domain_that_is_left_alone_has_all_connections() -> None:
    simulation = Simulation(pace_of(), (["a.example"] * 9 + [SLOW]) * 40)
    simulation.run(0.15)
    assert simulation.in_transit[SLOW] == 2
    simulation.run(5.0)
    assert simulation.in_transit[SLOW] == 10


def test_a_slow_domain_that_rests_is_asked_again_when_the_others_are_done() -> None:
    """A relay stood still for nine seconds with ten of its messages, while another was quick."""
    pace = pace_of()
    simulation = Simulation(pace, [SLOW] * 4, connections=0)
    for _ in range(10):
        pace.started(SLOW, 91.0)
    pace.started("a.example", 99.9)
    pace.answered("a.example", 100.0, QUICK_S)
    for _ in range(10):
        pace.answered(SLOW, 100.0, 9.0)
    assert min(pace.slots(SLOW, 4, 100.0)) > 115.0
    assert simulation.outbox.next(pace, 100.0) is None
    asked_again = simulation.outbox.soonest(pace, 100.0)
    assert asked_again is not None
    assert asked_again <= HOLD_S
    simulation.outbox.next(pace, 100.9)
    assert simulation.outbox.next(pace, 101.2) is not None


def test_a_big_domain_beside_small_ones_soon_has_what_it_can_use() -> None:
    simulation = Simulation(pace_of(), ["big.example", *["small.example"]] + ["big.example"] * 500)
    simulation.run(0.1)
    assert simulation.most_in_transit["big.example"] == 10


def test_five_thousand_domains_go_as_fast_as_one() -> None:
    domains = [f"d{number % 5000}.example" for number in range(20_000)]
    simulation = Simulation(pace_of(), domains)
    simulation.run()
    assert simulation.now - 100.0 < 1.01 * 20_000 * QUICK_S / 10
    assert simulation.put_off == 0


def test_domains_that_are_long_idle_are_forgotten() -> None:
    pace = pace_of()
    for number in range(100_000):
        now = number / 100
        pace.started(f"d{number}.example", now)
        pace.answered(f"d{number}.example", now, QUICK_S)
    assert len(pace) < 5000


def test_a_throttled_domain_is_silent_and_comes_back_with_one_connection() -> None:
    pace = pace_of(connections=64)
    pace.started("a.example", 0.0)
    pace.answered("a.example", 0.1, 0.1)
    pace.silence("a.example", 0.1, SILENCE_S)
    assert pace.may_start("a.example", 1.0, False) == pytest.approx(SILENCE_S - 0.9)
    assert pace.may_start("a.example", SILENCE_S, False, personal=True) == pytest.approx(0.1)
    assert pace.may_start("b.example", 1.0, True) == 0.0
    assert pace.slots("a.example", 2, 1.0) == pytest.approx([SILENCE_S + 0.1, SILENCE_S + 0.2])
    now = SILENCE_S + 0.2
    connections = []
    while len(connections) < 8:
        for _ in range(RECOVER_AFTER):
            started = 0
            while started < 64 and not pace.may_start("a.example", now, False):
                pace.started("a.example", now)
                started += 1
            for _ in range(started):
                pace.answered("a.example", now, 0.1)
        connections.append(started)
    assert connections[0] <= 2
    assert connections == sorted(connections)
    assert connections[-1] == 64


def test_after_the_silence_it_is_one_until_ten_were_answered() -> None:
    pace = pace_of()
    pace.silence("a.example", 0.0, SILENCE_S)
    for _ in range(RECOVER_AFTER):
        assert pace.may_start("a.example", SILENCE_S, False) == 0.0
        pace.started("a.example", SILENCE_S)
        assert pace.may_start("a.example", SILENCE_S, False) > 0.0
        pace.answered("a.example", SILENCE_S, 0.1)
    pace.started("a.example", SILENCE_S)
    assert pace.may_start("a.example", SILENCE_S, False) == 0.0


def test_what_a_silence_keeps_goes_back_and_is_due_at_its_end() -> None:
    simulation = Simulation(pace_of(), [])
    simulation.pace.silence("a.example", 100.0, SILENCE_S)
    simulation.outbox.put([claimed(1, "a.example"), claimed(2, "b.example")], 100.0)
    first = simulation.outbox.next(simulation.pace, 100.0)
    assert first is not None
    assert first.recipient.domain == "b.example"
    assert simulation.outbox.next(simulation.pace, 100.0) is None
    kept = simulation.outbox.too_long([simulation.pace], 100.0, NOW)
    assert kept == {NOW + timedelta(seconds=SILENCE_S): [1]}
    assert len(simulation.outbox) == 0


def test_a_limit_of_messages_a_minute_is_kept_whatever_waits() -> None:
    limit = DomainLimit(domain="a.example", messages_per_minute=60)
    simulation = Simulation(pace_of(limit), ["a.example"] * 200 + ["b.example"] * 2000)
    simulation.run(30.0)
    times = [at for at, domain in simulation.sent if domain == "a.example"]
    assert 29 <= len(times) <= 31
    assert all(later - before > 0.9 for before, later in pairwise(times))
    assert Counter(domain for _, domain in simulation.sent)["b.example"] == 2000


def test_a_limit_of_connections_is_kept() -> None:
    limit = DomainLimit(domain="*", connections=3)
    other = DomainLimit(domain="b.example", connections=1)
    simulation = Simulation(pace_of(limit, other), ["a.example", "b.example"] * 200)
    simulation.run()
    assert simulation.most_in_transit == {"a.example": 3, "b.example": 1}
    assert len(simulation.sent) == 400


def test_a_rate_is_shared_by_the_workers() -> None:
    limit = DomainLimit(domain="a.example", messages_per_minute=60)
    pace = pace_of(limit)
    pace.share_among(4, 0.0)
    pace.started("a.example", 0.0)
    assert pace.may_start("a.example", 0.0, False) == pytest.approx(4.0)
    pace.share_among(1, 0.0)
    assert pace.may_start("a.example", 0.0, False) == pytest.approx(1.0)


def test_a_relay_with_a_rate_keeps_it_for_all_domains() -> None:
    simulation = Simulation(
        pace_of(messages_per_minute=600), [f"d{number % 7}.example" for number in range(400)]
    )
    simulation.run(20.0)
    assert 195 <= len(simulation.sent) <= 211


def test_a_relay_that_stops_for_two_seconds_makes_no_domain_slow() -> None:
    pace = pace_of()
    for number in range(200):
        pace.started(f"d{number % 10}.example", number / 1000)
        pace.answered(f"d{number % 10}.example", number / 1000, QUICK_S)
    for domain in range(10):
        pace.started(f"d{domain}.example", 0.2)
    for domain in range(10):
        pace.answered(f"d{domain}.example", 2.1, 1.9)
    assert not any(pace.is_slow(f"d{domain}.example") for domain in range(10))


def test_a_new_domain_begins_with_two_while_others_have_work() -> None:
    pace = pace_of()
    pace.started("b.example", 0.0)
    for _ in range(FIRST_WINDOW):
        assert pace.may_start("a.example", 0.0, True) == 0.0
        pace.started("a.example", 0.0)
    assert pace.may_start("a.example", 0.0, True) > 0.0
    pace.answered("a.example", 0.1, 0.1)
    assert pace.freed == ["a.example"]
    assert pace.may_start("a.example", 0.1, True) == 0.0


def test_what_was_lost_or_not_sent_is_in_transit_no_more() -> None:
    pace = pace_of(DomainLimit(domain="a.example", connections=1))
    for end in (pace.lost, pace.not_sent):
        pace.started("a.example", 0.0)
        assert pace.may_start("a.example", 0.0, False) > 0.0
        end("a.example", 0.0)
        assert pace.may_start("a.example", 0.0, False) == 0.0


def test_personal_letters_overtake() -> None:
    simulation = Simulation(pace_of(), ["a.example"] * 10)
    simulation.outbox.put([claimed(100, "a.example", CONFIRMATION)], 100.0)
    first = simulation.outbox.next(simulation.pace, 100.0)
    assert first is not None
    assert first.delivery_id == 100


def test_domains_take_turns() -> None:
    simulation = Simulation(pace_of(), ["a.example"] * 3 + ["b.example"] * 2 + ["c.example"])
    taken = [simulation.outbox.next(None, 100.0) for _ in range(6)]
    assert [one.recipient.domain[0] for one in taken if one] == ["a", "b", "c", "a", "b", "a"]
    assert simulation.outbox.next(None, 100.0) is None


def test_what_waited_too_long_is_looked_at_again() -> None:
    simulation = Simulation(pace_of(), ["a.example"])
    simulation.outbox.put([claimed(5, "a.example"), claimed(6, "b.example")], 101.0)
    taken = simulation.outbox.next(simulation.pace, 102.0)
    assert taken is not None
    assert taken.delivery_id in (5, 6)
    assert set(simulation.outbox.held) == {5, 6}
