"""The gate before a relay: shut while the relay cannot be used, for longer each time."""

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta

import structlog

from mailer.config import Relay
from mailer.delivery.retry import BREATH, relay_pause
from mailer.delivery.smtp import Connection

LOSSES_THAT_TELL = 3
log = structlog.get_logger()

_ADDRESS = re.compile(r"<?[^\s<>]+@[^\s<>]+>?")


class Gate:
    """Knows whether a relay may be tried; one for each relay, shared by its couriers.

    `seconds` is a clock that only goes forward. While one of `connections` is good, a refused new
    one concerns its courier alone: the relay may limit how many it takes.
    """

    def __init__(self, relay: Relay, first: timedelta, seconds: Callable[[], float]) -> None:
        self.relay = relay
        self.connections: set[Connection] = set()
        self._first = first
        self._seconds = seconds
        self._failures = 0
        self._reason = ""
        self._losses = 0
        self._lost = ""
        self._shut_until = 0.0
        self._knocking = asyncio.Lock()
        self._lock_step: bool | None = False

    @property
    def ahead(self) -> bool:
        """Whether the next connection may write on before replies are there."""
        return self._lock_step is False

    def ran_aground(self) -> None:
        """A connection that wrote ahead got lost amid an envelope: the relay may not be able to
        read ahead, whatever it offers. That is tried out, in lock-step."""
        if self._lock_step is False:
            self._lock_step = None
            log.warning("pipelining_doubted", host=self.relay.host, port=self.relay.port)

    def lost_in_lock_step(self) -> None:
        """Reading ahead was not what ailed the relay."""
        if self._lock_step is None:
            self._lock_step = False

    @property
    def shut_for(self) -> float:
        """Seconds until the relay may be tried again; 0 where it may be tried now."""
        return max(0.0, self._shut_until - self._seconds())

    @property
    def in_use(self) -> bool:
        """True while a connection to the relay is open, in the middle of a dialogue or between."""
        return any(not connection.lost for connection in self.connections)

    @property
    def doubtful(self) -> bool:
        """True from a failure to the next success: then one courier at a time may knock."""
        return self._failures > 0

    @property
    def knocking(self) -> asyncio.Lock:
        return self._knocking

    def shut(self, reason: str, *, too_fast: bool = False) -> None:
        """The relay cannot be used; rest. Failures of the same moment count as one.

        `too_fast`: it is well, and takes no more messages at this moment.
        """
        if self.shut_for > 0:
            return
        self._failures += 1
        self._reason = reason
        pause = relay_pause(self._failures, min(BREATH, self._first) if too_fast else self._first)
        self._shut_until = self._seconds() + pause.total_seconds()

    def opened(self) -> None:
        """A connection was opened: all is well again."""
        self._failures = 0
        self._shut_until = 0.0

    def lost(self, reason: str) -> None:
        """A connection was lost, or the relay ended it: no letter went over it."""
        self._losses += 1
        # The worker's trouble is stored; a relay may repeat a reader's address.
        self._lost = _ADDRESS.sub("…", reason)

    def carried(self) -> None:
        """The relay took a letter, or said of one what becomes of it."""
        self._losses = 0
        if self._lock_step is None:
            # It was in lock-step that it did: so it stays, while this process lives.
            self._lock_step = True

    @property
    def trouble(self) -> str:
        """What keeps this relay from being used, in words; "" where nothing does."""
        if self.shut_for:
            return self._reason
        if self._losses < LOSSES_THAT_TELL:
            return ""
        where = f"{self.relay.host}:{self.relay.port}"
        return f"The relay {where} ended {self._losses} connections in a row: {self._lost}."
