"""Several relays share the work by their weights."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from mailer import clock, delivery
from mailer.config import Relay
from mailer.delivery.gate import Gate
from mailer.delivery.shares import Shares
from tests.delivery.desk import Desk
from tests.delivery.test_sender import EVERYBODY, is_sent, run_until, set_up
from tests.sink import Sink


def gate(weight: int) -> Gate:
    relay = Relay(host="127.0.0.1", security="none", weight=weight, connections=2)
    return Gate(relay, timedelta(seconds=10), lambda: 0.0)


@pytest.mark.parametrize("weights", [(1, 1), (2, 1), (5, 3, 1)])
def test_each_takes_its_share(weights: tuple[int, ...]) -> None:
    gates = [gate(weight) for weight in weights]
    shares, took = Shares(gates), Counter[Gate]()
    for _ in range(3000):
        for one in gates:
            if shares.may_take(one):
                shares.took(one)
                took[one] += 1
    for one, weight in zip(gates, weights, strict=True):
        expected = took.total() * weight / sum(weights)
        assert abs(took[one] - expected) < 0.05 * took.total()


def test_one_that_stands_in_takes_while_no_other_can() -> None:
    first, standby = gate(1), gate(0)
    shares = Shares([first, standby])
    assert (shares.may_take(first), shares.may_take(standby)) == (True, False)
    first.shut("down")
    assert shares.may_take(standby)


def test_who_comes_back_makes_up_for_nothing() -> None:
    first, second = gate(1), gate(1)
    shares = Shares([first, second])
    second.shut("down")
    for _ in range(1000):
        shares.took(first)
    shares.returned(second)
    second.opened()
    assert shares.may_take(first)


def test_a_relay_that_is_down_is_stood_in_for(desk: Desk) -> None:
    first, standby = Sink(), Sink()
    with standby.running():
        with first.running():
            desk = set_up(desk, first.port)
            spare = desk.config.relay[0].model_copy(update={"port": standby.port, "weight": 0})
            relays = (desk.config.relay[0], spare)
            desk = Desk(desk.database, desk.config.model_copy(update={"relay": relays}))
            desk.subscribe(*EVERYBODY[:20])
            desk.begin(clock.now())
            asyncio.run(run_until(desk, lambda: is_sent(desk), "the mailing's end"))
            assert (len(first.recorded), len(standby.recorded)) == (20, 0)
        desk.subscribe(*EVERYBODY[20:30])
        with desk.database.write() as session:
            delivery.send_to_new(session, desk.config, desk.issue, clock.now(), "ana")
        asyncio.run(run_until(desk, lambda: is_sent(desk), "the second end"))
    assert sorted(standby.recipients) == EVERYBODY[20:30]
