"""The book: group commits, inside the event loop.

Couriers say what happened and go on; once in each turn of the loop everything that was said is
committed in one transaction. Where a server does that, the loop goes on meanwhile, and what is said
until it has is the next group. That a courier waits for `enter` keeps the promise to the ledger: a
connection passes its next final dot only after the outcome before it is durable, and after the
ledger knows that this one may be in flight.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError

from mailer.database import database_error
from mailer.delivery.ledger import Ledger
from mailer.delivery.rates import Rates
from mailer.delivery.record import Outcome

_AGAIN_AFTER = 1.0

_Entering = tuple[int, Callable[[bool], None]]

log = structlog.get_logger()


class Book:
    """Collects what couriers say, and writes it; everything on the event loop's thread."""

    def __init__(self, ledger: Ledger, settled: Callable[[Iterable[int]], None]) -> None:
        self._ledger = ledger
        self._settled = settled
        self._entering: list[_Entering] = []
        self._outcomes: list[Outcome] = []
        self._in_hand: Sequence[Outcome] = ()
        """What is being written."""
        self.writing: asyncio.Future[None] | None = None
        """What a server has in hand. Where it raises that is a bug, which the sender ends by."""
        self._due = False
        self._written: list[asyncio.Future[None]] = []
        self.recorded = 0
        self.rates = Rates(time.monotonic())
        self.trouble = ""

    def enter(self, delivery_id: int, entered: Callable[[bool], None]) -> None:
        """Say that a delivery is about to pass its final dot.

        `entered` is called with True once that, and everything said before, is durable; with False
        where this worker does not hold the delivery any more: it must not be sent.
        """
        self._entering.append((delivery_id, entered))
        self._write_soon()

    def record(self, outcome: Outcome) -> None:
        """Say what became of a delivery."""
        self._outcomes.append(outcome)
        self._write_soon()

    @property
    def unwritten(self) -> list[int]:
        """The deliveries whose outcomes are not durable yet."""
        return [outcome.delivery_id for outcome in (*self._in_hand, *self._outcomes)]

    async def written(self) -> None:
        """Wait until everything that was said is durable."""
        if self._due:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._written.append(done)
            await done

    def _write_soon(self) -> None:
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._write)

    def _write(self) -> None:
        entering, outcomes = self._entering, self._outcomes
        self._entering, self._outcomes, self._in_hand = [], [], outcomes
        ids = [delivery_id for delivery_id, _ in entering]
        if self._ledger.elsewhere:
            self.writing = asyncio.get_running_loop().create_task(
                self._write_elsewhere(ids, entering, outcomes)
            )
            return
        try:
            held = self._ledger.commit(ids, outcomes)
        except SQLAlchemyError as error:
            self._failed(error, entering, outcomes)
        except Exception as error:  # noqa: BLE001 -- raised by the sender
            self.writing = asyncio.get_running_loop().create_future()
            self.writing.set_exception(error)
        else:
            self._done(held, entering, outcomes)

    async def _write_elsewhere(
        self, ids: list[int], entering: list[_Entering], outcomes: list[Outcome]
    ) -> None:
        try:
            held = await self._ledger.commit_elsewhere(ids, outcomes)
        except SQLAlchemyError as error:
            self._failed(error, entering, outcomes)
        else:
            self._done(held, entering, outcomes)

    def _failed(
        self, error: SQLAlchemyError, entering: list[_Entering], outcomes: list[Outcome]
    ) -> None:
        """Nothing is lost: what was said waits here, and no connection passes a final dot."""
        self._entering[:0], self._outcomes[:0], self._in_hand = entering, outcomes, []
        self.trouble = str(database_error(error))
        waiting = len(self._entering) + len(self._outcomes)
        log.error("ledger_not_written", waiting=waiting, reason=self.trouble)
        asyncio.get_running_loop().call_later(_AGAIN_AFTER, self._write)

    def _done(self, held: set[int], entering: list[_Entering], outcomes: list[Outcome]) -> None:
        self.trouble = ""
        self.recorded += len(outcomes)
        self.rates.count(outcomes)
        self._in_hand = []
        self._settled(outcome.delivery_id for outcome in outcomes)
        for delivery_id, entered in entering:
            entered(delivery_id in held)
        self._due = False
        if self._entering or self._outcomes:
            self._write_soon()
            return
        written, self._written = self._written, []
        for done in written:
            if not done.done():
                done.set_result(None)
