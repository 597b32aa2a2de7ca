"""Relays that are for some senders alone."""

import asyncio

import pytest
from pydantic import ValidationError
from sqlalchemy import update

from mailer import clock, delivery
from mailer.config import Config, Relay
from mailer.delivery import sender as sender_module
from mailer.delivery.models import DeliveryRow
from mailer.delivery.route import relays_for, route_of, routes
from mailer.publication.models import PublicationRow
from tests.delivery.desk import Desk
from tests.delivery.test_overtaking import CONFIRMATION, NEW
from tests.delivery.test_sender import EVERYBODY, is_sent, open_sender, run_until, set_up, until
from tests.services import free_port
from tests.sink import Sink

BULLETIN = "Bulletin <bulletin@other.example>"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KEEP_S", "LOCK_S", "POLL_S"):
        monkeypatch.setattr(sender_module, name, 0.05)


def relay(host: str = "127.0.0.1", *senders: str, **more: int) -> Relay:
    return Relay(host=host, security="none", senders=senders, **more)  # type: ignore[arg-type]


def test_an_address_goes_before_its_domain_and_both_before_none() -> None:
    everybody, domain, address = relay("a"), relay("b", "@Psg.example"), relay("c", "x@psg.example")
    known = routes([everybody, domain, address])
    assert list(known.values()) == [[everybody], [domain], [address]]
    for sender, right in (
        ("News <x@PSG.example>", address),
        ("y@psg.example", domain),
        ("x@psg.example.org", everybody),
        ("psg@example", everybody),
        ("nobody", everybody),
    ):
        assert known[route_of(sender, known)] == [right]


def test_relays_with_the_same_senders_share_the_work() -> None:
    one, two = relay("a", "@a.example", "@b.example"), relay("b", "@b.example", "@a.example")
    assert list(routes([one, relay("c"), two]).values()) == [[one, two], [relay("c")]]


@pytest.mark.parametrize(
    ("relays", "why"),
    [
        ([{"senders": ["@psg.example"]}], "leave one without"),
        ([{}, {"senders": ["psg.example"]}], "is no sender"),
        ([{}, {"senders": ["@"]}], "is no sender"),
        ([{}, {"senders": ["@psg.example"], "weight": 0}], "weight 0"),
    ],
)
def test_what_cannot_be_carried_out_is_refused(
    config: Config, relays: list[dict[str, object]], why: str
) -> None:
    given = [{"host": "127.0.0.1", "security": "none", **one} for one in relays]
    with pytest.raises(ValidationError, match=why):
        Config.model_validate({**config.model_dump(by_alias=True), "relay": given})


def two_routes(desk: Desk, theirs: int, ours: int) -> Desk:
    """The publication has a sender and a relay of its own, at port `theirs`."""
    desk = set_up(desk, ours)
    with desk.database.write() as session:
        session.execute(update(PublicationRow).values(sender=BULLETIN))
    relays = (relay(port=ours), relay("127.0.0.1", "@other.example", port=theirs))
    return Desk(desk.database, desk.config.model_copy(update={"relay": relays}))


def test_each_letter_goes_by_the_relay_of_its_sender(desk: Desk) -> None:
    with Sink().running() as theirs, Sink().running() as ours:
        desk = two_routes(desk, theirs.port, ours.port)
        desk.subscribe(*EVERYBODY)
        desk.begin(clock.now())
        with desk.database.write() as session:
            delivery.enqueue(session, desk.config, CONFIRMATION, clock.now())

        def over() -> bool:
            return is_sent(desk) and bool(ours.recorded)

        asyncio.run(run_until(desk, over, "both are sent"))
    assert ours.recipients == [NEW]
    assert sorted(theirs.recipients) == EVERYBODY
    assert {one.message()["From"] for one in theirs.recorded} == {BULLETIN}


def test_one_that_is_down_keeps_the_letters_of_the_others_from_nothing(desk: Desk) -> None:
    with Sink().running() as ours:
        desk = two_routes(desk, free_port(), ours.port)
        desk.subscribe(*EVERYBODY)
        desk.begin(clock.now())
        asyncio.run(_ask_while_it_is_down(desk, ours))
    assert ours.recipients == [NEW]
    states = desk.states()
    assert states == {"queued": len(EVERYBODY), "sent": 1}
    assert {row.tries for row in desk.rows(DeliveryRow.tries, DeliveryRow.state)} <= {0, 1}


async def _ask_while_it_is_down(desk: Desk, ours: Sink) -> None:
    sender = open_sender(desk)
    running = asyncio.create_task(sender.run())
    try:
        await until(lambda: bool(desk.status(clock.now()).reason), "the relay is known to be down")
        with desk.database.write() as session:
            delivery.enqueue(session, desk.config, CONFIRMATION, clock.now())
        await until(lambda: bool(ours.recorded), "the confirmation is sent")
        await until(lambda: desk.states()["sent"] == 1, "its outcome is recorded")
    finally:
        sender.stop()
        await running


def test_a_test_goes_by_the_relay_of_the_publication(desk: Desk) -> None:
    with Sink().running() as theirs:
        desk = two_routes(desk, theirs.port, free_port())
        assert [one.port for one in relays_for(desk.config, BULLETIN)] == [theirs.port]
        trials = delivery.send_test(
            desk.database, desk.config, desk.issue, ["ana@example.org"], "editor"
        )
    assert [trial.sent for trial in trials] == [True]
    assert theirs.recipients == ["ana@example.org"]
