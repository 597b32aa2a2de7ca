"""Ticks: what is due begins, trouble is told and does not end them, the night clears away."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import text
from structlog.testing import capture_logs

from mailer import audience, clock
from mailer.config import Config
from mailer.database import Database, connect
from mailer.schedule import open_schedule, ticks
from tests.delivery.desk import UPDATES, Desk, address, furnish
from tests.system.site import wait_for


@pytest.fixture
def desk(database: Database, config: Config) -> Desk:
    """A desk with the sample listing and one reader."""
    desk = furnish(database, config)
    desk.subscribe(address(1))
    return desk


@contextmanager
def ticking(desk: Desk) -> Iterator[BackgroundScheduler]:
    schedule = open_schedule(desk.database, desk.config)
    schedule.start()
    try:
        yield schedule
    finally:
        schedule.shutdown()


def in_minutes(minutes: float) -> datetime:
    return clock.now() + timedelta(minutes=minutes)


def state(desk: Desk) -> str:
    return desk.status(clock.now()).status


def test_what_is_due_begins_and_the_rest_waits(desk: Desk) -> None:
    desk.schedule(in_minutes(10), clock.now())
    ticks.start_due(desk.database, desk.config)
    assert state(desk) == "scheduled"
    mailing = desk.schedule(clock.now(), clock.now())
    with capture_logs() as logs:
        ticks.start_due(desk.database, desk.config)
        ticks.start_due(desk.database, desk.config)
    assert state(desk) == "sending"
    assert [(log["event"], log["mailing"]) for log in logs] == [("mailing_started", mailing)]


def test_what_is_due_too_long_is_paused(desk: Desk) -> None:
    desk.schedule(in_minutes(-60 * 7), in_minutes(-60 * 8))
    ticks.start_due(desk.database, desk.config)
    status = desk.status(clock.now())
    assert status.status == "paused"
    assert "6 hours" in status.reason


def test_a_schedule_ticks_by_itself(desk: Desk) -> None:
    with capture_logs(), ticking(desk):
        desk.schedule(clock.now(), clock.now())
        wait_for(lambda: state(desk) == "sending", "the mailing to begin", 10)


def tables_away(database: Database, *, away: bool) -> None:
    names = ("mailings", "mailings_elsewhere")
    before, after = names if away else reversed(names)
    with database.write() as session:
        session.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))


def test_trouble_with_the_database_is_told_and_the_ticks_go_on(desk: Desk) -> None:
    desk.schedule(clock.now(), clock.now())
    tables_away(desk.database, away=True)
    with capture_logs() as logs, ticking(desk):
        wait_for(lambda: bool(logs), "trouble", 10)
        tables_away(desk.database, away=False)
        wait_for(lambda: state(desk) == "sending", "the mailing to begin", 10)
    trouble: dict[str, Any] = dict(logs[0])
    assert (trouble["event"], trouble["log_level"]) == ("database_trouble", "error")
    assert trouble["reason"].startswith("The database does not answer as it should: ")
    assert "SELECT" not in trouble["reason"]


def test_a_server_that_is_gone_ends_no_tick(config: Config) -> None:
    gone = connect("postgresql://mailer@127.0.0.1:9/mailer")
    with closing(gone) as database, capture_logs() as logs:
        ticks.start_due(database, config)
        ticks.clear_away(database, config)
    assert [(log["event"], log["doing"]) for log in logs] == [
        ("database_trouble", "schedule"),
        ("database_trouble", "clear away"),
    ]


def erase(desk: Desk, days_ago: float) -> None:
    """Leave free pages in the file, and a reader erased so long ago."""
    with desk.database.write() as session:
        session.execute(text("CREATE TABLE gone (words TEXT)"))
        session.execute(text("INSERT INTO gone VALUES (:words)"), {"words": "ana" * 10_000})
        (reader,) = session.execute(text("SELECT id FROM subscribers")).scalars()
        audience.erase(session, reader, clock.now() - timedelta(days=days_ago))
    with desk.database.write() as session:
        session.execute(text("DROP TABLE gone"))


def free_pages(desk: Desk) -> int:
    with desk.database.read() as session:
        return int(session.execute(text("PRAGMA freelist_count")).scalar_one())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("days_ago", "scrubbed"), [(0.1, True), (2.9, True), (3.1, False)])
def test_files_are_scrubbed_after_an_erasure(desk: Desk, days_ago: float, scrubbed: bool) -> None:
    erase(desk, days_ago)
    assert free_pages(desk) > 0
    ticks.clear_away(desk.database, desk.config)
    assert (free_pages(desk) == 0) is scrubbed
    wal = desk.database.sqlite_file.with_name("mailer.db-wal")
    assert (wal.stat().st_size == 0) is scrubbed


def test_scrubbing_works_on_each_database(desk: Desk) -> None:
    erase(desk, 1)
    with capture_logs() as logs:
        ticks.clear_away(desk.database, desk.config)
    assert logs == []


def ask(desk: Desk, address: str, days_ago: float) -> None:
    with desk.database.write() as session:
        audience.ask(
            session,
            address,
            publication_id=UPDATES,
            language="en",
            name="",
            wording="Yes.",
            network="192.0.2.0/24",
            now=clock.now() - timedelta(days=days_ago),
        )


def test_what_privacy_promises_is_forgotten(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "CLEAR_AWAY_AT_ONCE", 2)
    for number in range(5):
        ask(desk, f"long-ago-{number}@example.org", 91)
    ask(desk, "a-month-ago@example.org", 31)
    ask(desk, "lately@example.org", 29)
    with capture_logs() as logs:
        ticks.clear_away(desk.database, desk.config)
        ticks.clear_away(desk.database, desk.config)
    assert logs == []
    with desk.database.read() as session:
        known = session.execute(text("SELECT address FROM subscribers WHERE address IS NOT NULL"))
        assert set(known.scalars()) == {address(1), "lately@example.org"}
        networks = session.execute(text("SELECT count(network) FROM consents"))
        assert networks.scalar() == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_clearing_away_is_for_the_organisations_night(database: Database, config: Config) -> None:
    schedule = open_schedule(database, config)
    schedule.start(paused=True)
    (job,) = (job for job in schedule.get_jobs() if job.func is ticks.clear_away)
    schedule.shutdown()
    summer = datetime(2007, 7, 1, 12, tzinfo=UTC)
    due = job.trigger.get_next_fire_time(None, summer)
    assert due == datetime(2007, 7, 2, 3, tzinfo=ZoneInfo("Europe/London"))
