"""Importing from the desk: uploaded, looked at, run in the background, killed, stopped."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from mailer import audience, audit
from mailer.audience import import_runs, uploading
from mailer.audience.models import ImportPartRow, ImportRow, SubscriberRow
from mailer.database import Database
from mailer.errors import NotFound, Refused, WrongInput
from tests.audience.readers import count, everybody, publication, reader
from tests.conftest import NOW

ZONE = ZoneInfo("Europe/London")
FILE = """email,name,City
ana@x.example,Ana Núñez,Lima
tom@x.example,Tom,
ana@x.example,Ana Núñez,Lima
no address,,
gone@x.example,,
known@x.example,Known,
"""


@pytest.fixture
def update(database: Database) -> int:
    update = publication(database)
    with database.write() as session:
        reader(session, "known@x.example", update)
        gone = reader(session, "gone@x.example", update)
        audience.leave_all(session, gone, method="link", network=None, now=NOW)
    return update


def upload(database: Database, update: int, text: str | bytes = FILE, name: str = "r.csv") -> int:
    octets = text if isinstance(text, bytes) else text.encode()
    pieces = [octets[at : at + 20] for at in range(0, len(octets), 20)]
    return audience.receive(
        database, name, pieces, publication_id=update, operator="staff 1", now=NOW
    )


def carry_on(database: Database, now: datetime = NOW, **more: object) -> bool:
    return audience.carry_on(database, ZONE, lambda: now, **more)  # type: ignore[arg-type]


def status(database: Database, import_id: int) -> audience.ImportStatus:
    with database.read() as session:
        return audience.import_status(session, import_id)


def run(database: Database, import_id: int) -> None:
    with database.write() as session:
        audience.run_import(session, import_id, "asked at our stall", NOW)


def counts(told: audience.ImportStatus) -> tuple[int, ...]:
    return (
        *(told.rows, told.created, told.updated, told.unchanged, told.rejected),
        told.suppressed,
    )


def test_it_is_looked_at_before_anything_is_changed(database: Database, update: int) -> None:
    one = upload(database, update)
    assert status(database, one).state == "looking"
    before = everybody(database)
    assert carry_on(database)
    told = status(database, one)
    assert (told.state, counts(told)) == ("looked", (6, 2, 1, 1, 1, 1))
    assert everybody(database) == before
    columns, rows = audience.first_rows(database, told)
    assert columns == ("email", "name", "city")
    assert rows[0] == ["ana@x.example", "Ana Núñez", "Lima"]
    assert len(rows) == 5
    assert not carry_on(database)


def test_it_runs_when_somebody_says_so_and_states_the_ground(
    database: Database, update: int
) -> None:
    one = upload(database, update)
    carry_on(database)
    with database.write() as session, pytest.raises(WrongInput, match="ground"):
        audience.run_import(session, one, " ", NOW)
    run(database, one)
    assert carry_on(database)
    told = status(database, one)
    assert (told.state, told.finished_at, told.ground) == ("done", NOW, "asked at our stall")
    assert counts(told) == (6, 2, 1, 1, 1, 1)
    with database.read() as session:
        (refused,) = audience.import_refusals(session, one)
        assert (refused.line, refused.value) == (5, "no address")
        assert "is not an address" in refused.reason
        assert count(session, ImportPartRow) == 0
        ana = audience.find(session, "ana@x.example")
        (event,) = audience.story(session, ana.id, {}).happenings
        assert (event.file_name, event.ground) == ("r.csv", "asked at our stall")
        (entry,) = audit.entries(session, subject=f"publication {update}")
    assert (entry.actor, entry.words[:24]) == ("staff 1", "imported readers: 6 rows")
    with database.write() as session, pytest.raises(Refused):
        audience.run_import(session, one, "again", NOW)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("chunks", [1, 2, 3])
def test_killed_it_goes_on_behind_the_last_chunk(
    database: Database, update: int, chunks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = upload(database, update)
    carry_on(database)
    run(database, one)
    real, calls = import_runs.apply, []

    def dies(*given: object) -> object:
        calls.append(1)
        if len(calls) == chunks:
            raise Killed
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(import_runs, "apply", dies)
    with pytest.raises(Killed):
        carry_on(database, rows_at_once=2)
    monkeypatch.undo()
    told = status(database, one)
    assert (told.state, told.done, told.rows) == ("running", 2 * (chunks - 1), 6)
    assert not carry_on(database), "its lease still holds"
    later = NOW + timedelta(minutes=2)
    assert carry_on(database, later, rows_at_once=2)
    told = status(database, one)
    assert (told.state, counts(told)) == ("done", (6, 2, 1, 1, 1, 1))
    with database.read() as session:
        assert [row.line for row in audience.import_refusals(session, one)] == [5]


def test_a_process_that_ends_gives_the_import_back_at_once(database: Database, update: int) -> None:
    one = upload(database, update)
    carry_on(database)
    run(database, one)
    asked: list[int] = []

    def ended() -> bool:
        asked.append(1)
        return len(asked) > 2

    assert carry_on(database, ended=ended, rows_at_once=2)
    assert (status(database, one).state, status(database, one).done) == ("running", 4)
    assert carry_on(database, rows_at_once=2)
    assert status(database, one).state == "done"


def test_stopped_it_ends_before_its_next_chunk(
    database: Database, update: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = upload(database, update)
    carry_on(database)
    run(database, one)
    asked: list[int] = []

    def stop_at_the_second() -> bool:
        asked.append(1)
        if len(asked) == 2:
            with database.write() as session:
                audience.stop_import(session, one, NOW)
        return False

    assert carry_on(database, ended=stop_at_the_second, rows_at_once=2)
    told = status(database, one)
    assert (told.state, told.done, told.finished_at) == ("stopped", 2, NOW)
    assert not carry_on(database)
    with database.read() as session:
        assert count(session, ImportPartRow) == 0
        assert count(session, SubscriberRow) == 4
    with database.write() as session, pytest.raises(Refused, match="over"):
        audience.stop_import(session, one, NOW)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("name,city\nAna,Lima\n", "no column is named email"),
        (b"email\n\xff\xfe@x.example\n", "not UTF-8"),
        ("email\n", "names columns and no reader"),
        ('email,name\nana@x.example,"Ana\n', "never closed"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not UTF-8"),
    ],
)
def test_what_is_no_file_of_readers_has_failed_and_says_why(
    database: Database, update: int, text: str | bytes, why: str
) -> None:
    one = upload(database, update, text)
    assert carry_on(database)
    told = status(database, one)
    assert told.state == "failed"
    assert told.problem is not None
    assert why in told.problem
    with database.read() as session:
        assert count(session, ImportPartRow) == 0


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ana\\readers.csv", "readers.csv"),
        ("<script>alert(1)</script>.csv", "script>.csv"),
        ("a\0b\r\nc.csv", "a b c.csv"),
        ("..", "readers.csv"),
        ("", "readers.csv"),
        ("x" * 500, "x" * 100),
    ],
)
def test_a_files_name_is_never_a_path(name: str, shown: str) -> None:
    assert uploading.clean_name(name) == shown


def test_too_large_an_upload_leaves_nothing(
    database: Database, update: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploading, "LARGEST", 30)
    with pytest.raises(WrongInput, match="larger than"):
        upload(database, update)
    with pytest.raises(WrongInput, match="empty"):
        upload(database, update, "")
    with database.read() as session:
        assert count(session, ImportRow) == count(session, ImportPartRow) == 0


def test_what_nobody_runs_is_let_go_of(database: Database, update: int) -> None:
    one = upload(database, update)
    carry_on(database)
    audience.forget_old(database, NOW + timedelta(days=6))
    assert status(database, one).state == "looked"
    audience.forget_old(database, NOW + timedelta(days=8))
    assert status(database, one).state == "stopped"
    with database.read() as session:
        assert count(session, ImportPartRow) == 0


def test_refusals_are_kept_for_a_month(database: Database, update: int) -> None:
    one = upload(database, update)
    carry_on(database)
    run(database, one)
    carry_on(database)
    audience.forget_old(database, NOW + timedelta(days=29))
    with database.read() as session:
        assert len(audience.import_refusals(session, one)) == 1
    audience.forget_old(database, NOW + timedelta(days=31))
    with database.read() as session:
        assert audience.import_refusals(session, one) == []


def test_an_upload_that_broke_off_is_nobodys_import(database: Database, update: int) -> None:
    def pieces() -> object:
        yield b"email\n"
        raise Killed

    with pytest.raises(Killed):
        audience.receive(
            database,
            "r.csv",
            pieces(),
            publication_id=update,
            operator="staff 1",
            now=NOW,  # type: ignore[arg-type]
        )
    with database.read() as session:
        assert session.scalars(select(ImportRow.id)).all() == []
        with pytest.raises(NotFound):
            audience.import_status(session, 1)
        assert audience.imports(session) == []


def test_the_last_imports_are_listed_the_newest_first(database: Database, update: int) -> None:
    ids = [upload(database, update, name=f"{n}.csv") for n in range(3)]
    with database.read() as session:
        assert [one.id for one in audience.imports(session, 2)] == ids[:0:-1]
