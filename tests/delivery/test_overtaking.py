"""A letter to one person overtakes a mailing, also before a relay that takes one at a time."""

import asyncio

import pytest

from mailer import clock, delivery
from mailer.delivery import sender as sender_module
from mailer.delivery.models import DeliveryRow
from mailer.letter import LetterDue
from tests.delivery.desk import Desk
from tests.delivery.test_sender import EVERYBODY, READERS, is_sent, open_sender, set_up, until
from tests.sink import Sink

NEW = "new@example.org"
CONFIRMATION = LetterDue(
    kind="confirmation",
    subscriber_id=None,
    address=NEW,
    language="en",
    dedupe_key="new",
    values={"action_url": "https://x.example/confirm/abc"},
    note="confirmation",
)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KEEP_S", "LOCK_S", "POLL_S"):
        monkeypatch.setattr(sender_module, name, 0.05)


def test_it_is_claimed_though_plenty_waits_and_goes_before_all_of_it(desk: Desk) -> None:
    sink = Sink(pause_at="accepted")
    with sink.running():
        desk = set_up(desk, sink.port)
        desk.subscribe(*EVERYBODY)
        desk.begin(clock.now())
        asyncio.run(_ask_amid(desk, sink))
    # What was begun goes before it, and on a busy machine a few that other connections took since.
    assert NEW in sink.recipients[: READERS // 2]
    assert len(sink.recipients) == len(EVERYBODY) + 1


async def _ask_amid(desk: Desk, sink: Sink) -> None:
    """Ask for a confirmation while all connections are busy and the outbox is full."""
    connections = desk.config.relay[0].connections
    sender = open_sender(desk)
    running = asyncio.create_task(sender.run())
    try:
        await until(lambda: sink.pausing == connections, "all connections are busy")
        await until(lambda: desk.states()["claimed"] > connections, "the outbox is full")
        with desk.database.write() as session:
            delivery.enqueue(session, desk.config, CONFIRMATION, clock.now())
        await until(lambda: _state_of_new(desk) == "claimed", "the confirmation is claimed")
        sink.go_on()
        await until(lambda: is_sent(desk) and _state_of_new(desk) == "sent", "all is sent")
    finally:
        sender.stop()
        await running


def _state_of_new(desk: Desk) -> str:
    rows = desk.rows(DeliveryRow.state, DeliveryRow.address)
    return str(next(row.state for row in rows if row.address == NEW))
