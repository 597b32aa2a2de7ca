"""The book: group commits, inside the event loop.

Couriers say what happened and go on; once in each turn of the loop everything that was said is
committed in one transaction. Waiting for `enter` is what keeps the promise to the ledger: a
connection passes its next final dot only after the outcome before it is durable, and after the
ledger knows that this one may be in flight.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from mailer.database import Database, database_error
from mailer.delivery.record import Outcome, commit

_AGAIN_AFTER = 1.0

log = structlog.get_logger()


class Book:
    """Collects what couriers say, and writes it; everything on the event loop's thread."""

    def __init__(
        self,
        database: Database,
        worker: str,
        lease: timedelta,
        now: Callable[[], datetime],
        settled: Callable[[Iterable[int]], None],
    ) -> None:
        self._database = database
        self._worker = worker
        self._lease = lease
        self._now = now
        self._settled = settled
        self._entering: list[tuple[int, asyncio.Future[bool]]] = []
        self._outcomes: list[Outcome] = []
        self._tried: set[int] = set()
        self._due = False
        self._written: list[asyncio.Future[None]] = []
        self.recorded = 0
        self.trouble = ""

    def enter(self, delivery_id: int) -> "asyncio.Future[bool]":
        """Say that a delivery is about to pass its final dot.

        The future is True once that, and everything said before, is durable; False where this
        worker does not hold the delivery any more: it must not be sent.
        """
        entered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._entering.append((delivery_id, entered))
        self._write_soon()
        return entered

    def record(self, outcome: Outcome) -> None:
        """Say what became of a delivery."""
        self._outcomes.append(outcome)
        self._write_soon()

    @property
    def unwritten(self) -> list[int]:
        """The deliveries whose outcomes are not durable yet."""
        return [outcome.delivery_id for outcome in self._outcomes]

    async def written(self) -> None:
        """Wait until everything that was said is durable."""
        if self._entering or self._outcomes:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._written.append(done)
            await done

    def _write_soon(self) -> None:
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._write)

    def _write(self) -> None:
        self._due = False
        entering, outcomes = self._entering, self._outcomes
        try:
            with self._database.write(ahead=True) as session:
                entered = commit(
                    session,
                    self._worker,
                    [delivery_id for delivery_id, _ in entering],
                    outcomes,
                    self._now() + self._lease,
                    self._tried,
                )
        except SQLAlchemyError as error:
            # Nothing is lost: what was said waits here, and no connection passes a final dot.
            # Nor is it known that nothing was written: the reply to the COMMIT may have been lost.
            self._tried.update(delivery_id for delivery_id, _ in entering)
            self.trouble = str(database_error(error))
            log.error("ledger_not_written", waiting=len(entering) + len(outcomes),
                      reason=self.trouble)  # fmt: skip
            self._due = True
            asyncio.get_running_loop().call_later(_AGAIN_AFTER, self._write)
            return
        self.trouble = ""
        self.recorded += len(outcomes)
        self._entering, self._outcomes, self._tried = [], [], set()
        self._settled(outcome.delivery_id for outcome in outcomes)
        for delivery_id, future in entering:
            if not future.done():
                future.set_result(delivery_id in entered)
        written, self._written = self._written, []
        for done in written:
            if not done.done():
                done.set_result(None)
