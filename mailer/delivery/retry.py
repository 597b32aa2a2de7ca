"""When a delivery is tried again, and when it is given up: pure functions."""

from dataclasses import dataclass
from datetime import datetime, timedelta

GROWTH = 2.0
LONGEST = timedelta(hours=4)
JITTER = 0.2
RELAY_PAUSE_LONGEST = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again at `at`; None: give up."""

    at: datetime | None


def next_try(tries: int, now: datetime, first: timedelta, until: datetime, chance: float) -> Retry:
    """After `tries` tries: `first`, then twice as long each time up to four hours.

    `chance` is a random number from 0 to 1; it moves each delay by up to a fifth either way, so
    that what failed together does not come back together. Past `until` it is given up.
    """
    grown = min(first.total_seconds() * GROWTH ** min(tries - 1, 30), LONGEST.total_seconds())
    delay = max(grown, first.total_seconds()) * (1 + JITTER * (2 * chance - 1))
    at = now + timedelta(seconds=delay)
    return Retry(at if at <= until else None)


def relay_pause(failures: int, first: timedelta) -> timedelta:
    """How long a relay rests after `failures` failures in a row: doubling, to ten minutes."""
    longest = max(RELAY_PAUSE_LONGEST, first)
    seconds = min(first.total_seconds() * 2.0 ** min(failures - 1, 30), longest.total_seconds())
    return timedelta(seconds=seconds)
