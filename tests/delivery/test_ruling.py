"""Pausing, resuming, cancelling, sending to new readers; and what the status says of it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from mailer import delivery
from mailer.delivery.models import DeliveryRow
from mailer.errors import Refused
from tests.conftest import NOW
from tests.delivery.desk import Desk, address

LATER = NOW + timedelta(hours=1)


def pause(desk: Desk) -> None:
    with desk.database.write() as session:
        delivery.pause(session, desk.issue, NOW, "ana")


def resume(desk: Desk) -> None:
    with desk.database.write() as session:
        delivery.resume(session, desk.config, desk.issue, LATER, "ana")


def cancel(desk: Desk) -> int:
    with desk.database.write() as session:
        return delivery.cancel(session, desk.issue, LATER, "ana")


def to_new(desk: Desk) -> int:
    with desk.database.write() as session:
        return delivery.send_to_new(session, desk.config, desk.issue, LATER, "ana")


def test_paused_nothing_is_claimed_until_it_is_resumed(desk: Desk) -> None:
    desk.subscribe(*map(address, range(3)))
    mailing = desk.send()
    pause(desk)
    assert desk.claim() == []
    assert (desk.status().status, desk.status().reason) == ("paused", "Paused by ana.")
    resume(desk)
    assert (desk.status().status, desk.status().reason) == ("sending", "")
    assert desk.status(LATER + timedelta(hours=1)).reason.startswith("No worker is running")
    assert desk.mailing(mailing).send_until == LATER + desk.config.pace.give_up
    assert desk.mailing(mailing).started_at == NOW
    assert len(desk.claim()) == 3


def test_paused_before_its_time_it_starts_at_its_time_or_when_resumed(desk: Desk) -> None:
    mailing = desk.schedule(NOW)
    pause(desk)
    assert delivery.start_due(desk.database, desk.config, NOW) == []
    resume(desk)
    assert desk.status().status == "scheduled"
    assert delivery.start_due(desk.database, desk.config, NOW) == []
    assert delivery.start_due(desk.database, desk.config, LATER) == [mailing]


def test_cancelled_what_is_sent_stays_and_the_rest_is_skipped(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailer.delivery.mailing._SKIP_CHUNK", 2)
    desk.subscribe(*map(address, range(9)))
    mailing = desk.send()
    sent, deferred, flying = (one.delivery_id for one in desk.claim(limit=3))
    desk.put([sent], state="sent")
    desk.put([deferred], state="deferred")
    desk.put([flying], state="in_flight")
    assert delivery.skip_rest(desk.database, mailing, NOW) == 0
    assert cancel(desk) == mailing
    assert delivery.skip_rest(desk.database, mailing, LATER) == 7
    assert desk.states() == {"sent": 1, "in_flight": 1, "skipped": 7}
    assert desk.claim(now=LATER) == []
    reasons = {
        row.reason
        for row in desk.rows(DeliveryRow.state, DeliveryRow.reason)
        if row.state == "skipped"
    }
    assert reasons == {"the mailing was cancelled"}
    found = desk.status(LATER)
    assert (found.status, found.audience, found.finished_at) == ("cancelled", 9, LATER)


def test_cancelled_before_it_began_it_can_be_scheduled_anew(desk: Desk) -> None:
    mailing = desk.schedule(LATER)
    cancel(desk)
    assert delivery.start_due(desk.database, desk.config, LATER) == []
    assert desk.schedule(LATER) == mailing
    assert desk.status().finished_at is None


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (pause, "Update 120 is a draft; there is nothing to pause"),
        (resume, "Update 120 is a draft; it is not paused"),
        (cancel, "Update 120 is a draft; there is nothing to cancel"),
        (to_new, "Update 120 is a draft; "),
    ],
)
def test_what_a_draft_refuses(desk: Desk, rule: Callable[[Desk], object], words: str) -> None:
    with pytest.raises(Refused, match=words):
        rule(desk)
    assert desk.status() == delivery.Status("draft")


def test_what_a_state_refuses(desk: Desk) -> None:
    desk.begin()
    with pytest.raises(Refused, match="is sending; it is not paused"):
        resume(desk)
    pause(desk)
    for rule, words in ((pause, "nothing to pause"), (to_new, "is paused; ")):
        with pytest.raises(Refused, match=words):
            rule(desk)
    cancel(desk)
    for rule in (pause, resume, cancel, to_new):
        with pytest.raises(Refused, match="is cancelled; "):
            rule(desk)


def test_the_counts_add_up_in_every_state(desk: Desk) -> None:
    states = ("queued", "claimed", "in_flight", "deferred", "sent", "failed", "skipped", "in_doubt")
    desk.subscribe(*map(address, range(len(states) + 1)))
    desk.send()
    ids = [one for (one,) in desk.rows(DeliveryRow.id)]
    for one, state in zip(ids, states, strict=False):
        desk.put([one], state=state, doubts=1)
    found = desk.status(NOW + timedelta(seconds=4))
    assert found == delivery.Status(
        status="sending",
        audience=9,
        sent=1,
        failed=1,
        skipped=1,
        deferred=1,
        queued=3,
        in_flight=1,
        in_doubt=1,
        resent_in_doubt=8,
        start_at=NOW,
        started_at=NOW,
        rate_per_s=0.5,
        eta_s=8.0,
    )


def test_the_statuses_of_several_issues(desk: Desk) -> None:
    desk.begin()
    with desk.database.read() as session:
        assert delivery.statuses(session, [desk.issue.id, 999]) == {desk.issue.id: "sending"}
        assert delivery.statuses(session, []) == {}
