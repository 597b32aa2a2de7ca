"""A correction: a short letter to exactly those who got the wrong version."""

from typing import Any

import pytest
from sqlalchemy import select, update

from mailer import audience, delivery
from mailer.audience.models import SubscriberRow, SubscriptionRow
from mailer.config import Pace
from mailer.database import Database
from mailer.delivery import compose, fan_out, recover
from mailer.delivery.claim import Claimed
from mailer.delivery.early import pause_early
from mailer.delivery.models import DeliveryRow, MailingRow
from mailer.errors import Refused, WrongInput
from mailer.publication.models import IssueRow
from tests.conftest import NOW
from tests.delivery.desk import LEASE, Desk, address, at_once

OLD, NEW = "World Water Day", "Water Week"


def correct(desk: Desk, text: str | None = None) -> int:
    return delivery.correct(desk.database, desk.config, desk.issue, NOW, "ana", text)


def corrected_in_the_middle(desk: Desk, readers: int = 6) -> list[int]:
    """Half of these readers have the old words, and the others the new; the readers' ids."""
    ids = desk.subscribe(*map(address, range(readers)))
    desk.send()
    desk.record(desk.claim(limit=readers // 2))
    desk.pause()
    desk.rewrite(OLD, NEW)
    desk.resume_corrected()
    desk.record(desk.claim())
    return ids


def finish(desk: Desk) -> None:
    with desk.database.write() as session:
        recover.finish(session, NOW)


def mended_when_it_was_over(desk: Desk, readers: int = 3) -> list[int]:
    ids = desk.subscribe(*map(address, range(readers)))
    desk.send()
    desk.record(desk.claim())
    finish(desk)
    desk.rewrite(OLD, NEW)
    return ids


def readers_of(desk: Desk, mailing: int) -> list[int]:
    with desk.database.read() as session:
        found = session.scalars(
            select(DeliveryRow.subscriber_id)
            .where(DeliveryRow.mailing_id == mailing)
            .order_by(DeliveryRow.subscriber_id)
        )
        return [one for one in found if one is not None]


def status(desk: Desk) -> delivery.Status:
    with desk.database.read() as session:
        return delivery.status_of(session, desk.issue.id, "correction", NOW)


def header(desk: Desk, claimed: Claimed, name: bytes) -> bytes:
    head = desk.message(claimed).partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ")
    return next(line for line in head.split(b"\r\n") if line.startswith(name + b": "))


def test_it_goes_to_those_who_got_the_old_words_and_to_nobody_else(desk: Desk) -> None:
    readers = corrected_in_the_middle(desk)
    mailing = correct(desk)
    desk.fan_out(mailing)
    assert sorted(readers_of(desk, mailing)) == readers[:3]
    claimed = desk.claim()
    assert sorted(one.recipient.subscriber_id for one in claimed) == readers[:3]
    desk.record(claimed)
    finish(desk)
    found = status(desk)
    assert (found.status, found.audience, found.sent) == ("sent", 3, 3)
    row = desk.mailing(mailing)
    assert (row.kind, row.corrects_id, row.issue_id) == ("correction", 1, desk.issue.id)


def test_its_letter_leads_to_the_page_and_out_of_the_list(desk: Desk) -> None:
    corrected_in_the_middle(desk, 2)
    desk.fan_out(correct(desk))
    (one,) = desk.claim()
    said = desk.words(one)
    assert "There was a mistake in the letter that we sent you." in said
    assert f"{desk.config.site.url}/updates/120/" in said
    assert OLD not in said
    assert b"Correction: Update 120. 31 March 2007" in header(desk, one, b"Subject")
    assert header(desk, one, b"List-Unsubscribe-Post").endswith(b"One-Click")
    assert b"/unsubscribe/" in header(desk, one, b"List-Unsubscribe")
    assert b"updates." in header(desk, one, b"List-Id")
    assert b"Auto-Submitted" not in desk.message(one)


def test_it_says_what_somebody_wrote(desk: Desk) -> None:
    corrected_in_the_middle(desk, 2)
    desk.fan_out(correct(desk, "It is *not* World Water Day, {{ name }}.\n"))
    (one,) = desk.claim()
    said = desk.words(one)
    assert "<em>not</em> World Water Day, Reader000." in said
    assert "There was a mistake" not in said


def test_mended_when_it_was_over_everybody_has_the_wrong_one(desk: Desk) -> None:
    readers = mended_when_it_was_over(desk)
    desk.subscribe("late@example.org")
    mailing = correct(desk)
    desk.fan_out(mailing)
    assert readers_of(desk, mailing) == readers
    assert desk.mailing(1).version == 1


def test_cancelled_it_goes_to_those_who_had_got_it(desk: Desk) -> None:
    readers = desk.subscribe(*map(address, range(4)))
    desk.send()
    desk.record(desk.claim(limit=2))
    with desk.database.write() as session:
        issue = delivery.cancel(session, desk.issue, NOW, "ana")
    delivery.skip_rest(desk.database, issue, NOW)
    desk.rewrite(OLD, NEW)
    mailing = correct(desk)
    desk.fan_out(mailing)
    assert readers_of(desk, mailing) == readers[:2]


def test_corrected_twice_in_the_middle_both_old_versions_are_wrong(desk: Desk) -> None:
    readers = desk.subscribe(*map(address, range(6)))
    desk.send()
    for words in ("Water Month", "Water Year"):
        desk.record(desk.claim(limit=2))
        desk.pause()
        desk.rewrite(OLD, words)
        desk.resume_corrected()
    desk.record(desk.claim())
    assert [version for _, version in desk.versions()] == [1, 1, 2, 2, 3, 3]
    mailing = correct(desk)
    desk.fan_out(mailing)
    assert readers_of(desk, mailing) == readers[:4]


def test_who_may_have_got_the_old_words_gets_it_too(desk: Desk) -> None:
    """In doubt and held, in doubt and sent again, in doubt and refused at last."""
    readers = desk.subscribe(*map(address, range(5)))
    desk.send()
    claimed = desk.claim(limit=4)
    desk.record(claimed[:1], "hold")
    desk.record(claimed[1:3], "resend")
    desk.put([claimed[2].delivery_id], state="failed", finished_at=NOW)
    desk.put([claimed[3].delivery_id], state="failed", finished_at=NOW, worker=None)
    desk.pause()
    desk.rewrite(OLD, NEW)
    desk.resume_corrected()
    mailing = correct(desk)
    desk.fan_out(mailing)
    assert readers_of(desk, mailing) == readers[:3]


def test_it_waits_for_what_is_on_its_way(desk: Desk) -> None:
    """One that is claimed with the old words may be sent with them, or given back."""
    readers = desk.subscribe(*map(address, range(4)))
    desk.send()
    claimed = desk.claim(limit=2)
    desk.pause()
    desk.rewrite(OLD, NEW)
    desk.resume_corrected()
    mailing = correct(desk)
    desk.fan_out(mailing)
    assert desk.mailing(mailing).fanned_out_at is None
    with desk.database.write() as session:
        recover.finish(session, NOW)
    assert status(desk).status == "sending"
    desk.record(claimed[:1])
    desk.fan_out(mailing)
    assert readers_of(desk, mailing) == []
    with desk.database.write() as session:
        recover.recover(session, NOW + 2 * LEASE, "resend")
    later = NOW + 2 * LEASE
    desk.fan_out(mailing)
    assert readers_of(desk, mailing) == readers[:1]
    desk.record(desk.claim(now=later))
    assert desk.versions() == [("sent", 1), ("sent", 2), ("sent", 2), ("sent", 2)]
    assert desk.versions(mailing) == [("sent", 1)]


def test_it_does_not_wait_for_what_was_in_doubt_already(desk: Desk) -> None:
    """Whoever may have the old words is told, however the second try ends."""
    (reader,) = desk.subscribe(address(1))
    desk.send()
    desk.record(desk.claim(), "resend")
    desk.pause()
    desk.rewrite(OLD, NEW)
    desk.resume_corrected()
    (again,) = desk.claim()
    assert again.doubts == 1
    mailing = correct(desk)
    desk.fan_out(mailing)
    assert readers_of(desk, mailing) == [reader]


def test_it_goes_before_what_is_left_of_the_mailing(desk: Desk) -> None:
    desk.subscribe(*map(address, range(6)))
    desk.send()
    desk.record(desk.claim(limit=3))
    desk.pause()
    desk.rewrite(OLD, NEW)
    desk.resume_corrected()
    mailing = correct(desk)
    desk.fan_out(mailing)
    assert [one.sending.mailing_id for one in desk.claim(limit=4)].count(mailing) == 3


def test_who_left_or_was_erased_since_is_sent_nothing(desk: Desk) -> None:
    readers = corrected_in_the_middle(desk, 6)
    desk.leave(readers[0])
    mailing = correct(desk)
    desk.fan_out(mailing)
    with desk.database.write() as session:
        audience.erase(session, readers[1], NOW)
        delivery.erase(session, readers[1], address(1))
    desk.record(desk.claim())
    found = status(desk)
    assert (found.audience, found.sent, found.skipped) == (3, 1, 2)


def test_each_in_the_language_and_format_of_what_they_got(desk: Desk) -> None:
    readers = desk.subscribe(*map(address, range(3)))
    with desk.database.write() as session:
        session.execute(
            update(SubscriberRow).where(SubscriberRow.id == readers[1]).values(language="es-PE")
        )
        session.execute(
            update(SubscriptionRow)
            .where(SubscriptionRow.subscriber_id == readers[2])
            .values(format="text")
        )
    desk.send()
    desk.record(desk.claim())
    finish(desk)
    desk.rewrite(OLD, NEW)
    desk.fan_out(correct(desk))
    claimed = sorted(desk.claim(), key=lambda one: one.recipient.address)
    english, spanish, plain = map(desk.words, claimed)
    assert "There was a mistake" in english
    assert "Content-Language: en" in english
    assert "había un error" in spanish
    assert "Content-Language: es" in spanish
    assert "There was a mistake" in plain
    assert "text/html" not in plain


def test_seeds_that_got_the_old_words_get_it(desk: Desk) -> None:
    mailing = desk.begin()
    with desk.database.write() as session:
        fan_out.fan_out_chunk(session, mailing, NOW, seeds=("seed@example.org",))
    desk.record(desk.claim())
    finish(desk)
    desk.rewrite(OLD, NEW)
    correction = correct(desk)
    with desk.database.write() as session:
        fan_out.fan_out_chunk(session, correction, NOW, seeds=("new@example.org",))
    (seed,) = desk.claim()
    assert seed.recipient.address == "seed@example.org"
    assert status(desk).audience == 1


def test_killed_while_it_is_fanned_out_it_goes_on_where_it_was(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = corrected_in_the_middle(desk, 12)
    monkeypatch.setattr(fan_out, "CHUNK", 4)
    mailing = correct(desk)
    with desk.database.write() as session:
        assert fan_out.fan_out_chunk(session, mailing, NOW).more
    assert len(readers_of(desk, mailing)) == 4
    with desk.database.write() as session:
        fan_out.fan_out_chunk(session, mailing, NOW)
        session.rollback()
    again = Desk(desk.database, desk.config)
    again.fan_out(mailing)
    assert readers_of(desk, mailing) == readers[:6]
    assert status(desk).audience == 6


@pytest.mark.parametrize("state", ["draft", "unchanged", "sending", "paused", "nobody"])
def test_where_nobody_has_a_wrong_version_it_is_refused(desk: Desk, state: str) -> None:
    said = {
        "draft": "only what was sent can be corrected",
        "unchanged": "stands as every reader has got it",
        "sending": "is sending with the words from before; pause it, .* --corrected",
        "paused": "is paused with the words from before; pause it, .* --corrected",
        "nobody": "Nobody has got a wrong version",
    }[state]
    if state != "draft":
        desk.subscribe(address(1))
        desk.send()
        desk.record(desk.claim() if state != "nobody" else [])
    if state in ("sending", "paused"):
        desk.rewrite(OLD, NEW)
    if state in ("paused", "nobody"):
        desk.pause()
    if state == "nobody":
        desk.rewrite(OLD, NEW)
        desk.resume_corrected()
    with pytest.raises(Refused, match=said):
        correct(desk)
    with desk.database.read() as session:
        assert session.scalars(select(MailingRow).where(MailingRow.corrects_id == 1)).all() == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (" \n", "says nothing"),
        ("::: members\nWords\n:::", "to everybody alike"),
        ("Dear {{ nmae }}", "“nmae”"),
    ],
)
def test_wrong_words_send_nothing(desk: Desk, text: str, said: str) -> None:
    mended_when_it_was_over(desk)
    with pytest.raises(WrongInput, match=said):
        correct(desk, text)
    assert status(desk).status == "draft"


def test_it_does_not_lead_to_a_page_that_nobody_can_see(desk: Desk) -> None:
    mended_when_it_was_over(desk, 1)
    with desk.database.write() as session:
        session.execute(update(IssueRow).values(public=False))
    with pytest.raises(Refused, match=r"publish it, or say with --text"):
        correct(desk)
    desk.fan_out(correct(desk, "It is not World Water Day."))
    (one,) = desk.claim()
    assert "/updates/120/" not in desk.words(one)


def test_the_same_words_go_out_once(desk: Desk) -> None:
    corrected_in_the_middle(desk)
    first = correct(desk)
    with pytest.raises(Refused, match="A correction of Update 120 is sending; wait"):
        correct(desk, "Others")
    desk.fan_out(first)
    desk.record(desk.claim())
    finish(desk)
    with pytest.raises(Refused, match="with these very words"):
        correct(desk)
    second = correct(desk, "What we wrote was wrong as well.")
    assert second != first
    desk.fan_out(second)
    assert readers_of(desk, second) == readers_of(desk, first)
    assert status(desk).status == "sending"
    with desk.database.write() as session:
        delivery.pause(session, desk.issue, NOW, "ana", kind="correction")
    assert (desk.mailing(first).status, desk.mailing(second).status) == ("sent", "paused")


def test_mended_once_more_the_usual_words_may_go_out_again(desk: Desk) -> None:
    mended_when_it_was_over(desk)
    desk.fan_out(correct(desk))
    desk.record(desk.claim())
    finish(desk)
    desk.rewrite(OLD, "Water Year")
    correct(desk)


def test_of_two_that_correct_it_one_does_and_the_other_is_told(
    desk: Desk, database_url: str
) -> None:
    mended_when_it_was_over(desk)
    issue = desk.issue
    delivery.preload()
    told: list[str] = []

    def press(database: Database, text: str) -> None:
        try:
            delivery.correct(database, desk.config, issue, NOW, "ana", text)
        except Refused as refused:
            told.append(str(refused))

    at_once(
        database_url,
        lambda database: press(database, "One"),
        lambda database: press(database, "Two"),
    )
    (refusal,) = told
    assert refusal.startswith("A correction of Update 120 is sending; wait until it is sent, or ")


def test_mended_while_it_is_compiled_it_is_made_of_the_newest(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mended_when_it_was_over(desk, 1)
    compile_short = compose.compile_short
    edits = [1]

    def meanwhile(*arguments: Any) -> Any:
        if edits:
            edits.pop()
            with desk.database.write() as session:
                session.execute(
                    update(IssueRow).values(title="Update 120b", version=IssueRow.version + 1)
                )
        return compile_short(*arguments)

    monkeypatch.setattr(compose, "compile_short", meanwhile)
    desk.fan_out(correct(desk))
    (one,) = desk.claim()
    assert "Update 120b" in desk.words(one)


def test_paused_resumed_and_cancelled_as_an_issue_is(desk: Desk) -> None:
    corrected_in_the_middle(desk)
    mailing = correct(desk)
    desk.fan_out(mailing)
    desk.record(desk.claim(limit=1))
    issue = desk.issue

    def rule(change: Any, *more: Any) -> None:
        with desk.database.write() as session:
            change(session, *more, kind="correction")

    rule(delivery.pause, issue, NOW, "ana")
    assert status(desk).status == "paused"
    assert desk.claim() == []
    assert desk.status().status == "sending"
    with pytest.raises(Refused, match="A correction of Update 120 is paused; wait"):
        correct(desk, "Others")
    rule(delivery.resume, desk.config, issue, NOW, "ana")
    assert status(desk).status == "sending"
    rule(delivery.cancel, issue, NOW, "ana")
    assert delivery.skip_rest(desk.database, mailing, NOW) == 2
    found = status(desk)
    assert (found.status, found.audience, found.sent, found.skipped) == ("cancelled", 3, 1, 2)
    with pytest.raises(Refused, match="The correction of Update 120 is cancelled; it is not"):
        rule(delivery.resume, desk.config, issue, NOW, "ana")


def test_an_issue_without_a_correction_has_none_to_pause(desk: Desk) -> None:
    desk.send()
    with (
        pytest.raises(Refused, match="Update 120 has no correction; there is nothing to pause"),
        desk.database.write() as session,
    ):
        delivery.pause(session, desk.issue, NOW, "ana", kind="correction")


def test_one_that_fails_too_often_pauses_itself_and_says_how_it_goes_on(desk: Desk) -> None:
    corrected_in_the_middle(desk, 8)
    mailing = correct(desk)
    desk.fan_out(mailing)
    claimed = desk.claim()
    desk.put([one.delivery_id for one in claimed], state="failed", worker=None)
    with desk.database.write() as session:
        assert pause_early(session, Pace(pause_after_first=4, pause_at_share=0.5), NOW) == [mailing]
    assert "`mailer issues resume --correction` goes on." in status(desk).reason


def test_what_is_in_doubt_of_it_is_settled_apart_from_the_issue(desk: Desk) -> None:
    corrected_in_the_middle(desk, 2)
    mailing = correct(desk)
    desk.fan_out(mailing)
    (one,) = desk.claim()
    desk.put([one.delivery_id], state="in_doubt", worker=None)
    finish(desk)
    assert desk.mailing(mailing).status == "sent"
    issue = desk.issue
    with desk.database.write() as session:
        assert delivery.doubts(session, issue) == []
        found = delivery.doubts(session, issue, "correction")
        assert [doubt.delivery_id for doubt in found] == [one.delivery_id]
        delivery.settle(
            session, desk.config, issue, found, delivery.Ruling.RESEND, NOW, "ana", "correction"
        )
    assert desk.mailing(mailing).status == "sending"
    (again,) = desk.claim()
    assert (again.delivery_id, again.letter_id) == (one.delivery_id, one.letter_id)
