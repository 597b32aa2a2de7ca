"""What the ledger says of letters that may have been received, and of readers who are erased."""

from datetime import timedelta

import pytest

from mailer import audience, delivery
from mailer.delivery import recover
from mailer.delivery.disposition import Disposition, Verdict
from mailer.delivery.models import DeliveryRow, MailingRow
from mailer.delivery.record import outcome_of
from tests.conftest import NOW
from tests.delivery.desk import LEASE, Desk, address


def in_doubt_and_queued(desk: Desk) -> tuple[int, list[int]]:
    """One delivery was lost past its final dot and waits again; three were never begun."""
    readers = desk.subscribe(*map(address, range(4)))
    mailing = desk.send()
    (first,) = desk.claim(limit=1)
    desk.put([first.delivery_id], state="in_flight")
    with desk.database.write() as session:
        recover.recover(session, NOW + 2 * LEASE, "resend")
    return mailing, readers


def told(desk: Desk) -> list[tuple[str, str]]:
    return [tuple(row) for row in desk.rows(DeliveryRow.state, DeliveryRow.reason)]


def test_who_left_in_doubt_may_have_received_it(desk: Desk) -> None:
    mailing, readers = in_doubt_and_queued(desk)
    desk.leave(*readers[:2])
    assert len(desk.claim(now=NOW + 3 * LEASE)) == 2
    assert told(desk)[:2] == [
        ("in_doubt", "in doubt: its worker is gone; not sent again: left"),
        ("skipped", "left"),
    ]
    found = desk.status()
    assert (found.audience, found.in_doubt, found.skipped, found.queued) == (4, 1, 1, 2)
    desk.put([3, 4], state="sent")
    with desk.database.write() as session:
        assert recover.finish(session, NOW) == [mailing]


def test_cancelled_in_doubt_it_may_have_been_received(desk: Desk) -> None:
    mailing, _ = in_doubt_and_queued(desk)
    desk.put([2], doubts=1, state="deferred", reason="450 later")
    with desk.database.write() as session:
        delivery.cancel(session, desk.issue, NOW, "ana")
    assert delivery.skip_rest(desk.database, mailing, NOW) == 4
    once = "in doubt: it was sent once, without an answer"
    assert told(desk) == [
        ("in_doubt", "in doubt: its worker is gone; not sent again: the mailing was cancelled"),
        (
            "in_doubt",
            f"{once}; not sent again: the mailing was cancelled",
        ),
        *[("skipped", "the mailing was cancelled")] * 2,
    ]
    ended = [at is None for (at,) in desk.rows(DeliveryRow.finished_at)]
    assert ended == [True, True, False, False]


@pytest.mark.parametrize("verdict", [Verdict.SENT, Verdict.FAILED, Verdict.DEFERRED])
def test_a_reply_about_an_erased_reader_is_not_written(desk: Desk, verdict: Verdict) -> None:
    erased, _ = desk.subscribe("ana@example.org", "tom@example.org")
    desk.send()
    pace = desk.config.pace
    both = desk.claim("sender-a")
    ids = [one.delivery_id for one in both]
    desk.commit("sender-a", ids)
    with desk.database.write() as session:
        delivery.erase(session, erased, "ana@example.org")
        audience.erase(session, erased, NOW)
    words = [Disposition(verdict, f"{one.recipient.address} said", 250) for one in both]
    outcomes = [
        outcome_of(one, said, NOW, pace, 0.5) for one, said in zip(both, words, strict=True)
    ]
    desk.commit("sender-a", [], outcomes)
    rows = desk.rows(DeliveryRow.reason, DeliveryRow.reply_code, DeliveryRow.worker)
    assert rows == [("", 250, None), ("tom@example.org said", 250, None)]


def test_tests_to_any_spelling_of_an_erased_address_are_stripped(desk: Desk) -> None:
    addresses = ["JÖRG@exämple.org", "jörg@xn--exmple-cua.org", "Jorg@exämple.org", "erased 9"]
    (erased,) = desk.subscribe("jörg@exämple.org")
    mailing = desk.send()
    with desk.database.write() as session:
        (letter,) = session.query(DeliveryRow.letter_id).first() or (None,)
        session.add(
            MailingRow(
                kind="test", status="sent", start_at=NOW, nonce="n", created_at=NOW, created_by="a"
            )
        )
        session.flush()
        session.add_all(
            DeliveryRow(
                mailing_id=mailing + 1,
                address=one,
                letter_id=letter,
                state="sent",
                reason=f"to {one}",
                due_at=NOW - timedelta(days=1),
            )
            for one in addresses
        )
    desk.count_anew()
    with desk.database.write() as session:
        delivery.erase(session, erased, "jörg@exämple.org")
    rows = desk.rows(DeliveryRow.address, DeliveryRow.reason)
    assert [tuple(row) for row in rows[1:]] == [
        ("erased 2", ""),
        ("erased 3", ""),
        (addresses[2], f"to {addresses[2]}"),
        (addresses[3], f"to {addresses[3]}"),
    ]
