"""Which schema a database has, and how it comes to the newest one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from mailer.config import resource
from mailer.errors import Failed, WrongInput
from mailer.sentence import Sentence

SCHEMA = "0007"
"""The newest revision in `migrations/`; a test holds the two together, so that no command
needs to import Alembic to know it."""


def schema_of(engine: Engine) -> str | None:
    """The revision of the database's schema; None where there is none yet."""
    with engine.connect() as connection:
        try:
            revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        except DBAPIError:
            connection.rollback()
            if inspect(connection).has_table("alembic_version"):
                raise
            return None
    return None if revision is None else str(revision)


def require_schema(engine: Engine) -> None:
    """Raise `Failed` unless the schema is exactly this version's."""
    found = schema_of(engine)
    if found == SCHEMA:
        return
    if found is None:
        raise Failed("The database is empty; `mailer db upgrade` creates its tables.")
    if found < SCHEMA:
        raise Failed(
            Sentence(
                "The database has schema {found}, and this version needs "
                "{needed}; stop the other processes and run `mailer db "
                "upgrade`.",
                found=found,
                needed=SCHEMA,
            )
        )
    raise _unknown(found)


def _unknown(found: str) -> Failed:
    return Failed(
        Sentence(
            "The database has schema {found}, made by a newer version of "
            "mailer than this one (schema {needed}); run that version.",
            found=found,
            needed=SCHEMA,
        )
    )


def upgrade(url: str, engine: Engine) -> None:
    """Create the database where it is missing, and bring its schema to `SCHEMA`.

    Several processes may do so at once: one works, the others wait and find it done.
    """
    from alembic import command
    from alembic.config import Config as AlembicConfig

    _create_database(url)
    found = schema_of(engine)
    if found is not None and found > SCHEMA:
        raise _unknown(found)
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(resource("migrations")))
    immediate = engine.execution_options(immediate=True)
    with (
        immediate.connect() as connection,
        without_foreign_keys(connection),
        connection.begin(),
    ):
        _one_at_a_time(connection)
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")


@contextmanager
def without_foreign_keys(connection: Connection) -> Iterator[None]:
    """Rebuild tables of SQLite that others point to; no transaction may have begun.

    SQLite cannot switch foreign keys off inside of one. PostgreSQL rebuilds nothing.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def create_private(file: Path) -> None:
    """Make an empty file that nobody else may read, unless it stands already.

    Raises:
        Failed: it cannot be made.
    """
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise Failed(
            Sentence("{file} cannot be written: {reason}.", file=file, reason=error.strerror)
        ) from None


def _one_at_a_time(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('mailer schema'))"))


def driver_url(url: str) -> URL:
    """The configured URL as SQLAlchemy takes it: PostgreSQL through psycopg 3.

    Raises:
        WrongInput: it cannot be read; the sentence does not repeat it, since it may hold a secret.
    """
    try:
        return make_url(url.replace("postgresql://", "postgresql+psycopg://", 1))
    except (ArgumentError, ValueError):
        raise WrongInput(
            "The configuration’s database.url cannot be read; "
            "write it like “postgresql://user@host:5432/name”."
        ) from None


def _create_database(url: str) -> None:
    target = driver_url(url)
    if target.get_backend_name() == "sqlite":
        assert target.database is not None
        folder = Path(target.database).parent
        if not folder.is_dir():
            raise Failed(
                Sentence(
                    "The folder {folder} for the database does not exist; create it first.",
                    folder=folder,
                )
            )
        create_private(Path(target.database))
        return
    try:
        create_engine(target, poolclass=NullPool).connect().close()
    except OperationalError as error:
        if "does not exist" not in str(error.orig):
            raise
        server = create_engine(
            target.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool
        )
        with server.connect() as connection:
            name = server.dialect.identifier_preparer.quote(target.database or "")
            connection.execute(text(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"))
