"""Erasing a reader, and telling them before what is kept."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy import update as sql_update

from mailer import audience
from mailer.audience.models import ConsentRow, ImportRow, SubscriberRow
from mailer.database import Database
from mailer.errors import Failed, NotFound
from tests.audience.readers import csv_file, events, publication, reader, state, take_in
from tests.conftest import NOW

READERS = "email,name,greeting,tags,city\nzoila.unique@example.org,Zoila,Doña Z,tagged,Ayacucho\n"
TRACES = ("zoila", "Zoila", "Doña", "tagged", "Ayacucho", "198.51.100.0")


def put_in(database: Database, folder: Path) -> tuple[int, int]:
    update = publication(database)
    take_in(database, csv_file(folder, READERS), update)
    with database.write() as session:
        zoila = audience.find(session, "zoila.unique@example.org").id
        audience.leave(session, zoila, update, method="link", network="198.51.100.0/24", now=NOW)
        audience.add(
            session, "zoila.unique@example.org", publication_id=update, operator="command",
            ground="Zoila phoned", now=NOW,
        )  # fmt: skip
    return update, zoila


def test_what_names_them_goes_and_what_happened_stays(database: Database, tmp_path: Path) -> None:
    update, zoila = put_in(database, tmp_path)
    with database.write() as session:
        audience.erase(session, zoila, NOW)
    with database.read() as session:
        row = session.get_one(SubscriberRow, zoila)
        kept = [getattr(row, column.key) for column in SubscriberRow.__table__.columns]
        assert not [value for value in kept if value and str(value) in TRACES]
        assert (row.mailbox, row.address, row.domain, row.erased_at) == (None, None, None, NOW)
        assert state(session, zoila, update) == "ended"
        assert events(session, zoila) == ["imported", "left", "added"]
        consents = session.execute(select(ConsentRow.network, ConsentRow.ground)).all()
        assert set(map(tuple, consents)) == {(None, "")}
        mailbox = "zoila.unique@example.org"
        assert audience.suppression_of(session, [mailbox])[mailbox].reason == "erased"
        with pytest.raises(NotFound):
            audience.find(session, mailbox)
        with pytest.raises(NotFound, match="Nothing is kept"):
            audience.by_id(session, zoila)


def test_no_byte_is_left_in_the_files(database: Database, tmp_path: Path) -> None:
    _, zoila = put_in(database, tmp_path)
    with database.write() as session:
        audience.erase(session, zoila, NOW)
    audience.scrub(database)
    if database.is_sqlite:
        for file in database.sqlite_file.parent.glob(database.sqlite_file.name + "*"):
            held = file.read_bytes()
            assert not [trace for trace in TRACES if trace.encode() in held], file


ZOILA_ALONE = "email\nzoila.unique@example.org\n"


def test_an_import_goes_with_the_last_of_its_readers(database: Database, tmp_path: Path) -> None:
    update = publication(database)
    both = csv_file(tmp_path, f"{ZOILA_ALONE}ana@example.org\n", "both.csv")
    take_in(database, both, update)
    with database.write() as session:
        zoila, ana = (
            audience.find(session, address).id
            for address in ("zoila.unique@example.org", "ana@example.org")
        )
        audience.erase(session, zoila, NOW)
    with database.read() as session:
        assert session.scalars(select(ImportRow.file_name)).all() == ["both.csv"]
    with database.write() as session:
        audience.erase(session, ana, NOW)
    with database.read() as session:
        (row,) = session.scalars(select(ImportRow))
    assert (row.file_name, row.ground) == ("", "")
    assert (row.operator, row.started_at) == ("command (ana)", NOW)


def test_an_import_that_is_under_way_keeps_its_ground(database: Database, tmp_path: Path) -> None:
    update = publication(database)
    take_in(database, csv_file(tmp_path, ZOILA_ALONE), update)
    with database.write() as session:
        session.execute(sql_update(ImportRow).values(finished_at=None))
        zoila = audience.find(session, "zoila.unique@example.org").id
        audience.erase(session, zoila, NOW)
        assert session.scalars(select(ImportRow.ground)).one() == "asked at our stall"
        other = reader(session, "ana@example.org", update)
        audience.erase(session, other, NOW + timedelta(days=2))
        assert session.scalars(select(ImportRow.ground)).one() == ""


def test_an_import_named_after_its_one_reader_leaves_no_byte(
    database: Database, tmp_path: Path
) -> None:
    update = publication(database)
    # The second time, nobody came by it.
    for name in ("Zoila.csv", "Zoila again.csv"):
        take_in(database, csv_file(tmp_path, ZOILA_ALONE, name), update)
    take_in(database, csv_file(tmp_path, "email\nana@example.org\n", "others.csv"), update)
    with database.write() as session:
        zoila = audience.find(session, "zoila.unique@example.org").id
        audience.erase(session, zoila, NOW)
    audience.scrub(database)
    with database.read() as session:
        files = session.scalars(select(ImportRow.file_name).order_by(ImportRow.id)).all()
    assert files == ["", "", "others.csv"]
    if database.is_sqlite:
        assert b"Zoila" not in database.sqlite_file.read_bytes()


def test_scrubbing_waits_until_nobody_reads(database: Database, tmp_path: Path) -> None:
    if not database.is_sqlite:
        audience.scrub(database)
        return
    _, zoila = put_in(database, tmp_path)
    with database.read() as other:
        assert audience.count_active(other, 1) == 1
        with database.write() as session:
            audience.erase(session, zoila, NOW)
        with pytest.raises(Failed, match="too busy"):
            audience.scrub(database, patience=0, pause=lambda seconds: None)
        audience.scrub(database, pause=lambda seconds: other.rollback())


def test_the_story_is_told_in_words(database: Database, tmp_path: Path) -> None:
    update, zoila = put_in(database, tmp_path)
    with database.read() as session:
        told = audience.story(session, zoila, {update: "Update"})
    assert [event.words for event in told.happenings] == [
        "was imported to Update from readers.csv by command (ana): asked at our stall",
        "left Update by the link in a letter",
        "was added to Update by staff: command: Zoila phoned",
    ]
    assert [(s.publication, s.state) for s in told.standings] == [("Update", "active")]


def test_a_person_gets_all_that_is_kept(database: Database, tmp_path: Path) -> None:
    update, zoila = put_in(database, tmp_path)
    with database.read() as session:
        kept = audience.export_person(session, zoila, {update: "Update"}, NOW.date())
    text = json.dumps(kept, ensure_ascii=False)
    assert not [trace for trace in TRACES if trace not in text]
    assert kept["subscriptions"] == [
        {"publication": "Update", "state": "active", "format": "html", "since": NOW.isoformat()}
    ]


def test_the_erased_address_can_subscribe_anew(database: Database) -> None:
    update = publication(database)
    with database.write() as session:
        old = reader(session, "ana@example.org", update)
        audience.erase(session, old, NOW)
        due = audience.ask(
            session, "ana@example.org", publication_id=update, language="", name="",
            wording="Yes.", network=None, now=NOW + timedelta(days=1),
        )  # fmt: skip
        assert due is not None
        assert due.subscriber_id not in (None, old)
