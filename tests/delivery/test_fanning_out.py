"""The fan-out: exactly one delivery for each active subscription, however it is interrupted."""

import threading
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from mailer import audience
from mailer.audience.models import SubscriberRow, SubscriptionRow
from mailer.database import connect
from mailer.delivery import fan_out, recover
from mailer.delivery.fan_out import fan_out_chunk, unfanned
from mailer.delivery.models import CompiledLetterRow, DeliveryRow
from mailer.publication.models import ItemRow
from tests.conftest import NOW
from tests.delivery.desk import UPDATES, Desk, address

ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def chunk(desk: Desk, mailing: int) -> bool:
    with desk.database.write() as session:
        return fan_out_chunk(session, mailing, NOW).more


def served(desk: Desk) -> list[int]:
    return [one for (one,) in desk.rows(DeliveryRow.subscriber_id)]


def test_chunk_by_chunk_and_resumed_after_a_stop_anywhere(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fan_out, "CHUNK", 4)
    readers = desk.subscribe(*map(address, range(12)))
    desk.leave(readers[3], readers[11])
    mailing = desk.begin()
    more = True
    while more:
        with desk.database.write() as session:
            fan_out_chunk(session, mailing, NOW)
            session.rollback()
        with desk.database.write() as session:
            assert recover.finish(session, NOW) == []
        more = chunk(desk, mailing)
    assert served(desk) == [one for one in readers if one not in (readers[3], readers[11])]
    assert desk.mailing(mailing).fanned_out_at == NOW
    assert desk.status().audience == 10
    assert not chunk(desk, mailing)
    with desk.database.read() as session:
        assert unfanned(session) == []


@pytest.mark.parametrize("readers", [4, 0])
def test_an_audience_that_is_just_full_chunks(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, readers: int
) -> None:
    monkeypatch.setattr(fan_out, "CHUNK", 2)
    desk.subscribe(*map(address, range(readers)))
    mailing = desk.send()
    assert len(served(desk)) == readers
    assert desk.mailing(mailing).fanned_out_at == NOW


def test_a_paused_or_cancelled_mailing_is_not_fanned_out(desk: Desk) -> None:
    from mailer import delivery

    desk.subscribe("ana@example.org")
    mailing = desk.begin()
    with desk.database.write() as session:
        delivery.pause(session, desk.issue, NOW, "ana")
    assert not chunk(desk, mailing)
    assert served(desk) == []
    with desk.database.write() as session:
        delivery.resume(session, desk.config, desk.issue, NOW, "ana")
    desk.fan_out(mailing)
    assert len(served(desk)) == 1


def test_each_reader_gets_the_variant_of_their_format_and_membership(desk: Desk) -> None:
    html, text, member, text_member = desk.subscribe(*map(address, range(4)))
    with desk.database.write() as session:
        session.execute(update(ItemRow).where(ItemRow.position == 1).values(members_only=True))
        session.execute(
            update(SubscriptionRow)
            .where(SubscriptionRow.subscriber_id.in_((text, text_member)))
            .values(format="text")
        )
        session.execute(
            update(SubscriberRow)
            .where(SubscriberRow.id.in_((member, text_member)))
            .values(member_from=NOW.date())
        )
    desk.send()
    found = dict(tuple(row) for row in desk.rows(DeliveryRow.subscriber_id, DeliveryRow.letter_id))
    with desk.database.read() as session:
        variants = {
            letter: session.get_one(CompiledLetterRow, letter).variant for letter in found.values()
        }
    assert {reader: variants[letter] for reader, letter in found.items()} == {
        html: "en-html-public",
        text: "en-text-public",
        member: "en-html-member",
        text_member: "en-text-member",
    }


def test_run_again_for_new_readers_it_leaves_the_old_alone(desk: Desk) -> None:
    from mailer import delivery

    old = desk.subscribe(*map(address, range(3)))
    mailing = desk.send()
    claimed = desk.claim()
    desk.put([one.delivery_id for one in claimed], state="sent", worker=None, lease_until=None)
    with desk.database.write() as session:
        assert recover.finish(session, NOW) == [mailing]
    new = desk.subscribe(address(10), address(11))
    with desk.database.write() as session:
        assert delivery.send_to_new(session, desk.config, desk.issue, NOW, "ana") == mailing
        assert recover.finish(session, NOW) == []
    desk.fan_out(mailing)
    assert served(desk) == old + new
    assert desk.states() == {"sent": 3, "queued": 2}


@ON_POSTGRESQL
def test_a_reader_who_comes_in_the_middle_pushes_nobody_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fan_out, "CHUNK", 4)
    readers = desk.subscribe(*map(address, range(10)))
    desk.leave(readers[1])
    mailing = desk.begin()
    insert = fan_out._insert_deliveries

    def meanwhile(*arguments: Any) -> None:
        with desk.database.write() as session:
            audience.add(
                session,
                address(1),
                publication_id=UPDATES,
                operator="test",
                now=NOW,
                ground="asked",
            )
        monkeypatch.setattr(fan_out, "_insert_deliveries", insert)
        insert(*arguments)

    monkeypatch.setattr(fan_out, "_insert_deliveries", meanwhile)
    desk.fan_out(mailing)
    assert served(desk) == readers


@ON_POSTGRESQL
def test_by_two_at_once(desk: Desk, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fan_out, "CHUNK", 3)
    readers = desk.subscribe(*map(address, range(40)))
    mailing = desk.begin()
    ready = threading.Barrier(2)
    troubles: list[BaseException] = []

    def run() -> None:
        database = connect(database_url)
        ready.wait()
        try:
            Desk(database, desk.config).fan_out(mailing)
        except SQLAlchemyError as trouble:
            troubles.append(trouble)
        finally:
            database.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert troubles == []
    assert sorted(served(desk)) == readers
