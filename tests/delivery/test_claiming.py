"""Claiming: who takes what, in which order, and who is left out."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from mailer import audience, delivery
from mailer.audience.models import SubscriptionRow
from mailer.delivery import claim as claim_module
from mailer.delivery.claim import anything_due, claim, put_off, release
from mailer.delivery.models import DeliveryRow, MailingRow
from mailer.letter import LetterDue
from tests.conftest import NOW
from tests.delivery.desk import LEASE, UPDATES, Desk, address

ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def due_for(subscriber_id: int, key: str = "k", kind: str = "confirmation") -> LetterDue:
    return LetterDue(
        kind, subscriber_id, None, "en", key, {"action_url": "https://updates.example.org/x"}
    )


def is_due(desk: Desk, now: object = NOW) -> bool:
    with desk.database.read() as session:
        return anything_due(session, now)  # type: ignore[arg-type]


def test_a_claim_holds_its_deliveries_under_a_lease(desk: Desk) -> None:
    desk.subscribe(*map(address, range(5)))
    desk.send()
    claimed = desk.claim("sender-a", limit=3)
    assert [one.recipient.address for one in claimed] == [address(n) for n in range(3)]
    assert desk.rows(DeliveryRow.worker, DeliveryRow.lease_until, DeliveryRow.state) == [
        *[("sender-a", NOW + LEASE, "claimed")] * 3,
        *[(None, None, "queued")] * 2,
    ]
    assert len(desk.claim("sender-b")) == 2
    assert desk.claim("sender-c") == []
    assert not is_due(desk)
    assert desk.status().queued == 5


def test_who_left_or_is_suppressed_since_is_skipped_with_the_reason(desk: Desk) -> None:
    left, suppressed, domain, paused, stays, back = desk.subscribe(
        *map(address, range(2)), "x@gone.example", *map(address, range(2, 5))
    )
    desk.send()
    desk.leave(left)
    with desk.database.write() as session:
        audience.suppress(session, address(1), "address", "complaint", NOW)
        audience.suppress(session, "gone.example", "domain", "staff", NOW)
        for one, until in ((paused, 1), (back, 0)):
            session.execute(
                update(SubscriptionRow)
                .where(SubscriptionRow.subscriber_id == one)
                .values(state="paused", paused_until=NOW.date() + timedelta(days=until))
            )
    assert [one.recipient.subscriber_id for one in desk.claim()] == [stays, back]
    rows = desk.rows(DeliveryRow.subscriber_id, DeliveryRow.state, DeliveryRow.reason)
    assert [tuple(row) for row in rows] == [
        (left, "skipped", "left"),
        (suppressed, "skipped", "suppressed: complaint"),
        (domain, "skipped", "suppressed: staff (its domain)"),
        (paused, "skipped", "paused"),
        (stays, "claimed", ""),
        (back, "claimed", ""),
    ]


def test_an_erased_reader_is_skipped(desk: Desk) -> None:
    (ana,) = desk.subscribe("ana@example.org")
    desk.send()
    with desk.database.write() as session:
        audience.erase(session, ana, NOW)
    assert desk.claim() == []
    assert desk.rows(DeliveryRow.state, DeliveryRow.reason) == [("skipped", "erased")]


def test_what_is_not_due_waits(desk: Desk) -> None:
    desk.subscribe(*map(address, range(2)))
    desk.send()
    (first,) = desk.claim(limit=1)
    later = NOW + timedelta(minutes=5)
    desk.put([first.delivery_id], state="deferred", due_at=later, tries=1, worker=None)
    assert [one.recipient.address for one in desk.claim()] == [address(1)]
    assert not is_due(desk, later - timedelta(microseconds=1))
    assert is_due(desk, later)
    assert [one.tries for one in desk.claim(now=later)] == [1]


def test_only_from_a_mailing_that_is_sending(desk: Desk) -> None:
    desk.subscribe("ana@example.org")
    desk.send()
    for status in ("scheduled", "paused", "sent", "cancelled"):
        with desk.database.write() as session:
            session.execute(update(MailingRow).values(status=status))
        assert not is_due(desk)
        assert desk.claim() == []


def test_personal_letters_come_first(desk: Desk) -> None:
    readers = desk.subscribe(*map(address, range(6)))
    desk.send()
    later = NOW + timedelta(hours=1)
    with desk.database.write() as session:
        for one in readers[:3]:
            delivery.enqueue(session, desk.config, due_for(one, f"k{one}"), later)
    kinds = [sorted(one.sending.kind for one in desk.claim(limit=4, now=later)) for _ in "ab"]
    # They overtake, and leave half the way to the others.
    assert kinds == [["confirmation"] * 2 + ["issue"] * 2, ["confirmation"] + ["issue"] * 3]


def test_letters_that_wait_for_their_time_keep_nobody_else(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailer.delivery.claim._PERSONAL_AT_ONCE", 2)
    readers = desk.subscribe(*map(address, range(3)))
    with desk.database.write() as session:
        for one in readers:
            delivery.enqueue(session, desk.config, due_for(one, f"k{one}"), NOW)
    waiting = [one.delivery_id for one in desk.claim() + desk.claim()]
    desk.put(waiting, state="deferred", due_at=NOW + timedelta(hours=1), worker=None)
    desk.send()
    assert len(waiting) == 3
    assert {one.sending.kind for one in desk.claim()} == {"issue"}


def test_given_back_it_is_as_if_it_had_not_been_taken(desk: Desk) -> None:
    desk.subscribe(*map(address, range(3)))
    desk.send()
    first, second, third = (one.delivery_id for one in desk.claim("sender-a"))
    desk.put([second], state="in_flight")
    desk.put([third], worker="sender-b")
    with desk.database.write() as session:
        release(session, "sender-a", [first, second, third])
    assert desk.rows(DeliveryRow.state, DeliveryRow.worker, DeliveryRow.tries) == [
        ("queued", None, 0),
        ("in_flight", "sender-a", 0),
        ("claimed", "sender-b", 0),
    ]


def test_a_test_letter_is_never_claimed(desk: Desk) -> None:
    desk.subscribe("ana@example.org")
    desk.send()
    with desk.database.write() as session:
        session.execute(update(MailingRow).values(kind="test"))
    assert not is_due(desk)
    assert desk.claim() == []


@ON_POSTGRESQL
def test_two_sessions_at_once_never_take_the_same_row(desk: Desk) -> None:
    desk.subscribe(*map(address, range(20)))
    desk.send()
    with desk.database.write() as one, desk.database.write() as other:
        mine = claim(one, "sender-a", NOW, NOW.date(), LEASE, 8)
        theirs = claim(other, "sender-b", NOW, NOW.date(), LEASE, 100)
    assert (len(mine), len(theirs)) == (8, 12)
    assert not {d.delivery_id for d in mine} & {d.delivery_id for d in theirs}
    assert mine[0].sending.publication_id == UPDATES


def test_what_is_put_off_waits_until_it_is_due_and_counts_no_try(desk: Desk) -> None:
    desk.subscribe(*map(address, range(3)))
    desk.send()
    first, second, _ = (one.delivery_id for one in desk.claim("sender-a"))
    desk.put([second], tries=2)
    later = NOW + timedelta(seconds=30)
    with desk.database.write() as session:
        put_off(session, "sender-b", [first], later)
        put_off(session, "sender-a", [first, second], later)
    assert desk.rows(DeliveryRow.state, DeliveryRow.tries, DeliveryRow.due_at)[:2] == [
        ("queued", 0, later),
        ("deferred", 2, later),
    ]
    assert desk.claim("sender-b") == []
    assert [one.delivery_id for one in desk.claim("sender-b", now=later)] == [first, second]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("after", [None, (NOW, 1)])
def test_a_claim_reads_what_waits_and_nothing_else(desk: Desk, after: Any) -> None:
    """Else each claim of a large mailing walks past all that is sent. (On a table this small
    PostgreSQL uses no index.)"""
    statement = claim_module._due([1], NOW, 10, after)
    compiled = statement.compile(desk.database.engine, compile_kwargs={"render_postcompile": True})
    values = [compiled.params[name] for name in compiled.positiontup or ()]
    with desk.database.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", tuple(map(str, values)))
        assert "ix_deliveries__due" in " ".join(row.detail for row in plan)
