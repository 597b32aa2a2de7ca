"""Test letters: sent at once to bare addresses, one try each, with the relay's words."""

import pytest
from sqlalchemy import select

from mailer import delivery
from mailer.delivery.models import DeliveryRow, MailingRow
from mailer.errors import WrongInput
from tests.delivery.desk import Desk
from tests.delivery.test_sender import set_up
from tests.services import free_port
from tests.sink import DROP, Script, Sink

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def try_out(desk: Desk, sink: Sink, *addresses: str) -> list[tuple[str, bool, str]]:
    with sink.running():
        there = set_up(desk, sink.port)
        trials = delivery.send_test(there.database, there.config, desk.issue, addresses, "ana")
    return [(trial.address, trial.sent, trial.reason) for trial in trials]


def test_it_goes_to_each_address_and_to_nobody_else(desk: Desk) -> None:
    desk.subscribe("reader@example.org")
    sink = Sink()
    sent = try_out(desk, sink, "a@example.org", "b@example.org", " a@EXAMPLE.org ")
    assert [address for address, _, _ in sent] == ["a@example.org", "b@example.org"]
    assert all(good for _, good, _ in sent)
    assert sink.recipients == ["a@example.org", "b@example.org"]
    assert sink.connections == 1
    assert desk.states() == {"sent": 2}
    assert desk.status().status == "draft"
    with desk.database.read() as session:
        (mailing,) = session.scalars(select(MailingRow))
    assert (mailing.kind, mailing.status) == ("test", "sent")


def answering(stage: str, reply: str) -> Script:
    return lambda at, argument: reply if at == stage and argument.startswith("bad@") else None


@pytest.mark.parametrize(
    ("stage", "reply", "words"),
    [
        ("RCPT", "550 5.1.1 no such mailbox", "550 5.1.1 no such mailbox"),
        ("RCPT", "450 4.2.1 later", "450 4.2.1 later"),
        ("RCPT", "421 4.3.2 closing", "421"),
        ("dot", "554 5.7.1 spam", "554 5.7.1 spam"),
        ("dot", "421 4.7.0 too many", "421 4.7.0 too many"),
        ("accepted", DROP, "connection closed by the relay"),
    ],
)
def test_what_the_relay_refuses_is_told_and_the_next_one_is_sent(
    desk: Desk, stage: str, reply: str, words: str
) -> None:
    sink = Sink(script=answering(stage, reply))
    bad, good = try_out(desk, sink, "bad@example.org", "good@example.org")
    assert (bad[1], good[1]) == (False, True)
    assert words in bad[2]
    assert desk.states() == {"sent": 1, "failed": 1}


def test_a_relay_that_is_down_is_named(desk: Desk) -> None:
    port = free_port()
    there = set_up(desk, port)
    trials = delivery.send_test(
        there.database, there.config, desk.issue, ["a@example.org", "b@example.org"], "ana"
    )
    assert [trial.sent for trial in trials] == [False, False]
    assert all(f"127.0.0.1:{port} cannot be used" in trial.reason for trial in trials)


def test_an_address_that_is_none_sends_nothing(desk: Desk) -> None:
    sink = Sink()
    with pytest.raises(WrongInput, match="nonsense"):
        try_out(desk, sink, "a@example.org", "nonsense")
    assert (sink.connections, desk.states()) == (0, {})
    assert desk.rows(DeliveryRow.id) == []


def test_an_international_domain_goes_over_the_wire_in_a_labels(desk: Desk) -> None:
    sink = Sink()
    ((_, sent, _),) = try_out(desk, sink, "ana@bücher.example")
    assert sent
    assert sink.recipients == ["ana@xn--bcher-kva.example"]


def test_a_local_part_beyond_ascii_needs_a_relay_that_takes_it(desk: Desk) -> None:
    ((_, sent, reason),) = try_out(desk, Sink(), "año@example.org")
    assert not sent
    assert "SMTPUTF8" in reason
    sink = Sink(extensions=("SMTPUTF8",))
    assert try_out(desk, sink, "año@example.org")[0][1]
    assert sink.parameters == "SMTPUTF8"
