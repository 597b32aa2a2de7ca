"""What is due, and what waits for whom."""

from datetime import timedelta

from mailer import delivery
from tests.conftest import NOW
from tests.delivery.desk import Desk, address

DAY = timedelta(days=1)


def between(desk: Desk, since: object, until: object) -> list[delivery.Entry]:
    with desk.database.read() as session:
        return delivery.mailings_between(session, since, until)  # type: ignore[arg-type]


def unfinished(desk: Desk) -> list[delivery.Entry]:
    with desk.database.read() as session:
        return delivery.unfinished(session)


def test_a_mailing_stands_where_it_is_due_and_then_where_it_began(desk: Desk) -> None:
    issue = desk.issue
    mailing = desk.schedule(NOW + DAY)
    due = delivery.Entry(issue.id, "issue", "scheduled", "", NOW + DAY)
    assert between(desk, NOW, NOW + 2 * DAY) == [due]
    assert between(desk, NOW + DAY, NOW + 2 * DAY) == [due]
    assert between(desk, NOW, NOW + DAY) == []
    began = NOW + DAY + timedelta(hours=2)
    delivery.start(desk.database, desk.config, mailing, began)
    assert [one.at for one in between(desk, NOW, NOW + 2 * DAY)] == [began]


def test_what_is_scheduled_sending_or_paused_is_unfinished(desk: Desk) -> None:
    assert unfinished(desk) == []
    desk.subscribe(address(1))
    desk.schedule(NOW + DAY)
    assert [one.status for one in unfinished(desk)] == ["scheduled"]
    desk.begin(NOW)
    assert [one.status for one in unfinished(desk)] == ["sending"]
    with desk.database.write() as session:
        delivery.pause(session, desk.issue, NOW, "ana", "The date is wrong.")
    (one,) = unfinished(desk)
    assert (one.status, one.reason) == ("paused", "The date is wrong.")
    with desk.database.write() as session:
        delivery.cancel(session, desk.issue, NOW, "ana")
    assert unfinished(desk) == []


def test_what_waits_for_approval(desk: Desk) -> None:
    with desk.database.write() as session:
        delivery.ask_approval(session, desk.config, desk.issue, NOW, "staff 1", "Please.")
    with desk.database.read() as session:
        (one,) = delivery.waiting_for_approval(session)
    assert (one.issue_id, one.asked_by, one.request) == (desk.issue.id, "staff 1", "Please.")
    with desk.database.write() as session:
        delivery.approve(session, desk.issue, desk.issue.version, NOW, "staff 2")
    with desk.database.read() as session:
        assert delivery.waiting_for_approval(session) == []


def test_what_is_in_doubt(desk: Desk) -> None:
    desk.subscribe(*map(address, range(3)))
    desk.send()
    with desk.database.read() as session:
        assert delivery.doubtful(session) == []
    desk.put([1, 2], state="in_doubt", reason="closed")
    with desk.database.read() as session:
        assert delivery.doubtful(session) == [delivery.Doubtful(desk.issue.id, "issue", 2)]


def test_which_issues_have_a_mailing(desk: Desk) -> None:
    desk.schedule(NOW + DAY)
    with desk.database.read() as session:
        assert delivery.mailed(session, [1, 2, 3, 4]) == {desk.issue.id}
