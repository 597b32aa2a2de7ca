"""Items: added, changed, moved, removed and brought back; two people on one of them."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from mailer import audit
from mailer.database import Database
from mailer.errors import NotFound, Refused
from mailer.publication import (
    Issue,
    Item,
    Overtaken,
    Removed,
    Saved,
    WrongFields,
    add_item,
    bring_back,
    change_item,
    import_listing,
    issue_by_id,
    keep_picture,
    move_item,
    parse_listing,
    put_in_order,
    remove_item,
    set_public,
)
from mailer.publication.models import OverwrittenRow
from tests.publication.conftest import ANA, BEN
from tests.publication.test_pictures import drawn

BODY = "A year ago.\n\nFour ministries.\n\nOne river."


def titles(database: Database, issue: Issue) -> list[str]:
    with database.read() as session:
        return [item.title for item in issue_by_id(session, issue.id).items]


def item_now(database: Database, issue: Issue, item_id: int) -> Item:
    with database.read() as session:
        return next(item for item in issue_by_id(session, issue.id).items if item.id == item_id)


def test_an_item_is_written(database: Database, now: datetime, issue: Issue) -> None:
    water = issue.items[0]
    later = now + timedelta(minutes=1)
    with database.write() as session:
        picture = keep_picture(session, drawn(), now)
        given = {
            "title": " A year after\nthe water pact ",
            "topic": "Environment",
            "summary": "One.\r\n\r\nTwo.\0",
            "body": BODY,
            "link": "psg.example/water",
            "picture_hash": picture.hash,
            "picture_alt": "A river",
            "picture_caption": "The river in May",
            "members_only": True,
            "slug": "mine",
            "issue_id": 7,
        }
        saved = change_item(session, issue.id, water.id, given, water.version, later, BEN)
    item = item_now(database, issue, water.id)
    assert isinstance(saved, Saved)
    assert (item.title, item.topic) == ("A year after the water pact", "Environment")
    assert (item.summary, item.body, item.link) == (
        "One.\n\nTwo.",
        BODY,
        "https://psg.example/water",
    )
    assert item.members_only
    assert item.picture is not None
    assert (item.picture.hash, item.picture.alt) == (picture.hash, "A river")
    assert item.picture.caption == "The river in May"
    assert (item.version, item.changed_at, item.changed_by) == (saved.version, later, BEN)
    assert saved.version == water.version + 1


def test_saving_the_same_again_is_no_save(database: Database, now: datetime, issue: Issue) -> None:
    water = issue.items[0]
    with database.write() as session:
        saved = change_item(session, issue.id, water.id, {"title": "Water"}, 1, now, BEN)
    assert isinstance(saved, Saved)
    assert (saved.version, saved.issue_version) == (water.version, issue.version)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("title", "x" * 201, "The title has 201 characters"),
        ("topic", "x" * 81, "The topic has 81"),
        ("summary", "x" * 2_001, "The summary has 2001"),
        ("body", "x" * 100_001, "The text has 100001"),
        ("link", "javascript:alert(1)", "leads nowhere"),
        ("link", "data:text/html,x", "leads nowhere"),
        ("link", "https://", "leads nowhere"),
        ("link", "https://a b.example/", "leads nowhere"),
        ("link", "https://[::1", "leads nowhere"),
        ("link", "//evil.example", "leads nowhere"),
        ("link", "C:\\letters", "leads nowhere"),
        ("picture_hash", "0" * 64, "This picture is not here"),
        ("picture_hash", "../../etc/passwd", "This picture is not here"),
    ],
)
def test_what_an_item_cannot_have(
    database: Database, now: datetime, issue: Issue, field: str, value: str, reason: str
) -> None:
    water = issue.items[0]
    with database.write() as session, pytest.raises(WrongFields) as refused:
        change_item(
            session, issue.id, water.id, {field: value, "topic": "x"} | {field: value}, 1, now, ANA
        )
    assert reason in refused.value.fields[field]
    assert item_now(database, issue, water.id) == water


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("https://psg.example/a?b=1", "https://psg.example/a?b=1"),
        ("www.psg.example", "https://www.psg.example"),
        ("psg.example:8080/x", "https://psg.example:8080/x"),
        ("mailto:ana@psg.example", "mailto:ana@psg.example"),
    ],
)
def test_a_link_that_leads_somewhere(
    database: Database, now: datetime, issue: Issue, typed: str, kept: str
) -> None:
    with database.write() as session:
        change_item(session, issue.id, issue.items[0].id, {"link": typed}, 1, now, ANA)
    assert item_now(database, issue, issue.items[0].id).link == kept


def test_an_address_follows_the_title_until_the_issue_is_public(
    database: Database, now: datetime, issue: Issue
) -> None:
    with database.write() as session:
        added = add_item(session, issue.id, {}, now, ANA)
        assert added.slug == "item"
        saved = change_item(session, issue.id, added.id, {"title": "Water"}, 1, now, ANA)
        assert isinstance(saved, Saved)
        assert issue_by_id(session, issue.id).items[-1].slug == "water-2"
        set_public(session, issue.id, True, now)
        change_item(session, issue.id, added.id, {"title": "Rain"}, saved.version, now, ANA)
        assert issue_by_id(session, issue.id).items[-1].slug == "water-2"


def test_two_people_on_different_fields(database: Database, now: datetime, issue: Issue) -> None:
    water = issue.items[0]
    whole = {"title": water.title, "summary": water.summary, "topic": water.topic}
    with database.write() as session:
        change_item(session, issue.id, water.id, whole | {"topic": "Rivers"}, 1, now, BEN)
    with database.write() as session:
        saved = change_item(session, issue.id, water.id, whole | {"title": "Waters"}, 1, now, ANA)
    assert isinstance(saved, Saved)
    assert (saved.from_theirs, saved.by) == (("topic",), BEN)
    item = item_now(database, issue, water.id)
    assert (item.title, item.topic) == ("Waters", "Rivers")


def test_two_people_on_different_paragraphs(
    database: Database, now: datetime, issue: Issue
) -> None:
    water = issue.items[0]
    with database.write() as session:
        first = change_item(session, issue.id, water.id, {"body": BODY}, 1, now, ANA)
        assert isinstance(first, Saved)
        theirs = BODY.replace("One river.", "The same river.")
        change_item(session, issue.id, water.id, {"body": theirs}, first.version, now, BEN)
        yours = BODY.replace("A year ago.", "A year ago today.")
        saved = change_item(session, issue.id, water.id, {"body": yours}, first.version, now, ANA)
    assert isinstance(saved, Saved)
    assert saved.fields["body"] == "A year ago today.\n\nFour ministries.\n\nThe same river."


def test_two_people_on_one_sentence(database: Database, now: datetime, issue: Issue) -> None:
    water, later = issue.items[0], now + timedelta(minutes=2)
    with database.write() as session:
        change_item(
            session, issue.id, water.id, {"summary": "Theirs.", "topic": "Rivers"}, 1, later, BEN
        )
    with database.write() as session:
        told = change_item(session, issue.id, water.id, {"summary": "Mine."}, 1, later, ANA)
    assert isinstance(told, Overtaken)
    assert item_now(database, issue, water.id).summary == "Theirs."
    assert (told.id, told.by, told.at, told.removed) == (water.id, BEN, later, False)
    assert told.base["summary"] == "About water."
    assert (told.theirs["summary"], told.yours["summary"]) == ("Theirs.", "Mine.")
    assert told.undecided == ("summary",)
    assert told.proposal["topic"] == "Rivers"
    # Having seen both, Ana decides.
    with database.write() as session:
        saved = change_item(
            session, issue.id, water.id, {"summary": "Both."}, told.version, later, ANA
        )
    assert isinstance(saved, Saved)
    assert saved.from_theirs == ()
    assert item_now(database, issue, water.id).topic == "Rivers"


def test_who_comes_back_after_two_days_is_told_too(
    database: Database, now: datetime, issue: Issue
) -> None:
    water = issue.items[0]
    with database.write() as session:
        change_item(session, issue.id, water.id, {"summary": "Theirs."}, 1, now, BEN)
        later = now + timedelta(days=2)
        change_item(session, issue.id, issue.items[1].id, {"topic": "Mines"}, 1, later, BEN)
        told = change_item(session, issue.id, water.id, {"summary": "Mine."}, 1, later, ANA)
        assert isinstance(told, Overtaken)
        assert (told.base, told.theirs["summary"]) == ({}, "Theirs.")
        # What was overwritten is kept for a day: the rest has gone.
        assert session.scalar(select(func.count()).select_from(OverwrittenRow)) == 1


def test_an_import_meanwhile_is_a_change_like_any(
    database: Database, now: datetime, issue: Issue
) -> None:
    water = issue.items[0]
    listing = "• Water\n\n    Update 121. 31 May 2007\n\n    From the listing.\n"
    with database.write() as session:
        parsed = parse_listing(listing, "l.txt", ["Update"])
        import_listing(session, parsed, update=True, now=now, actor="command")
        told = change_item(session, issue.id, water.id, {"summary": "Mine."}, 1, now, ANA)
    assert isinstance(told, Overtaken)
    assert (told.by, told.theirs["summary"]) == ("command", "From the listing.")


def test_items_are_moved(database: Database, now: datetime, issue: Issue) -> None:
    water, mining, _ = issue.items
    with database.write() as session:
        moved = move_item(session, issue.id, water.id, 2, now, ANA)
    assert (moved.title, moved.place, moved.of) == ("Water", 2, 3)
    assert titles(database, issue) == ["Mining", "Water", "Annual meeting"]
    with database.write() as session:
        assert move_item(session, issue.id, mining.id, 99, now, ANA).place == 3
        assert move_item(session, issue.id, mining.id, -5, now, ANA).place == 1
    assert titles(database, issue) == ["Mining", "Water", "Annual meeting"]


def test_items_are_put_in_order_as_one_list(
    database: Database, now: datetime, issue: Issue
) -> None:
    water, mining, meeting = (item.id for item in issue.items)
    with database.write() as session:
        added = add_item(session, issue.id, {"title": "Late"}, now, BEN).id
        order = put_in_order(session, issue.id, [meeting, 4000, water, water, mining], now, ANA)
        assert order == (meeting, added, water, mining)
        version = issue_by_id(session, issue.id).version
        put_in_order(session, issue.id, order, now, ANA)
        assert issue_by_id(session, issue.id).version == version
    assert titles(database, issue) == ["Annual meeting", "Late", "Water", "Mining"]


def test_an_item_is_removed_and_brought_back(
    database: Database, now: datetime, issue: Issue
) -> None:
    mining = issue.items[1]
    with database.write() as session:
        gone = remove_item(session, issue.id, mining.id, mining.version, now, ANA)
        assert gone == Removed(mining.id, issue.id, "Mining")
    assert titles(database, issue) == ["Water", "Annual meeting"]
    with database.write() as session:
        back = bring_back(session, issue.id, mining.id, now, BEN)
        with pytest.raises(NotFound, match="nothing to bring back"):
            bring_back(session, issue.id, mining.id, now, BEN)
    assert titles(database, issue) == ["Water", "Mining", "Annual meeting"]
    assert (back.id, back.slug, back.summary) == (mining.id, mining.slug, mining.summary)
    assert back.version > mining.version


def test_who_removes_what_somebody_else_changed_is_told(
    database: Database, now: datetime, issue: Issue
) -> None:
    water = issue.items[0]
    with database.write() as session:
        change_item(session, issue.id, water.id, {"summary": "Theirs."}, 1, now, BEN)
        told = remove_item(session, issue.id, water.id, water.version, now, ANA)
        assert isinstance(told, Overtaken)
        assert (told.by, told.base["summary"]) == (BEN, "About water.")
        assert isinstance(remove_item(session, issue.id, water.id, told.version, now, ANA), Removed)


def test_who_writes_on_what_somebody_removed_is_told(
    database: Database, now: datetime, issue: Issue
) -> None:
    water = issue.items[0]
    with database.write() as session:
        remove_item(session, issue.id, water.id, water.version, now, BEN)
        # An id is never given again: the new item is another one.
        assert add_item(session, issue.id, {"title": "Rain"}, now, BEN).id != water.id
        told = change_item(session, issue.id, water.id, {"summary": "Mine."}, 1, now, ANA)
        assert isinstance(told, Overtaken)
        assert (told.removed, told.by, told.yours["summary"]) == (True, BEN, "Mine.")
        bring_back(session, issue.id, water.id, now, ANA)
        again = change_item(
            session, issue.id, water.id, {"summary": "Mine."}, told.version + 1, now, ANA
        )
    assert isinstance(again, Saved)


def test_the_newest_item_of_all_is_removed(database: Database, now: datetime, issue: Issue) -> None:
    last = issue.items[-1]
    with database.write() as session:
        remove_item(session, issue.id, last.id, last.version, now, ANA)
        assert add_item(session, issue.id, {}, now, ANA).id > last.id


def test_an_item_is_found_in_its_own_issue_only(
    database: Database, now: datetime, issue: Issue
) -> None:
    water = issue.items[0].id
    with database.write() as session:
        for act in (
            lambda: change_item(session, issue.id + 1, water, {}, 1, now, ANA),
            lambda: change_item(session, issue.id, 4000, {}, 1, now, ANA),
            lambda: remove_item(session, issue.id + 1, water, 1, now, ANA),
            lambda: move_item(session, issue.id, 4000, 1, now, ANA),
            lambda: bring_back(session, issue.id, water, now, ANA),
        ):
            with pytest.raises(NotFound):
                act()


def test_there_is_an_end_to_items(database: Database, now: datetime, issue: Issue) -> None:
    with database.write() as session:
        for _ in range(97):
            add_item(session, issue.id, {}, now, ANA)
        with pytest.raises(Refused, match="Update 121 has 100 items"):
            add_item(session, issue.id, {}, now, ANA)


def test_what_is_done_is_in_the_log_and_typing_once(
    database: Database, now: datetime, issue: Issue
) -> None:
    water = issue.items[0]
    with database.write() as session:
        version = water.version
        for text in ("W", "Wa", "Wat"):
            saved = change_item(session, issue.id, water.id, {"body": text}, version, now, BEN)
            assert isinstance(saved, Saved)
            version = saved.version
        move_item(session, issue.id, water.id, 3, now, BEN)
        remove_item(session, issue.id, water.id, version, now, BEN)
        bring_back(session, issue.id, water.id, now, BEN)
    with database.read() as session:
        said = [entry.words for entry in audit.entries(session, actor=BEN)]
    assert said == [
        "brought “Water” back to Update 121",
        "removed “Water” from Update 121",
        "moved “Water” in Update 121",
        "wrote on “Water” in Update 121",
    ]
