"""A minute to think again: sent from the desk it begins later, and can be undone until then."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from mailer import delivery
from mailer.audit.models import AuditRow
from mailer.database import Database
from mailer.delivery import compose
from mailer.delivery.models import CompiledLetterRow, MailingRow
from mailer.errors import Refused
from tests.conftest import NOW
from tests.delivery.desk import Desk, address, at_once

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def send_soon(desk: Desk, now: Any = NOW) -> Any:
    with desk.database.write() as session:
        return delivery.send_soon(session, desk.config, desk.issue, now, "staff 1")


def undo(desk: Desk, now: Any = NOW) -> None:
    with desk.database.write() as session:
        delivery.undo(session, desk.issue, now, "staff 1")


def count(desk: Desk, table: Any) -> int:
    with desk.database.read() as session:
        return session.scalars(select(func.count()).select_from(table)).one()


def test_it_begins_a_minute_later(desk: Desk) -> None:
    desk.subscribe(address(1))
    assert send_soon(desk) == NOW + MINUTE
    assert delivery.start_due(desk.database, desk.config, NOW + MINUTE - SECOND) == []
    assert len(delivery.start_due(desk.database, desk.config, NOW + MINUTE)) == 1


def test_pressed_twice_it_is_sent_once_and_not_later(desk: Desk) -> None:
    assert send_soon(desk) == NOW + MINUTE
    assert send_soon(desk, NOW + 20 * SECOND) == NOW + MINUTE
    assert count(desk, MailingRow) == 1


def test_pressed_twice_at_once_it_is_sent_once(desk: Desk, database_url: str) -> None:
    due: list[Any] = []

    def press(database: Database) -> None:
        with database.write() as session:
            due.append(delivery.send_soon(session, desk.config, desk.issue, NOW, "staff 1"))

    at_once(database_url, press, press, press)
    assert due == [NOW + MINUTE] * 3
    assert count(desk, MailingRow) == 1


def test_what_was_scheduled_for_later_goes_now(desk: Desk) -> None:
    desk.schedule(NOW + timedelta(days=2))
    assert send_soon(desk) == NOW + MINUTE


def test_undone_it_is_a_draft_as_if_nothing_had_been(desk: Desk) -> None:
    send_soon(desk)
    undo(desk, NOW + 59 * SECOND)
    assert desk.status().status == "draft"
    assert count(desk, MailingRow) == 0
    assert count(desk, CompiledLetterRow) == 0
    assert delivery.start_due(desk.database, desk.config, NOW + 2 * MINUTE) == []
    with desk.database.read() as session:
        assert "not to be sent after all" in session.scalars(select(AuditRow.words)).all()
    with pytest.raises(Refused, match="is a draft; there is nothing to undo"):
        undo(desk)
    assert send_soon(desk, NOW + 2 * MINUTE) == NOW + 3 * MINUTE


def test_paused_before_it_began_it_can_be_undone(desk: Desk) -> None:
    desk.schedule(NOW)
    desk.pause()
    undo(desk)
    assert desk.status().status == "draft"


def test_begun_it_is_too_late_and_that_is_said(desk: Desk) -> None:
    desk.subscribe(address(1))
    desk.begin()
    with pytest.raises(Refused, match="It was too late: Update 120 had begun to go out"):
        undo(desk)
    assert desk.status().status == "sending"


def test_undone_while_its_letters_are_compiled_nothing_is_sent(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_soon(desk)
    compile_issue = compose.compile_issue

    def meanwhile(*arguments: Any) -> Any:
        undo(desk)
        return compile_issue(*arguments)

    monkeypatch.setattr(compose, "compile_issue", meanwhile)
    assert delivery.start_due(desk.database, desk.config, NOW + MINUTE) == []
    assert desk.status().status == "draft"
    assert count(desk, CompiledLetterRow) == 0


@pytest.mark.parametrize("attempt", range(3))
def test_at_the_last_moment_it_is_either_undone_or_too_late(
    desk: Desk, database_url: str, attempt: int
) -> None:
    send_soon(desk)
    said: list[str] = []

    def begin(database: Database) -> None:
        delivery.start_due(database, desk.config, NOW + MINUTE)

    def undo_it(database: Database) -> None:
        try:
            with database.write() as session:
                delivery.undo(session, desk.issue, NOW + MINUTE, "staff 1")
            said.append("undone")
        except Refused as error:
            said.append(str(error))

    at_once(database_url, *((begin, undo_it) if attempt % 2 else (undo_it, begin)))
    status = desk.status().status
    assert (said, status) == (["undone"], "draft") or (
        said[0].startswith("It was too late") and status == "sending"
    )
