"""An issue that is not to be sent after a time."""

from datetime import timedelta

import pytest

from mailer import delivery
from mailer.delivery.models import DeliveryRow
from mailer.delivery.unsent import end_overdue
from mailer.errors import WrongInput
from tests.conftest import NOW
from tests.delivery.desk import Desk, address

FRIDAY = NOW + timedelta(hours=3)
LATER = FRIDAY + timedelta(seconds=1)


def begun(desk: Desk) -> int:
    """Update 120 to four readers, not after Friday."""
    desk.subscribe(*map(address, range(4)))
    mailing = delivery.send_now(desk.database, desk.config, desk.issue, NOW, "ana", FRIDAY)
    desk.fan_out(mailing)
    return mailing


def ended(desk: Desk) -> int:
    with desk.database.write() as session:
        return end_overdue(session, LATER, "sender-a", 100)


def test_whom_it_has_not_reached_by_then_does_not_get_it(desk: Desk) -> None:
    mailing = begun(desk)
    assert desk.mailing(mailing).send_until == FRIDAY
    desk.put([1], state="sent")
    desk.put([2], state="deferred", tries=2, reason="450 later")
    desk.put([3], tries=1, doubts=1, reason="in doubt: lost")
    with desk.database.write() as session:
        assert end_overdue(session, FRIDAY, "sender-a", 100) == 0
    assert ended(desk) == 3
    assert [tuple(row) for row in desk.rows(DeliveryRow.state, DeliveryRow.reason)] == [
        ("sent", ""),
        ("failed", "given up; at last: 450 later"),
        ("in_doubt", "in doubt: lost; not sent again: its time was up"),
        ("skipped", "its time was up"),
    ]
    found = desk.status()
    counts = found.sent, found.failed, found.in_doubt, found.skipped, found.audience
    assert counts == (1, 1, 1, 1, 4)


def test_what_is_paused_or_held_is_left_alone(desk: Desk) -> None:
    begun(desk)
    desk.claim(limit=1)
    assert ended(desk) == 3
    assert desk.states() == {"claimed": 1, "skipped": 3}
    with desk.database.write() as session:
        delivery.pause(session, desk.issue, NOW, "ana")
    desk.put([1], state="queued")
    assert ended(desk) == 0


def test_resumed_it_keeps_its_end(desk: Desk) -> None:
    mailing = begun(desk)
    with desk.database.write() as session:
        delivery.pause(session, desk.issue, NOW, "ana")
        delivery.resume(session, desk.config, desk.issue, NOW, "ana")
    assert desk.mailing(mailing).send_until == FRIDAY


def test_a_schedule_has_its_end_too(desk: Desk) -> None:
    at = NOW + timedelta(hours=1)
    with desk.database.write() as session:
        mailing = delivery.schedule(session, desk.config, desk.issue, at, NOW, "ana", FRIDAY)
    assert delivery.start(desk.database, desk.config, mailing, at).won
    assert desk.mailing(mailing).send_until == FRIDAY


def test_an_end_before_the_beginning_is_refused(desk: Desk) -> None:
    with pytest.raises(WrongInput, match="later --not-after"), desk.database.write() as session:
        delivery.schedule(session, desk.config, desk.issue, LATER, NOW, "ana", FRIDAY)
    with desk.database.read() as session:
        assert delivery.status_of(session, desk.issue.id, "issue", NOW).status == "draft"
