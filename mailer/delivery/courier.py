"""A courier: one connection to a relay, and the deliveries that go over it.

It takes a delivery from the outbox, says in the book that it is about to pass the final dot,
transmits, and says what became of it. It stays on its connection as long as that is good, and
rests where the relay does.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from mailer.config import Pace
from mailer.database import database_error
from mailer.delivery import smtp
from mailer.delivery.book import Book
from mailer.delivery.claim import Claimed
from mailer.delivery.disposition import Disposition, Stage, Verdict, judge
from mailer.delivery.gate import Gate
from mailer.delivery.message import MessageMaker
from mailer.delivery.outbox import Outbox
from mailer.delivery.record import Outcome, doubt_of, outcome_of
from mailer.delivery.retry import relay_pause
from mailer.delivery.wire import ConnectionLost
from mailer.errors import WrongInput
from mailer.letter import CompiledLetter

IDLE_S = 20.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Equipment:
    """What every courier of a sender is given."""

    outbox: Outbox
    book: Book
    maker: MessageMaker
    letter: Callable[[int], CompiledLetter]
    now: Callable[[], datetime]
    pace: Pace
    in_doubt: str
    all_shut: Callable[[], bool]


class Courier:
    """Carries deliveries to one relay until the outbox sends it home."""

    def __init__(self, gate: Gate, equipment: Equipment) -> None:
        self._gate = gate
        self._with = equipment
        self._connection: smtp.Connection | None = None

    async def carry(self, stopping: asyncio.Event) -> None:
        """Take what waits, over a connection that is kept open; end when sent home."""
        losses = 0
        try:
            while True:
                if self._connection is None:
                    rest = max(self._gate.shut_for, _rest_after(losses))
                    if rest and await rested(rest, stopping):
                        return
                delivery = await self._next()
                if delivery is None:
                    return
                connection = await self._connected(delivery)
                if connection is not None and self._with.outbox.is_stale(delivery):
                    # The call took long, and its reader may have left meanwhile.
                    self._with.outbox.give_back([delivery])
                    continue
                if connection is None:
                    # A relay that rests is no loss of this courier's.
                    losses += not self._gate.shut_for
                    continue
                await self._transmit(connection, delivery)
                if connection.botched:
                    losses += 1
                    await self._hang_up()
                else:
                    losses = 0
        finally:
            await self._hang_up()

    async def _next(self) -> Claimed | None:
        """The next delivery; a connection that has nothing to do for long is closed meanwhile."""
        while True:
            try:
                async with asyncio.timeout(IDLE_S if self._connection is not None else None):
                    return await self._with.outbox.take()
            except TimeoutError:
                await self._hang_up()

    async def _connected(self, delivery: Claimed) -> smtp.Connection | None:
        """A connection that is good for one more message; None, and `delivery` given back, where
        there is none to be had."""
        connection = self._connection
        if connection is not None and (
            connection.botched or connection.messages >= self._gate.relay.messages_per_connection
        ):
            await self._hang_up()
        if self._connection is None:
            try:
                self._connection = await self._open()
            finally:
                if self._connection is None:
                    self._with.outbox.give_back([delivery])
        return self._connection

    async def _open(self) -> smtp.Connection | None:
        if not self._gate.doubtful:
            return await self._knock()
        async with self._gate.knocking:
            return await self._knock()

    async def _knock(self) -> smtp.Connection | None:
        gate = self._gate
        if gate.shut_for:
            return None
        try:
            connection = await smtp.connect(gate.relay)
        except smtp.RelayFault as fault:
            if not gate.in_use:
                self._shut_gate(str(fault))
            return None
        gate.opened()
        gate.connections.add(connection)
        return connection

    def _shut_gate(self, reason: str) -> None:
        self._gate.shut(reason)
        log.warning("relay_rests", reason=reason, seconds=round(self._gate.shut_for))
        if self._with.all_shut():
            self._with.outbox.empty()

    async def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._gate.connections.discard(connection)
            await connection.quit()

    async def _transmit(self, connection: smtp.Connection, delivery: Claimed) -> None:
        """Send one message, and say in the book what became of it."""
        entered = self._with.book.enter(delivery.delivery_id)
        try:
            message = self._with.maker.make(self._with.letter(delivery.letter_id), delivery)
            refused = await connection.envelope(
                message.sender, message.recipient, len(message.content)
            )
            if refused is not None:
                disposition = judge(*refused)
            else:
                await connection.body(message.content)
                if not await entered:
                    log.warning("lease_lost", delivery=delivery.delivery_id)
                    self._with.outbox.forget((delivery.delivery_id,))
                    connection.close()
                    return
                disposition = judge(Stage.DOT, await connection.dot())
            if disposition.verdict is Verdict.SOON:
                self._gate.lost(disposition.reason)
            elif disposition.verdict is not Verdict.RELAY:
                self._gate.carried()
        except WrongInput as error:
            disposition = Disposition(Verdict.FAILED, str(error))
        except SQLAlchemyError as error:
            # The letter could not be read; the connection and the reader have no part in that.
            log.error("database_trouble", reason=str(database_error(error)))
            disposition = Disposition(Verdict.SOON, "the database was in trouble")
        except ConnectionLost as lost:
            self._gate.lost(str(lost))
            if connection.past_dot:
                self._with.book.record(self._doubt(delivery, str(lost)))
                return
            self._with.book.record(self._outcome(delivery, Disposition(Verdict.SOON, str(lost))))
            return
        except asyncio.CancelledError:
            if connection.past_dot:
                log.warning("unanswered", delivery=delivery.delivery_id)
                self._with.book.record(self._doubt(delivery, "stopped"))
            else:
                stopped = Disposition(Verdict.RELAY, "stopped before the final dot")
                self._with.book.record(self._outcome(delivery, stopped))
            connection.close()
            raise
        if disposition.verdict is Verdict.RELAY:
            self._shut_gate(disposition.reason)
        if disposition.closes:
            connection.close()
        self._with.book.record(self._outcome(delivery, disposition))

    def _outcome(self, delivery: Claimed, disposition: Disposition) -> Outcome:
        chance = random.random()  # noqa: S311 -- spreads retries, guards nothing
        return outcome_of(delivery, disposition, self._with.now(), self._with.pace, chance)

    def _doubt(self, delivery: Claimed, how: str) -> Outcome:
        chance = random.random()  # noqa: S311
        given = self._with
        return doubt_of(delivery, how, given.now(), given.in_doubt, given.pace, chance)


def _rest_after(losses: int) -> float:
    """Seconds a courier rests after losing connections in a row: none at first, then longer."""
    if losses < 2:
        return 0.0
    return relay_pause(losses - 1, timedelta(seconds=1)).total_seconds()


async def rested(seconds: float, stopping: asyncio.Event) -> bool:
    """Wait so long, or until `stopping` is set; True where it was."""
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        return False
    return True
