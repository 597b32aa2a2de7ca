"""A rota: whose turn it is among the domains that deliveries wait for, over one relay.

Domains take turns. One that may not start rests, until its time comes or until it is told that it
may be asked again; so that each turn costs the same, however many domains wait. A domain for which
nothing waits any more leaves when its turn comes.
"""

from collections import deque
from collections.abc import Callable, Collection
from heapq import heappop, heappush


class Rota:
    """The turns of those domains that stand in `waiting`."""

    def __init__(self, waiting: Collection[str]) -> None:
        self._waiting = waiting
        self._ready = deque(waiting)
        self._listed = set(waiting)
        self._alarms: list[tuple[float, str]] = []
        self.resting: dict[str, float] = {}
        """Which domains rest, and until when."""

    @property
    def anybody_ready(self) -> bool:
        return bool(self._ready)

    @property
    def soonest(self) -> float | None:
        """When the first of those that rest is to be asked again."""
        while self._alarms and self.resting.get(self._alarms[0][1]) != self._alarms[0][0]:
            heappop(self._alarms)
        return self._alarms[0][0] if self._alarms else None

    def add(self, domain: str) -> None:
        """Something waits for it, which there may have been before."""
        if domain not in self._listed:
            self._listed.add(domain)
            self._ready.append(domain)

    def wake(self, domain: str) -> None:
        """It may be asked again at once."""
        if self.resting.pop(domain, None) is not None:
            self._ready.append(domain)

    def turn(self, now: float, wait_of: Callable[[str], float]) -> str | None:
        """The domain whose turn it is, of those that need not wait; None where all do."""
        while (soonest := self.soonest) is not None and soonest <= now:
            self.wake(self._alarms[0][1])
        for _ in range(len(self._ready)):
            domain = self._ready.popleft()
            if domain not in self._waiting:
                self._listed.discard(domain)
                continue
            wait = wait_of(domain)
            if not wait:
                self._ready.append(domain)
                return domain
            self.resting[domain] = now + wait
            heappush(self._alarms, (now + wait, domain))
        return None
