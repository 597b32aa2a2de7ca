"""What the tests share: configurations, and databases of both kinds.

`MAILER_TEST_POSTGRESQL` names a PostgreSQL server to use; else one is started in a scratch
folder from the machine's own binaries. Where there are none, the tests that need it are skipped
and say so; with `MAILER_REQUIRE_SERVICES=1` they fail instead.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from mailer.config import Config, read_config
from mailer.database import SCHEMA, Database, connect, upgrade
from tests.services import Postgres, missing_service, start_postgres

# A deadline would measure the machine. `make test-long` looks at a hundred times as much.
_shared = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}
settings.register_profile("short", max_examples=100, **_shared)  # type: ignore[arg-type]
settings.register_profile("long", max_examples=10_000, **_shared)  # type: ignore[arg-type]
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))

HERE = Path(__file__).parent
ON_SQLITE = {"cli", "staff", "publication"}

NOW = datetime(2007, 3, 31, 9, 0, tzinfo=UTC)

CONFIG = """
[organisation]
name = "Peru Support Group"
address = "1 Example Street, London"
timezone = "Europe/London"
language = "en"
[site]
url = "http://127.0.0.1:8000"
listen = "127.0.0.1:8000"
secret_key = "a-key-for-tests-only-0123456789abcdef"
[database]
url = "{url}"
[mail]
from = "PSG Updates <updates@psg.example>"
bounce_address = "bounces@psg.example"
[[relay]]
host = "127.0.0.1"
port = {port}
security = "none"
connections = 4
"""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What a module makes once is made by one of the processes that share the tests.

    What asks the database through a room that is tested on both is tested on PostgreSQL in the
    long run.
    """
    for item in items:
        if item.path.relative_to(HERE).parts[0] in ON_SQLITE and "postgresql" in item.name:
            item.add_marker(pytest.mark.long)
        made = getattr(item, "_fixtureinfo").name2fixturedefs.values()  # noqa: B009
        if any(one[-1].scope == "module" for one in made if one):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A PostgreSQL server, started once for the whole run."""
    if url := os.environ.get("MAILER_TEST_POSTGRESQL"):
        yield Postgres(url)
        return
    with start_postgres() as server:
        if server is None:
            missing_service("PostgreSQL (initdb and pg_ctl)")
        yield server


@pytest.fixture(scope="session")
def _schemas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Databases that stand upgraded, to be copied: by kind, SQLite's file or template's name."""
    return {}


_numbers = count(1)
_emptied: list[str] = []


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    _schemas: dict[str, str],
) -> Iterator[str]:
    """The URL of a fresh database with the newest schema: each test runs on both kinds."""
    if request.param == "sqlite":
        if "sqlite" not in _schemas:
            template = tmp_path_factory.mktemp("schema") / "template.db"
            _upgraded(f"sqlite:///{template}").close()
            _schemas["sqlite"] = str(template)
        file = tmp_path / "mailer.db"
        file.write_bytes(Path(_schemas["sqlite"]).read_bytes())
        yield f"sqlite:///{file}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    if "postgresql" not in _schemas:
        name = f"mailer_template_{os.getpid()}"
        _upgraded(server.database(name)).close()
        _schemas["postgresql"] = name
    if _emptied:
        name = _emptied.pop()
    else:
        name = f"mailer_{os.getpid()}_{next(_numbers)}"
        server.copy(_schemas["postgresql"], name)
    yield server.database(name)
    try:
        server.empty(name, SCHEMA)
    except psycopg.Error:
        server.drop(name)
    else:
        _emptied.append(name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database of each kind, open."""
    opened = connect(database_url)
    yield opened
    opened.close()


@pytest.fixture
def now() -> datetime:
    """The moment at which tests happen."""
    return NOW


def make_config(folder: Path, url: str = "sqlite:///mailer.db", port: int = 2525) -> Config:
    """A complete configuration on the database at `url`."""
    return read_config(CONFIG.format(url=url, port=port), folder / "config.toml", {})


@pytest.fixture
def config(tmp_path: Path, database_url: str) -> Config:
    """A complete configuration on the test's database."""
    return make_config(tmp_path, database_url)


def _upgraded(url: str) -> Database:
    database = connect(url)
    upgrade(url, database.engine)
    return database
