"""Copies of the database: consistent while it is in use, and put back whole or not at all."""

import json
import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import text

from mailer import audit
from mailer.database import Database, back_up, connect, require_sound, restore
from mailer.errors import Failed, WrongInput
from tests.conftest import NOW
from tests.services import WITH_PASSWORD, Postgres, missing_service

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database of each kind with one line in its log."""
    with closing(connect(database_url)) as opened:
        say(opened, "before")
        yield opened


def say(database: Database, words: str) -> None:
    with database.write() as session:
        audit.record(session, NOW, "ana", "issue 1", words)


def said(url: str) -> list[str]:
    with closing(connect(url)) as database, database.read() as session:
        return list(session.execute(text("SELECT words FROM audit ORDER BY id")).scalars())


def test_a_backup_made_beside_a_writer_is_put_back(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    with database.write() as session:
        audit.record(session, NOW, "ana", "issue 1", "unfinished")
        session.flush()
        back_up(database, file)
    say(database, "after")
    database.close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    restore(database_url, file)
    assert said(database_url) == ["before"]
    with closing(connect(database_url)) as restored:
        require_sound(restored)
    assert sorted(path.name for path in tmp_path.glob("*backup*")) == ["backup"]


def test_a_file_that_stands_is_not_overwritten(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "precious"
    file.write_text("precious")
    with pytest.raises(WrongInput, match="exists already"):
        back_up(database, file)
    assert file.read_text() == "precious"


def test_a_backup_goes_nowhere_without_a_folder(database: Database, tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match="no folder"):
        back_up(database, tmp_path / "no-such" / "backup")


def test_what_is_no_backup_is_refused(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    noise = tmp_path / "noise"
    noise.write_bytes(os.urandom(5000))
    with pytest.raises((WrongInput, Failed)) as refused:
        restore(database_url, noise)
    assert "\n" not in str(refused.value)
    with pytest.raises(WrongInput, match="no backup at"):
        restore(database_url, tmp_path / "no-such")
    assert said(database_url) == ["before"]


@on_sqlite
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda whole: whole[: len(whole) // 2], "damaged"),
        (lambda whole: whole[:40960] + b"\1" * 20000 + whole[60960:], "damaged"),
        (lambda whole: whole[:16] + b"\1" * 9000, "damaged"),
        (lambda whole: b"", "no backup"),
    ],
)
def test_a_damaged_backup_replaces_nothing(
    database: Database,
    database_url: str,
    tmp_path: Path,
    damage: Callable[[bytes], bytes],
    words: str,
) -> None:
    file = tmp_path / "backup"
    back_up(database, file)
    database.close()
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(WrongInput, match=words):
        restore(database_url, file)
    assert said(database_url) == ["before"]


@on_sqlite
def test_a_database_of_somebody_else_is_no_backup(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE things (id)")
    database.close()
    with pytest.raises(WrongInput, match="no backup of Mailer's"):
        restore(database_url, file)
    assert said(database_url) == ["before"]


@on_sqlite
@pytest.mark.parametrize("rest", [b"", b"noise" * 2000, b"SQLite format 3\0" + b"\1" * 9000])
def test_a_damaged_database_is_replaced(
    database: Database, database_url: str, tmp_path: Path, rest: bytes
) -> None:
    file = tmp_path / "backup"
    back_up(database, file)
    database.close()
    (tmp_path / "mailer.db").write_bytes(rest)
    restore(database_url, file)
    assert said(database_url) == ["before"]


@on_sqlite
def test_a_database_in_use_is_not_replaced(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    back_up(database, file)
    say(database, "after")
    with database.read() as session:
        session.execute(text("SELECT 1 FROM audit"))
        with pytest.raises(Failed, match="in use"):
            restore(database_url, file)
    database.close()
    assert said(database_url) == ["before", "after"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "mailer.db"]


PASSWORD = "s@cret: / %27' \\ x"
QUOTED = quote(PASSWORD, safe="")


@dataclass(frozen=True)
class Asked:
    """How one of PostgreSQL's programs was called."""

    arguments: list[str]
    environment: dict[str, str]

    @property
    def conninfo(self) -> dict[str, Any]:
        (said,) = (word for word in self.arguments if word.startswith("--dbname="))
        return conninfo_to_dict(said.removeprefix("--dbname="))


@pytest.fixture
def dumps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Asked]:
    """Backs up the database at a URL with a `pg_dump` that only notes how it was called."""
    folder, notes = tmp_path / "bin", tmp_path / "notes.json"
    folder.mkdir()
    program = folder / "pg_dump"
    program.write_text(
        f"#!{sys.executable}\n"
        "import json, os, sys\n"
        f"json.dump([sys.argv[1:], dict(os.environ)], open({str(notes)!r}, 'w'))\n"
    )
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)

    def back_up_from(url: str) -> Asked:
        with closing(connect(url)) as database:
            back_up(database, tmp_path / "backup")
        return Asked(*json.loads(notes.read_text()))

    return back_up_from


@pytest.mark.parametrize(
    ("url", "conninfo", "environment"),
    [
        (
            f"postgresql://ana:{QUOTED}@db.example:5433/news?sslmode=require&connect_timeout=3",
            {"dbname": "news", "sslmode": "require", "connect_timeout": "3"},
            {"PGHOST": "db.example", "PGPORT": "5433", "PGUSER": "ana", "PGPASSWORD": PASSWORD},
        ),
        (
            f"postgresql://ana@db.example/news?password={QUOTED}",
            {"dbname": "news"},
            {"PGHOST": "db.example", "PGUSER": "ana", "PGPASSWORD": PASSWORD},
        ),
        (
            f"postgresql+psycopg://ana:former@/news?host=/run/postgresql&password={QUOTED}",
            {"dbname": "news"},
            {"PGHOST": "/run/postgresql", "PGUSER": "ana", "PGPASSWORD": PASSWORD},
        ),
        ("postgresql:///it%27s%20=news", {"dbname": "it's =news"}, {}),
    ],
)
def test_a_password_stands_on_no_command_line(
    dumps: Callable[[str], Asked], url: str, conninfo: dict[str, str], environment: dict[str, str]
) -> None:
    asked = dumps(url)
    assert asked.conninfo == conninfo
    assert {name: v for name, v in asked.environment.items() if name[:2] == "PG"} == environment
    words = " ".join(asked.arguments)
    assert not [secret for secret in (PASSWORD, QUOTED, "former", "***") if secret in words]
    assert "--no-password" in asked.arguments


def test_a_password_that_has_to_stand_on_a_command_line_is_refused(
    dumps: Callable[[str], Asked],
) -> None:
    with pytest.raises(WrongInput, match="sslpassword") as refused:
        dumps("postgresql://ana@db.example/news?sslkey=k&sslpassword=hunter2")
    assert "hunter2" not in str(refused.value)


@pytest.fixture
def rest(database_url: str, postgres: Postgres) -> Iterator[str]:
    """What comes behind the role in the URL of a database that asks a role for its password."""
    rest = database_url.rpartition("@")[2]
    quoted = sql.Literal(PASSWORD).as_string()
    postgres.run(f"CREATE ROLE {WITH_PASSWORD} SUPERUSER LOGIN PASSWORD {quoted}")
    try:
        with suppress(psycopg.OperationalError):
            psycopg.connect(f"postgresql://{WITH_PASSWORD}:wrong@{rest}").close()
            pytest.skip("this server asks nobody for a password")
        yield rest
    finally:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(f"REASSIGN OWNED BY {WITH_PASSWORD} TO CURRENT_USER")
        postgres.run(f"DROP ROLE {WITH_PASSWORD}")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("written", ["{role}:{word}@{rest}", "{role}@{rest}?password={word}"])
def test_a_server_that_asks_a_password_gets_it(
    database: Database, database_url: str, tmp_path: Path, rest: str, written: str
) -> None:
    if shutil.which("pg_dump") is None:
        missing_service("pg_dump")
    url = "postgresql://" + written.format(role=WITH_PASSWORD, word=QUOTED, rest=rest)
    with closing(connect(url)) as theirs:
        back_up(theirs, tmp_path / "backup")
    say(database, "after")
    database.close()
    restore(url, tmp_path / "backup")
    assert said(database_url) == ["before"]
    with pytest.raises(Failed, match="password"):
        restore(url.replace(QUOTED, "wrong"), tmp_path / "backup")


@on_sqlite
def test_a_restored_database_is_as_private_as_a_new_one(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    back_up(database, file)
    database.close()
    file.chmod(0o644)
    restore(database_url, file)
    assert stat.S_IMODE((tmp_path / "mailer.db").stat().st_mode) == 0o600


@on_sqlite
def test_a_damaged_database_is_found_out(database: Database, tmp_path: Path) -> None:
    database.close()
    require_sound(database)
    database.close()
    with (tmp_path / "mailer.db").open("r+b") as file:
        file.seek(8192)
        file.write(os.urandom(4096 * 20))
    with pytest.raises(
        Failed, match=r"^The database is damaged \(Page [0-9]+: .*\); restore a backup\.$"
    ):
        require_sound(database)


@on_sqlite
def test_a_row_that_leads_nowhere_is_found_out(database: Database) -> None:
    with database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute("PRAGMA foreign_keys=OFF")
        driver.execute(
            "INSERT INTO revisions (issue_id, version, saved_at, saved_by, content)"
            " VALUES (99, 1, '2007-03-31', 'ana', '{}')"
        )
    with pytest.raises(Failed, match="damaged"):
        require_sound(database)
