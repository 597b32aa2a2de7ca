"""How fast a mailing goes: what each worker measures, and what the status makes of it."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from mailer import clock
from mailer.delivery import rates as rates_module
from mailer.delivery import sender as sender_module
from mailer.delivery import tally
from mailer.delivery.models import TallyRow
from mailer.delivery.rates import Rates
from mailer.delivery.record import Outcome
from tests.conftest import NOW
from tests.delivery.desk import Desk, address
from tests.delivery.test_sender import run_until, set_up
from tests.sink import Sink


def outcomes(count: int, mailing: int = 1, state: str = "sent") -> list[Outcome]:
    return [Outcome(one, mailing, state, "", NOW, 1, 0, 250, NOW) for one in range(count)]


def test_a_steady_rate_is_right_from_the_first_second_on() -> None:
    rates = Rates(100.0)
    for second in range(1, 40):
        rates.count(outcomes(50))
        assert rates.a_minute(100.0 + second) == {1: 3000}


def test_a_new_rate_is_believed_within_some_ten_seconds() -> None:
    rates = Rates(0.0)
    for second in range(1, 61):
        rates.count(outcomes(10))
        rates.a_minute(float(second))
    told = []
    for second in range(61, 91):
        rates.count(outcomes(100))
        told.append(rates.a_minute(float(second))[1])
    assert told == sorted(told)
    assert told[0] < 1300
    assert told[9] > 3900
    assert told[-1] > 5700


def test_what_stands_still_is_told_as_0_once_and_forgotten() -> None:
    rates = Rates(0.0)
    rates.count(outcomes(10))
    told = [rates.a_minute(second)[1] for second in (1.0, 20.0, 600.0)]
    assert (told[0], told[2]) == (600, 0)
    assert told[0] > told[1] > 0
    assert rates.a_minute(601.0) == {}


@pytest.mark.parametrize(
    ("state", "counts"),
    [("sent", True), ("failed", True), ("deferred", False), ("queued", False), ("in_doubt", False)],
)
def test_only_what_is_done_with_counts(state: str, counts: bool) -> None:
    rates = Rates(0.0)
    rates.count(outcomes(5, state=state))
    assert rates.a_minute(60.0) == ({1: 5} if counts else {})


def test_of_very_many_mailings_the_busiest_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates_module, "MOST_TOLD", 2)
    rates = Rates(0.0)
    for mailing in range(1, 6):
        rates.count(outcomes(mailing * 10, mailing))
    assert rates.a_minute(60.0) == {5: 50, 4: 40}


def measure(desk: Desk, worker: str, mailing: int, rate: int, after_s: float) -> None:
    with desk.database.write() as session:
        session.add(TallyRow(mailing_id=mailing, worker=worker))
        session.flush()
        tally.measure(session, worker, {mailing: rate}, NOW + timedelta(seconds=after_s))


def test_the_status_has_the_rate_of_all_workers_at_this_moment(desk: Desk) -> None:
    desk.subscribe(*map(address, range(10)))
    mailing = desk.send()
    measure(desk, "sender-a", mailing, 60, 99.0)
    measure(desk, "sender-b", mailing, 180, 99.5)
    measure(desk, "sender-gone", mailing, 6000, 10.0)
    found = desk.status(NOW + timedelta(seconds=100))
    assert (found.rate_per_s, found.eta_s) == (4.0, 2.5)


def test_where_nothing_goes_out_the_status_says_so_whatever_went_before(desk: Desk) -> None:
    desk.subscribe(*map(address, range(10)))
    mailing = desk.send()
    desk.put([1, 2, 3, 4, 5], state="sent")
    assert desk.status(NOW + timedelta(seconds=10)).rate_per_s == 0.5
    measure(desk, "sender-a", mailing, 0, 99.0)
    for seconds in (100, 1000):
        found = desk.status(NOW + timedelta(seconds=seconds))
        assert (found.rate_per_s, found.eta_s) == (0.0, None)


def test_nobody_can_tell_the_end_of_what_only_waits_to_be_tried_again(desk: Desk) -> None:
    desk.subscribe(*map(address, range(3)))
    mailing = desk.send()
    desk.put([1, 2], state="sent")
    desk.put([3], state="deferred")
    measure(desk, "sender-a", mailing, 60, 9.0)
    found = desk.status(NOW + timedelta(seconds=10))
    assert (found.rate_per_s, found.eta_s) == (1.0, None)


def test_a_sender_tells_how_fast_it_sends(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender_module, "KEEP_S", 0.05)
    desk.subscribe(*map(address, range(30)))
    desk.begin(clock.now())

    def told() -> bool:
        with desk.database.read() as session:
            return any(session.scalars(select(TallyRow.rate).where(TallyRow.worker != "")))

    with Sink().running() as sink:
        asyncio.run(run_until(set_up(desk, sink.port), told, "a rate"))
