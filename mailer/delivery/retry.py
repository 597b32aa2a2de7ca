"""When a delivery is tried again, when it is given up, and when a domain rests: pure functions."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from mailer.delivery.disposition import Disposition, Fault, Verdict

GROWTH = 2.0
LONGEST = timedelta(hours=4)
JITTER = 0.2
RELAY_PAUSE_LONGEST = timedelta(minutes=10)
# The first pause of a relay that only gets too much at once, for `relay_pause`.
BREATH = timedelta(seconds=1)
DEFERRALS_THAT_TELL = 5
DOMAIN_REST_LONGEST = timedelta(hours=1)
# What a domain gets at least that says that we are too fast.
SILENCE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again at `at`; None: give up."""

    at: datetime | None


def next_try(tries: int, now: datetime, first: timedelta, until: datetime, chance: float) -> Retry:
    """After `tries` tries: `first`, then twice as long each time up to four hours.

    `chance` is a random number from 0 to 1; it moves each delay by up to a fifth either way, so
    that what failed together does not come back together.

    Where the next try would come past `until`, but `until` is at least two `first` away, there is
    one last try between one `first` and half of it before `until`: a grown delay must not cost a
    reader hours in which the letter could still arrive, and the rest of the time is for the queue.
    After that, and where less is left, it is given up.
    """
    at = now + _grown(tries, first, max(LONGEST, first), chance)
    if at <= until:
        return Retry(at)
    if until - now < 2 * first:
        return Retry(None)
    return Retry(until - first * (1 + chance) / 2)


def first_try(tries: int, due_at: datetime, first: timedelta) -> datetime:
    """About when the first of `tries` tries was, of what is due again at `due_at`."""
    spans = (_grown(one, first, max(LONGEST, first), 0.5) for one in range(1, tries + 1))
    return due_at - sum(spans, timedelta(0))


@dataclass(frozen=True, slots=True)
class DomainRest:
    """How a recipient's domain stands as a whole: deferrals and rests in a row.

    Nothing goes to a domain that rests, whatever its deliveries' own times say; when its rest is
    over a few are tried, and the first reply decides. The start is `DomainRest()`.
    """

    deferrals: int = 0
    rests: int = 0
    until: datetime | None = None

    def resting(self, now: datetime) -> bool:
        return self.until is not None and now < self.until

    def after(
        self, disposition: Disposition, tries: int, now: datetime, first: timedelta, chance: float
    ) -> Self:
        """How it stands after one more of its deliveries was judged, at its try number `tries`.

        After `DEFERRALS_THAT_TELL` deferrals in a row it rests for `first`, then after each
        deferral twice as long, up to an hour; "too fast" means a rest at once, of ten minutes or
        more. A letter taken, or refused for good, ends that.

        What says nothing of the domain changes nothing: what came without a reply, or from the
        relay; a fault of one mailbox; a policy's deferral of a first try, since greylisting
        (RFC 6647) defers every first try; and a reply that comes during a rest, since it answers
        what was on its way before (but for "too fast": ten minutes are counted anew).
        """
        verdict, too_fast = disposition.verdict, disposition.verdict is Verdict.THROTTLED
        if disposition.code is None:
            return self
        if self.until is not None and now < self.until:
            longer = max(self.until, now + SILENCE)
            return replace(self, until=longer) if too_fast else self
        if verdict in (Verdict.SENT, Verdict.FAILED):
            return type(self)()
        if too_fast:
            return self._rested(now, first, chance, SILENCE)
        greylisted = disposition.fault is Fault.POLICY and tries <= 1
        if verdict is not Verdict.DEFERRED or disposition.fault is Fault.MAILBOX or greylisted:
            return self
        if self.deferrals + 1 < DEFERRALS_THAT_TELL:
            return replace(self, deferrals=self.deferrals + 1)
        return self._rested(now, first, chance, timedelta(0))

    def _rested(self, now: datetime, first: timedelta, chance: float, least: timedelta) -> Self:
        rest = _grown(self.rests + 1, first, max(DOMAIN_REST_LONGEST, first), chance)
        return replace(
            self,
            deferrals=self.deferrals + 1,
            rests=self.rests + 1,
            until=now + max(rest, least),
        )


def relay_pause(failures: int, first: timedelta) -> timedelta:
    """How long a relay rests after `failures` failures in a row: doubling, to ten minutes."""
    return _grown(failures, first, max(RELAY_PAUSE_LONGEST, first), 0.5)


def _grown(times: int, first: timedelta, longest: timedelta, chance: float) -> timedelta:
    """`first`, twice as long each time up to `longest`, moved by `chance` a fifth either way."""
    seconds = min(first.total_seconds() * GROWTH ** min(times - 1, 30), longest.total_seconds())
    return timedelta(seconds=seconds * (1 + JITTER * (2 * chance - 1)))
