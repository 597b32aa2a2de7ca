"""A mailing whose first deliveries fail too often pauses itself, where configured."""

import asyncio

import pytest

from mailer import clock, delivery
from mailer.config import Pace
from mailer.delivery.early import pause_early
from tests.conftest import NOW
from tests.delivery.desk import Desk, address
from tests.delivery.test_sender import EVERYBODY, run_until, set_up, status
from tests.sink import Sink

PACE = Pace(pause_after_first=4, pause_at_share=0.5)


def judged(desk: Desk, pace: Pace = PACE) -> list[int]:
    with desk.database.write() as session:
        return pause_early(session, pace, NOW)


@pytest.mark.parametrize(
    ("failed", "sent", "paused"), [(3, 0, False), (2, 2, False), (3, 1, True), (4, 1, True)]
)
def test_too_many_of_the_first(desk: Desk, failed: int, sent: int, paused: bool) -> None:
    desk.subscribe(*map(address, range(6)))
    mailing = desk.send()
    desk.put(range(1, failed + 1), state="failed", reply_code=550, fault="mailbox")
    desk.put(range(failed + 1, failed + sent + 1), state="sent")
    assert judged(desk) == ([mailing] if paused else [])
    found = desk.status()
    assert found.status == ("paused" if paused else "sending")
    words = f"{failed} of its first {failed + sent} deliveries failed, mostly 550 (mailbox)"
    assert found.reason.startswith(words) is paused


def test_nothing_pauses_itself_where_nobody_asked_for_it(desk: Desk) -> None:
    desk.subscribe(*map(address, range(6)))
    desk.send()
    desk.put(range(1, 7), state="failed")
    assert judged(desk, Pace()) == []


def test_who_resumes_it_knows_best(desk: Desk) -> None:
    desk.subscribe(*map(address, range(6)))
    desk.send()
    desk.put(range(1, 5), state="failed")
    assert judged(desk)
    with desk.database.write() as session:
        delivery.resume(session, desk.config, desk.issue, NOW, "ana")
    desk.put([5], state="failed")
    assert judged(desk) == []
    assert desk.status().status == "sending"


def test_a_relay_that_refuses_everybody_is_not_asked_for_long(desk: Desk) -> None:
    sink = Sink(script=lambda at, _who: "550 5.1.1 no" if at == "RCPT" else None)
    with sink.running():
        desk = set_up(desk, sink.port)
        desk = Desk(desk.database, desk.config.model_copy(update={"pace": PACE}))
        desk.subscribe(*EVERYBODY)
        desk.begin(clock.now())
        asyncio.run(run_until(desk, lambda: status(desk).status == "paused", "the pause"))
    found = status(desk)
    assert "deliveries failed, mostly 550 (mailbox)" in found.reason
    assert found.queued > 0
