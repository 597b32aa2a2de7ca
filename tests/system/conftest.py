"""Fixtures of the whole-system tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailer import publication
from mailer.database import connect
from tests.conftest import NOW
from tests.services import free_port
from tests.sink import Sink
from tests.system.site import Site

LONG_ON_POSTGRESQL = {"test_scheduled", "test_a_mistake_is_corrected"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Kills and failures are seen on both databases each time, the rest in the long run."""
    for item in items:
        here = Path(__file__).parent in item.path.parents
        if here and item.path.stem in LONG_ON_POSTGRESQL and "postgresql" in item.name:
            item.add_marker(pytest.mark.long)


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A recording relay that runs."""
    with Sink().running() as running:
        yield running


@pytest.fixture
def relay_port() -> int:
    """The port of a relay that is not there."""
    return free_port()


@pytest.fixture
def site_url(database_url: str) -> str:
    """A database of each kind with the first publication, as `mailer db upgrade` leaves it."""
    database = connect(database_url)
    with database.write() as session:
        publication.ensure_first(session, "en", NOW)
    database.close()
    return database_url


@pytest.fixture
def site(tmp_path: Path, site_url: str, sink: Sink) -> Site:
    """A site on a database of each kind, whose relay is the recording one."""
    return Site(tmp_path, site_url, sink.port, '[delivery]\nlease = "2s"\n')
