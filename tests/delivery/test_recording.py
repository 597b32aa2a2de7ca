"""What became of a delivery, as the ledger says it; and what it says after a crash."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mailer.audience import bare_recipient
from mailer.config import Pace
from mailer.delivery import recover
from mailer.delivery.claim import Claimed, Sending
from mailer.delivery.disposition import Disposition, Verdict
from mailer.delivery.models import DeliveryRow, MailingRow
from mailer.delivery.record import doubt_of, outcome_of
from tests.conftest import NOW
from tests.delivery.desk import LEASE, Desk, address

PACE = Pace(retry_first=timedelta(minutes=5), give_up=timedelta(hours=48))
SENDING = Sending(1, "issue", 1, "n", "example.org", NOW, NOW + PACE.give_up)
CLAIMED = Claimed(7, 1, 2, 1, SENDING, bare_recipient("ana@example.org"), {})
LATE = NOW + PACE.give_up - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("verdict", "now", "state", "wait", "tries"),
    [
        (Verdict.SENT, NOW, "sent", 0, 3),
        (Verdict.FAILED, NOW, "failed", 0, 3),
        (Verdict.DEFERRED, NOW, "deferred", 20, 3),
        (Verdict.THROTTLED, NOW, "deferred", 20, 3),
        (Verdict.SOON, NOW, "deferred", 5, 3),
        (Verdict.RELAY, NOW, "queued", 0, 2),
        (Verdict.DEFERRED, LATE, "failed", 0, 3),
        (Verdict.THROTTLED, LATE, "failed", 0, 3),
        (Verdict.SOON, LATE, "failed", 0, 3),
        (Verdict.RELAY, LATE, "queued", 0, 2),
    ],
)
def test_what_each_verdict_makes_of_a_delivery(
    verdict: Verdict, now: object, state: str, wait: int, tries: int
) -> None:
    found = outcome_of(CLAIMED, Disposition(verdict, "words", 450), now, PACE, 0.5)  # type: ignore[arg-type]
    assert (found.delivery_id, found.state, found.tries) == (7, state, tries)
    assert (found.doubts, found.reply_code) == (1, 450)
    assert found.due_at - now == timedelta(minutes=wait)  # type: ignore[operator]
    assert (found.finished_at is not None) == (state in ("sent", "failed"))
    given_up = state == "failed" and verdict is not Verdict.FAILED
    assert found.reason == ("given up; at last: words" if given_up else "words")


def test_in_doubt_it_is_sent_again_at_once_and_counted() -> None:
    found = doubt_of(replace(CLAIMED, doubts=0), "lost", NOW, "resend", PACE, 0.5)
    assert (found.state, found.due_at, found.doubts) == ("queued", NOW, 1)
    assert found.reason == "in doubt: lost after the final dot"


def test_in_doubt_again_it_waits_and_is_given_up_at_last() -> None:
    found = doubt_of(CLAIMED, "lost", NOW, "resend", PACE, 0.5)
    assert (found.state, found.doubts) == ("deferred", 2)
    assert found.due_at > NOW
    found = doubt_of(CLAIMED, "lost", LATE, "resend", PACE, 0.5)
    assert (found.state, found.doubts) == ("failed", 2)


def test_in_doubt_it_can_wait_for_a_person() -> None:
    found = doubt_of(CLAIMED, "lost", NOW, "hold", PACE, 0.5)
    assert (found.state, found.doubts, found.finished_at) == ("in_doubt", 1, None)


def test_outcomes_and_entries_are_written_together(desk: Desk) -> None:
    desk.subscribe(*map(address, range(4)))
    desk.send()
    first, second, third, _ = desk.claim("sender-a")
    desk.put([third.delivery_id], worker="sender-b")
    sent = outcome_of(first, Disposition(Verdict.SENT, "250 ok", 250), NOW, PACE, 0.5)
    ids = [one.delivery_id for one in (first, second, third)]
    assert desk.commit("sender-a", ids, [sent]) == {ids[1]}
    # Where its reply was lost, the same may be said again.
    assert desk.commit("sender-a", ids, [sent]) == {ids[1]}
    assert desk.commit("sender-b", ids[:2]) == set()
    assert desk.commit("sender-a") == set()
    rows = desk.rows(DeliveryRow.state, DeliveryRow.worker, DeliveryRow.tries, DeliveryRow.reason)
    assert [tuple(row) for row in rows] == [
        ("sent", None, 1, "250 ok"),
        ("in_flight", "sender-a", 0, ""),
        ("claimed", "sender-b", 0, ""),
        ("claimed", "sender-a", 0, ""),
    ]
    assert desk.status().audience == 4


def test_an_outcome_of_what_another_holds_is_not_written(desk: Desk) -> None:
    desk.subscribe("ana@example.org")
    desk.send()
    (mine,) = desk.claim("sender-a")
    desk.put([mine.delivery_id], worker="sender-b", state="in_flight")
    failed = outcome_of(mine, Disposition(Verdict.FAILED, "no", 550), NOW, PACE, 0.5)
    desk.commit("sender-a", [], [failed])
    assert desk.states() == {"in_flight": 1}


def crashed(desk: Desk) -> list[int]:
    """A worker died with two deliveries claimed and two in flight; the mailing's ids."""
    desk.subscribe(*map(address, range(5)))
    desk.send()
    ids = [one.delivery_id for one in desk.claim("sender-a", limit=4)]
    desk.put(ids[2:], state="in_flight")
    return ids


def free(desk: Desk, seconds: float, in_doubt: str = "resend", sole: str | None = None) -> int:
    now = NOW + timedelta(seconds=seconds)
    with desk.database.write() as session:
        return recover.recover(
            session, now, in_doubt, worker=sole or "sender-b", sole_sender=sole is not None
        )


def test_within_its_lease_a_worker_keeps_what_it_holds(desk: Desk) -> None:
    crashed(desk)
    assert free(desk, 59) == 0
    with desk.database.write() as session:
        recover.renew(session, "sender-a", [1, 2, 3, 4], NOW + 2 * LEASE)
    assert free(desk, 61) == 0
    assert free(desk, 61, sole="sender-a") == 0


def test_a_lease_that_has_long_to_run_is_not_renewed(desk: Desk) -> None:
    crashed(desk)
    with desk.database.write() as session:
        recover.renew(session, "sender-a", [1, 2], NOW + 2 * LEASE)
        recover.renew(session, "sender-a", [1, 2, 3, 4], NOW + 3 * LEASE, NOW + 1.5 * LEASE)
    leases = [row.lease_until for row in desk.rows(DeliveryRow.lease_until)]
    assert leases == [NOW + 2 * LEASE, NOW + 2 * LEASE, NOW + 3 * LEASE, NOW + 3 * LEASE, None]


@pytest.mark.parametrize("sole", [None, "sender-b"])
def test_what_a_dead_worker_held_is_freed(desk: Desk, sole: str | None) -> None:
    crashed(desk)
    assert free(desk, 61 if sole is None else 0, sole=sole) == 4
    assert desk.states() == {"queued": 5}
    rows = desk.rows(DeliveryRow.doubts, DeliveryRow.worker, DeliveryRow.lease_until)
    assert [tuple(row) for row in rows] == [(n, None, None) for n in (0, 0, 1, 1, 0)]
    assert desk.status().resent_in_doubt == 2
    assert free(desk, 100) == 0


def test_what_was_in_flight_can_be_held(desk: Desk) -> None:
    crashed(desk)
    assert free(desk, 61, "hold") == 4
    assert desk.states() == {"queued": 3, "in_doubt": 2}
    found = desk.status()
    assert (found.audience, found.queued, found.in_doubt) == (5, 3, 2)


@pytest.mark.parametrize("in_doubt", ["resend", "hold"])
def test_a_test_letter_is_never_sent_again(desk: Desk, in_doubt: str) -> None:
    crashed(desk)
    with desk.database.write() as session:
        session.query(MailingRow).update({"kind": "test"})
    assert free(desk, 61, in_doubt) == 4
    assert desk.states() == {"failed": 4, "queued": 1}


def test_a_mailing_ends_with_its_last_delivery(desk: Desk) -> None:
    ids = crashed(desk)
    finished = []
    for state in ("deferred", "in_flight", "claimed", "queued", "sent"):
        desk.put([*ids, ids[-1] + 1], state="failed")
        desk.put(ids[:1], state=state)
        with desk.database.write() as session:
            finished.append(recover.finish(session, NOW))
    assert finished == [[], [], [], [], [1]]
    assert (desk.status().status, desk.status().finished_at) == ("sent", NOW)


def test_what_is_held_in_doubt_keeps_no_mailing(desk: Desk) -> None:
    ids = crashed(desk)
    desk.put([*ids, ids[-1] + 1], state="in_doubt")
    with desk.database.write() as session:
        assert recover.finish(session, NOW) == [1]


def test_a_worker_says_that_it_is_alive(desk: Desk) -> None:
    desk.subscribe("ana@example.org")
    with desk.database.read() as session:
        assert recover.waiting_without_worker(session, NOW) is None
    desk.send()
    with desk.database.read() as session:
        assert recover.waiting_without_worker(session, NOW) is not None
    for at, trouble in ((NOW, "the relay rests"), (NOW + timedelta(seconds=1), "")):
        with desk.database.write() as session:
            recover.say_alive(session, "sender-a", at, trouble)
        assert desk.status(at).reason == trouble
    with desk.database.read() as session:
        assert recover.waiting_without_worker(session, NOW + timedelta(seconds=16)) is None
        assert recover.waiting_without_worker(session, NOW + timedelta(seconds=17)) is not None
    with desk.database.write() as session:
        recover.say_ended(session, "sender-a", NOW)
    with desk.database.read() as session:
        assert recover.waiting_without_worker(session, NOW) is not None
