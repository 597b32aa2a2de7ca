"""What is in doubt: listed, and sent again or settled otherwise, as a person decides."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from mailer import audience, delivery
from mailer.delivery import recover
from mailer.delivery.models import DeliveryRow, MailingRow
from mailer.delivery.settling import Ruling
from mailer.delivery.states import IN_DOUBT
from mailer.errors import NotFound, Refused, WrongInput
from tests.conftest import NOW
from tests.delivery.desk import LEASE, Desk, address

LATER = NOW + timedelta(days=3)
GONE = "in doubt: its worker is gone"


def with_doubts(desk: Desk, readers: int = 4, doubtful: int = 2) -> int:
    """Some of a mailing were lost past their final dots and are held; the rest is sent."""
    desk.subscribe(*map(address, range(readers)))
    mailing = desk.send()
    for one in desk.claim(limit=doubtful):
        desk.put([one.delivery_id], state="in_flight")
    with desk.database.write() as session:
        recover.recover(session, NOW + 2 * LEASE, "hold")
    desk.put(range(doubtful + 1, readers + 1), state="sent", finished_at=NOW)
    with desk.database.write() as session:
        assert recover.finish(session, NOW + 2 * LEASE) == [mailing]
    return mailing


def doubts(desk: Desk) -> list[delivery.Doubt]:
    issue = desk.issue
    with desk.database.read() as session:
        return delivery.doubts(session, issue)


def settle(desk: Desk, ruling: Ruling, found: list[delivery.Doubt] | None = None) -> int:
    found = doubts(desk) if found is None else found
    issue = desk.issue
    with desk.database.write() as session:
        return delivery.settle(session, desk.config, issue, found, ruling, LATER, "ana")


def audited(desk: Desk) -> Any:
    with desk.database.read() as session:
        said = text("SELECT actor, words FROM audit ORDER BY id DESC LIMIT 1")
        return tuple(session.execute(said).one())


def test_what_is_in_doubt_is_listed_with_since_when_and_why(desk: Desk) -> None:
    assert doubts(desk) == []
    with_doubts(desk)
    assert doubts(desk) == [
        delivery.Doubt(1, address(0), NOW + 2 * LEASE, 0, GONE),
        delivery.Doubt(2, address(1), NOW + 2 * LEASE, 0, GONE),
    ]


def test_sent_again_it_is_the_same_message_and_the_mailing_goes_on(desk: Desk) -> None:
    mailing = with_doubts(desk)
    before = desk.rows(DeliveryRow.id, DeliveryRow.letter_id)
    assert settle(desk, Ruling.RESEND) == 2
    found = desk.status(LATER)
    assert (found.status, found.queued, found.in_doubt, found.resent_in_doubt) == (
        "sending", 2, 0, 2,
    )  # fmt: skip
    assert found.finished_at is None
    assert desk.mailing(mailing).send_until == LATER + desk.config.pace.give_up
    again = desk.claim(now=LATER)
    assert [one.delivery_id for one in again] == [1, 2]
    assert {one.sending.started_at for one in again} == {NOW}
    assert desk.rows(DeliveryRow.id, DeliveryRow.letter_id) == before
    assert audited(desk) == ("ana", "2 in doubt were queued again")


@pytest.mark.parametrize("ruling", [Ruling.SENT, Ruling.FAILED])
def test_a_person_says_what_happened(desk: Desk, ruling: Ruling) -> None:
    with_doubts(desk)
    desk.put([2], reason="")
    assert settle(desk, ruling) == 2
    columns = (DeliveryRow.state, DeliveryRow.reason, DeliveryRow.finished_at, DeliveryRow.fault)
    words = f"taken as {ruling.value} by hand"
    assert desk.rows(*columns)[:2] == [
        (ruling.value, f"{GONE}; {words}", LATER, ""),
        (ruling.value, words, LATER, ""),
    ]
    found = desk.status(LATER)
    assert (found.status, found.in_doubt, found.resent_in_doubt) == ("sent", 0, 0)
    assert audited(desk) == ("ana", f"2 in doubt were taken as {ruling.value}")


def test_some_are_settled_by_address_however_written(desk: Desk) -> None:
    with_doubts(desk)
    found = doubts(desk)
    chosen = delivery.doubts_about(found, [" READER001@example.org", address(1)])
    assert [one.delivery_id for one in chosen] == [2]
    assert settle(desk, Ruling.SENT, chosen) == 1
    assert desk.states() == {"sent": 3, "in_doubt": 1}
    with pytest.raises(NotFound, match=address(1)):
        delivery.doubts_about(doubts(desk), [address(1)])
    with pytest.raises(WrongInput, match="nobody"):
        delivery.doubts_about(found, ["nobody"])


def test_of_two_who_settle_the_same_one_does(desk: Desk) -> None:
    with_doubts(desk)
    both = doubts(desk)
    assert settle(desk, Ruling.SENT, both[:1]) == 1
    assert settle(desk, Ruling.RESEND, both) == 1
    with pytest.raises(Refused, match="in doubt any more"):
        settle(desk, Ruling.FAILED, both)
    assert desk.states() == {"sent": 3, "queued": 1}


def test_what_nobody_may_settle_leaves_the_mailing_as_it_was(desk: Desk) -> None:
    with_doubts(desk)
    both = doubts(desk)
    settle(desk, Ruling.SENT)
    with pytest.raises(Refused, match="in doubt any more"):
        settle(desk, Ruling.RESEND, both)
    assert desk.status(LATER).status == "sent"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"status": "cancelled"}, "was cancelled"),
        ({"not_after": NOW + timedelta(hours=1)}, "is past its end"),
    ],
)
def test_nothing_is_sent_again_of_what_is_over(
    desk: Desk, values: dict[str, Any], words: str
) -> None:
    with_doubts(desk)
    with desk.database.write() as session:
        session.execute(update(MailingRow).values(values))
    with pytest.raises(Refused, match=f"Update 120 {words}.*--sent or --failed"):
        settle(desk, Ruling.RESEND)
    assert desk.states() == {"in_doubt": 2, "sent": 2}
    assert settle(desk, Ruling.FAILED) == 2


def test_a_draft_has_nothing_to_settle(desk: Desk) -> None:
    with pytest.raises(Refused, match="is a draft"):
        settle(desk, Ruling.RESEND, [])


def test_paused_it_waits_until_it_is_resumed(desk: Desk) -> None:
    with_doubts(desk)
    with desk.database.write() as session:
        session.execute(update(MailingRow).values(status="paused"))
    settle(desk, Ruling.RESEND)
    assert desk.status(LATER).status == "paused"
    assert desk.claim(now=LATER) == []


def test_whoever_left_meanwhile_is_not_sent_it_again(desk: Desk) -> None:
    with_doubts(desk)
    desk.leave(1)
    settle(desk, Ruling.RESEND)
    assert [one.delivery_id for one in desk.claim(now=LATER)] == [2]
    assert [(one.since, one.why) for one in doubts(desk)] == [
        (LATER, f"{GONE}; not sent again: left")
    ]


def test_of_an_erased_reader_the_doubt_stays_and_no_address(desk: Desk) -> None:
    with_doubts(desk)
    with desk.database.write() as session:
        delivery.erase(session, 1, address(0))
        audience.erase(session, 1, NOW)
    assert [(one.address, one.why) for one in doubts(desk)] == [("", ""), (address(1), GONE)]
    assert settle(desk, Ruling.SENT) == 2


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_mailing_does_not_end_over_what_is_just_queued_again(desk: Desk) -> None:
    with_doubts(desk)
    found = doubts(desk)
    with desk.database.write() as session:
        session.execute(update(MailingRow).values(status="sending", finished_at=None))
    ended: list[int] = []

    def finish() -> None:
        with desk.database.write() as session:
            ended.extend(recover.finish(session, LATER))

    issue = desk.issue
    with desk.database.write() as session:
        delivery.settle(session, desk.config, issue, found, Ruling.RESEND, LATER, "ana")
        other = threading.Thread(target=finish)
        other.start()
        waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while not session.scalars(waits).one():
            assert other.is_alive()
            time.sleep(0.01)
    other.join()
    assert ended == []
    assert desk.status(LATER).status == "sending"
    with desk.database.read() as session:
        left = select(func.count()).where(DeliveryRow.state == IN_DOUBT)
        assert session.scalars(left).one() == 0
