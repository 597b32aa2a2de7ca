"""Revisions: what is kept of everybody's saves, compared and brought back."""

from datetime import datetime, timedelta

import pytest

from mailer.database import Database
from mailer.errors import NotFound
from mailer.publication import (
    Change,
    Issue,
    Piece,
    Saved,
    add_item,
    change_issue,
    change_item,
    compare,
    create_issue,
    history,
    issue_by_id,
    move_item,
    remove_item,
    restore,
    set_public,
)
from tests.publication.conftest import ANA, BEN


def typed(
    database: Database, issue: Issue, at: int, texts: list[str], now: datetime, actor: str = ANA
) -> None:
    """Somebody types, and each pause is saved, five seconds apart."""
    item = issue.items[at]
    with database.write() as session:
        version = next(i for i in issue_by_id(session, issue.id).items if i.id == item.id).version
        for pause, text in enumerate(texts):
            moment = now + timedelta(seconds=5 * pause)
            saved = change_item(session, issue.id, item.id, {"body": text}, version, moment, actor)
            assert isinstance(saved, Saved)
            version = saved.version


def versions(database: Database, issue: Issue) -> list[int]:
    with database.read() as session:
        return [revision.version for revision in history(session, issue.id)]


def test_what_somebody_types_is_one_revision(
    database: Database, now: datetime, issue: Issue
) -> None:
    before = versions(database, issue)
    typed(database, issue, 0, ["Ri", "Rivers", "Rivers and rain"], now)
    after = versions(database, issue)
    assert len(after) == len(before) + 1
    assert after[0] == before[0] + 3
    with database.read() as session:
        newest = history(session, issue.id)[0]
    assert (newest.begun_at, newest.saved_at) == (now, now + timedelta(seconds=10))
    assert newest.changes == (Change("changed", "Water", ("body",)),)


def test_another_person_begins_a_revision(database: Database, now: datetime, issue: Issue) -> None:
    typed(database, issue, 0, ["Ri"], now, ANA)
    typed(database, issue, 0, ["Rivers"], now, BEN)
    typed(database, issue, 0, ["Rivers!"], now, ANA)
    with database.read() as session:
        assert [one.saved_by for one in history(session, issue.id)[:3]] == [ANA, BEN, ANA]


def test_ten_minutes_of_typing_are_enough(database: Database, now: datetime, issue: Issue) -> None:
    before = len(versions(database, issue))
    typed(database, issue, 0, [f"{'word ' * n}" for n in range(1, 360)], now)
    assert len(versions(database, issue)) == before + 3


def test_a_passage_that_is_deleted_is_kept(database: Database, now: datetime, issue: Issue) -> None:
    text = "Three districts in the north have held their own ballot. Turnout was above two thirds."
    typed(database, issue, 0, [text[:80], text, "", "Another beginning"], now)
    with database.read() as session:
        newest, earlier = history(session, issue.id)[:2]
        pieces = compare(session, issue.id, earlier.version, newest.version)[0].fields[0].pieces
    assert pieces == (Piece("gone", text), Piece("new", "Another beginning"))


def test_two_revisions_are_compared(database: Database, now: datetime, issue: Issue) -> None:
    water, mining, meeting = issue.items
    with database.write() as session:
        change_item(
            session,
            issue.id,
            water.id,
            {"summary": "All about water.", "members_only": True},
            1,
            now,
            ANA,
        )
        add_item(session, issue.id, {"title": "Rain", "summary": "It rains."}, now, ANA)
        move_item(session, issue.id, meeting.id, 1, now, ANA)
        remove_item(session, issue.id, mining.id, mining.version, now, ANA)
        change_issue(session, issue.id, {"subject": "Water"}, issue.head_version, now, ANA)
        after = issue_by_id(session, issue.id).version
    with database.read() as session:
        found = compare(session, issue.id, issue.version, after)
    assert [(one.what, one.title) for one in found] == [
        ("head", "Update 121"),
        ("moved", "Annual meeting"),
        ("changed", "Water"),
        ("added", "Rain"),
        ("removed", "Mining"),
    ]
    changed = {field.name: field for field in found[2].fields}
    assert [piece.kind for piece in changed["summary"].pieces] == ["gone", "new", "same"]
    assert changed["members_only"].after is True
    assert found[1].fields == ()
    assert {field.name for field in found[3].fields} == {"title", "summary"}
    assert {piece.kind for field in found[4].fields for piece in field.pieces} == {"gone"}


def test_a_revision_is_brought_back(database: Database, now: datetime, issue: Issue) -> None:
    water, mining, meeting = issue.items
    with database.write() as session:
        change_item(session, issue.id, water.id, {"title": "W", "body": "x"}, 1, now, BEN)
        move_item(session, issue.id, meeting.id, 1, now, BEN)
        remove_item(session, issue.id, mining.id, mining.version, now, BEN)
        added = add_item(session, issue.id, {"title": "Rain"}, now, BEN)
        change_issue(session, issue.id, {"subject": "S", "number": 130}, 1, now, BEN)
        before = issue_by_id(session, issue.id)
        back = restore(session, issue.id, issue.version, now, ANA)
    assert (back.number, back.title, back.subject) == (121, "Update 121", issue.subject)
    assert [(item.id, item.title, item.body) for item in back.items] == [
        (item.id, item.title, item.body) for item in issue.items
    ]
    assert back.version > before.version
    assert back.items[0].version > water.version
    with database.write() as session:
        # What was undone by it is a revision too.
        again = restore(session, issue.id, before.version, now, ANA)
    assert [item.title for item in again.items] == ["Annual meeting", "W", "Rain"]
    assert again.items[2].id == added.id
    assert again.number == 130


def test_a_number_that_is_taken_meanwhile_stays_with_the_other(
    database: Database, now: datetime, issue: Issue
) -> None:
    with database.write() as session:
        change_issue(session, issue.id, {"number": 130}, issue.head_version, now, ANA)
        create_issue(session, 1, {"number": 121, "date": "2007-06-30"}, now, ANA)
        back = restore(session, issue.id, issue.version, now, ANA)
    assert (back.number, back.title) == (130, "Update 130")


def test_what_was_public_keeps_number_and_addresses(
    database: Database, now: datetime, issue: Issue
) -> None:
    water = issue.items[0]
    with database.write() as session:
        change_issue(session, issue.id, {"number": 130}, issue.head_version, now, ANA)
        change_item(session, issue.id, water.id, {"title": "Rain"}, 1, now, ANA)
        set_public(session, issue.id, True, now)
        back = restore(session, issue.id, issue.version, now, ANA)
    assert back.number == 130
    assert (back.items[0].title, back.items[0].slug) == ("Water", "rain")


def test_the_history_comes_in_pages(database: Database, now: datetime, issue: Issue) -> None:
    with database.read() as session:
        first = history(session, issue.id, limit=2)
        rest = history(session, issue.id, before=first[-1].version, limit=100)
        assert [*first, *rest] == list(history(session, issue.id))
    assert rest[-1].changes == ()
    assert [one.changes[0].title for one in first] == ["Annual meeting", "Mining"]


@pytest.mark.parametrize("version", [0, 4000])
def test_a_revision_that_is_not_there(
    database: Database, now: datetime, issue: Issue, version: int
) -> None:
    with database.write() as session:
        with pytest.raises(NotFound, match=f"no revision {version}"):
            restore(session, issue.id, version, now, ANA)
        with pytest.raises(NotFound):
            compare(session, issue.id, version, issue.version)
