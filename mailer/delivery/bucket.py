"""A token bucket, which tells each that comes the moment at which it may go: pure, without a clock.

It is kept as the schedule of what was let go (the *generic cell rate algorithm* of ITU-T I.371),
not as a level that is filled up: there is nothing to top up, and a clock that stands still adds
nothing.
"""

from heapq import heappop, heappush


class TokenBucket:
    """Lets `burst` go at once, and `rate_per_s` a second in the long run.

    In any span of t seconds, ends included, at most `burst + rate_per_s * t` go. Moments are
    seconds on a clock that only goes forward.
    """

    __slots__ = ("_burst", "_count", "_freed", "_from", "_interval")

    def __init__(self, rate_per_s: float, burst: int = 1) -> None:
        if rate_per_s <= 0 or burst < 1:
            raise ValueError("a bucket needs a rate above 0, and a burst of 1 or more")
        self._interval = 1 / rate_per_s
        self._burst = burst
        # The schedule is `_from + _count * _interval`, so that adding often rounds only once.
        self._from = float("-inf")
        self._count = 0
        self._freed: list[float] = []

    @property
    def interval(self) -> float:
        """Seconds between two, once the burst is used up."""
        return self._interval

    def next_at(self, now: float) -> float:
        """The moment at which the next one may go; takes nothing."""
        while self._freed and self._freed[0] < now:
            heappop(self._freed)
        line = max(now, self._from + (self._count - self._burst + 1) * self._interval)
        return min(line, self._freed[0]) if self._freed else line

    def reserve(self, now: float) -> float:
        """The moment at which this one may go: `now`, or later; who comes next stands behind it."""
        at = self.next_at(now)
        if self._freed and self._freed[0] == at:
            return heappop(self._freed)
        if self._from + self._count * self._interval < at:
            self._from, self._count = at, 0
        self._count += 1
        return at

    def give_back(self, at: float) -> None:
        """Who reserved `at` does not go; until then another one may have that moment."""
        heappush(self._freed, at)

    def change(self, rate_per_s: float, burst: int, now: float) -> None:
        """Go on at another rate: what was reserved stands, what comes lines up behind it."""
        owed = max(0.0, (self._from + self._count * self._interval - now) / self._interval)
        self._interval, self._burst = 1 / rate_per_s, burst
        self._from, self._count = now + owed * self._interval, 0
