"""Stop the press: pause, mend an item, go on with the new words."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from mailer import delivery
from mailer.audience.models import SubscriptionRow
from mailer.config import Delivery
from mailer.database import Database
from mailer.delivery import compose, fan_out, starting
from mailer.delivery.claim import Claimed, release
from mailer.delivery.disposition import Disposition, Verdict
from mailer.delivery.models import CompiledLetterRow, DeliveryRow, MailingRow
from mailer.delivery.press import resume_corrected
from mailer.delivery.record import outcome_of
from mailer.delivery.variants import NO_ITEM
from mailer.errors import Refused, WrongInput
from mailer.publication.models import IssueRow, ItemRow
from tests.conftest import NOW
from tests.delivery.desk import Desk, address, at_once

OLD, NEW = "World Water Day", "Water Week"


def stop_and_mend(desk: Desk) -> None:
    desk.pause()
    desk.rewrite(OLD, NEW)


def half_sent(desk: Desk, readers: int = 6) -> int:
    """A mailing half of whose readers have it, paused, and mended; its id."""
    desk.subscribe(*map(address, range(readers)))
    mailing = desk.send()
    desk.record(desk.claim(limit=readers // 2))
    stop_and_mend(desk)
    return mailing


def test_who_waits_gets_the_new_words_and_who_has_it_keeps_the_old(desk: Desk) -> None:
    mailing = half_sent(desk)
    before = desk.mailing(mailing)
    assert desk.resume_corrected()
    after = desk.mailing(mailing)
    assert (after.status, after.version, after.reason) == ("sending", 2, "")
    assert (after.started_at, after.nonce) == (before.started_at, before.nonce)
    claimed = desk.claim()
    assert len(claimed) == 3
    for one in claimed:
        assert NEW in desk.words(one)
        assert OLD not in desk.words(one)
    desk.record(claimed)
    assert desk.versions() == [("sent", 1)] * 3 + [("sent", 2)] * 3
    assert desk.status().sent == desk.status().audience == 6


def test_the_new_message_has_the_date_and_id_of_the_mailing(desk: Desk) -> None:
    desk.subscribe(address(1))
    desk.send()
    (old,) = desk.claim()
    with desk.database.write() as session:
        release(session, "sender-a", [old.delivery_id])
    stop_and_mend(desk)
    desk.resume_corrected(NOW + timedelta(hours=1))
    (new,) = desk.claim()

    def headers(claimed: Claimed) -> list[bytes]:
        lines = desk.message(claimed).partition(b"\r\n\r\n")[0].split(b"\r\n")
        return [line for line in lines if b"boundary" not in line]

    assert headers(new) == headers(old)
    assert NEW in desk.words(new)


def test_who_the_fan_out_has_not_come_to_gets_the_new_words(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fan_out, "CHUNK", 2)
    desk.subscribe(*map(address, range(6)))
    mailing = desk.begin()
    with desk.database.write() as session:
        assert fan_out.fan_out_chunk(session, mailing, NOW).more
    desk.record(desk.claim(limit=1))
    stop_and_mend(desk)
    desk.fan_out(mailing)
    assert len(desk.versions()) == 2
    desk.resume_corrected()
    desk.fan_out(mailing)
    assert desk.versions() == [("sent", 1), ("queued", 1)] + [("queued", 2)] * 4
    desk.record(desk.claim())
    assert desk.versions() == [("sent", 1)] + [("sent", 2)] * 5


def test_what_is_on_its_way_keeps_its_letter_and_what_is_given_back_does_not(desk: Desk) -> None:
    desk.subscribe(*map(address, range(4)))
    desk.send()
    claimed = desk.claim()
    desk.commit("sender-a", [claimed[0].delivery_id])
    stop_and_mend(desk)
    desk.resume_corrected()
    assert desk.claim("sender-b") == []
    with desk.database.write() as session:
        release(session, "sender-a", [claimed[1].delivery_id, claimed[2].delivery_id])
    again = desk.claim("sender-b")
    assert all(NEW in desk.words(one) for one in again)
    assert desk.versions() == [("in_flight", 1), ("claimed", 2), ("claimed", 2), ("claimed", 1)]


def test_in_doubt_it_is_sent_again_as_the_same_message(desk: Desk) -> None:
    desk.subscribe(*map(address, range(3)))
    desk.send()
    claimed = desk.claim()
    desk.record(claimed[:1], "resend")
    desk.record(claimed[1:2], "hold")
    with desk.database.write() as session:
        release(session, "sender-a", [claimed[2].delivery_id])
    stop_and_mend(desk)
    desk.resume_corrected()
    again = desk.claim()
    assert [one.delivery_id for one in again] == [claimed[0].delivery_id, claimed[2].delivery_id]
    assert desk.message(again[0]) == desk.message(claimed[0])
    assert NEW in desk.words(again[1])
    assert desk.versions() == [("claimed", 1), ("in_doubt", 1), ("claimed", 2)]


def test_what_the_relay_put_off_gets_the_new_words(desk: Desk) -> None:
    desk.subscribe(address(1))
    desk.send()
    (one,) = desk.claim()
    later = Disposition(Verdict.DEFERRED, "451 4.3.0 later", 451)
    outcome = outcome_of(one, later, NOW, desk.config.pace, 0.5)
    desk.commit("sender-a", [one.delivery_id], [outcome])
    stop_and_mend(desk)
    desk.resume_corrected()
    (again,) = desk.claim(now=outcome.due_at)
    assert (again.tries, desk.versions()) == (1, [("claimed", 2)])
    assert NEW in desk.words(again)


def test_a_changed_issue_does_not_go_on_before_somebody_chose(desk: Desk) -> None:
    mailing = half_sent(desk)
    with pytest.raises(Refused, match=r"Update 120 was changed .* --corrected, .* --as-it-was, "):
        desk.resume()
    assert desk.mailing(mailing).status == "paused"
    assert desk.mailing(mailing).reason == "Paused by ana."
    desk.resume(as_it_was=True)
    claimed = desk.claim()
    assert len(claimed) == 3
    assert all(OLD in desk.words(one) for one in claimed)
    assert {version for _, version in desk.versions()} == {1}
    assert desk.mailing(mailing).version == 1


@pytest.mark.parametrize("how", ["plain", "as_it_was", "corrected"])
def test_an_unchanged_issue_goes_on_in_any_way(desk: Desk, how: str) -> None:
    """Also where it was saved anew, or taken out of the archive, with the same words."""
    mailing = half_sent(desk)
    desk.rewrite(OLD, OLD)
    with desk.database.write() as session:
        session.execute(update(IssueRow).values(public=False, version=IssueRow.version + 1))
    if how == "corrected":
        assert not desk.resume_corrected()
    else:
        desk.resume(as_it_was=how == "as_it_was")
    found = desk.mailing(mailing)
    assert (found.status, found.version) == ("sending", 1)
    assert OLD in desk.words(desk.claim()[0])


def test_a_theme_that_was_mended_is_a_reason_too(desk: Desk) -> None:
    half_sent(desk)
    desk.rewrite(OLD, OLD)
    organisation = desk.config.organisation.model_copy(update={"footer": "Mended"})
    config = desk.config.model_copy(update={"organisation": organisation})
    assert resume_corrected(desk.database, config, desk.issue, NOW, "ana")
    assert "Mended" in desk.words(desk.claim()[0])


def test_what_has_not_begun_goes_out_as_it_stands(desk: Desk) -> None:
    desk.subscribe(address(1))
    mailing = desk.schedule(NOW)
    desk.pause()
    desk.rewrite(OLD, NEW)
    with pytest.raises(Refused, match="has not begun"):
        desk.resume(as_it_was=True)
    assert not desk.resume_corrected()
    assert desk.mailing(mailing).status == "scheduled"
    delivery.start_due(desk.database, desk.config, NOW)
    desk.fan_out(mailing)
    assert NEW in desk.words(desk.claim()[0])
    assert desk.versions() == [("claimed", 1)]


def test_an_error_in_the_new_words_refuses_and_changes_nothing(desk: Desk) -> None:
    mailing = half_sent(desk)
    for values in ({"title": ""}, {"title": "Mended", "summary": "Dear {{ nmae }}"}):
        with desk.database.write() as session:
            session.execute(update(ItemRow).values(**values))
        with pytest.raises(WrongInput, match=r"title|nmae"):
            desk.resume_corrected()
        found = desk.mailing(mailing)
        assert (found.status, found.version, found.reason) == ("paused", 1, "Paused by ana.")
    with desk.database.read() as session:
        assert session.scalars(select(func.max(CompiledLetterRow.version))).one() == 1


def test_what_is_not_paused_is_not_corrected(desk: Desk) -> None:
    with pytest.raises(Refused, match="is a draft; it is not paused"):
        desk.resume_corrected()
    desk.begin()
    with pytest.raises(Refused, match="is sending; it is not paused"):
        desk.resume_corrected()


def test_edited_while_it_is_compiled_the_newest_words_go_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing = half_sent(desk)
    compile_issue = compose.compile_issue
    edits = ["Water Year"]

    def meanwhile(*arguments: Any) -> Any:
        if edits:
            desk.rewrite(OLD, edits.pop())
        return compile_issue(*arguments)

    monkeypatch.setattr(compose, "compile_issue", meanwhile)
    assert desk.resume_corrected()
    assert desk.mailing(mailing).version == 2
    assert all("Water Year" in desk.words(one) for one in desk.claim())


def test_saved_all_the_time_it_stays_paused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    mailing = half_sent(desk)

    def meanwhile(*_arguments: Any) -> Any:
        with desk.database.write() as session:
            session.execute(update(IssueRow).values(version=IssueRow.version + 1))
        return ()

    monkeypatch.setattr(compose, "compile_issue", meanwhile)
    with pytest.raises(Refused, match="saved all the time"):
        desk.resume_corrected()
    assert (desk.mailing(mailing).status, desk.mailing(mailing).version) == ("paused", 1)


def test_a_letter_that_was_being_compiled_belongs_to_the_version_before(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fan-out lacked a letter; while it was compiled, the press was stopped and ran again."""
    (reader,) = desk.subscribe(address(1))
    mailing = desk.begin()
    with desk.database.write() as session:
        session.execute(update(SubscriptionRow).values(format="text"))
        session.execute(
            update(CompiledLetterRow)
            .where(CompiledLetterRow.variant == "en-text-public")
            .values(variant="en-text-gone")
        )
        lacks = fan_out.fan_out_chunk(session, mailing, NOW).lacks
    assert [variant.key for variant in lacks] == ["en-text-public"]
    compile_issue = compose.compile_issue

    def meanwhile(*arguments: Any) -> Any:
        compiled = compile_issue(*arguments)
        monkeypatch.setattr(compose, "compile_issue", compile_issue)
        stop_and_mend(desk)
        desk.resume_corrected()
        return compiled

    monkeypatch.setattr(compose, "compile_issue", meanwhile)
    starting.compile_more(desk.database, desk.config, mailing, lacks, NOW)
    with desk.database.read() as session:
        found = session.execute(
            select(CompiledLetterRow.version)
            .where(CompiledLetterRow.variant == "en-text-public")
            .order_by(CompiledLetterRow.version)
        )
        assert found.scalars().all() == [1, 2]
    desk.fan_out(mailing)
    (claimed,) = desk.claim()
    assert claimed.recipient.subscriber_id == reader
    assert NEW in desk.words(claimed)


def test_twice_in_one_mailing(desk: Desk) -> None:
    half_sent(desk)
    desk.resume_corrected()
    desk.record(desk.claim(limit=1))
    desk.pause()
    desk.rewrite(OLD, "Water Year")
    desk.resume_corrected()
    desk.record(desk.claim())
    assert [version for _, version in desk.versions()] == [1, 1, 1, 2, 3, 3]


def test_a_reader_for_whom_nothing_is_left_is_skipped(desk: Desk) -> None:
    """The item that they chose was about something else, as it turned out."""
    readers = desk.subscribe(*map(address, range(3)))
    with desk.database.write() as session:
        session.execute(update(ItemRow).values(topic="Mining"))
        session.execute(
            update(SubscriptionRow)
            .where(SubscriptionRow.subscriber_id == readers[0])
            .values(topics=["Mining"])
        )
    desk.send()
    desk.pause()
    with desk.database.write() as session:
        session.execute(update(ItemRow).values(topic="Water"))
    desk.resume_corrected()
    desk.record(desk.claim())
    rows = desk.rows(DeliveryRow.state, DeliveryRow.reason)
    assert tuple(rows[0]) == ("skipped", NO_ITEM)
    assert [row.state for row in rows[1:]] == ["sent", "sent"]
    assert (desk.status().skipped, desk.status().audience) == (1, 3)


def set_topics(desk: Desk, *topics: str) -> None:
    """Give the items of Update 120 these topics, as a save would."""
    with desk.database.write() as session:
        for item, topic in zip(desk.issue.items, topics, strict=True):
            session.execute(update(ItemRow).where(ItemRow.id == item.id).values(topic=topic))
        session.execute(update(IssueRow).values(version=IssueRow.version + 1))


def choose(desk: Desk, reader: int, **values: Any) -> None:
    with desk.database.write() as session:
        session.execute(
            update(SubscriptionRow).where(SubscriptionRow.subscriber_id == reader).values(**values)
        )


def test_each_reader_gets_the_items_of_their_topics_as_they_are_by_now(desk: Desk) -> None:
    first, second, third = desk.subscribe(*map(address, range(3)))
    choose(desk, first, format="text")
    choose(desk, second, topics=["Mining", "Culture"])
    set_topics(desk, "Mining", "Water", "Culture")
    desk.send()
    desk.pause()
    set_topics(desk, "Mining", "Water", "Water")
    desk.resume_corrected()
    # What nobody had chosen when the press ran again is not there: the reader gets what they had.
    choose(desk, first, format="text", topics=["Water"])
    said = {one.recipient.subscriber_id: desk.words(one) for one in desk.claim()}
    rights, water, joins = (item.title for item in desk.issue.items)
    assert [title in said[second] for title in (rights, water, joins)] == [True, False, False]
    assert "text/html" in said[second]
    assert [title in said[third] for title in (rights, water, joins)] == [True, True, True]
    assert [title in said[first] for title in (rights, water, joins)] == [True, True, True]
    assert "text/html" not in said[first]


def test_seeds_that_wait_get_the_new_words(desk: Desk) -> None:
    mailing = desk.begin()
    with desk.database.write() as session:
        fan_out.fan_out_chunk(session, mailing, NOW, seeds=("seed@example.org",))
    stop_and_mend(desk)
    desk.resume_corrected()
    (seed,) = desk.claim()
    assert seed.recipient.address == "seed@example.org"
    assert NEW in desk.words(seed)


def test_the_archive_has_the_corrected_issue_again(desk: Desk) -> None:
    half_sent(desk)
    with desk.database.write() as session:
        session.execute(update(IssueRow).values(public=False))
    desk.resume_corrected()
    assert desk.issue.public


def test_who_comes_later_gets_the_new_words(desk: Desk) -> None:
    mailing = half_sent(desk)
    desk.resume_corrected()
    desk.record(desk.claim())
    desk.subscribe("late@example.org")
    with desk.database.write() as session:
        delivery.send_to_new(session, desk.config, desk.issue, NOW, "ana")
    desk.fan_out(mailing)
    (late,) = desk.claim()
    assert NEW in desk.words(late)


def test_of_two_that_correct_it_one_does_and_the_other_is_told(
    desk: Desk, database_url: str
) -> None:
    mailing = half_sent(desk)
    issue = desk.issue
    delivery.preload()
    told: list[str] = []

    def correct(database: Database) -> None:
        try:
            resume_corrected(database, desk.config, issue, NOW, "ana")
        except Refused as refused:
            told.append(str(refused))

    at_once(database_url, *[correct] * 2)
    assert len(told) == 1
    assert "Update 120 is sending" in told[0]
    found = desk.mailing(mailing)
    assert (found.status, found.version) == ("sending", 2)
    with desk.database.read() as session:
        assert session.scalars(select(func.max(CompiledLetterRow.version))).one() == 2
        assert session.scalars(select(MailingRow.id)).all() == [mailing]


def test_held_in_doubt_stays_with_what_it_had(desk: Desk) -> None:
    desk = Desk(desk.database, desk.config.model_copy(update={"delivery": Delivery()}))
    desk.subscribe(address(1))
    desk.send()
    desk.record(desk.claim(), "hold")
    stop_and_mend(desk)
    desk.resume_corrected()
    assert desk.claim() == []
    assert desk.versions() == [("in_doubt", 1)]
