"""The outbox: what this process has claimed and not begun; at most a second's work or two."""

import asyncio
from collections.abc import Callable, Iterable, Sequence, Set
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from mailer.database import Database, database_error
from mailer.delivery.claim import Claimed, release

log = structlog.get_logger()


class Outbox:
    """Filled by the sender's claims, emptied by its couriers; all on one event loop."""

    def __init__(self, database: Database, worker: str) -> None:
        self._database = database
        self._worker = worker
        self._queue: asyncio.Queue[Claimed | None] = asyncio.Queue()
        self._held: set[int] = set()
        self.taken = asyncio.Event()
        """Set whenever a courier takes something: there may be room for more."""

    def __len__(self) -> int:
        return self._queue.qsize()

    @property
    def held(self) -> Set[int]:
        """What this process holds and knows of: in the queue, or in the hands of a courier."""
        return self._held

    def put(self, claimed: Sequence[Claimed]) -> None:
        for delivery in claimed:
            # One that we hold comes again where its outcome is written and we have not heard so.
            if delivery.delivery_id not in self._held:
                self._held.add(delivery.delivery_id)
                self._queue.put_nowait(delivery)

    async def take(self) -> Claimed | None:
        """The next delivery, when there is one; None where the courier is to go home."""
        delivery = await self._queue.get()
        self.taken.set()
        return delivery

    def forget(self, delivery_ids: Iterable[int]) -> None:
        """These are not held any more: their outcome is written, or somebody else took them."""
        self._held.difference_update(delivery_ids)

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
