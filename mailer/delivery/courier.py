"""A courier: opens a connection to a relay when there is something to carry, and another after it.

What happens on a connection is a `Trip`. The courier waits for work, for the relay's gate, and for
the end of the trip; it rests where connections are lost in a row.
"""

import asyncio
from datetime import timedelta

import structlog

from mailer.delivery import smtp
from mailer.delivery.claim import Claimed
from mailer.delivery.gate import Gate
from mailer.delivery.load import Equipment
from mailer.delivery.pace import RelayPace
from mailer.delivery.retry import relay_pause
from mailer.delivery.trip import Trip

STANDBY_S = 0.1

log = structlog.get_logger()


class Courier:
    """Carries deliveries to one relay until it is told to go home."""

    def __init__(self, gate: Gate, pace: RelayPace, equipment: Equipment) -> None:
        self._gate = gate
        self._pace = pace
        self._with = equipment
        self._trip: Trip | None = None
        self._home = asyncio.Event()

    def go_home(self) -> None:
        """Begin nothing more; `carry` ends when what is begun is ended."""
        self._home.set()
        if self._trip is not None:
            self._trip.go_home()

    def look_at_the_clock(self, now: float) -> None:
        if self._trip is not None:
            self._trip.look_at_the_clock(now)

    async def carry(self) -> None:
        """Take what waits, over a connection that is kept open; end when sent home."""
        losses = 0
        while not self._home.is_set():
            rest = max(self._gate.shut_for, _rest_after(losses))
            if rest and await rested(rest, self._home):
                return
            delivery = await self._something()
            if delivery is None:
                return
            connection = await self._connected(delivery)
            if connection is None:
                # A relay that rests is no loss of this courier's.
                losses += not self._gate.shut_for
                continue
            carried = await self._travel(connection, delivery)
            losses = 0 if carried or not connection.lost else losses + 1
            await self._hang_up(connection)

    async def _something(self) -> Claimed | None:
        """A delivery that may start now, when there is one; None where we are to go home."""
        outbox = self._with.outbox
        while not self._home.is_set():
            now = self._with.seconds()
            if self._gate.shut_for:
                await rested(self._gate.shut_for, self._home)
                continue
            if not self._with.shares.may_take(self._gate):
                await rested(STANDBY_S, self._home)
                continue
            if (found := outbox.next(self._pace, now)) is not None:
                self._with.shares.took(self._gate)
                return found
            called = asyncio.Event()
            outbox.rest(self._pace, called.set, now)
            waits = [asyncio.ensure_future(event.wait()) for event in (called, self._home)]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
                outbox.stop_resting(self._pace, called.set)
        return None

    async def _connected(self, delivery: Claimed) -> smtp.Connection | None:
        """A connection; None, and `delivery` given back, where there is none to be had."""
        connection = None
        try:
            if not self._gate.doubtful:
                connection = await self._knock()
            else:
                async with self._gate.knocking:
                    connection = await self._knock()
        finally:
            if connection is None:
                self._pace.not_sent(delivery.recipient.domain, self._with.seconds())
                self._with.outbox.give_back([delivery])
        return connection

    async def _knock(self) -> smtp.Connection | None:
        gate = self._gate
        if gate.shut_for:
            return None
        try:
            connection = await smtp.connect(gate.relay, ahead=gate.ahead)
        except smtp.RelayFault as fault:
            if not gate.in_use:
                gate.shut(str(fault))
                log.warning("relay_rests", reason=str(fault), seconds=round(gate.shut_for))
                if self._with.all_shut():
                    self._with.outbox.empty()
            return None
        if gate.doubtful:
            self._with.shares.returned(gate)
        gate.opened()
        gate.connections.add(connection)
        return connection

    async def _travel(self, connection: smtp.Connection, delivery: Claimed) -> int:
        """Carry over this connection until it ends; returns how many it carried."""
        over = asyncio.Event()
        trip = self._trip = Trip(self._gate, self._pace, self._with, connection, over.set)
        try:
            if connection.botched:
                self._pace.not_sent(delivery.recipient.domain, self._with.seconds())
                self._with.outbox.give_back([delivery])
                return 0
            trip.begin(delivery)
            if self._home.is_set():
                trip.go_home()
            await over.wait()
            if trip.bug is not None:
                raise trip.bug
        except asyncio.CancelledError:
            trip.abandon()
            raise
        except Exception:
            connection.deafen()
            connection.close()
            raise
        finally:
            self._trip = None
        return trip.carried

    async def _hang_up(self, connection: smtp.Connection) -> None:
        self._gate.connections.discard(connection)
        await connection.quit()


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
