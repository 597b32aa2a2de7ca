"""Standing pages as staff write them: saved, moved, removed, put back, and never overwritten."""

import pytest

from mailer.database import Database
from mailer.errors import NotFound, WrongInput
from mailer.publication import (
    ChangedMeanwhile,
    create_page,
    edit_page,
    find_page,
    move_page,
    page_by_id,
    page_revisions,
    pages,
    put_back,
    remove_page,
    removed_pages,
)
from tests.conftest import NOW

ANA, TOM = "staff 1", "staff 2"


def three(database: Database) -> list[int]:
    with database.write() as session:
        return [
            create_page(session, title, f"About {title}.", NOW, ANA).id
            for title in ("Aims", "History", "Contact us")
        ]


def titles(database: Database) -> list[str]:
    with database.read() as session:
        return [page.title for page in pages(session)]


def test_a_page_gets_its_address_from_its_title_and_keeps_it(database: Database) -> None:
    contact = three(database)[2]
    with database.write() as session:
        edit_page(session, contact, 1, "Write to us", "By post.", NOW, TOM)
    with database.read() as session:
        page = find_page(session, "contact-us")
        saves = page_revisions(session, contact)
    assert (page.title, page.body, page.version) == ("Write to us", "By post.", 2)
    assert [(one.version, one.title, one.saved_by) for one in saves] == [
        (2, "Write to us", TOM),
        (1, "Contact us", ANA),
    ]


def test_who_saves_second_is_told_and_nothing_is_overwritten(database: Database) -> None:
    (aims, *_) = three(database)
    with database.write() as session:
        edit_page(session, aims, 1, "Aims", "Ana's text.", NOW, ANA)
    with database.write() as session, pytest.raises(ChangedMeanwhile) as told:
        edit_page(session, aims, 1, "Aims", "Tom's text.", NOW, TOM)
    assert told.value.stands.body == "Ana's text."
    with database.write() as session:
        # Tom has seen it, and saves upon it.
        edit_page(session, aims, told.value.stands.version, "Aims", "Both.", NOW, TOM)
    with database.read() as session:
        assert page_by_id(session, aims).body == "Both."


def test_a_save_that_changes_nothing_is_none(database: Database) -> None:
    (aims, *_) = three(database)
    with database.write() as session:
        edit_page(session, aims, 7, "Aims", "About Aims.", NOW, TOM)
        assert len(page_revisions(session, aims)) == 1


def test_pages_are_moved(database: Database) -> None:
    aims, history, contact = three(database)
    with database.write() as session:
        assert move_page(session, contact, -1)
        assert not move_page(session, aims, -1)
        assert not move_page(session, history, 1)
    assert titles(database) == ["Aims", "Contact us", "History"]


def test_a_removed_page_stands_nowhere_and_can_be_put_back(database: Database) -> None:
    aims, history, _ = three(database)
    with database.write() as session:
        remove_page(session, aims, NOW)
    assert titles(database) == ["History", "Contact us"]
    with database.read() as session:
        assert [page.id for page in removed_pages(session)] == [aims]
        for gone in (lambda: find_page(session, "aims"), lambda: page_by_id(session, aims)):
            with pytest.raises(NotFound):
                gone()
    with database.write() as session:
        with pytest.raises(NotFound):
            edit_page(session, aims, 1, "Aims", "New.", NOW, ANA)
        # Its address stays its own.
        assert create_page(session, "Aims", "", NOW, ANA).slug == "aims-2"
        put_back(session, aims)
    with database.read() as session:
        assert find_page(session, "aims").id == aims
        assert removed_pages(session) == ()
    assert history


@pytest.mark.parametrize(("title", "body"), [(" ", "x"), ("x" * 201, ""), ("T", "\x00")])
def test_a_page_that_cannot_be(database: Database, title: str, body: str) -> None:
    with database.write() as session, pytest.raises(WrongInput):
        create_page(session, title, body, NOW, ANA)
    assert titles(database) == []
