"""The library: an item of an earlier issue is found, used again, and says where it was used."""

from datetime import datetime

import pytest

from mailer.database import Database
from mailer.errors import NotFound
from mailer.publication import (
    Issue,
    add_item,
    create_issue,
    find_items,
    remove_item,
    reuse,
    topics_in_use,
    used_in,
)
from tests.publication.conftest import ANA


@pytest.fixture
def next_issue(database: Database, now: datetime, issue: Issue) -> Issue:
    with database.write() as session:
        given = {
            "title": "El páramo y la Ñusta",
            "topic": "Ríos",
            "body": "100% of **Ríos** and more",
            "members_only": True,
        }
        add_item(session, issue.id, given, now, ANA)
        return create_issue(session, 1, {"number": 122, "date": "2007-06-30"}, now, ANA)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("water", ["Water"]),
        ("ABOUT mining", ["Mining"]),
        ("páramo", ["El páramo y la Ñusta"]),
        ("ríos", ["El páramo y la Ñusta"]),
        ("ñusta", ["El páramo y la Ñusta"]),
        ("100%", ["El páramo y la Ñusta"]),
        ("%", ["El páramo y la Ñusta"]),
        ("_", []),
        ("water mining", []),
        ("' OR 1=1 --", []),
        ("", ["Water", "Mining", "Annual meeting", "El páramo y la Ñusta"]),
    ],
)
def test_an_item_is_found_by_its_words(
    database: Database, next_issue: Issue, words: str, found: list[str]
) -> None:
    with database.read() as session:
        assert [item.title for item in find_items(session, words)] == found


def test_an_item_is_found_by_its_topic(database: Database, issue: Issue, next_issue: Issue) -> None:
    with database.read() as session:
        assert topics_in_use(session) == ("Ríos",)
        (item,) = find_items(session, topic="Ríos")
        assert find_items(session, not_in=issue.id) == ()
        assert [one.title for one in find_items(session, limit=1, offset=1)] == ["Mining"]
    assert (item.issue_title, item.members_only) == ("Update 121", True)
    assert item.excerpt == "100% of **Ríos** and more"


def test_it_is_used_again_and_says_where(
    database: Database, now: datetime, issue: Issue, next_issue: Issue
) -> None:
    water = issue.items[0]
    with database.write() as session:
        copy = reuse(session, water.id, next_issue.id, now, ANA)
        third = create_issue(session, 1, {"number": 123, "date": "2007-07-28"}, now, ANA)
        again = reuse(session, copy.id, third.id, now, ANA)
    assert (copy.title, copy.summary, copy.reused_from) == ("Water", "About water.", water.id)
    assert again.reused_from == water.id
    with database.read() as session:
        uses = used_in(session, [water.id, copy.id, issue.items[1].id])
        assert [use.issue_title for use in uses[water.id]] == ["Update 123", "Update 122"]
        assert [use.issue_title for use in uses[copy.id]] == ["Update 123", "Update 121"]
        assert uses[issue.items[1].id] == ()
        found = find_items(session, "water")[0]
    assert (found.issue_title, len(found.used_in)) == ("Update 123", 2)


def test_what_was_used_again_outlives_the_first(
    database: Database, now: datetime, issue: Issue, next_issue: Issue
) -> None:
    water = issue.items[0]
    with database.write() as session:
        copy = reuse(session, water.id, next_issue.id, now, ANA)
        remove_item(session, issue.id, water.id, water.version, now, ANA)
    with database.write() as session:
        assert used_in(session, [copy.id]) == {copy.id: ()}
        with pytest.raises(NotFound):
            reuse(session, water.id, next_issue.id, now, ANA)
