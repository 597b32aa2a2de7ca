"""How a process that runs is told to end: SIGTERM and Ctrl-C, from its first moment on."""

import signal
import sys
from collections.abc import Callable
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Ending:
    """Listens for the signals from the moment that it is made.

    Until `then` says what follows, a signal ends the process at once with `status`: nothing was
    begun. The handler is Python's own and not the event loop's: it acts also while the loop waits
    for a lock of the database.
    """

    def __init__(self, status: int = 0) -> None:
        self._status = status
        self._then: Callable[[], None] | None = None
        self._before = {number: signal.signal(number, self._told) for number in SIGNALS}

    def then(self, what: Callable[[], None]) -> None:
        """Do this from now on when a signal comes."""
        self._then = what

    def close(self) -> None:
        """Listen no more."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _told(self, _number: int, _frame: FrameType | None) -> None:
        if self._then is None:
            sys.exit(self._status)
        self._then()
