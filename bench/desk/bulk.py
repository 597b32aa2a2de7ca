"""Millions of rows into a database: on PostgreSQL copied, on SQLite by the bulk insert."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import event
from sqlalchemy.orm import Session

from mailer.database import Base, Database, insert_all

_WHILE_FILLING = ("synchronous=OFF", "secure_delete=OFF", "cache_size=-300000")


def put(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows, which all name the same columns."""
    driver = session.connection().connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        insert_all(session, table, rows)
        return
    columns = list(rows[0])
    named = ", ".join(f'"{column}"' for column in columns)
    statement = f"COPY {table.__tablename__} ({named}) FROM STDIN"
    with driver.cursor() as cursor, cursor.copy(statement) as copy:  # type: ignore[call-overload]
        for row in rows:
            copy.write_row([_copied(row[column]) for column in columns])


def _copied(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value


@contextmanager
def in_haste(database: Database) -> Iterator[None]:
    """A database that may be lost at any moment, since it is being filled."""

    def prepare(connection: Any, *_: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            for pragma in _WHILE_FILLING:
                connection.execute(f"PRAGMA {pragma}")

    event.listen(database.engine, "connect", prepare)
    database.engine.dispose()
    try:
        yield
    finally:
        event.remove(database.engine, "connect", prepare)
        database.engine.dispose()
