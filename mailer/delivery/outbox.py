"""The outbox: what this process has claimed and not begun; at most a second's work or two."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence, Set
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from mailer.database import Database, database_error
from mailer.delivery.claim import Claimed, release

STALE_AFTER_S = 1.5
"""What was claimed this long ago goes back: whoever left since must not be sent the letter."""

log = structlog.get_logger()


class Outbox:
    """Filled by the sender's claims, emptied by its couriers; all on one event loop."""

    def __init__(self, database: Database, worker: str) -> None:
        self._database = database
        self._worker = worker
        self._queue: asyncio.Queue[Claimed | None] = asyncio.Queue()
        self._asked: dict[int, float] = {}
        self.taken = asyncio.Event()
        """Set whenever a courier takes something: there may be room for more."""

    def __len__(self) -> int:
        return self._queue.qsize()

    @property
    def held(self) -> Set[int]:
        """What this process holds and knows of: in the queue, or in the hands of a courier."""
        return self._asked.keys()

    def put(self, claimed: Sequence[Claimed], asked: float) -> None:
        """Take in what was claimed; at `asked`, on the clock that only goes forward, or later, each
        reader was looked at."""
        for delivery in claimed:
            # One that we hold comes again where its outcome is written and we have not heard so.
            if delivery.delivery_id not in self._asked:
                self._asked[delivery.delivery_id] = asked
                self._queue.put_nowait(delivery)

    async def take(self) -> Claimed | None:
        """The next delivery, when there is one; None where the courier is to go home."""
        while True:
            delivery = await self._queue.get()
            self.taken.set()
            if delivery is None or not self.is_stale(delivery):
                return delivery
            self._give_back_stale(delivery)

    def is_stale(self, delivery: Claimed) -> bool:
        """Whether its reader was looked at too long ago to be sent it without another look."""
        asked = self._asked.get(delivery.delivery_id, 0.0)
        return time.monotonic() - asked > STALE_AFTER_S

    def _give_back_stale(self, first: Claimed) -> None:
        """Let `first`, and all that waits and is as old, be claimed anew, which looks again."""
        waiting = [self._queue.get_nowait() for _ in range(self._queue.qsize())]
        stale = [first]
        for delivery in waiting:
            if delivery is not None and self.is_stale(delivery):
                stale.append(delivery)
            else:
                self._queue.put_nowait(delivery)
        self.give_back(stale)

    def forget(self, delivery_ids: Iterable[int]) -> None:
        """These are not held any more: their outcome is written, or somebody else took them."""
        for delivery_id in delivery_ids:
            self._asked.pop(delivery_id, None)

    def give_back(self, deliveries: Sequence[Claimed]) -> None:
        """Let others have what was claimed and not begun."""
        if deliveries:
            ids = [delivery.delivery_id for delivery in deliveries]
            self.attempt(lambda session: release(session, self._worker, ids))
            self.forget(ids)

    def empty(self) -> None:
        """Give back everything that waits here."""
        waiting = []
        while not self._queue.empty():
            if (delivery := self._queue.get_nowait()) is not None:
                waiting.append(delivery)
        self.give_back(waiting)

    def send_home(self, couriers: int) -> None:
        """Tell so many couriers to go home."""
        for _ in range(couriers):
            self._queue.put_nowait(None)

    def attempt(self, change: Callable[[Session], Any]) -> None:
        """Make a change whose failure costs nothing but time: leases run out by themselves."""
        try:
            with self._database.write() as session:
                change(session)
        except SQLAlchemyError as error:
            log.error("database_trouble", reason=str(database_error(error)))
