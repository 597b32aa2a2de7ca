"""Check and send: what the page says, when it goes, the minute to undo, and who may what."""

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from sqlalchemy import func, select

from mailer import audience, clock, delivery
from mailer.delivery.models import MailingRow
from tests.web.desk.conftest import AtDesk, SignIn
from tests.web.desk.sending import Update120

# What the databases do differently is tried in the room's own tests.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def text(page: str) -> str:
    """What a page says, on one line."""
    body = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", page, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def follow(browser: AtDesk, answer: Any) -> str:
    """The page that an answer leads to."""
    assert answer.status_code == 303, text(answer.text)
    page = browser.get(answer.headers["location"])
    assert page.status_code == 200
    return text(page.text)


def mailings(update: Update120) -> int:
    with update.database.read() as session:
        return session.scalars(select(func.count()).select_from(MailingRow)).one()


@pytest.fixture
def editor(sign_in: SignIn) -> AtDesk:
    return sign_in("editor")


def test_it_says_to_whom_it_goes(update: Update120, editor: AtDesk) -> None:
    update.subscribe("a@one.example", "b@one.example", "c@one.example")
    with update.database.write() as session:
        audience.suppress(session, "c@one.example", "address", "bounce", clock.now())
    page = text(editor.get(f"{update.path}/send").text)
    assert "Update 120 goes to 3 readers." in page
    assert "1 is left out: their address is not to be mailed." in page
    assert "Nothing stands in the way." in page
    assert "Send to 3 readers" in page


def test_in_the_inbox_it_shows_sender_subject_and_preheader(
    update: Update120, editor: AtDesk
) -> None:
    page = text(editor.get(f"{update.path}/send").text)
    issue = update.issue
    shown = f"From PSG Updates Subject {issue.subject or issue.title}"
    assert f"{shown} What an inbox shows behind it {issue.preheader}" in page


def test_errors_block_and_lead_to_their_place(update: Update120, editor: AtDesk) -> None:
    update.spoil()
    page = editor.get(f"{update.path}/send").text
    item = update.issue.items[0]
    assert f'href="{update.path}/?open={item.id}#item-{item.id}-title"' in page
    assert "What is marked ● has to be mended before it can be sent." in text(page)
    answer = update.send(editor)
    assert answer.status_code == 422
    assert mailings(update) == 0


def test_a_theme_that_cannot_be_read_is_said_and_nothing_is_sent(
    update: Update120, editor: AtDesk
) -> None:
    from sqlalchemy import update as change

    from mailer.publication.models import PublicationRow

    with update.database.write() as session:
        session.execute(change(PublicationRow).values(theme="nowhere"))
    page = text(editor.get(f"{update.path}/send").text)
    assert "There is no theme “nowhere”" in page
    assert update.send(editor).status_code == 422
    assert mailings(update) == 0


def test_now_is_in_a_minute_and_can_be_undone(update: Update120, editor: AtDesk) -> None:
    page = follow(editor, update.send(editor))
    left = re.search(r"Update 120 goes out in (\d+) seconds\.", page)
    assert left is not None
    assert 55 <= int(left[1]) <= 60
    page = follow(editor, editor.submit(f"{update.path}/undo"))
    assert "Update 120 is a draft again. Nothing was sent." in page
    assert mailings(update) == 0


def test_pressed_twice_it_is_sent_once(update: Update120, editor: AtDesk) -> None:
    update.send(editor)
    due = update.status.start_at
    follow(editor, update.send(editor))
    assert update.status.start_at == due
    assert mailings(update) == 1


def test_undone_too_late_it_is_said(update: Update120, editor: AtDesk) -> None:
    update.begin()
    answer = editor.submit(f"{update.path}/undo")
    assert answer.status_code == 303
    there = editor.get(answer.headers["location"])
    page = follow(editor, there)
    assert "It was too late: Update 120 had begun to go out." in page


def test_at_a_time_on_the_organisations_clocks(update: Update120, editor: AtDesk) -> None:
    at = datetime(clock.now().year + 1, 7, 6, 8, 0, tzinfo=UTC)
    fields = {"when": "later", "at_date": f"{at:%Y-%m-%d}", "at_time": "09:00"}
    page = follow(editor, update.send(editor, **fields))
    assert update.status.start_at == at
    assert re.search(r"Update 120 goes to 1 reader on \w+ 6 July \d+ at 9:00, London time\.", page)
    page = follow(editor, update.send(editor, **(fields | {"at_time": "10:30"})))
    assert "at 10:30, London time" in page
    assert mailings(update) == 1
    assert "is a draft again" in follow(editor, editor.submit(f"{update.path}/undo"))


@pytest.mark.parametrize(
    ("day", "time", "said"),
    [
        ("2027-03-28", "01:30", "does not exist in Europe/London: the clocks go forward"),
        ("2007-03-31", "09:00", "is in the past"),
        ("", "09:00", "Give the day and the time."),
        ("2027-05-01", "", "Give the day and the time."),
        ("soon", "9", "is not a time"),
        ("9999-12-31", "23:59", "too far away"),
    ],
)
def test_a_time_that_is_none_is_refused_beside_its_field(
    update: Update120, editor: AtDesk, day: str, time: str, said: str
) -> None:
    answer = update.send(editor, when="later", at_date=day, at_time=time)
    assert answer.status_code == 422
    assert said in text(answer.text)
    assert re.search(r'id="at_date"[^>]*aria-invalid="true"', answer.text)
    assert f'name="at_time" value="{time}"' in answer.text
    assert mailings(update) == 0


def test_a_time_that_comes_twice_takes_the_first_and_says_so(
    update: Update120, editor: AtDesk
) -> None:
    answer = update.send(editor, when="later", at_date="2027-10-31", at_time="01:30")
    page = follow(editor, answer)
    assert "comes twice in Europe/London that day; the first is taken." in page
    assert update.status.start_at == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_not_after(update: Update120, editor: AtDesk) -> None:
    when = {"when": "later", "at_date": "2027-05-01", "at_time": "09:00"}
    answer = update.send(editor, **when, end_date="2027-05-01", end_time="08:00")
    assert answer.status_code == 422
    page = follow(editor, update.send(editor, **when, end_date="2027-05-02", end_time="18:00"))
    assert update.status.not_after == datetime(2027, 5, 2, 17, 0, tzinfo=UTC)
    assert "Whom it has not reached by Sunday 2 May 2027 at 18:00 does not get it." in page


def test_changed_since_the_page_was_opened_it_is_to_be_looked_at_again(
    update: Update120, editor: AtDesk
) -> None:
    version = update.issue.version
    update.edit()
    answer = update.send(editor, version=version)
    assert answer.status_code == 422
    assert "It was changed since you opened this page; look at it once more." in text(answer.text)
    assert update.send(editor).status_code == 303


def test_what_has_begun_leads_to_its_progress(update: Update120, editor: AtDesk) -> None:
    update.begin()
    answer = editor.get(f"{update.path}/send")
    assert answer.headers["location"] == f"{update.path}/progress"
    answer = update.send(editor)
    assert mailings(update) == 1
    assert answer.headers["location"] == f"{update.path}/progress"


def test_what_has_not_begun_leads_from_its_progress(update: Update120, editor: AtDesk) -> None:
    for page in ("progress", "report"):
        answer = editor.get(f"{update.path}/{page}")
        assert answer.headers["location"] == f"{update.path}/send"


def test_paused_before_it_began_the_reason_stands_there(update: Update120, editor: AtDesk) -> None:
    update.schedule(clock.now())
    with update.database.write() as session:
        delivery.pause(session, update.issue, clock.now(), "staff 1", "It was due too long ago.")
    page = text(editor.get(f"{update.path}/send").text)
    assert "Paused" in page
    assert "It was due too long ago." in page


def test_a_writer_checks_and_does_not_send(update: Update120, sign_in: SignIn) -> None:
    writer = sign_in("writer")
    page = text(writer.get(f"{update.path}/send").text)
    assert "Update 120 goes to 1 reader." in page
    assert "Send to 1 reader" not in page
    assert "It goes to you: writer@psg.example." in page


def test_a_long_list_is_counted_while_nobody_waits(
    update: Update120, editor: AtDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailer.delivery.figures.AT_ONCE", 0)
    page = text(editor.get(f"{update.path}/send").text)
    assert "The readers of Update are being counted; look again in a moment." in page
    counting = editor.app.state.desk_counting
    counting.close()
    counting._thread.shutdown(wait=True)
    assert "Update 120 goes to 1 reader." in text(editor.get(f"{update.path}/send").text)


def test_an_issue_that_is_not_there(update: Update120, editor: AtDesk) -> None:
    for page in ("send", "progress", "report", "stop", "cancel", "correct", "doubts"):
        assert editor.get(f"/desk/issues/9999/{page}").status_code == 404
    assert editor.get(f"{update.path}/progress/nonsense").status_code == 404


def test_what_editors_write_is_shown_as_text(update: Update120, editor: AtDesk) -> None:
    from sqlalchemy import update as change

    from mailer.publication.models import IssueRow

    script = "<script>alert(1)</script>\"'{{ 7*7 }}"
    with update.database.write() as session:
        session.execute(
            change(IssueRow).values(title=f"Update {script}", subject=script, preheader=script)
        )
    page = editor.get(f"{update.path}/send").text
    assert "<script>alert" not in page
    assert "49" not in re.findall(r'class="subject"[^>]*>(.*?)<', page)[0]
