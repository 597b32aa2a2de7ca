"""Rests: which domains of recipients keep putting us off, and how long each is left alone for it.

What one relay hears of a domain holds for all relays: it is the domain that speaks.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from mailer.delivery.disposition import Disposition, Verdict
from mailer.delivery.pace import RelayPace
from mailer.delivery.retry import DomainRest

_FORGOTTEN_ABOVE = 10_000


class Rests:
    """Judges the replies of each domain in a row, and tells the relays' paces of its rests.

    `first` is a domain's first rest. Moments are seconds on a clock that only goes forward.
    """

    def __init__(self, paces: Sequence[RelayPace], first: timedelta) -> None:
        self._paces = paces
        self._first = first
        self._rests: dict[str, DomainRest] = {}

    def judged(
        self, domain: str, disposition: Disposition, tries: int, now: float, chance: float
    ) -> float:
        """One more of its deliveries was judged, at its try number `tries`; returns the seconds
        that the domain rests from now on because of it, 0.0 where it does not."""
        before = self._rests.get(domain)
        if disposition.verdict is Verdict.SENT and before is None:
            return 0.0
        moment = datetime.fromtimestamp(now, UTC)
        after = (before or DomainRest()).after(disposition, tries, moment, self._first, chance)
        if after == DomainRest():
            self._rests.pop(domain, None)
            return 0.0
        self._remember(domain, after, moment)
        if after.until is None or (before is not None and before.until == after.until):
            return 0.0
        seconds = (after.until - moment).total_seconds()
        for pace in self._paces:
            pace.silence(domain, now, seconds)
        return seconds

    def _remember(self, domain: str, rest: DomainRest, moment: datetime) -> None:
        if len(self._rests) >= _FORGOTTEN_ABOVE:
            self._rests = {one: its for one, its in self._rests.items() if its.resting(moment)}
        self._rests[domain] = rest
