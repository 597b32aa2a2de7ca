"""How fast mailings go out over this process: counted as outcomes are recorded, smoothed."""

import math
from collections import Counter
from collections.abc import Iterable
from heapq import nlargest

from mailer.delivery.record import Outcome
from mailer.delivery.states import FAILED, SENT

SMOOTHED_OVER_S = 10.0
"""What was done so long ago counts for a third of what is done now (1/e)."""
MOST_TOLD = 50
"""A confirmation is a mailing of its own: of very many at once, only the busiest are told."""

_DONE = (SENT, FAILED)


class Rates:
    """Counts messages that are done with: sent, or failed for good.

    A mailing's count and the seconds in which it came fade alike, so that the rate is right from
    the first second on. `now` is the clock that only goes forward.
    """

    def __init__(self, now: float) -> None:
        self._at = now
        self._new: Counter[int] = Counter()
        self._faded: dict[int, tuple[float, float]] = {}

    def count(self, outcomes: Iterable[Outcome]) -> None:
        self._new.update([outcome.mailing_id for outcome in outcomes if outcome.state in _DONE])

    def a_minute(self, now: float) -> dict[int, int]:
        """How many messages a minute went out of each mailing lately; a last 0 where none do."""
        seconds = max(0.001, now - self._at)
        fade = math.exp(-seconds / SMOOTHED_OVER_S)
        new, self._new, self._at = self._new, Counter(), now
        rates: dict[int, int] = {}
        for mailing_id in self._faded.keys() | new.keys():
            count, within = self._faded.get(mailing_id, (0.0, 0.0))
            count, within = count * fade + new[mailing_id], within * fade + seconds
            self._faded[mailing_id] = count, within
            rates[mailing_id] = round(60 * count / within)
            if not rates[mailing_id]:
                del self._faded[mailing_id]
        return dict(nlargest(MOST_TOLD, rates.items(), key=lambda rate: rate[1]))
