"""Copies of the database: checked, backed up and restored."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, text
from sqlalchemy.exc import SQLAlchemyError

from mailer.database.engine import Database, database_error
from mailer.database.schema import create_private, driver_url
from mailer.errors import Failed, WrongInput

_SQLITE_MAGIC = b"SQLite format 3\0"
# By which variables of the environment PostgreSQL's programs learn where to, who, and the secret.
_BY_ENVIRONMENT = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
}


def require_sound(database: Database) -> None:
    """Raise `Failed` where the database says that it is damaged."""
    try:
        with database.read() as session:
            if database.is_sqlite:
                said = str(session.execute(text("PRAGMA integrity_check(1)")).scalar())
                if said == "ok" and session.execute(text("PRAGMA foreign_key_check")).first():
                    said = "a row names another that is not there"
                if said != "ok":
                    reason = said.splitlines()[-1]
                    raise Failed(f"The database is damaged ({reason}); restore a backup.")
            else:
                session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        raise database_error(error) from None


def back_up(database: Database, file: Path) -> None:
    """Write a copy that is consistent also under load.

    SQLite's backup API copies a snapshot; PostgreSQL's own `pg_dump` does the same for it.
    """
    if file.exists():
        raise WrongInput(f"{file} exists already; name a new file for the backup.")
    if not file.parent.is_dir():
        raise WrongInput(f"There is no folder {file.parent} to write the backup into.")
    partial = file.with_name(file.name + ".partial")
    create_private(partial)
    try:
        if database.is_sqlite:
            with (
                closing(sqlite3.connect(database.sqlite_file)) as source,
                closing(sqlite3.connect(partial)) as target,
            ):
                source.backup(target)
        else:
            _run_on(database.engine.url, "pg_dump", "--format=custom", f"--file={partial}")
        partial.rename(file)
    except (OSError, sqlite3.Error) as error:
        raise Failed(f"The backup could not be written: {error}.") from None
    finally:
        partial.unlink(missing_ok=True)


def restore(url: str, file: Path) -> None:
    """Put the backup `file` in place of the database at `url`.

    Raises:
        WrongInput: the file is no backup.
        Failed: the database is in use, or the restoring failed.
    """
    if not file.is_file():
        raise WrongInput(f"There is no backup at {file}.")
    if not url.startswith("sqlite"):
        options = ("--clean", "--if-exists", "--single-transaction", "--no-owner", str(file))
        _run_on(driver_url(url), "pg_restore", *options)
        return
    _require_whole(file)
    target = Path(url.removeprefix("sqlite:///"))
    arriving = target.with_name(target.name + ".arriving")
    try:
        if target.exists():
            _require_unused(target)
        create_private(arriving)
        shutil.copyfile(file, arriving)
        for suffix in ("-wal", "-shm"):
            target.with_name(target.name + suffix).unlink(missing_ok=True)
        arriving.rename(target)
    except OSError as error:
        raise Failed(f"The backup could not be restored: {error}.") from None
    finally:
        arriving.unlink(missing_ok=True)


def _require_whole(file: Path) -> None:
    """Raise WrongInput unless `file` is a backup of ours that can be read to its end."""
    with file.open("rb") as opened:
        if opened.read(len(_SQLITE_MAGIC)) != _SQLITE_MAGIC:
            raise WrongInput(f"{file} is no backup of a SQLite database.")
    try:
        uri = f"{file.resolve().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True)) as backup:
            (said,) = backup.execute("PRAGMA integrity_check(1)").fetchone()
            made_here = "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"
            (ours,) = backup.execute(made_here).fetchone()
    except sqlite3.DatabaseError as error:
        said, ours = str(error), 1
    if said != "ok":
        reason = said.splitlines()[-1]
        raise WrongInput(f"The backup {file} is damaged ({reason}); take another one.")
    if not ours:
        raise WrongInput(f"{file} is a database, but no backup of Mailer's.")


def _require_unused(file: Path) -> None:
    """Raise Failed where somebody else is in the database; a damaged one may be replaced."""
    try:
        with closing(sqlite3.connect(file, timeout=1)) as present:
            present.execute("PRAGMA locking_mode=EXCLUSIVE")
            present.execute("BEGIN EXCLUSIVE")
            present.rollback()
    except sqlite3.OperationalError:
        raise Failed("The database is in use; stop the other processes and try again.") from None
    except sqlite3.DatabaseError:
        return


def _run_on(database: URL, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on a database; its first line of complaint is the reason."""
    import os
    import subprocess

    from psycopg.conninfo import make_conninfo

    public, private = _parted(database)
    # It asks nobody for a password, who might not be there.
    command = [program, f"--dbname={make_conninfo(**public)}", "--no-password", *arguments]
    try:
        subprocess.run(  # noqa: S603
            command, check=True, capture_output=True, text=True, env={**os.environ, **private}
        )
    except FileNotFoundError:
        raise Failed(
            f"{program} is not installed; it comes with PostgreSQL's client programs."
        ) from None
    except subprocess.CalledProcessError as error:
        said = (error.stderr or "").strip().splitlines() or ["no reason given"]
        raise Failed(f"{program} failed: {said[0]}") from None


def _parted(database: URL) -> tuple[dict[str, str], dict[str, str]]:
    """What connects to a database: what may stand on a command line, and what the environment has.

    Everybody may read a command line; a password may stand in a URL's query as well.
    """
    _, options = database.get_dialect()().create_connect_args(database)
    if "sslpassword" in options:
        raise WrongInput(
            "The configuration's database.url has an sslpassword, which PostgreSQL's programs take "
            "from nowhere but their command line, where everybody may read it; use a key without."
        )
    public = {name: str(value) for name, value in options.items() if name not in _BY_ENVIRONMENT}
    private = {
        variable: str(options[name])
        for name, variable in _BY_ENVIRONMENT.items()
        if name in options
    }
    return public, private
