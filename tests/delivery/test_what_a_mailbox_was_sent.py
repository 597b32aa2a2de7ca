"""Everything that one mailbox was sent: as a reader, and as a bare address."""

from datetime import timedelta

import pytest

from mailer import audience, delivery
from mailer.delivery.models import CompiledLetterRow, DeliveryRow, MailingRow
from mailer.errors import NotFound, WrongInput
from tests.conftest import NOW
from tests.delivery.desk import Desk
from tests.delivery.plans import plans_of_deliveries
from tests.delivery.test_sender import ON_SQLITE

ANA = "ana@example.org"


def look(desk: Desk, address: str = ANA, most: int | None = None) -> list[delivery.Received]:
    with desk.database.read() as session:
        return delivery.received(session, address, most)


def send_test(desk: Desk, address: str, kind: str = "test", issue: int | None = None) -> None:
    with desk.database.write() as session:
        mailing = MailingRow(
            kind=kind, status="sent", start_at=NOW, issue_id=issue, publication_id=issue and 1,
            nonce="n", created_at=NOW, created_by="ana",
        )  # fmt: skip
        session.add(mailing)
        session.flush()
        letter = CompiledLetterRow(
            mailing_id=mailing.id, variant="en-html-public", compiled=b"", created_at=NOW
        )
        session.add(letter)
        session.flush()
        session.add(
            DeliveryRow(
                mailing_id=mailing.id, address=address, letter_id=letter.id, state="sent",
                due_at=NOW, finished_at=NOW, tries=1, reply_code=250, reason="250 ok",
            )
        )  # fmt: skip
    desk.count_anew()


def test_each_delivery_has_its_letter_and_what_became_of_it(desk: Desk) -> None:
    desk.subscribe("tom@example.org", ANA)
    desk.send()
    at = NOW + timedelta(minutes=5)
    desk.put([2], state="failed", tries=3, reply_code=550, reason="550 5.1.1 unknown",
             fault="mailbox", finished_at=at)  # fmt: skip
    assert look(desk) == [
        delivery.Received(
            at, "issue", "updates", "Update 120", 1, "en-html-public", "failed", 3, 550,
            "550 5.1.1 unknown", "mailbox",
        )
    ]  # fmt: skip


@pytest.mark.parametrize("spelling", [" ANA@Example.org", "ana@EXAMPLE.ORG"])
def test_tests_count_and_the_newest_comes_first(desk: Desk, spelling: str) -> None:
    desk.subscribe(ANA)
    send_test(desk, "Ana@example.org", issue=desk.issue.id)
    desk.send()
    send_test(desk, ANA, kind="reminder")
    send_test(desk, "tom@example.org")
    found = look(desk, spelling)
    assert [(one.kind, one.title, one.publication) for one in found] == [
        ("reminder", "", ""),
        ("issue", "Update 120", "updates"),
        ("test", "Update 120", "updates"),
    ]
    assert [one.kind for one in look(desk, most=2)] == ["reminder", "issue"]
    assert [one.kind for one in look(desk, most=1)] == ["reminder"]


def test_when_it_was(desk: Desk) -> None:
    desk.subscribe(ANA)
    desk.send()
    assert [one.at for one in look(desk)] == [NOW]
    later, end = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    desk.put([1], state="deferred", due_at=later)
    assert [one.at for one in look(desk)] == [NOW]
    desk.put([1], state="in_doubt")
    assert [one.at for one in look(desk)] == [later]
    desk.put([1], state="sent", finished_at=end)
    assert [one.at for one in look(desk)] == [end]


def test_a_reader_for_whom_there_was_no_letter(desk: Desk) -> None:
    desk.subscribe(ANA)
    desk.send()
    desk.put([1], state="skipped", letter_id=None, reason="no item for this reader")
    (found,) = look(desk)
    assert (found.state, found.version, found.variant) == ("skipped", None, None)


def test_who_was_sent_nothing_and_who_is_not_known(desk: Desk) -> None:
    desk.subscribe(ANA)
    assert look(desk) == []
    with pytest.raises(NotFound, match=r"tom@example\.org"):
        look(desk, "tom@example.org")
    send_test(desk, "tom@example.org")
    assert len(look(desk, "tom@example.org")) == 1
    with pytest.raises(WrongInput, match="nobody"):
        look(desk, "nobody")


def test_of_an_erased_reader_nothing_is_told(desk: Desk) -> None:
    (ana,) = desk.subscribe(ANA)
    desk.send()
    send_test(desk, ANA)
    with desk.database.write() as session:
        delivery.erase(session, ana, ANA)
        audience.erase(session, ana, NOW)
    with pytest.raises(NotFound):
        look(desk)


# Of three rows PostgreSQL finds one by whichever index; SQLite does as it would with a million.
@ON_SQLITE
def test_a_readers_deliveries_are_found_by_their_index(desk: Desk) -> None:
    desk.subscribe(ANA)
    desk.send()
    send_test(desk, ANA)
    plans = plans_of_deliveries(desk.database, lambda: look(desk, most=51))
    index = "ix_deliveries__subscriber_id"
    assert [index in plan for plan in plans] == [True, True, False]
    assert "PRIMARY KEY" in plans[2]
    assert not any("SCAN deliveries" in plan for plan in plans)
