"""Connections and transactions."""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from mailer.config import Config
from mailer.database.models import load_models
from mailer.database.schema import driver_url, require_schema
from mailer.errors import Failed
from mailer.sentence import Sentence

POSTGRESQL_OPTIONS = {"connect_timeout": 10, "options": "-c timezone=UTC"}
_BUSY_TIMEOUT_S = 5.0
_HURRIED_S = 0.25
_PATIENT = f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_S * 1000:.0f}"
_ASK_AGAIN_S = 0.005
"""How often a writer asks for SQLite's lock. SQLite's own way asks ten times a second at the end,
and starves beside a process that lets go of the lock for moments only."""


class Database:
    """The one database of an organisation; hands out transactions."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writing = engine.execution_options(immediate=True)
        self._patience_s = _BUSY_TIMEOUT_S
        self._turn = threading.Lock()
        self._pen = threading.Lock()
        # SQLite shows a transaction one state in any case; PostgreSQL does so when asked to.
        self._reading = (
            engine
            if self.is_sqlite
            else engine.execution_options(isolation_level="REPEATABLE READ")
        )

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @property
    def sqlite_file(self) -> Path:
        """The file of a SQLite database."""
        assert self.engine.url.database is not None
        return Path(self.engine.url.database)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that sees one state of the database and changes nothing."""
        with Session(self._reading, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self, *, ahead: bool = False) -> Iterator[Session]:
        """A transaction that is committed at its end, and undone where it raises.

        `ahead` is for the sender: it waits for one writer of this process at most, however many
        pages want to write.
        """
        with (
            self.pen(ahead=ahead),
            Session(self._writing, expire_on_commit=False) as session,
            session.begin(),
        ):
            session.connection()  # begins, and so takes the lock, now
            yield session

    def hurry(self) -> None:
        """From now on wait for no lock but for a moment: the process is about to end."""
        self._patience_s = _HURRIED_S

    def _begin_sqlite(self, connection: Connection) -> None:
        if not connection.get_execution_options().get("immediate"):
            connection.exec_driver_sql("BEGIN")
            return
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        self._ask_for_lock(driver, lambda: connection.exec_driver_sql("BEGIN IMMEDIATE"))

    def begin_immediate(self, driver: sqlite3.Connection) -> None:
        """Begin a transaction that writes, on a connection of SQLite's driver."""
        self._ask_for_lock(driver, lambda: driver.execute("BEGIN IMMEDIATE"))

    def _ask_for_lock(self, driver: sqlite3.Connection, at_last: Callable[[], object]) -> None:
        """Ask for the lock until it is ours; `at_last` is called where patience ended, or where
        there is another error, and raises it as its caller wants it."""
        driver.execute("PRAGMA busy_timeout = 0")
        began = 0.0
        try:
            # The patience is asked for each time: a signal may end it while we wait.
            while not began or time.monotonic() - began < self._patience_s:
                try:
                    driver.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                        break
                    began = began or time.monotonic()
                    time.sleep(_ASK_AGAIN_S)
                else:
                    return
            at_last()
        finally:
            driver.execute(_PATIENT)

    @contextmanager
    def pen(self, *, ahead: bool = False) -> Iterator[None]:
        """On SQLite, which has one pen: writers of one process queue for it here.

        SQLite's own way of waiting, asking again and again, lets many threads starve one.
        """
        if not self.is_sqlite:
            yield
            return
        with nullcontext() if ahead else self._turn, self._pen:
            yield

    def close(self) -> None:
        self.engine.dispose()


def connect(url: str, pool_size: int = 10) -> Database:
    """A `Database` on `url`, whatever the state of its schema."""
    if url.startswith("sqlite"):
        engine = create_engine(
            url,
            pool_size=pool_size,
            hide_parameters=True,
            json_deserializer=_from_json,
            connect_args={"timeout": _BUSY_TIMEOUT_S},
        )
        event.listen(engine, "connect", _prepare_sqlite)
    else:
        engine = create_engine(
            driver_url(url),
            pool_size=pool_size,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args=POSTGRESQL_OPTIONS,
        )
    load_models()
    database = Database(engine)
    if database.is_sqlite:
        event.listen(engine, "begin", database._begin_sqlite)
    return database


def open_database(config: Config) -> Database:
    """The configured database, its schema checked.

    Raises:
        Failed: it cannot be reached, or its schema is older or newer than this version's.
    """
    database = connect(config.database.url, config.database.pool_size)
    if database.is_sqlite and not database.sqlite_file.exists():
        raise Failed(
            Sentence(
                "There is no database at {file}; `mailer db upgrade` creates it.",
                file=database.sqlite_file,
            )
        )
    try:
        require_schema(database.engine)
    except SQLAlchemyError as error:
        database.close()
        raise database_error(error) from None
    except Failed:
        database.close()
        raise
    return database


def database_error(error: SQLAlchemyError) -> Failed:
    """What went wrong below us, as a sentence without SQL and without anybody's data."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    said = str(cause).strip().splitlines() or [type(error).__name__]
    if isinstance(error, DBAPIError) and "locked" in said[0]:
        return Failed("The database is busy with another process; try again in a moment.")
    return Failed(Sentence("The database does not answer as it should: {reason}.", reason=said[0]))


def _from_json(text: str) -> Any:
    # By far the commonest: a reader without fields of their own.
    return {} if text == "{}" else json.loads(text)


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # SQLAlchemy's "begin" event starts transactions; the driver must not do so as well.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "cache_size=-16000",
    ):
        connection.execute(f"PRAGMA {pragma}")
