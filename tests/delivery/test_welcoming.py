"""The letter that greets a new subscriber: once, in their language, while they read."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from mailer import delivery, publication
from mailer.delivery.models import MailingRow
from mailer.errors import WrongInput
from mailer.publication import ChangedMeanwhile, Welcome, change_welcome, welcome_due, welcomes
from tests.conftest import NOW
from tests.delivery.desk import UPDATES, Desk

ENGLISH = Welcome(UPDATES, "en", "Welcome, {{ name }}", "We write **four** times a year.", True)


def write(desk: Desk, *letters: Welcome) -> None:
    with desk.database.write() as session:
        for letter in letters:
            change_welcome(session, letter, NOW)


def welcome(desk: Desk, subscriber: int, language: str = "en", *, by_hand: bool = False) -> bool:
    with desk.database.write() as session:
        due = welcome_due(session, UPDATES, subscriber, language, by_hand=by_hand)
        return due is not None and delivery.enqueue(session, desk.config, due, NOW)


def test_it_goes_out_once_ever(desk: Desk) -> None:
    (ana,) = desk.subscribe("ana@example.org")
    assert not welcome(desk, ana), "none is written"
    write(desk, ENGLISH)
    assert welcome(desk, ana)
    assert not welcome(desk, ana)
    (claimed,) = desk.claim()
    assert claimed.sending.kind == "welcome"
    said = desk.words(claimed)
    assert "Subject: Welcome, Ana" in said
    assert "We write <strong>four</strong> times a year." in said
    assert "List-Unsubscribe: <" in said
    assert "Unsubscribe from Update" in said


def test_who_left_meanwhile_gets_none(desk: Desk) -> None:
    (ana,) = desk.subscribe("ana@example.org")
    write(desk, ENGLISH)
    assert welcome(desk, ana)
    desk.leave(ana)
    assert desk.claim() == []


def test_each_reader_gets_the_one_in_their_language(desk: Desk) -> None:
    write(desk, ENGLISH, Welcome(UPDATES, "es", "Bienvenida", "Le escribimos poco.", True))
    with desk.database.read() as session:
        for language, wanted in (("es-PE", "es"), ("en", "en"), ("fr", "en"), ("", "en")):
            found = publication.welcome_for(session, UPDATES, language)
            assert found is not None
            assert found.language == wanted


def test_one_that_is_off_is_not_sent(desk: Desk) -> None:
    (ana,) = desk.subscribe("ana@example.org")
    write(desk, replace(ENGLISH, active=False))
    assert not welcome(desk, ana)


def test_who_is_added_by_hand_gets_it_only_where_that_is_chosen(desk: Desk) -> None:
    (ana,) = desk.subscribe("ana@example.org")
    write(desk, ENGLISH)
    assert not welcome(desk, ana, by_hand=True)
    write(desk, replace(ENGLISH, when_added=True, version=1))
    assert welcome(desk, ana, by_hand=True)


def test_one_that_was_put_off_after_it_fell_due_is_not_sent(desk: Desk) -> None:
    (ana,) = desk.subscribe("ana@example.org")
    write(desk, ENGLISH)
    with desk.database.write() as session:
        due = welcome_due(session, UPDATES, ana, "en")
        assert due is not None
        change_welcome(session, replace(ENGLISH, active=False, version=1), NOW)
        assert not delivery.enqueue(session, desk.config, due, NOW)
        assert session.scalars(select(MailingRow)).all() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": ""},
        {"body": " "},
        {"subject": "A\r\nBcc: b@c.example"},
        {"subject": "{{ nobody }}"},
        {"body": "{{ config }}"},
    ],
)
def test_one_that_cannot_be_sent_is_not_kept(desk: Desk, wrong: dict[str, str]) -> None:
    with pytest.raises(WrongInput):
        write(desk, replace(ENGLISH, **wrong))  # type: ignore[arg-type]
    with desk.database.read() as session:
        assert welcomes(session, UPDATES) == ()


def test_who_saves_second_is_told(desk: Desk) -> None:
    write(desk, ENGLISH)
    with pytest.raises(ChangedMeanwhile) as told:
        write(desk, replace(ENGLISH, subject="Mine"))
    assert told.value.stands.subject == ENGLISH.subject


def test_it_is_shown_to_whoever_writes_it(desk: Desk) -> None:
    shown = delivery.preview_welcome(desk.config, desk.issue.publication, ENGLISH, NOW)
    assert shown.subject == "Welcome, reader"
    assert shown.html is not None
    assert "<strong>four</strong>" in shown.html
