"""The report, the calendar and the queue, as pages."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update as change

from mailer import audience, clock, delivery
from mailer.delivery.models import MailingRow
from tests.web.desk.conftest import AtDesk, SignIn
from tests.web.desk.sending import Update120
from tests.web.desk.test_checking_and_sending import text

SECOND = timedelta(seconds=1)


@pytest.fixture
def editor(sign_in: SignIn) -> AtDesk:
    return sign_in("editor")


def put(update: Update120, number: int, after_s: float = 0, **values: object) -> None:
    if values.get("state") == "sent":
        with update.database.read() as session:
            start = session.get_one(MailingRow, 1).started_at
        assert start is not None
        values["finished_at"] = start + after_s * SECOND
    update.ledger.put([number], **values)


def test_the_whole_report(update: Update120, editor: AtDesk) -> None:
    ids = update.subscribe(*(f"{n}@one.example" for n in range(4)), "x@two.example")
    update.begin()
    for number, after_s in ((1, 1), (2, 2), (3, 130)):
        put(update, number, after_s, state="sent", tries=number)
    put(update, 4, state="failed", fault="mailbox", reason="550 5.1.1 no such user")
    put(update, 5, state="failed", fault="mailbox", reason="552 5.2.2 over quota")
    put(update, 6, state="failed", fault="mailbox", reason="550 5.1.1 no such user")
    with update.database.write() as session:
        session.execute(change(MailingRow).values(status="sent", finished_at=clock.now()))
        audience.leave(
            session, ids[0], 1, method="one-click", network=None, now=clock.now() + SECOND
        )
    page = editor.get(f"{update.path}/report").text
    said = text(page)
    assert "3 of 6 readers have it." in said
    assert "Half of them had it within 3 seconds, 95 of 100 within 2 minutes." in said
    assert "2 letters took more than one try." in said
    assert "1 reader who was sent it has left so far. 1 of them by the letter itself." in said
    assert page.count("<svg") == 3
    assert "no such mailbox 2" in said
    assert "one.example" in said
    # The same figures stand in tables.
    assert page.count("The same figures as a table") == 3


def test_nothing_sent_yet_has_no_plots(update: Update120, editor: AtDesk) -> None:
    update.begin()
    page = editor.get(f"{update.path}/report").text
    assert "<svg" not in page
    assert "Nobody who was sent it has left so far." in text(page)


def test_a_long_mailing_is_counted_while_nobody_waits(
    update: Update120, editor: AtDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    update.begin()
    put(update, 1, 1, state="sent")
    monkeypatch.setattr("mailer.delivery.figures.AT_ONCE", 0)
    page = text(editor.get(f"{update.path}/report").text)
    assert "The figures are being counted; look again in a moment." in page
    counting = editor.app.state.desk_counting  # type: ignore[attr-defined]
    counting._thread.shutdown(wait=True)
    assert "Delivered over time" in text(editor.get(f"{update.path}/report").text)


def test_a_domain_is_shown_as_text(update: Update120, editor: AtDesk) -> None:
    update.subscribe(f"a@{'x' * 60}.example")
    update.begin()
    put(update, 2, 1, state="sent")
    page = editor.get(f"{update.path}/report").text
    assert f"{'x' * 24}…" in page
    assert f"{'x' * 60}.example" in page


def test_the_calendar_has_past_and_coming_issues(update: Update120, editor: AtDesk) -> None:
    page = editor.get("/desk/calendar?month=2007-03").text
    assert f'href="{update.path}/"' in page
    assert "Update 120 dated this day" in text(page)
    assert "?month=2007-02" in page
    assert "?month=2007-04" in page
    at = datetime(clock.now().year + 1, 7, 31, 23, 30, tzinfo=UTC)
    update.schedule(at)
    # In London that is half past midnight, in August.
    page = text(editor.get(f"/desk/calendar?month={at.year}-08").text)
    assert "Update 120 goes out at 0:30" in page
    assert "Update 120" not in text(editor.get(f"/desk/calendar?month={at.year}-07").text)


def test_what_went_stands_on_its_day(update: Update120, editor: AtDesk) -> None:
    update.begin()
    assert "Update 120 going out since" in text(editor.get("/desk/calendar").text)


@pytest.mark.parametrize("month", ["", "x", "2007-13", "0001-01", "9999-12", "<script>"])
def test_a_month_that_is_none_is_this_one(update: Update120, editor: AtDesk, month: str) -> None:
    answer = editor.get("/desk/calendar", params={"month": month})
    assert answer.status_code == 200
    assert "<script>" not in answer.text


def test_the_queue_says_what_waits_for_whom(update: Update120, editor: AtDesk) -> None:
    assert "Nothing waits for anybody." in text(editor.get("/desk/queue").text)
    update.hide()
    page = text(editor.get("/desk/queue").text)
    assert f"Drafts Update 120 Dated {date(2007, 3, 31).day} March 2007." in page
    update.schedule(clock.now() + timedelta(days=1))
    assert "Scheduled Update 120 Goes out on" in text(editor.get("/desk/queue").text)
    mailing = update.begin()
    assert "On its way Update 120 0 of 1 sent, since" in text(editor.get("/desk/queue").text)
    update.ledger.put([1], state="in_doubt", reason="closed")
    assert mailing == 1
    page = text(editor.get("/desk/queue").text)
    assert "In doubt Update 120 1 letter was handed over and never answered for." in page
    with update.database.write() as session:
        delivery.pause(session, update.issue, clock.now(), "staff 1", "The first 3 of 4 failed.")
    page = text(editor.get("/desk/queue").text)
    assert "Paused Update 120 The first 3 of 4 failed." in page
