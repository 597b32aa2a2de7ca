"""Subscribing by oneself, from the form to the confirmation."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer import audience
from mailer.audience import Confirmation, Wording
from mailer.audience.models import ConsentRow, SubscriberRow, WordingRow
from mailer.database import Database
from mailer.errors import NotFound, WrongInput
from mailer.letter import LetterDue
from tests.audience.readers import count, events, publication, reader, state
from tests.conftest import NOW

WORDING = "Yes, send me Update by email."
TOMORROW = NOW + timedelta(days=1)


BUTTON = Wording("You asked for Update. Yes, send it.", "en")


def ask(
    database: Database, address: str, update: int, now: datetime = NOW, wording: str = WORDING
) -> LetterDue | None:
    with database.write() as session:
        return audience.ask(
            session,
            address,
            publication_id=update,
            language="es",
            name="Ana",
            wording=wording,
            network="192.0.2.0/24",
            now=now,
        )


def asked(database: Database, address: str, update: int) -> int:
    due = ask(database, address, update)
    assert due is not None
    assert due.subscriber_id is not None
    return due.subscriber_id


def confirm(database: Database, subscriber_id: int, update: int) -> Confirmation:
    with database.write() as session:
        return audience.confirm(
            session, subscriber_id, update, wording=BUTTON, network=None, now=NOW
        )


def test_asking_waits_for_the_confirmation(database: Database) -> None:
    update = publication(database)
    due = ask(database, "Ana@example.org", update)
    assert due is not None
    assert due.subscriber_id is not None
    assert (due.kind, due.address, due.language) == ("confirmation", None, "es")
    assert "ana" not in due.dedupe_key
    with database.read() as session:
        assert state(session, due.subscriber_id, update) == "pending"
        assert audience.count_active(session, update) == 0
        consent = session.scalars(select(ConsentRow)).one()
        wording = session.get_one(WordingRow, consent.wording_id)
    assert (consent.event, consent.method, consent.network) == ("asked", "form", "192.0.2.0/24")
    assert (wording.text, wording.language) == (WORDING, "es")
    assert confirm(database, due.subscriber_id, update) is Confirmation.CONFIRMED
    assert confirm(database, due.subscriber_id, update) is Confirmation.ALREADY
    with database.read() as session:
        assert state(session, due.subscriber_id, update) == "active"
        assert events(session, due.subscriber_id) == ["asked", "confirmed"]
        assert wordings(session) == [("asked", WORDING, "es"), ("confirmed", BUTTON.text, "en")]


def wordings(session: Session) -> list[tuple[str, str, str]]:
    """What was agreed to, in the order in which it was."""
    found = select(ConsentRow.event, WordingRow.text, WordingRow.language).join(WordingRow)
    return [tuple(row) for row in session.execute(found.order_by(ConsentRow.id))]


def test_asking_again_with_other_words_is_recorded_too(database: Database) -> None:
    update = publication(database)
    letters = [
        ask(database, "ana@example.org", update, wording=words)
        for words in (WORDING, "In other words.", WORDING)
    ]
    assert len({due.dedupe_key for due in letters if due is not None}) == 1
    with database.read() as session:
        assert [text for _, text, _ in wordings(session)] == [WORDING, "In other words."]


def test_asking_again_the_same_day_is_the_same_letter(database: Database) -> None:
    update, other = publication(database), publication(database, "Other")
    first, again = (
        ask(database, "ana@example.org", update),
        ask(database, "ANA@example.org", update),
    )
    assert first is not None
    assert first == again
    elsewhere, later = (
        ask(database, "ana@example.org", other),
        ask(database, "ana@example.org", update, TOMORROW),
    )
    assert elsewhere is not None
    assert later is not None
    assert len({first.dedupe_key, elsewhere.dedupe_key, later.dedupe_key}) == 3
    with database.read() as session:
        assert count(session, SubscriberRow) == 1
        assert count(session, WordingRow) == 1
        assert count(session, ConsentRow) == 3


def test_many_who_ask_at_once_are_one_reader(database: Database) -> None:
    update = publication(database)
    with ThreadPoolExecutor(4) as crowd:
        letters = list(crowd.map(lambda _: ask(database, "ana@example.org", update), range(8)))
    assert len({due.dedupe_key for due in letters if due is not None}) == 1
    with database.read() as session:
        assert count(session, SubscriberRow) == count(session, ConsentRow) == 1


def test_who_left_may_ask_again_the_same_day(database: Database) -> None:
    update = publication(database)
    first = ask(database, "ana@example.org", update)
    assert first is not None
    assert first.subscriber_id is not None
    confirm(database, first.subscriber_id, update)
    with database.write() as session:
        audience.leave_all(session, first.subscriber_id, method="link", network=None, now=NOW)
    again = ask(database, "ana@example.org", update)
    assert again is not None
    assert again.dedupe_key != first.dedupe_key
    with database.read() as session:
        assert state(session, first.subscriber_id, update) == "ended"
    assert confirm(database, first.subscriber_id, update) is Confirmation.CONFIRMED
    with database.read() as session:
        assert audience.suppression_of(session, ["ana@example.org"]) == {}


def test_who_reads_already_is_sent_nothing(database: Database) -> None:
    update = publication(database)
    with database.write() as session:
        known = reader(session, "ana@example.org", update)
    assert ask(database, "ana@example.org", update) is None
    with database.read() as session:
        assert audience.by_id(session, known).name == ""
        assert events(session, known) == ["added"]


@pytest.mark.parametrize("reason", ["complaint", "staff"])
def test_what_only_staff_can_lift_stays(database: Database, reason: audience.Reason) -> None:
    update = publication(database)
    subscriber = asked(database, "ana@example.org", update)
    with database.write() as session:
        audience.suppress(session, "ana@example.org", "address", reason, NOW)
    assert ask(database, "ana@example.org", update, TOMORROW) is None
    assert confirm(database, subscriber, update) is Confirmation.REFUSED
    with database.read() as session:
        assert state(session, subscriber, update) == "pending"


@pytest.mark.parametrize("reason", ["left", "bounce", "erased"])
def test_confirming_lifts_what_it_may(database: Database, reason: audience.Reason) -> None:
    update = publication(database)
    subscriber = asked(database, "ana@example.org", update)
    with database.write() as session:
        audience.suppress(session, "ana@example.org", "address", reason, NOW)
    assert ask(database, "ana@example.org", update, TOMORROW) is not None
    assert confirm(database, subscriber, update) is Confirmation.CONFIRMED
    with database.read() as session:
        found = audience.recipients(session, [subscriber], update, "issue", NOW.date())
    assert isinstance(found[subscriber], audience.Recipient)


def test_a_wrong_address_is_refused_and_leaves_nothing(database: Database) -> None:
    update = publication(database)
    with pytest.raises(WrongInput, match="not an address"):
        ask(database, "ana@example.org\nBcc: all@example.org", update)
    with database.read() as session:
        assert count(session, SubscriberRow) == 0


def test_an_erased_readers_link_finds_nothing(database: Database) -> None:
    update = publication(database)
    subscriber = asked(database, "ana@example.org", update)
    with database.write() as session:
        audience.erase(session, subscriber, NOW)
    with pytest.raises(NotFound, match="Nothing is kept"):
        confirm(database, subscriber, update)
    assert asked(database, "ana@example.org", update) != subscriber
