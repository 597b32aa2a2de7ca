"""Long work in many transactions, that gives others their turn on SQLite, which has one pen."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from mailer.database.engine import Database

# A process that waits in SQLite's own way asks every 25 to 50 ms in its first fifth of a second:
# a pause of 50 ms after each tenth of a second of writing is one that it finds.
_HELD_S = 0.1
_SHARE = 0.5


class Turns:
    """Transactions of one long work; after each tenth of a second of them it rests for half of it.

    Without that, one transaction would follow the other so closely that another process, which
    asks for the lock now and then, hardly ever finds it free.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held = 0.0

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction like `Database.write`."""
        with self._database.write() as session:
            began = time.monotonic()
            yield session
        self._held += time.monotonic() - began
        if self._database.is_sqlite and self._held >= _HELD_S:
            time.sleep(self._held * _SHARE)
            self._held = 0.0
