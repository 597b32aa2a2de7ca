"""Adding a reader by hand."""

from datetime import date

import pytest

from mailer import audience
from mailer.audience.models import SubscriberRow
from mailer.database import Database
from mailer.errors import Refused, WrongInput
from tests.audience.readers import count, events, publication, state
from tests.conftest import NOW


def add(database: Database, address: str, update: int, **more: object) -> audience.Added:
    with database.write() as session:
        return audience.add(
            session, address, publication_id=update, operator="command (ana)", now=NOW, **more
        )  # type: ignore[arg-type]


def test_a_reader_is_in_at_once(database: Database) -> None:
    update = publication(database)
    added = add(database, "Ana@example.org", update, name="Ana", member=True, language="ES")
    assert added.outcome is audience.Outcome.CREATED
    assert add(database, "ana@example.org", update) == audience.Added(
        added.subscriber_id, audience.Outcome.UNCHANGED
    )
    with database.read() as session:
        ana = audience.by_id(session, added.subscriber_id)
        assert (ana.name, ana.language, ana.member_from) == ("Ana", "es", date(2007, 3, 31))
        assert state(session, ana.id, update) == "active"
        assert events(session, ana.id) == ["added"]


def test_who_left_comes_back_only_with_a_ground(database: Database) -> None:
    update = publication(database)
    ana = add(database, "ana@example.org", update).subscriber_id
    with database.write() as session:
        audience.leave(session, ana, update, method="link", network=None, now=NOW)
    with pytest.raises(Refused, match="--ground"):
        add(database, "ana@example.org", update)
    assert add(database, "ana@example.org", update, ground="phoned").subscriber_id == ana
    with database.read() as session:
        assert state(session, ana, update) == "active"


@pytest.mark.parametrize("reason", ["left", "complaint", "staff"])
def test_a_suppressed_address_is_refused(database: Database, reason: audience.Reason) -> None:
    update = publication(database)
    with database.write() as session:
        audience.suppress(session, "ana@example.org", "address", reason, NOW)
    with pytest.raises(Refused, match=f"suppressed: {reason}"):
        add(database, "ana@example.org", update, ground="phoned")


@pytest.mark.parametrize(
    ("address", "more"),
    [("ana", {}), ("ana@example.org", {"language": "!"}), ("ana@example.org", {"name": "a" * 201})],
)
def test_wrong_input_leaves_nothing(database: Database, address: str, more: dict[str, str]) -> None:
    update = publication(database)
    with pytest.raises(WrongInput):
        add(database, address, update, **more)
    with database.read() as session:
        assert count(session, SubscriberRow) == 0
