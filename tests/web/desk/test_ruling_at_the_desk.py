"""Pause, go on, stop the press, cancel, correct, settle: each by its form, each with its words."""

import pytest
from sqlalchemy import select

from mailer import clock, delivery, staff
from mailer.delivery.models import DeliveryRow
from tests.web.desk.conftest import AtDesk, SignIn
from tests.web.desk.sending import Update120
from tests.web.desk.test_checking_and_sending import follow, text


@pytest.fixture
def editor(sign_in: SignIn) -> AtDesk:
    return sign_in("editor")


def progress(update: Update120, browser: AtDesk) -> str:
    return text(browser.get(f"{update.path}/progress").text)


def states(update: Update120) -> list[str]:
    with update.database.read() as session:
        return list(session.scalars(select(DeliveryRow.state).order_by(DeliveryRow.id)))


def test_paused_and_gone_on_with(update: Update120, editor: AtDesk) -> None:
    update.begin()
    page = follow(editor, editor.submit(f"{update.path}/pause"))
    assert "Paused. Nothing more goes out until you go on." in page
    assert "editor@psg.example paused it." in page
    page = follow(editor, editor.submit(f"{update.path}/go-on"))
    assert "Update 120 goes on." in page
    assert update.status.status == "sending"
    page = follow(editor, editor.submit(f"{update.path}/go-on"))
    assert "it is not paused" in page


def test_stop_the_press(update: Update120, editor: AtDesk) -> None:
    update.subscribe("b@one.example")
    update.begin()
    ledger = update.ledger
    ledger.put([1], state="sent")
    page = text(editor.get(f"{update.path}/stop").text)
    assert "1 reader has it already. For all others it can still be put right." in page
    follow(editor, editor.submit(f"{update.path}/stop"))
    assert update.status.status == "paused"
    assert "Mend the issue" in progress(update, editor)
    update.edit()
    page = progress(update, editor)
    assert "Go on with the corrected letter" in page
    assert "Go on as it was" in page
    page = follow(editor, editor.submit(f"{update.path}/go-on"))
    assert "was changed since it began to be sent" in page
    page = follow(editor, editor.submit(f"{update.path}/go-on", how="corrected"))
    assert "who has not got it yet gets it as it stands now" in page
    page = text(editor.get(f"{update.path}/correct").text)
    assert "A short letter goes to exactly the 1 reader who got the wrong version." in page
    answer = editor.submit(f"{update.path}/correct", words="own", text="  ")
    assert answer.status_code == 422
    assert "The correction says nothing" in text(answer.text)
    page = follow(
        editor, editor.submit(f"{update.path}/correct", words="own", text="It is *Tuesday*.")
    )
    assert "The correction of Update 120 is on its way." in page
    assert "The correction" in page
    page = follow(editor, editor.submit(f"{update.path}/pause", of="correction"))
    assert update.status.status == "sending"
    assert "Go on with the correction" in page
    page = text(editor.get(f"{update.path}/cancel?of=correction").text)
    assert "Cancel the correction" in page
    follow(editor, editor.submit(f"{update.path}/cancel", of="correction"))
    assert update.status.status == "sending"


def test_gone_on_with_as_it_was(update: Update120, editor: AtDesk) -> None:
    update.begin()
    editor.submit(f"{update.path}/stop")
    update.edit()
    follow(editor, editor.submit(f"{update.path}/go-on", how="as it was"))
    assert update.status.status == "sending"


def test_nothing_to_correct_is_said_in_words(update: Update120, editor: AtDesk) -> None:
    update.begin()
    page = text(editor.get(f"{update.path}/correct").text)
    assert "stands as every reader has got it; mend it first" in page


def test_cancelled_for_good_after_a_question(update: Update120, editor: AtDesk) -> None:
    update.subscribe("b@one.example")
    update.begin()
    update.ledger.put([1], state="sent")
    page = text(editor.get(f"{update.path}/cancel").text)
    assert "1 letter that waits will never be sent. This cannot be undone." in page
    assert states(update) == ["sent", "queued"]
    page = follow(editor, editor.submit(f"{update.path}/cancel"))
    assert "It is cancelled. Nobody else gets it." in page
    assert "editor@psg.example cancelled it." in page
    assert states(update) == ["sent", "skipped"]
    page = follow(editor, editor.submit(f"{update.path}/cancel"))
    assert "there is nothing to cancel" in page


def test_pages_that_ask_lead_on_where_there_is_nothing_to_ask(
    update: Update120, editor: AtDesk
) -> None:
    for page in ("stop", "cancel"):
        answer = editor.get(f"{update.path}/{page}")
        assert answer.headers["location"] == f"{update.path}/progress"


def test_doubts_are_settled_by_a_person(update: Update120, editor: AtDesk) -> None:
    update.subscribe("b@one.example", "c@one.example")
    update.begin()
    update.ledger.put([1, 2, 3], state="in_doubt", reason="the connection was closed")
    page = text(editor.get(f"{update.path}/doubts").text)
    assert "3 letters were handed over, and the mail server never answered." in page
    assert "ana@example.org" in page
    path = f"{update.path}/doubts"
    for fields, said in (
        ({"which": "all"}, "Say what becomes of them."),
        ({"which": "ticked", "ruling": "sent"}, "Tick at least one of them"),
        ({"which": "ticked", "ruling": "sent", "delivery": "999"}, "Tick at least one of them"),
    ):
        answer = editor.submit(path, **fields)
        assert answer.status_code == 422
        assert said in text(answer.text)
    page = follow(editor, editor.submit(path, which="ticked", ruling="sent", delivery=["1", "2"]))
    assert "2 letters are settled." in page
    assert states(update) == ["sent", "sent", "in_doubt"]
    follow(editor, editor.submit(path, which="all", ruling="resend"))
    assert states(update) == ["sent", "sent", "queued"]
    assert "Nothing of it is in doubt." in text(editor.get(path).text)


def test_lists_show_addresses_to_those_alone_who_see_readers(
    update: Update120, sign_in: SignIn
) -> None:
    update.begin()
    update.ledger.put(
        [1], state="failed", fault="mailbox", reply_code=550, reason="550 5.1.1 <x>: no such user"
    )
    for role, sees in (("editor", True), ("auditor", True), ("writer", False)):
        page = text(sign_in(role).get(f"{update.path}/progress/failed").text)
        assert "no such mailbox" in page
        assert ("ana@example.org" in page) == sees


def test_why_something_is_in_doubt_is_said_in_ones_own_language(
    update: Update120, editor: AtDesk
) -> None:
    with update.database.write() as session:
        staff.describe(session, editor.account.id, "Eva", "es", clock.now(), "test")
    update.begin()
    update.ledger.put([1], state="in_doubt", reason="in doubt: its worker is gone")
    page = text(editor.get(f"{update.path}/doubts").text)
    assert "en duda: el proceso que lo enviaba ya no está" in page


def test_doubts_show_a_number_to_whoever_does_not_see_readers(
    update: Update120, sign_in: SignIn
) -> None:
    update.begin()
    update.ledger.put([1], state="in_doubt", reason="closed")
    page = text(sign_in("writer").get(f"{update.path}/doubts").text)
    assert "ana@example.org" not in page
    assert "Letter 1" in page


def test_a_long_list_comes_in_pages(
    update: Update120, editor: AtDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailer.web.desk.progress.A_PAGE", 2)
    update.subscribe("b@one.example", "c@one.example")
    update.begin()
    update.ledger.put([1, 2, 3], state="deferred", reason="451 4.7.28 too fast", reply_code=451)
    first = editor.get(f"{update.path}/progress/deferred").text
    assert "?after=2" in first
    second = text(editor.get(f"{update.path}/progress/deferred?after=2").text)
    assert "c@one.example" in second
    assert "b@one.example" not in second
    for after in ("x", "-1", "9" * 30):
        assert editor.get(f"{update.path}/progress/deferred?after={after}").status_code == 200


def test_progress_tells_what_hinders_it(update: Update120, editor: AtDesk) -> None:
    update.subscribe("b@slow.example", "c@one.example", "d@one.example", "e@one.example")
    update.begin()
    ledger = update.ledger
    ledger.put([1], state="sent")
    ledger.put([2], state="deferred", reason="451 4.7.28 too fast", fault="relay", tries=1)
    ledger.put([3], state="failed", reason="550 5.1.1 no such user", fault="mailbox")
    ledger.put([4], state="failed", reason="552 5.2.2 over quota", fault="mailbox")
    page = progress(update, editor)
    assert "1 of 5 readers has it." in page or "1 of 5 readers have it." in page
    assert "Deferred 1 slow.example: asks us to slow down; again at" in page
    assert "Failed 2" in page
    assert "mailbox full 1" in page
    assert "no such mailbox 1" in page


def test_an_auditor_looks_and_has_no_buttons(update: Update120, sign_in: SignIn) -> None:
    update.begin()
    auditor = sign_in("auditor")
    page = auditor.get(f"{update.path}/progress").text
    assert "Pause" not in text(page)
    assert delivery.GRACE.total_seconds() == 60
