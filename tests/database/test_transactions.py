"""Reading and writing: who waits for whom, what is undone, and how SQLite is set."""

import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from mailer import audit
from mailer.database import Database, connect, database_error, open_database, upgrade
from mailer.errors import Failed, WrongInput
from tests.conftest import NOW, make_config

COUNT = text("SELECT count(*) FROM audit")
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def audited(database: Database) -> int:
    with database.read() as session:
        return int(session.execute(COUNT).scalar_one())


def test_what_is_written_is_kept_at_the_end(database: Database) -> None:
    with database.write() as session:
        audit.record(session, NOW, "ana", "issue 1", "saved")
        session.flush()
        assert audited(database) == 0
    assert audited(database) == 1


def test_what_raises_is_undone(database: Database) -> None:
    def save_and_fail() -> None:
        with database.write() as session:
            audit.record(session, NOW, "ana", "issue 1", "saved")
            session.flush()
            raise Failed("It did not work.")

    with pytest.raises(Failed, match="did not work"):
        save_and_fail()
    assert audited(database) == 0


def test_an_error_does_not_repeat_what_was_to_be_written(database: Database) -> None:
    secret, key = "ana@example.org", {"at": "2007-03-31 09:00:00"}
    broken = text("INSERT INTO audit (at, actor, subject, words) VALUES (:at, :w, NULL, 'x')")
    with database.read() as session, pytest.raises(DBAPIError) as raised:
        session.execute(broken, {"w": secret, **key})
    assert secret not in str(database_error(raised.value))
    if database.is_sqlite:
        # PostgreSQL itself repeats the row, on a line of its own that we never show.
        assert secret not in str(raised.value)


def test_reading_changes_nothing(database: Database) -> None:
    with database.read() as session:
        audit.record(session, NOW, "ana", "issue 1", "saved")
        session.flush()
    assert audited(database) == 0


def test_a_reader_sees_one_state_beside_a_writer(database: Database) -> None:
    with database.read() as reader:
        assert reader.execute(COUNT).scalar() == 0
        with database.write() as session:
            audit.record(session, NOW, "ana", "issue 1", "saved")
        assert reader.execute(COUNT).scalar() == 0
    assert audited(database) == 1


@on_sqlite
def test_a_writer_has_the_lock_before_it_writes(database: Database) -> None:
    with closing(connect(str(database.engine.url))) as other:
        with other.engine.connect() as impatient:
            impatient.exec_driver_sql("PRAGMA busy_timeout = 0")
        with database.write() as session:
            assert session.execute(COUNT).scalar() == 0
            with pytest.raises(OperationalError) as busy, other.write() as second:
                second.execute(COUNT)
        assert str(database_error(busy.value)) == (
            "The database is busy with another process; try again in a moment."
        )
        with other.write() as second:
            audit.record(second, NOW, "ana", "issue 1", "saved")
    assert audited(database) == 1


@on_sqlite
@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),  # FULL
        ("foreign_keys", 1),
        ("secure_delete", 1),
        ("busy_timeout", 5000),
    ],
)
def test_every_connection_to_sqlite_is_set(
    database: Database, pragma: str, value: str | int
) -> None:
    with database.read() as first, database.read() as second, database.write() as third:
        for session in (first, second, third):
            assert session.execute(text(f"PRAGMA {pragma}")).scalar() == value


@on_sqlite
def test_foreign_keys_hold_after_an_upgrade(database: Database, database_url: str) -> None:
    upgrade(database_url, database.engine)
    with database.read() as session:
        assert session.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_nobody_else_may_read_the_files(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/fresh.db"
    with closing(connect(url)) as database:
        upgrade(url, database.engine)
        with database.write() as session:
            audit.record(session, NOW, "ana", "issue 1", "saved")
            files = sorted(tmp_path.glob("fresh.db*"))
            assert [file.name for file in files] == ["fresh.db", "fresh.db-shm", "fresh.db-wal"]
            assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/no-such/mailer.db"
    with closing(connect(url)) as database, pytest.raises(Failed, match=r"folder .*no-such"):
        upgrade(url, database.engine)


def test_a_server_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    config = make_config(tmp_path, "postgresql://mailer:hunter2@127.0.0.1:9/mailer")
    with pytest.raises(Failed, match=r"does not answer as it should: .*refused\.$") as failed:
        open_database(config)
    assert "\n" not in str(failed.value)
    assert "hunter2" not in str(failed.value)


@pytest.mark.parametrize("where", ["mailer:hunter2@db.example:port/mailer", "u:hunter2@[::1/m"])
def test_a_url_that_is_none_is_refused_without_its_secret(tmp_path: Path, where: str) -> None:
    with pytest.raises(WrongInput, match=r"database\.url cannot be read") as refused:
        open_database(make_config(tmp_path, f"postgresql://{where}"))
    assert "hunter2" not in str(refused.value)


def test_an_error_of_the_database_shows_no_statement_and_no_data(database: Database) -> None:
    with database.read() as session, pytest.raises(Exception, match="no_such_table") as raised:
        session.execute(text("SELECT 'ana@example.org' FROM no_such_table"))
    sentence = str(database_error(raised.value))  # type: ignore[arg-type]
    assert sentence.startswith("The database does not answer as it should: ")
    assert sentence.endswith(".")
    assert "ana@example.org" not in sentence
    assert "SELECT" not in sentence
