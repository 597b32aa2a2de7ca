"""Lines that are kept open: durable at the end of each transaction, and fresh after a failure."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from mailer.database import Database, Line, WaitingLine

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
ADD = (
    "INSERT INTO audit (at, actor, subject, words)"
    " VALUES ('2026-11-25 08:00:00.000000', '', '', '')"
)
NOTHING = "SELECT no_such_column FROM audit"


def audited(database: Database) -> int:
    with database.read() as session:
        return int(session.execute(text("SELECT count(*) FROM audit")).scalar_one())


def test_what_is_said_on_a_line_is_kept(database: Database) -> None:
    line = Line(database)
    for count in (1, 2):
        with line.write() as driver:
            driver.execute(ADD)
        assert audited(database) == count
    line.drop()


def test_after_a_failure_a_line_goes_on(database: Database) -> None:
    line = Line(database)
    with pytest.raises(DBAPIError), line.write() as driver:
        driver.execute(NOTHING)
    with line.write() as driver:
        driver.execute(ADD)
    assert audited(database) == 1
    line.drop()


@on_postgresql
def test_an_event_loop_goes_on_while_the_server_works(database: Database) -> None:
    async def look() -> list[str]:
        line, happened = WaitingLine(database), []

        async def ask() -> None:
            assert await line.execute("SELECT 1 FROM pg_sleep(0.2)", ()) == [(1,)]
            happened.append("answered")

        asking = asyncio.create_task(ask())
        while not asking.done():
            await asyncio.sleep(0.01)
            happened.append("went on")
        await asking
        line.drop()
        return happened

    happened = asyncio.run(look())
    assert happened.count("answered") == 1
    assert happened.index("answered") > 1


@on_postgresql
def test_after_a_failure_a_waiting_line_has_a_fresh_connection(database: Database) -> None:
    kill = "SELECT pg_terminate_backend(pg_backend_pid())"

    async def look() -> list[str]:
        line = WaitingLine(database)
        for statement in (NOTHING, kill):
            with pytest.raises(DBAPIError):
                await line.execute(statement, ())
        (found,) = await line.execute("SHOW timezone", ())
        line.drop()
        return list(found)

    assert asyncio.run(look()) == ["UTC"]
