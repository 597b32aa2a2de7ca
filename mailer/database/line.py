"""Lines to the database that are kept open, for transactions that are many and short."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import PoolProxiedConnection
from sqlalchemy.exc import DBAPIError

from mailer.database.engine import POSTGRESQL_OPTIONS, Database


class Line:
    """One connection of the driver's own, for one thread; what is said on it is plain SQL.

    Errors of the driver come as SQLAlchemy's, and the next transaction has a fresh connection.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: PoolProxiedConnection | None = None

    @contextmanager
    def write(self) -> Iterator[Any]:
        """A transaction, committed at its end and undone where it raises; it waits for one writer
        of this process at most. Yields the driver's connection.

        On PostgreSQL each statement is its own transaction.

        Raises:
            DBAPIError: the database failed; whether the transaction was committed is not known
                where it failed at its very end.
        """
        with self._database.pen(ahead=True):
            try:
                driver = self._driver()
                if self._database.is_sqlite:
                    self._database.begin_immediate(driver)
                yield driver
                if self._database.is_sqlite:
                    driver.execute("COMMIT")
            except self._database.engine.dialect.loaded_dbapi.Error as error:
                self.drop()
                raise DBAPIError(None, None, error) from error
            except BaseException:
                self.drop()
                raise

    def _driver(self) -> Any:
        if self._held is None:
            self._held = self._database.engine.raw_connection()
            if not self._database.is_sqlite:
                self._driver_of(self._held).autocommit = True
        return self._driver_of(self._held)

    @staticmethod
    def _driver_of(held: PoolProxiedConnection) -> Any:
        driver = held.driver_connection
        assert driver is not None
        return driver

    def drop(self) -> None:
        """Close the connection, and undo what is not committed."""
        held, self._held = self._held, None
        if held is None:
            return
        driver = self._driver_of(held)
        if isinstance(driver, sqlite3.Connection) and driver.in_transaction:
            driver.rollback()
        held.invalidate()


class WaitingLine:
    """A line to PostgreSQL for an event loop, which goes on with other things meanwhile.

    Each statement is its own transaction; one at a time. Errors of the driver come as
    SQLAlchemy's, and the next statement has a fresh connection.
    """

    def __init__(self, database: Database) -> None:
        self._engine = database.engine
        self._held: Any = None

    async def execute(self, statement: str, parameters: Any) -> list[Any]:
        """Carry out a statement; the rows that it returns.

        Raises:
            DBAPIError: the database failed; whether the statement was carried out is not known.
        """
        try:
            if self._held is None:
                self._held = await self._connected()
            found = await self._held.execute(statement, parameters)
            return list(await found.fetchall())
        except self._engine.dialect.loaded_dbapi.Error as error:
            self.drop()
            raise DBAPIError(None, None, error) from error
        except BaseException:
            self.drop()
            raise

    async def _connected(self) -> Any:
        from psycopg import AsyncConnection

        words, of_url = self._engine.dialect.create_connect_args(self._engine.url)
        options = {**POSTGRESQL_OPTIONS, **of_url}
        return await AsyncConnection.connect(*words, **options, autocommit=True)

    def drop(self) -> None:
        """Close the connection; what it was carrying out may be carried out or not."""
        held, self._held = self._held, None
        if held is not None:
            held.pgconn.finish()
