"""The gate before a relay: shut while the relay cannot be used, for longer each time."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from mailer.config import Relay
from mailer.delivery.retry import relay_pause
from mailer.delivery.smtp import Connection


class Gate:
    """Knows whether a relay may be tried; one for each relay, shared by its couriers.

    `seconds` is a clock that only goes forward. While one of `connections` is good, a refused new
    one concerns its courier alone: the relay may limit how many it takes.
    """

    def __init__(self, relay: Relay, first: timedelta, seconds: Callable[[], float]) -> None:
        self.relay = relay
        self.connections: set[Connection] = set()
        self.trouble = ""
        self._first = first
        self._seconds = seconds
        self._failures = 0
        self._shut_until = 0.0
        self._knocking = asyncio.Lock()

    @property
    def shut_for(self) -> float:
        """Seconds until the relay may be tried again; 0 where it may be tried now."""
        return max(0.0, self._shut_until - self._seconds())

    @property
    def in_use(self) -> bool:
        """True while a connection to the relay is open and in step."""
        return any(not connection.botched for connection in self.connections)

    @property
    def doubtful(self) -> bool:
        """True from a failure to the next success: then one courier at a time may knock."""
        return self._failures > 0

    @property
    def knocking(self) -> asyncio.Lock:
        return self._knocking

    def shut(self, reason: str) -> None:
        """The relay cannot be used; rest. Failures of the same moment count as one."""
        if self.shut_for > 0:
            return
        self._failures += 1
        self.trouble = reason
        pause = relay_pause(self._failures, self._first)
        self._shut_until = self._seconds() + pause.total_seconds()

    def opened(self) -> None:
        """A connection was opened: all is well again."""
        self._failures = 0
        self._shut_until = 0.0
        self.trouble = ""
