"""The size of a list by day, as subscriptions change."""

from datetime import date, timedelta
from pathlib import Path

from mailer import audience
from mailer.database import Database
from tests.audience.readers import csv_file, publication, reader, take_in
from tests.conftest import NOW


def days(database: Database, publication_id: int, until: date, spans: int) -> list[tuple[int, ...]]:
    with database.read() as session:
        told = audience.list_growth(session, publication_id, until, spans=spans, days=1)
    return [(one.joined, one.left, one.size) for one in told]


def test_who_joins_and_who_leaves_is_counted_on_their_day(
    database: Database, tmp_path: Path
) -> None:
    update, other = publication(database), publication(database, "Bulletin")
    later = NOW + timedelta(days=2)
    take_in(database, csv_file(tmp_path, "email\na@x.example\nb@x.example\nc@x.example\n"), update)
    with database.write() as session:
        reader(session, "a@x.example", other)
        a, b, c = (audience.find(session, f"{name}@x.example").id for name in "abc")
        audience.leave(session, a, update, method="link", network=None, now=later)
        audience.leave(session, a, update, method="link", network=None, now=later)
        audience.leave_all(session, b, method="staff", network=None, now=later)
        audience.erase(session, c, later)
    take_in(database, csv_file(tmp_path, "email\na@x.example\nb@x.example\n"), update, now=later)
    with database.write() as session:
        audience.add(
            session, "a@x.example", publication_id=update, operator="x", ground="asked", now=later
        )
    assert days(database, update, later.date(), 3) == [(3, 0, 3), (0, 0, 3), (1, 3, 1)]
    assert days(database, other, later.date(), 1) == [(0, 0, 1)]
    with database.read() as session:
        assert audience.list_size(session, update) == audience.count_active(session, update) == 1


def test_who_only_asks_is_not_on_the_list_until_they_confirm(database: Database) -> None:
    update = publication(database)
    with database.write() as session:
        due = audience.ask(
            session, "a@x.example", publication_id=update, language="en", name="", wording="Yes",
            network=None, now=NOW,
        )  # fmt: skip
        assert audience.list_size(session, update) == 0
        assert due is not None
        assert due.subscriber_id is not None
        wording = audience.Wording("Yes", "en")
        for _ in range(2):
            audience.confirm(
                session, due.subscriber_id, update, wording=wording, network=None, now=NOW
            )
        assert audience.list_size(session, update) == 1
        audience.strip(session, due.subscriber_id, NOW)
        assert audience.list_size(session, update) == 0


def test_spans_of_several_days(database: Database) -> None:
    update = publication(database)
    with database.write() as session:
        reader(session, "a@x.example", update)
        told = audience.list_growth(session, update, NOW.date(), spans=2, days=7)
    assert [(one.until, one.size) for one in told] == [
        (NOW.date() - timedelta(days=7), 0),
        (NOW.date(), 1),
    ]
