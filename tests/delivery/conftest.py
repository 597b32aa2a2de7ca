"""A desk on a fresh database of each kind."""

from collections.abc import Iterator

import pytest

from mailer.config import Config
from mailer.database import Database
from tests.delivery.desk import Desk, furnish


@pytest.fixture
def desk(database: Database, config: Config) -> Iterator[Desk]:
    """Whatever a test does to the ledger, its tallies are true in the end."""
    desk = furnish(database, config)
    yield desk
    desk.require_true_tallies()
