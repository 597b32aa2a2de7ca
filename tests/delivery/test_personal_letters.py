"""Letters to one person, and the message that a delivery becomes."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from mailer import audience, delivery
from mailer.database import connect
from mailer.delivery.letters import compiled_letter
from mailer.delivery.message import MessageMaker
from mailer.delivery.models import DeliveryRow, MailingRow, MergeValueRow
from mailer.errors import WrongInput
from mailer.letter import LetterDue
from mailer.tokens import Signer
from tests.conftest import NOW
from tests.delivery.desk import Desk, address

LINK = "https://updates.example.org/confirm/token"


def due(subscriber_id: int | None, key: str = "k", kind: str = "confirmation") -> LetterDue:
    bare = None if subscriber_id else "new@example.org"
    values = {"action_url": LINK}
    return LetterDue(kind, subscriber_id, bare, "en", key, values, note="confirmation")


def enqueue(desk: Desk, letter: LetterDue) -> bool:
    with desk.database.write() as session:
        return delivery.enqueue(session, desk.config, letter, NOW)


def count(desk: Desk, table: type) -> int:
    with desk.database.read() as session:
        return session.scalars(select(func.count()).select_from(table)).one()


def message_of(desk: Desk, now: object = NOW) -> tuple[str, str, bytes]:
    """Claim the one delivery that waits, make its message, and put it back."""
    (claimed,) = desk.claim(now=now)  # type: ignore[arg-type]
    maker = MessageMaker(desk.config, Signer(desk.config.site.secret_key))
    made = maker.make(compiled_letter(desk.database, claimed.letter_id), claimed)
    desk.put([claimed.delivery_id], state="queued", worker=None, tries=claimed.tries + 1)
    return made.envelope.sender, made.envelope.recipient, made.content


def test_the_same_key_is_enqueued_once(desk: Desk) -> None:
    (ana,) = desk.subscribe("ana@example.org")
    assert enqueue(desk, due(ana))
    assert not enqueue(desk, due(ana))
    assert enqueue(desk, due(ana, "other"))
    assert (count(desk, MailingRow), count(desk, DeliveryRow), count(desk, MergeValueRow)) == (
        2,
        2,
        2,
    )


def test_of_several_at_once_one_is_enqueued(desk: Desk, database_url: str) -> None:
    (ana,) = desk.subscribe("ana@example.org")
    ready = threading.Barrier(3)
    taken: list[bool] = []

    def run() -> None:
        database = connect(database_url)
        ready.wait()
        with database.write() as session:
            taken.append(delivery.enqueue(session, desk.config, due(ana), NOW))
        database.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(taken) == [False, False, True]
    assert count(desk, DeliveryRow) == 1


def test_a_letter_of_a_kind_that_there_is_not(desk: Desk) -> None:
    with pytest.raises(WrongInput, match="no words for a letter “welcome”"):
        enqueue(desk, replace(due(None, kind="welcome"), note=""))
    assert count(desk, MailingRow) == 0


def test_a_confirmation_carries_its_link(desk: Desk) -> None:
    assert enqueue(desk, due(None))
    _, recipient, content = message_of(desk)
    assert recipient == "new@example.org"
    assert b"Subject: Please confirm" in content
    assert b"List-Unsubscribe" not in content
    assert LINK in content.decode().replace("=\r\n", "")


def test_a_confirmation_goes_out_in_spite_of_having_left_and_a_reminder_does_not(
    desk: Desk,
) -> None:
    (ana,) = desk.subscribe("ana@example.org")
    with desk.database.write() as session:
        audience.leave_all(session, ana, method="link", network=None, now=NOW)
    enqueue(desk, due(ana, "c"))
    enqueue(desk, due(ana, "r", "reminder"))
    assert [one.sending.kind for one in desk.claim()] == ["confirmation"]
    assert desk.states() == {"claimed": 1, "skipped": 1}


def test_a_message_made_again_is_the_same_message(desk: Desk) -> None:
    desk.subscribe(address(1))
    desk.send()
    first = message_of(desk)
    again = message_of(desk, NOW + timedelta(days=1, microseconds=7))
    assert first == again
    assert first[2].count(b"\r\nMessage-ID: <") + first[2].startswith(b"Message-ID: <") == 1


def test_an_address_goes_over_the_wire_with_its_domain_in_a_labels(desk: Desk) -> None:
    desk.subscribe("ana@bücher.example")
    desk.send()
    assert message_of(desk)[1] == "ana@xn--bcher-kva.example"


def test_without_verp_bounces_come_to_one_address(desk: Desk) -> None:
    desk.subscribe(address(1))
    desk.send()
    assert message_of(desk)[0].startswith("bounces+")
    plain = desk.config.model_copy(
        update={"mail": desk.config.mail.model_copy(update={"verp": False})}
    )
    assert message_of(Desk(desk.database, plain))[0] == "bounces@psg.example"


def test_the_letter_in_the_browser_is_the_one_that_was_sent(desk: Desk) -> None:
    (reader,) = desk.subscribe(address(1))
    desk.send()
    (claimed,) = desk.claim()
    signer = Signer(desk.config.site.secret_key)
    with desk.database.read() as session:
        html, text = delivery.letter_in_browser(
            session, desk.config, signer, claimed.letter_id, reader
        )
    assert html is not None
    for part in (html, text):
        assert "Reader001" in part
        assert "/unsubscribe/" in part
