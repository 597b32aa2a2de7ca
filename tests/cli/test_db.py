"""`mailer db`: created, checked, backed up, put back; and what it says when it cannot be."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from tests.cli.conftest import Shell
from tests.conftest import CONFIG
from tests.delivery.desk import Desk
from tests.services import Postgres, free_port, missing_service

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_database_is_created_once(empty: Shell) -> None:
    (empty.folder / "config.toml").write_text(CONFIG.format(url="sqlite:///mailer.db", port=9))
    assert "`mailer db upgrade` creates it" in empty.refusal("issues", "list", status=1)
    for _ in range(2):
        assert empty.say("db", "upgrade") == "The database is ready.\n"
    assert "its schema is the newest" in empty.say("db", "check")
    with closing(sqlite3.connect(empty.folder / "mailer.db")) as database:
        assert database.execute("SELECT title, slug FROM publications").fetchall() == [
            ("Update", "updates")
        ]


def beside(desk: Desk) -> list[str]:
    """The files of a SQLite database."""
    return [path.name for path in desk.database.sqlite_file.parent.glob("mailer.db*")]


@on_sqlite
def test_a_command_leaves_the_database_in_one_file(shell: Shell, desk: Desk) -> None:
    desk.database.close()
    for command in (("issues", "list"), ("subscribers", "add", "ana@example.org")):
        shell.run(*command)
        assert beside(desk) == ["mailer.db"]
    shell.refusal("subscribers", "show", "nobody@example.org")
    assert beside(desk) == ["mailer.db"]


def test_a_database_is_created_on_a_server(empty: Shell, postgres: Postgres) -> None:
    url = postgres.database("mailer_made_by_upgrade")
    (empty.folder / "config.toml").write_text(CONFIG.format(url=url, port=9))
    try:
        assert "does not exist" in empty.refusal("db", "check", status=1)
        assert empty.say("db", "upgrade") == "The database is ready.\n"
        assert "its schema is the newest" in empty.say("db", "check")
    finally:
        postgres.drop("mailer_made_by_upgrade")


def test_a_backup_is_put_back(shell: Shell, desk: Desk) -> None:
    if not desk.database.is_sqlite and shutil.which("pg_dump") is None:
        missing_service("pg_dump")
    assert shell.say("db", "backup", "copy") == "The backup is in copy.\n"
    shell.run("subscribers", "add", "ana@example.org")
    desk.database.close()
    assert "say --yes" in shell.refusal("db", "restore", "copy")
    assert "ana@example.org" in shell.say("subscribers", "export")
    assert "in place" in shell.say("db", "restore", "copy", "--yes")
    assert "ana@example.org" not in shell.say("subscribers", "export")
    assert len(shell.json("issues", "list")) == 4


@on_sqlite
def test_what_is_wrong_is_one_sentence(shell: Shell) -> None:
    (shell.folder / "noise").write_bytes(bytes(range(256)))
    assert "exists already" in shell.refusal("db", "backup", "noise")
    assert "no folder" in shell.refusal("db", "backup", "no-such/copy")
    assert "no backup" in shell.refusal("db", "restore", "noise", "--yes")
    assert "no backup" in shell.refusal("db", "restore", "no-such", "--yes")
    assert len(shell.json("issues", "list")) == 4


@on_sqlite
def test_a_database_in_use_is_not_replaced(shell: Shell, desk: Desk) -> None:
    shell.run("db", "backup", "copy")
    with desk.database.read() as session:
        session.connection().exec_driver_sql("SELECT 1 FROM issues")
        assert "in use" in shell.refusal("db", "restore", "copy", "--yes", status=1)


@on_sqlite
def test_a_database_that_is_busy_says_so(
    shell: Shell, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailer.database.engine._BUSY_TIMEOUT_S", 0.05)
    with desk.database.write() as session:
        session.connection().exec_driver_sql("SELECT 1 FROM issues")
        said = shell.refusal("subscribers", "add", "ana@example.org", status=1)
        assert said == "The database is busy with another process; try again in a moment."
        assert len(shell.json("issues", "list")) == 4


@pytest.mark.parametrize("words", [("issues", "list"), ("db", "upgrade"), ("db", "check")])
def test_a_server_that_is_not_there_is_one_sentence(empty: Shell, words: tuple[str, ...]) -> None:
    url = f"postgresql://mailer:hunter2@127.0.0.1:{free_port()}/mailer"
    (empty.folder / "config.toml").write_text(CONFIG.format(url=url, port=9))
    said = empty.refusal(*words, status=1)
    assert "refused" in said
    assert "hunter2" not in said


def test_a_url_that_is_none_is_wrong_input(empty: Shell) -> None:
    url = "postgresql://mailer:hunter2@db.example:port/mailer"
    (empty.folder / "config.toml").write_text(CONFIG.format(url=url, port=9))
    said = empty.refusal("issues", "list")
    assert "database.url" in said
    assert "hunter2" not in said
