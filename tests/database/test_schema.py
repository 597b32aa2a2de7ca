"""The schema: made by the migrations, the same as the models, on both databases."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from mailer.config import resource
from mailer.database import (
    SCHEMA,
    Database,
    connect,
    open_database,
    schema_of,
    upgrade,
    whole_metadata,
)
from mailer.errors import Failed
from tests.conftest import make_config


def test_migrations_make_what_the_models_say(database: Database) -> None:
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), whole_metadata()) == []


def test_the_newest_revision_is_the_one_the_code_expects(database: Database) -> None:
    assert ScriptDirectory(str(resource("migrations"))).get_current_head() == SCHEMA
    assert schema_of(database.engine) == SCHEMA


def test_upgrading_again_changes_nothing(database: Database, database_url: str) -> None:
    upgrade(database_url, database.engine)
    assert schema_of(database.engine) == SCHEMA


def test_a_missing_database_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"no database at .*mailer\.db"):
        open_database(make_config(tmp_path))


def test_an_empty_database_is_refused(tmp_path: Path) -> None:
    empty = connect(f"sqlite:///{tmp_path}/mailer.db")
    empty.engine.connect().close()
    empty.close()
    with pytest.raises(Failed, match="db upgrade"):
        open_database(make_config(tmp_path))


@pytest.mark.parametrize(("found", "said"), [("0000", "stop the other"), ("9999", "newer version")])
def test_another_schema_is_refused(
    database: Database, database_url: str, tmp_path: Path, found: str, said: str
) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{found}'")
    with pytest.raises(Failed, match=said):
        open_database(make_config(tmp_path, database_url))
