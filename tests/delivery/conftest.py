"""A desk on a fresh database of each kind."""

import pytest

from mailer.config import Config
from mailer.database import Database
from tests.delivery.desk import Desk, furnish


@pytest.fixture
def desk(database: Database, config: Config) -> Desk:
    return furnish(database, config)
