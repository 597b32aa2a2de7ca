"""A database of a former schema, with what stands in it, brought to this one and back."""

import pytest
from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from mailer import audience, audit
from mailer.config import resource
from mailer.database import SCHEMA, Database
from mailer.database.schema import without_foreign_keys
from mailer.errors import NotFound
from tests.audience.readers import publication, reader
from tests.conftest import NOW


def move(database: Database, revision: str) -> None:
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(resource("migrations")))
    immediate = database.engine.execution_options(immediate=True)
    with (
        immediate.connect() as connection,
        without_foreign_keys(connection),
        connection.begin(),
    ):
        settings.attributes["connection"] = connection
        to = command.upgrade if revision == SCHEMA else command.downgrade
        to(settings, revision)


def test_the_log_of_a_former_schema_says_what_it_is_about_and_is_closed(
    database: Database,
) -> None:
    move(database, "0002")
    with database.engine.execution_options(immediate=True).begin() as connection:
        for subject in ("issue 4", "archive", "subscriber 12"):
            connection.execute(
                text("INSERT INTO audit (at, actor, subject, words) VALUES (:at, 'a', :s, 'w')"),
                {"at": NOW if not database.is_sqlite else str(NOW)[:19], "s": subject},
            )
    move(database, SCHEMA)
    with database.engine.execution_options(immediate=True).begin() as connection:
        kinds = connection.execute(text("SELECT kind FROM audit ORDER BY id")).scalars().all()
    assert kinds == ["issue", "archive", "subscriber"]
    with database.write() as session:
        audit.record(session, NOW, "mailer", "issue 4", "began to be sent")
    with pytest.raises(DBAPIError, match="only added to"), database.write() as session:
        session.execute(text("DELETE FROM audit"))


def test_readers_of_a_former_schema_are_found_counted_and_marked(database: Database) -> None:
    update = publication(database)
    with database.write() as session:
        ana, tom, zoila, gone = (
            reader(session, f"{name}@psg.example", update)
            for name in ("ana", "tom", "zoila", "gone")
        )
        audience.leave(session, tom, update, method="link", network=None, now=NOW)
        audience.suppress(session, "zoila@psg.example", "address", "bounce", NOW)
        audience.erase(session, gone, NOW)
        before = audience.list_growth(session, update, NOW.date(), spans=1, days=7)
    move(database, "0003")
    move(database, SCHEMA)
    with database.write() as session:
        assert [one.id for one in audience.search(session, "psg").readers] == [ana, tom, zoila]
        found = audience.search(session, state="suppressed").readers
        assert [(one.id, one.suppressed) for one in found] == [(zoila, "bounce")]
        assert audience.list_growth(session, update, NOW.date(), spans=1, days=7) == before
        assert audience.list_size(session, update) == 2
        with pytest.raises(NotFound):
            audience.by_id(session, gone)
