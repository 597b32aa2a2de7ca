"""The types of columns: moments and JSON are the same on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text
from sqlalchemy.exc import StatementError

from mailer.database import Database, Json, UtcDateTime, among
from tests.conftest import NOW

THINGS = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime),
    Column("value", Json),
)
LIMA = timezone(timedelta(hours=-5))


@pytest.fixture
def things(database: Database) -> Iterator[Database]:
    """A database with a table of moments and values."""
    THINGS.create(database.engine)
    yield database
    THINGS.drop(database.engine)


def put(database: Database, *rows: dict[str, Any]) -> None:
    with database.write() as session:
        session.execute(insert(THINGS), rows)


def found(database: Database, column: Column[Any], *order: Any) -> list[Any]:
    with database.read() as session:
        return list(session.execute(select(column).order_by(*order or (THINGS.c.id,))).scalars())


def test_a_moment_comes_back_in_utc(things: Database) -> None:
    moments = [NOW, NOW.astimezone(LIMA), datetime(2007, 3, 31, 4, 0, 0, 123456, LIMA), None]
    put(things, *({"at": moment} for moment in moments))
    assert found(things, THINGS.c.at) == moments
    assert {moment.tzinfo for moment in found(things, THINGS.c.at) if moment} == {UTC}


def test_a_moment_without_a_zone_is_refused(things: Database) -> None:
    with pytest.raises(StatementError, match="naive"):
        put(things, {"at": NOW.replace(tzinfo=None)})


def test_moments_sort_and_compare_by_time(things: Database) -> None:
    moments = [
        NOW + timedelta(microseconds=1),
        NOW,
        (NOW + timedelta(days=1)).astimezone(LIMA),
        NOW - timedelta(microseconds=1),
        (NOW - timedelta(hours=1)).astimezone(LIMA),
        NOW.replace(year=999),
    ]
    put(things, *({"at": moment} for moment in moments))
    assert found(things, THINGS.c.at, THINGS.c.at) == sorted(moments)
    with things.read() as session:
        after = session.execute(select(THINGS.c.at).where(THINGS.c.at > NOW.astimezone(LIMA)))
        assert set(after.scalars()) == {moment for moment in moments if moment > NOW}


@pytest.mark.parametrize("value", [{}, [], {"town": "Perú", "list": [1, 2.5, None, True]}, "x", 3])
def test_json_comes_back_as_it_was(things: Database, value: Any) -> None:
    put(things, {"value": value})
    assert found(things, THINGS.c.value) == [value]


def test_no_value_is_null_and_not_json(things: Database) -> None:
    put(things, {"value": None})
    with things.read() as session:
        count = text("SELECT count(*) FROM things WHERE value IS NULL")
        assert session.execute(count).scalar() == 1


@pytest.mark.parametrize("count", [0, 3, 50_000])
def test_rows_are_found_among_however_many_ids(things: Database, count: int) -> None:
    put(things, *({"at": NOW} for _ in range(5)))
    with things.read() as session:
        which = among(session, THINGS.c.id, range(2, 2 + count))
        ids = list(session.execute(select(THINGS.c.id).where(which)).scalars())
    assert sorted(ids) == list(range(2, min(6, 2 + count)))
