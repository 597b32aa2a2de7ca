"""Scheduling an issue, and what starts when its time has come."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from mailer import delivery
from mailer.config import Config
from mailer.database import Database
from mailer.delivery import compose
from mailer.delivery.models import CompiledLetterRow, MailingRow
from mailer.errors import Refused, WrongInput
from mailer.publication.models import IssueRow, ItemRow
from tests.conftest import NOW
from tests.delivery.desk import Desk, at_once

HOUR = timedelta(hours=1)


def letters(desk: Desk) -> int:
    with desk.database.read() as session:
        return session.scalars(select(func.count()).select_from(CompiledLetterRow)).one()


def start_due(desk: Desk, now: Any) -> list[int]:
    return delivery.start_due(desk.database, desk.config, now)


def change_issue(desk: Desk, **values: Any) -> None:
    with desk.database.write() as session:
        session.execute(update(IssueRow).where(IssueRow.id == desk.issue.id).values(**values))


def test_it_starts_at_its_time_and_not_before(desk: Desk) -> None:
    mailing = desk.schedule(NOW + HOUR)
    assert desk.status().status == "scheduled"
    assert start_due(desk, NOW + HOUR - timedelta(seconds=1)) == []
    assert start_due(desk, NOW + HOUR) == [mailing]
    assert start_due(desk, NOW + HOUR) == []
    found = desk.mailing(mailing)
    assert (found.status, found.started_at) == ("sending", NOW + HOUR)
    assert found.send_until == NOW + HOUR + desk.config.pace.give_up
    assert desk.issue.public
    assert letters(desk) == len(delivery.usual_variants(desk.issue))


def test_a_moved_time_holds(desk: Desk) -> None:
    mailing = desk.schedule(NOW + HOUR)
    assert desk.schedule(NOW + 3 * HOUR) == mailing
    assert start_due(desk, NOW + 2 * HOUR) == []
    desk.schedule(NOW + 2 * HOUR)
    assert start_due(desk, NOW + 2 * HOUR) == [mailing]


def test_moved_between_looking_and_starting(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    mailing = desk.schedule(NOW)
    compile_issue = compose.compile_issue

    def meanwhile(*arguments: Any) -> Any:
        desk.schedule(NOW + HOUR)
        return compile_issue(*arguments)

    monkeypatch.setattr(compose, "compile_issue", meanwhile)
    assert start_due(desk, NOW) == []
    assert desk.mailing(mailing).status == "scheduled"
    assert letters(desk) == 0


def test_late_within_the_limit_it_starts(desk: Desk) -> None:
    mailing = desk.schedule(NOW)
    assert start_due(desk, NOW + desk.config.schedule.late_after) == [mailing]


def test_later_than_that_it_is_paused_with_the_reason(desk: Desk) -> None:
    mailing = desk.schedule(NOW)
    late = NOW + timedelta(hours=6, seconds=1)
    assert start_due(desk, late) == []
    status = desk.status()
    assert status.status == "paused"
    assert "It was due at 2007-03-31 10:00" in status.reason
    assert "6 hours" in status.reason
    with desk.database.write() as session:
        delivery.resume(session, desk.config, desk.issue, late, "ana")
    assert desk.status().reason == ""
    assert start_due(desk, late) == [mailing]


def test_paused_late_it_can_be_scheduled_anew(desk: Desk) -> None:
    mailing = desk.schedule(NOW)
    start_due(desk, NOW + timedelta(days=1))
    assert desk.schedule(NOW + timedelta(days=2)) == mailing
    assert (desk.status().status, desk.status().reason) == ("scheduled", "")


def test_what_preflight_refuses_is_not_scheduled(desk: Desk) -> None:
    with desk.database.write() as session:
        session.execute(update(ItemRow).values(title=""))
    with pytest.raises(WrongInput, match="title"):
        desk.schedule(NOW)
    assert desk.status().status == "draft"


def test_what_preflight_refuses_at_its_time_is_paused(desk: Desk) -> None:
    desk.schedule(NOW + HOUR)
    with desk.database.write() as session:
        session.execute(update(ItemRow).values(title=""))
    assert start_due(desk, NOW + HOUR) == []
    assert desk.status().status == "paused"
    assert "could not be started" in desk.status().reason
    assert "title" in desk.status().reason
    assert letters(desk) == 0


def test_edited_while_it_is_compiled_the_new_text_goes_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits = ["once"]
    compile_issue = compose.compile_issue

    def meanwhile(config: Config, issue: Any, *more: Any) -> Any:
        if edits:
            edits.pop()
            change_issue(desk, subject="A new subject", version=issue.version + 1)
        return compile_issue(config, issue, *more)

    monkeypatch.setattr(compose, "compile_issue", meanwhile)
    desk.begin()
    desk.subscribe("ana@example.org")
    with desk.database.read() as session:
        stored = session.scalars(select(CompiledLetterRow.compiled)).all()
    assert len(stored) == len(delivery.usual_variants(desk.issue))
    assert all(b"A new subject" in letter for letter in stored)


def test_saved_all_the_time_it_is_refused_and_nothing_began(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(_config: Config, issue: Any, *_more: Any) -> Any:
        change_issue(desk, version=issue.version + 1)
        return ()

    mailing = desk.schedule(NOW)
    monkeypatch.setattr(compose, "compile_issue", meanwhile)
    with pytest.raises(Refused, match="saved all the time"):
        delivery.start(desk.database, desk.config, mailing, NOW)
    assert (desk.mailing(mailing).status, letters(desk)) == ("scheduled", 0)


def test_of_two_that_start_it_one_does(desk: Desk, database_url: str) -> None:
    mailing = desk.schedule(NOW)
    delivery.preload()
    started: list[list[int]] = []

    def start(database: Database) -> None:
        started.append(delivery.start_due(database, desk.config, NOW))

    at_once(database_url, *[start] * 3)
    assert sorted(started) == [[], [], [mailing]]
    assert letters(desk) == len(delivery.usual_variants(desk.issue))


def test_of_two_that_schedule_it_both_have_the_same_mailing_or_are_told(
    desk: Desk, database_url: str
) -> None:
    issue = desk.issue
    found: list[int | str] = []

    def schedule(database: Database) -> None:
        try:
            with database.write() as session:
                found.append(delivery.schedule(session, desk.config, issue, NOW, NOW, "ana"))
        except Refused as refused:
            found.append(str(refused))

    at_once(database_url, *[schedule] * 4)
    assert len(found) == 4
    ids = {one for one in found if isinstance(one, int)}
    assert len(ids) == 1
    assert all("look at its status" in one for one in found if isinstance(one, str))


def test_what_has_begun_is_not_scheduled_again(desk: Desk) -> None:
    mailing = desk.begin()
    for status, words in (
        ("sending", "is being sent"),
        ("paused", "resume"),
        ("sent", "was sent already"),
        ("cancelled", "was cancelled"),
    ):
        with desk.database.write() as session:
            session.execute(update(MailingRow).values(status=status))
        with pytest.raises(Refused, match=f"Update 120 .*{words}"):
            desk.schedule(NOW + HOUR)
        assert not delivery.start(desk.database, desk.config, mailing, NOW).won


def test_an_issue_has_one_mailing_of_its_kind_by_constraint(desk: Desk) -> None:
    def insert(kind: str) -> None:
        with desk.database.write() as session:
            session.add(
                MailingRow(
                    kind=kind,
                    issue_id=desk.issue.id,
                    status="scheduled",
                    start_at=NOW,
                    nonce="n",
                    created_at=NOW,
                    created_by="ana",
                )
            )

    for kind in ("issue", "announcement"):
        insert(kind)
        with pytest.raises(IntegrityError):
            insert(kind)
    insert("test")
    insert("test")


def test_of_three_that_send_it_now_one_does_and_the_others_are_told(
    desk: Desk, database_url: str
) -> None:
    issue = desk.issue
    delivery.preload()
    won: list[int] = []
    told: list[str] = []

    def send(database: Database) -> None:
        try:
            won.append(delivery.send_now(database, desk.config, issue, NOW, "ana"))
        except Refused as refused:
            told.append(str(refused))

    at_once(database_url, *[send] * 3)
    assert (len(won), len(told)) == (1, 2)
    assert all("is being s" in one for one in told)
    assert desk.status().status == "sending"
    assert letters(desk) == len(delivery.usual_variants(issue))


def test_what_cannot_be_compiled_is_not_left_scheduled(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: Any) -> Any:
        raise WrongInput("This letter cannot be made.")

    monkeypatch.setattr(compose, "compile_issue", refuse)
    with pytest.raises(WrongInput, match="cannot be made"):
        delivery.send_now(desk.database, desk.config, desk.issue, NOW, "ana")
    assert desk.status().status == "draft"


def test_saved_all_the_time_it_is_not_left_scheduled_either(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(_config: Config, issue: Any, *_more: Any) -> Any:
        change_issue(desk, version=issue.version + 1)
        return ()

    monkeypatch.setattr(compose, "compile_issue", meanwhile)
    with pytest.raises(Refused, match="saved all the time"):
        delivery.send_now(desk.database, desk.config, desk.issue, NOW, "ana")
    assert desk.status().status == "draft"
