"""Importing readers from a CSV file."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from mailer import audience
from mailer.audience.csv_file import RejectsFile
from mailer.audience.models import ConsentRow, ImportRow, SubscriberRow
from mailer.database import Database
from mailer.errors import WrongInput
from tests.audience.readers import (
    count,
    csv_file,
    events,
    everybody,
    publication,
    reader,
    state,
    take_in,
)
from tests.conftest import NOW

READERS = '''Email,Name,MEMBER,Language,Tags,City
Ana@Example.org,Ana Quispe,yes,es,"speaker, ""Lima, Cusco""",Lima
tom@example.org,Tom,no,EN,,
not an address,Bad,yes,en,,Cusco
eva@example.org,Eva,perhaps,en,,Cusco
ana@example.org,,,,,Puno
tom@example.org,,,,,
'''


def test_good_rows_go_in_and_each_row_is_counted_once(database: Database, tmp_path: Path) -> None:
    update = publication(database)
    outcome = take_in(database, csv_file(tmp_path, READERS), update, day=date(2007, 4, 1))
    assert outcome == audience.ImportOutcome(
        rows=6, created=2, updated=1, unchanged=1, rejected=2, suppressed=0,
        rejects_file=tmp_path / "readers.rejects.csv",
    )  # fmt: skip
    with database.read() as session:
        ana = audience.find(session, "ana@example.org")
        assert ana.address.address == "Ana@example.org"
        assert (ana.name, ana.language) == ("Ana Quispe", "es")
        assert ana.tags == ("speaker", "Lima, Cusco")
        assert dict(ana.custom_fields) == {"city": "Puno"}
        assert ana.member_from == date(2007, 4, 1)
        assert audience.find(session, "tom@example.org").member_from is None
        assert state(session, ana.id, update) == "active"
        assert audience.count_active(session, update) == 2
        consent = session.scalars(
            select(ConsentRow).where(ConsentRow.subscriber_id == ana.id)
        ).one()
        source = session.get_one(ImportRow, consent.import_id)
    assert (consent.event, consent.method) == ("imported", "import")
    assert (source.file_name, source.operator) == ("readers.csv", "command (ana)")
    assert source.ground == "asked at our stall"
    assert source.finished_at == NOW


def test_refused_rows_are_told_by_line_value_and_reason_only(
    database: Database, tmp_path: Path
) -> None:
    file = csv_file(tmp_path, READERS + '"=cmd|x",Mallory,yes,en,,Secret\n')
    outcome = take_in(database, file, publication(database))
    assert outcome.rejects_file is not None
    with outcome.rejects_file.open(encoding="utf-8", newline="") as told:
        head, *rows = csv.reader(told)
    assert head == ["line", "value", "reason"]
    assert [row[:2] for row in rows] == [
        ["4", "not an address"], ["5", "perhaps"], ["8", "'=cmd|x"]
    ]  # fmt: skip
    text = outcome.rejects_file.read_text(encoding="utf-8")
    assert "Cusco" not in text
    assert "Secret" not in text
    assert "eva@" not in text


def test_nobody_else_may_read_the_rejects_file(database: Database, tmp_path: Path) -> None:
    update, file = publication(database), csv_file(tmp_path, READERS)
    rejects = csv_file(tmp_path, "line,value,reason\n9,ana,no address\n", "readers.rejects.csv")
    for _ in ("one that stood there", "a new one"):
        take_in(database, file, update)
        assert rejects.stat().st_mode & 0o777 == 0o600
        rejects.unlink()


def test_a_cell_of_any_length_costs_its_own_row_only(database: Database, tmp_path: Path) -> None:
    long = "x" * 140_000
    file = csv_file(tmp_path, f"email,name\n{long},A\nana@example.org,{long}\ntom@example.org,T\n")
    outcome = take_in(database, file, publication(database))
    assert (outcome.created, outcome.rejected) == (1, 2)


def test_half_characters_of_the_command_line_are_refused(
    database: Database, tmp_path: Path
) -> None:
    update, file = publication(database), csv_file(tmp_path, "email\nana@example.org\n")
    half = "\udcff"
    for ground, operator in ((f"stall{half}", "ana"), ("stall", half)):
        with pytest.raises(WrongInput, match="something that is not UTF-8"):
            audience.import_csv(
                database, file, publication_id=update, ground=ground, operator=operator, now=NOW
            )
        with (
            pytest.raises(WrongInput, match="something that is not UTF-8"),
            database.write() as session,
        ):
            audience.add(
                session, "tom@example.org", publication_id=update,
                operator=operator, ground=ground, now=NOW,
            )  # fmt: skip
    with database.read() as session:
        assert count(session, ImportRow) == count(session, SubscriberRow) == 0
    with pytest.raises(WrongInput, match="not UTF-8; rename"):
        take_in(database, file.rename(tmp_path / f"r{half}.csv"), update)
    with pytest.raises(WrongInput, match="not UTF-8; rename"):
        RejectsFile(tmp_path / f"r{half}.csv", source=file)


def test_a_file_without_refused_rows_leaves_no_rejects_file(
    database: Database, tmp_path: Path
) -> None:
    file = csv_file(tmp_path, "email\nana@example.org\n")
    outcome = take_in(database, file, publication(database))
    assert outcome.rejects_file is None
    assert [file.name for file in tmp_path.glob("*.csv")] == ["readers.csv"]


def test_the_same_file_again_changes_nothing(database: Database, tmp_path: Path) -> None:
    update, file = publication(database), csv_file(tmp_path, READERS)
    take_in(database, file, update)
    before = everybody(database)
    # Ana's two rows disagree on her city: each is an update again, and the end is the same.
    later = take_in(database, file, update, now=NOW + timedelta(days=1))
    assert everybody(database) == before
    assert (later.created, later.updated, later.unchanged, later.rejected) == (0, 2, 2, 2)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("chunks", [1, 2, 3])
def test_killed_and_run_again_it_ends_in_the_same_state(
    database: Database, tmp_path: Path, chunks: int
) -> None:
    update, file = publication(database), csv_file(tmp_path, READERS)
    calls = 0

    def kill(done: int, of: int) -> None:
        nonlocal calls
        calls += 1
        assert (done, of) == (calls * 2, 6)
        if calls == chunks:
            raise Killed

    with pytest.raises(Killed):
        take_in(database, file, update, progress=kill, rows_at_once=2)
    assert len(everybody(database)) == 2
    assert take_in(database, file, update).rows == 6
    today = NOW.date()
    assert everybody(database) == [
        ("ana@example.org", "Ana@example.org", "Ana Quispe", "", "es", {"city": "Puno"},
         ["speaker", "Lima, Cusco"], today, None, "active", "html", 1),
        ("tom@example.org", "tom@example.org", "Tom", "", "en", {}, [], None, None, "active",
         "html", 1),
    ]  # fmt: skip
    with (tmp_path / "readers.rejects.csv").open(newline="") as rejects:
        assert [row[0] for row in csv.reader(rejects)] == ["line", "4", "5"]


def test_suppressed_readers_are_left_alone(database: Database, tmp_path: Path) -> None:
    update = publication(database)
    with database.write() as session:
        gone = reader(session, "ana@example.org", update)
        audience.leave_all(session, gone, method="link", network=None, now=NOW)
        audience.suppress(session, "blocked.example", "domain", "staff", NOW)
    file = csv_file(tmp_path, "email,name\nANA@example.org,X\nbo@Blocked.example,Y\n")
    outcome = take_in(database, file, update)
    assert (outcome.rows, outcome.suppressed) == (2, 2)
    with database.read() as session:
        assert audience.find(session, "ana@example.org").name == ""
        assert state(session, gone, update) == "ended"
        assert count(session, SubscriberRow) == 1


def test_an_import_revives_nobody_and_activates_who_only_asked(
    database: Database, tmp_path: Path
) -> None:
    update = publication(database)
    with database.write() as session:
        left = reader(session, "left@example.org", update)
        audience.leave(session, left, update, method="link", network=None, now=NOW)
        asked = audience.ask(
            session, "asked@example.org", publication_id=update, language="en", name="",
            wording="Yes, send me Update.", network=None, now=NOW,
        )  # fmt: skip
    file = csv_file(tmp_path, "email,name\nleft@example.org,L\nasked@example.org,A\n")
    outcome = take_in(database, file, update)
    assert (outcome.unchanged, outcome.updated) == (1, 1)
    assert asked is not None
    assert asked.subscriber_id is not None
    with database.read() as session:
        assert state(session, left, update) == "ended"
        assert audience.by_id(session, left).name == ""
        assert state(session, asked.subscriber_id, update) == "active"
        assert events(session, asked.subscriber_id) == ["asked", "imported"]


def test_empty_cells_overwrite_nothing(database: Database, tmp_path: Path) -> None:
    update = publication(database)
    take_in(database, csv_file(tmp_path, READERS), update)
    before = everybody(database)
    file = csv_file(tmp_path, "email,name,member,language,tags,city\nana@example.org,,,,,\n")
    assert take_in(database, file, update).unchanged == 1
    assert everybody(database) == before


def test_a_member_stays_one_until_the_file_says_no(database: Database, tmp_path: Path) -> None:
    update = publication(database)
    yes = csv_file(tmp_path, "email,member\nana@example.org,1\n", "yes.csv")
    no = csv_file(tmp_path, "email,member\nana@example.org,0\n", "no.csv")
    take_in(database, yes, update, day=date(2007, 3, 1))
    assert take_in(database, yes, update, day=date(2007, 4, 1)).unchanged == 1
    with database.read() as session:
        assert audience.find(session, "ana@example.org").member_from == date(2007, 3, 1)
    take_in(database, no, update, day=date(2007, 4, 1))
    with database.read() as session:
        assert audience.find(session, "ana@example.org").member_from is None


def test_a_file_that_is_no_csv_is_refused_whole(database: Database, tmp_path: Path) -> None:
    update = publication(database)
    file = csv_file(tmp_path, 'email,name\nbad,Bad\nana@example.org,Ana\ntom@example.org,"Tom\n')
    with pytest.raises(WrongInput, match="line 4: a quotation mark"):
        take_in(database, file, update)
    with database.read() as session:
        assert count(session, SubscriberRow) == count(session, ImportRow) == 0
    assert not file.with_suffix(".rejects.csv").exists()


def test_rejects_replace_nothing_but_rejects(tmp_path: Path) -> None:
    file = csv_file(tmp_path, "email\nnobody\n")
    precious = csv_file(tmp_path, "[site]\nsecret_key = 1\n", "config.toml")
    with pytest.raises(WrongInput, match="holds something else"):
        RejectsFile(precious, source=file)
    assert precious.read_text() == "[site]\nsecret_key = 1\n"


@pytest.mark.parametrize("rejects", ["readers.csv", "no-such-folder/rejects.csv", "."])
def test_a_rejects_file_that_cannot_be_is_refused(tmp_path: Path, rejects: str) -> None:
    file = csv_file(tmp_path, READERS)
    with pytest.raises(WrongInput, match="rejects file"):
        RejectsFile(tmp_path / rejects, source=file)
    assert file.read_text() == READERS


def test_thousands_of_rows_take_seconds_and_no_long_transaction(
    database: Database, tmp_path: Path
) -> None:
    rows = "".join(f"reader{n}@example.org,Reader {n},yes,en\n" for n in range(3000))
    file = csv_file(tmp_path, "email,name,member,language\n" + rows)
    told: list[int] = []
    outcome = take_in(
        database, file, publication(database), progress=lambda done, of: told.append(done)
    )
    assert outcome.created == 3000
    assert told[0] < told[-1] == 3000
