"""Test letters from the desk: how many, and what became of them."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from mailer import delivery
from mailer.delivery.models import MailingRow
from mailer.errors import Refused, WrongInput
from tests.conftest import NOW
from tests.delivery.desk import Desk

ANA, BO = "staff 1", "staff 2"


def send(desk: Desk, *addresses: str, actor: str = ANA) -> None:
    delivery.send_test(desk.database, desk.config, desk.issue, addresses, actor)
    with desk.database.write() as session:
        session.execute(update(MailingRow).values(created_at=NOW))


def require(desk: Desk, wanted: int, actor: str = ANA, after: timedelta = timedelta(0)) -> None:
    with desk.database.read() as session:
        delivery.require_tests_left(session, actor, wanted, NOW + after)


def test_what_became_of_them_the_newest_first(desk: Desk) -> None:
    with desk.database.read() as session:
        assert delivery.latest_tests(session, desk.issue) == []
    send(desk, "ana@psg.example", "bo@psg.example")
    send(desk, "cleo@psg.example", actor=BO)
    with desk.database.read() as session:
        found = delivery.latest_tests(session, desk.issue)
    assert [(one.address, one.state, one.by) for one in found] == [
        ("cleo@psg.example", "failed", BO),
        ("ana@psg.example", "failed", ANA),
        ("bo@psg.example", "failed", ANA),
    ]
    assert "127.0.0.1" in found[0].reason


def test_one_that_is_on_its_way_says_so(desk: Desk) -> None:
    send(desk, "ana@psg.example")
    desk.put([1], state="in_flight")
    with desk.database.read() as session:
        assert [one.state for one in delivery.latest_tests(session, desk.issue)] == ["going"]


def test_too_many_at_once(desk: Desk) -> None:
    require(desk, 10)
    with pytest.raises(WrongInput, match="At most 10"):
        require(desk, 11)


def test_too_many_in_an_hour_and_each_for_themselves(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailer.delivery.tested.AN_HOUR", 3)
    send(desk, "ana@psg.example", "bo@psg.example")
    require(desk, 1)
    with pytest.raises(Refused, match="You have sent 2 test letters in this hour"):
        require(desk, 2)
    require(desk, 2, actor=BO)
    require(desk, 3, after=timedelta(hours=1, seconds=1))
