"""What is kept no longer: networks, and addresses that nobody confirmed."""

from datetime import timedelta

from sqlalchemy import select

from mailer import audience
from mailer.audience import Wording
from mailer.audience.models import ConsentRow
from mailer.database import Database
from tests.audience.readers import publication, reader
from tests.conftest import NOW


def ask(database: Database, address: str, publication_id: int, days_ago: int) -> None:
    with database.write() as session:
        audience.ask(
            session,
            address,
            publication_id=publication_id,
            language="en",
            name="",
            wording="Yes, send me the Update.",
            network="198.51.100.7",
            now=NOW - timedelta(days=days_ago),
        )


def test_networks_are_forgotten_when_their_time_is_over(database: Database) -> None:
    update = publication(database)
    ask(database, "old@example.org", update, 91)
    ask(database, "new@example.org", update, 89)
    with database.write() as session:
        assert audience.forget_networks(session, NOW - timedelta(days=90), 10) == 1
        assert audience.forget_networks(session, NOW - timedelta(days=90), 10) == 0
    with database.read() as session:
        networks = session.scalars(select(ConsentRow.network).order_by(ConsentRow.id)).all()
    assert networks == [None, "198.51.100.7"]


def test_who_never_confirmed_is_found_and_nobody_else(database: Database) -> None:
    update = publication(database)
    ask(database, "old@example.org", update, 31)
    ask(database, "new@example.org", update, 29)
    ask(database, "confirmed@example.org", update, 31)
    with database.write() as session:
        confirmed = audience.find(session, "confirmed@example.org").id
        audience.confirm(
            session, confirmed, update, wording=Wording("Yes.", "en"), network=None, now=NOW
        )
        reader(session, "added@example.org", update)
    with database.write() as session:
        found = audience.unconfirmed_since(session, NOW - timedelta(days=30), 10)
        assert [address for _, address in found] == ["old@example.org"]
        audience.strip(session, found[0][0], NOW)
        assert audience.unconfirmed_since(session, NOW - timedelta(days=30), 10) == []
        assert audience.suppression_of(session, ["old@example.org"]) == {}
