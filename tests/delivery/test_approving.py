"""Approval by a second person: asked for, given, refused, and void with the next edit."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from mailer import delivery
from mailer.audit.models import AuditRow
from mailer.config import Config
from mailer.database import Database
from mailer.delivery.models import ApprovalRow, MailingRow
from mailer.errors import Refused, WrongInput
from mailer.publication.models import IssueRow, PublicationRow
from tests.conftest import NOW
from tests.delivery.desk import Desk, at_once

ANA, BO, CLEO = "staff 1", "staff 2", "staff 3"
HOUR = timedelta(hours=1)


@pytest.fixture
def strict(desk: Desk) -> Desk:
    staff = desk.config.staff.model_copy(update={"approval": True})
    return replace(desk, config=desk.config.model_copy(update={"staff": staff}))


def ask(desk: Desk, actor: str = ANA, request: str = "") -> int:
    with desk.database.write() as session:
        return delivery.ask_approval(session, desk.config, desk.issue, NOW, actor, request)


def approve(desk: Desk, actor: str = BO, version: int | None = None) -> None:
    with desk.database.write() as session:
        delivery.approve(session, desk.issue, version or desk.issue.version, NOW, actor)


def send_back(desk: Desk, remark: str = "Mend the date.", actor: str = BO) -> None:
    with desk.database.write() as session:
        delivery.send_back(session, desk.issue, desk.issue.version, NOW, actor, remark)


def approval(desk: Desk) -> delivery.Approval:
    with desk.database.read() as session:
        found = delivery.approval_of(session, desk.issue)
    assert found is not None
    return found


def require(desk: Desk) -> int | None:
    with desk.database.read() as session:
        return delivery.require_approved(session, desk.config, desk.issue)


def schedule(desk: Desk, at: Any = NOW + HOUR) -> int:
    with desk.database.write() as session:
        version = delivery.require_approved(session, desk.config, desk.issue)
        return delivery.schedule(
            session, desk.config, desk.issue, at, NOW, ANA, approved_version=version
        )


def edit(desk: Desk, after: str = "threatened") -> None:
    desk.rewrite("threatened with death", after)


def test_nothing_is_needed_where_it_is_not_configured(desk: Desk) -> None:
    assert require(desk) is None


def test_it_is_asked_for_approved_by_another_and_sent(strict: Desk) -> None:
    with pytest.raises(Refused, match="is not approved; a second person has to see it"):
        require(strict)
    ask(strict, request="Please look at the date.")
    found = approval(strict)
    assert (found.state, found.asked_by, found.request) == (
        "asked",
        ANA,
        "Please look at the date.",
    )
    with pytest.raises(Refused, match="is not approved"):
        require(strict)
    approve(strict)
    found = approval(strict)
    assert (found.state, found.answered_by, found.answered_at) == ("approved", BO, NOW)
    mailing = schedule(strict)
    assert delivery.start(strict.database, strict.config, mailing, NOW + HOUR).won
    with strict.database.read() as session:
        words = session.scalars(select(AuditRow.words).order_by(AuditRow.id)).all()
    assert "approval of version 1 asked for" in words
    assert "version 1 approved" in words


def test_whoever_asked_cannot_approve(strict: Desk) -> None:
    ask(strict, ANA)
    with pytest.raises(Refused, match="You asked for it"):
        approve(strict, ANA)
    assert approval(strict).state == "asked"


def test_whoever_wrote_the_last_edit_cannot_approve(strict: Desk) -> None:
    edit(strict)
    ask(strict, ANA)
    with pytest.raises(Refused, match="You wrote the last edit"):
        approve(strict, "ana")
    approve(strict, BO)


def test_it_is_sent_back_with_a_remark_and_asked_for_again(strict: Desk) -> None:
    ask(strict)
    with pytest.raises(WrongInput, match="Say what has to be mended"):
        send_back(strict, "  ")
    send_back(strict)
    found = approval(strict)
    assert (found.state, found.remark) == ("returned", "Mend the date.")
    with pytest.raises(Refused, match="is not approved"):
        require(strict)
    with pytest.raises(Refused, match="Somebody has answered already"):
        approve(strict, CLEO)
    ask(strict)
    assert approval(strict).state == "asked"


def test_whoever_asked_may_take_it_back_to_mend_it(strict: Desk) -> None:
    ask(strict, ANA)
    send_back(strict, "I saw a mistake.", ANA)
    assert approval(strict).state == "returned"


def test_an_edit_voids_it(strict: Desk) -> None:
    ask(strict)
    approve(strict)
    edit(strict)
    assert approval(strict).state == "void"
    with pytest.raises(Refused, match="was changed after it was approved"):
        require(strict)
    ask(strict)
    approve(strict)
    assert require(strict) == strict.issue.version


def test_an_edit_while_it_is_asked_for_has_to_be_read_first(strict: Desk) -> None:
    ask(strict)
    before = strict.issue.version
    edit(strict)
    with pytest.raises(Refused, match="was changed since you opened this page"):
        approve(strict, version=before)
    with pytest.raises(Refused, match="was changed since"):
        approve(strict)
    ask(strict)
    approve(strict)


def test_another_look_or_sender_voids_it_too(strict: Desk) -> None:
    ask(strict)
    approve(strict)
    with strict.database.write() as session:
        session.execute(update(PublicationRow).values(sender="Other <other@psg.example>"))
    assert approval(strict).state == "void"


def test_made_public_it_stays_approved(strict: Desk) -> None:
    ask(strict)
    approve(strict)
    with strict.database.write() as session:
        session.execute(update(IssueRow).values(public=False))
    assert approval(strict).state == "approved"


def test_asked_for_twice_is_refused(strict: Desk) -> None:
    ask(strict)
    with pytest.raises(Refused, match="asked for already"):
        ask(strict, BO)
    approve(strict)
    with pytest.raises(Refused, match="is approved as it stands"):
        ask(strict)


def test_an_issue_with_an_error_is_not_shown_to_anybody(strict: Desk) -> None:
    with strict.database.read() as session:
        empty = replace(strict.issue, items=())
        with pytest.raises(WrongInput):
            delivery.ask_approval(session, strict.config, empty, NOW, ANA)


def test_a_remark_as_long_as_a_book_is_refused(strict: Desk) -> None:
    with pytest.raises(WrongInput, match="longer than 2000 characters"):
        ask(strict, request="x" * 2001)


def test_changed_after_it_was_scheduled_it_pauses_instead_of_going_out(strict: Desk) -> None:
    ask(strict)
    approve(strict)
    mailing = schedule(strict)
    edit(strict)
    assert delivery.start_due(strict.database, strict.config, NOW + HOUR) == []
    found = strict.mailing(mailing)
    assert (found.status, found.started_at) == ("paused", None)
    assert "was changed after it was approved; have it approved again" in found.reason
    ask(strict)
    approve(strict)
    with strict.database.write() as session:
        version = delivery.require_approved(session, strict.config, strict.issue)
        delivery.resume(
            session, strict.config, strict.issue, NOW + HOUR, ANA, approved_version=version
        )
    assert delivery.start_due(strict.database, strict.config, NOW + HOUR) == [mailing]


def test_the_command_line_is_free(strict: Desk) -> None:
    mailing = strict.schedule(NOW)
    edit(strict)
    assert delivery.start_due(strict.database, strict.config, NOW) == [mailing]


def test_corrected_in_the_middle_it_goes_on_only_as_approved(strict: Desk) -> None:
    strict.subscribe("one@example.org")
    strict.send()
    strict.pause()
    edit(strict)
    ask(strict)
    approve(strict)
    version = require(strict)
    edit(strict, "threatened again")

    def go_on(approved: int | None) -> bool:
        return delivery.resume_corrected(
            strict.database, strict.config, strict.issue, NOW, ANA, approved
        )

    with pytest.raises(Refused, match="was changed after it was approved"):
        go_on(version)
    ask(strict)
    approve(strict)
    assert go_on(require(strict))


def answers(desk: Desk) -> list[Any]:
    with desk.database.read() as session:
        return list(session.scalars(select(ApprovalRow.answer)))


def test_approved_and_sent_back_at_once_one_of_them_holds(strict: Desk, database_url: str) -> None:
    ask(strict)
    issue = strict.issue
    refused: list[str] = []

    def answer(how: str) -> Any:
        def act(database: Database) -> None:
            try:
                with database.write() as session:
                    if how == "approve":
                        delivery.approve(session, issue, issue.version, NOW, BO)
                    else:
                        delivery.send_back(session, issue, issue.version, NOW, CLEO, "No.")
            except Refused as error:
                refused.append(str(error))

        return act

    at_once(database_url, answer("approve"), answer("send back"))
    assert len(refused) == 1
    assert answers(strict) in (["approved"], ["returned"])


def test_asked_for_by_two_at_once_there_is_one_request(strict: Desk, database_url: str) -> None:
    refused: list[str] = []

    def act(database: Database) -> None:
        try:
            with database.write() as session:
                delivery.ask_approval(session, strict.config, strict.issue, NOW, ANA)
        except Refused as error:
            refused.append(str(error))

    at_once(database_url, act, act, act)
    assert len(refused) == 2
    assert answers(strict) == [None]


def test_approved_while_it_is_being_edited_the_edit_is_not_approved(
    strict: Desk, database_url: str, config: Config
) -> None:
    ask(strict)
    issue = strict.issue

    def act(database: Database) -> None:
        try:
            with database.write() as session:
                delivery.approve(session, issue, issue.version, NOW, BO)
        except Refused:
            return

    def write(database: Database) -> None:
        edit(Desk(database, config))

    at_once(database_url, act, write)
    assert strict.issue.version == issue.version + 1
    with pytest.raises(Refused):
        require(strict)
    with strict.database.read() as session:
        assert session.scalars(select(MailingRow.id)).all() == []
