"""How a process that runs is told to end: SIGTERM and Ctrl-C, from its first moment on."""

import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)
RUN_ON = frozenset({"serve", "web", "work"})
"""The commands that run until a signal ends them."""


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


_early: list[Ending] = []


def listen_early(arguments: Sequence[str]) -> None:
    """Listen before anything else is imported, where one of `RUN_ON` seems to be typed."""
    if RUN_ON.intersection(arguments):
        _early.append(Ending())


def no_command_of_these() -> None:
    """It was another command after all: signals do what they do."""
    while _early:
        _early.pop().close()
