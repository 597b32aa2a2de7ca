"""Tries in vain: some are free, then each waits for longer, whoever counts and wherever."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from sqlalchemy import func, select, text

from mailer.database import Database
from mailer.staff import Keys
from mailer.staff.models import TriesRow
from mailer.staff.throttle import (
    LIMITS,
    Limit,
    Try,
    count,
    failures,
    forgive,
    neighbourhood,
    tries,
    wait_after,
)
from tests.conftest import NOW
from tests.delivery.desk import at_once

KEYS = Keys("0" * 32)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def ana(network: str | None = None) -> list[Try]:
    return tries(KEYS, network, mailbox="ana@psg.example")


def attempt(database: Database, now: datetime, whose: list[Try] | None = None) -> timedelta:
    with database.write() as session:
        return count(session, whose or ana(), now)


def test_waits_double_up_to_the_longest() -> None:
    limit = Limit(3, 30 * SECOND, 300 * SECOND)
    waits = [wait_after(limit, n).total_seconds() for n in range(10)]
    assert waits == [0, 0, 0, 30, 60, 120, 240, 300, 300, 300]


@given(st.sampled_from(list(LIMITS.values())), st.integers(0, 10**9))
def test_no_wait_is_longer_than_the_longest_or_shorter_than_before(limit: Limit, n: int) -> None:
    assert wait_after(limit, n) <= wait_after(limit, n + 1) <= limit.longest


@pytest.mark.parametrize(
    ("network", "where"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_a_household_is_one_however_many_addresses_it_has(network: str, where: str) -> None:
    assert neighbourhood(network) == where


def test_after_five_in_vain_one_waits_and_then_has_one_try(database: Database) -> None:
    assert [attempt(database, NOW) for _ in range(5)] == [timedelta(0)] * 5
    assert attempt(database, NOW) == 30 * SECOND
    assert attempt(database, NOW + 29 * SECOND) == SECOND
    assert attempt(database, NOW + 30 * SECOND) == timedelta(0)
    assert attempt(database, NOW + 30 * SECOND) == 60 * SECOND
    with database.read() as session:
        assert failures(session, ana()[0]) == 6


def test_whoever_was_right_begins_anew(database: Database) -> None:
    for _ in range(5):
        attempt(database, NOW)
    with database.write() as session:
        forgive(session, ana(), NOW)
    assert attempt(database, NOW) == timedelta(0)


def test_a_network_waits_whoever_it_tries(database: Database) -> None:
    for n in range(30):
        whose = tries(KEYS, "192.0.2.7", mailbox=f"{n}@psg.example")
        assert attempt(database, NOW, whose) == timedelta(0)
    assert attempt(database, NOW, ana("192.0.2.7")) == 30 * SECOND
    assert attempt(database, NOW, ana("192.0.2.8")) == timedelta(0)


def test_of_a_network_only_the_try_that_was_right_is_forgiven(database: Database) -> None:
    for _ in range(3):
        attempt(database, NOW, tries(KEYS, "192.0.2.7"))
    attempt(database, NOW, ana("192.0.2.7"))
    with database.write() as session:
        forgive(session, ana("192.0.2.7"), NOW)
        (network,) = tries(KEYS, "192.0.2.7")
        assert failures(session, network) == 3
        assert failures(session, ana()[0]) == 0


def test_a_day_later_nothing_is_known_of_it(database: Database) -> None:
    for _ in range(5):
        attempt(database, NOW)
    attempt(database, NOW + DAY, tries(KEYS, None, mailbox="tom@psg.example"))
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(TriesRow)) == 1
    assert attempt(database, NOW + DAY) == timedelta(0)


def test_nothing_that_was_typed_stands_in_the_table(database: Database) -> None:
    attempt(database, NOW, ana("192.0.2.7"))
    with database.read() as session:
        rows = repr(session.execute(text("SELECT * FROM sign_in_tries")).all())
    assert "ana" not in rows
    assert "192" not in rows


def test_of_many_guesses_at_once_five_are_looked_at(database: Database, database_url: str) -> None:
    looked_at: list[bool] = []

    def guess(own: Database) -> None:
        looked_at.extend(not attempt(own, NOW, ana("192.0.2.7")) for _ in range(3))

    at_once(database_url, *[guess] * 4)
    assert len(looked_at) == 12
    assert looked_at.count(True) == 5


class Guesses(RuleBasedStateMachine):
    """Somebody guesses as fast as they may, and sometimes the owner is right in between."""

    database: Database

    @initialize()
    def nothing_yet(self) -> None:
        self.now = NOW
        self.in_vain = 0
        self.last: datetime | None = None
        self.free_at = NOW
        with self.database.write() as session:
            session.execute(text("DELETE FROM sign_in_tries"))

    @rule(seconds=st.sampled_from([0, 1, 29, 30, 60, 600, 3599, 3600, 86_399, 86_400]))
    def wait(self, seconds: int) -> None:
        self.now += seconds * SECOND

    @rule()
    def guess(self) -> None:
        self._attempt()

    @rule()
    def be_right(self) -> None:
        if self._attempt():
            with self.database.write() as session:
                forgive(session, ana(), self.now)
            self.in_vain, self.free_at = 0, self.now

    def _attempt(self) -> bool:
        if self.last is not None and self.now - self.last >= DAY:
            self.in_vain, self.free_at = 0, self.now
        wait = attempt(self.database, self.now)
        assert wait == max(self.free_at - self.now, timedelta(0))
        if wait:
            return False
        self.in_vain, self.last = self.in_vain + 1, self.now
        self.free_at = self.now + wait_after(LIMITS["mailbox"], self.in_vain)
        return True


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_however_somebody_guesses_they_wait_as_long_as_they_should(database: Database) -> None:
    class Here(Guesses):
        pass

    Here.database = database
    run = Here.TestCase
    run.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
    run().runTest()


def test_a_patient_guesser_has_few_tries_a_day() -> None:
    limit, now, done = LIMITS["code"], NOW, 0
    while now < NOW + DAY:
        done += 1
        now += wait_after(limit, done)
    # Three of a million codes are good at a time.
    assert done < 40
