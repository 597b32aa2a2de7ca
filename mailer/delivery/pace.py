"""Pace: whether a domain of recipients may be sent one more delivery now, over one relay.

Pure rules, without I/O and without a clock: moments are seconds on one that only goes forward.

1. Nothing is paced unless it is configured, for the relay or for the domain, or somebody else
   would be held up.
2. A domain that answers that we are too fast, or defers again and again, is left alone, then gets
   one connection, and twice as many after each ten replies; `rests` has for how long.
3. While other domains have work, a domain begins with two deliveries in transit, and gets twice
   as many with each round of prompt replies. One that answers slowly, beside the quickest, shares
   a twentieth of the relay's connections with all such; alone, it may have them all.

For each delivery `started` is called once, and then one of `answered`, `lost` and `not_sent`.
"""

from collections.abc import Mapping

from mailer.config import DomainLimit, Pace, Relay
from mailer.delivery.bucket import TokenBucket

RECOVER_AFTER = 10
FIRST_WINDOW = 2
SLOW_S = 0.5
SLOW_TIMES = 5.0
SLOW_SHARE = 0.05
HOLD_S = 0.25
"""How long it takes at most to notice that nobody would be held up any more."""
BUSY_S = 1.0
"""Who started a delivery this long ago still has work: the outbox is only between two claims."""
PUT_OFF_PACED_S = 60.0
PUT_OFF_SLOW_S = 20.0
FORGET_S = 10.0
_KNOWN_AT_LEAST = 2048

_UNLIMITED = 1 << 30
_WEIGHT = 0.25  # of the latest reply in the smoothed latency


class DomainPace:
    """What is known of one domain."""

    __slots__ = (
        "bucket", "held", "in_transit", "latency", "limit", "most", "promised", "silent_since",
        "silent_until", "slow", "successes", "touched", "waits", "window", "window_successes",
    )  # fmt: skip

    def __init__(self, limit: int, bucket: TokenBucket | None) -> None:
        self.limit = limit
        self.bucket = bucket
        self.most = limit
        """So many may be in transit: `limit`, or fewer while it recovers from being throttled."""
        self.held = bucket is not None or limit < _UNLIMITED
        """True where more than the window may keep it: what is usual asks nothing further."""
        self.in_transit = 0
        self.latency = -1.0
        self.window = FIRST_WINDOW
        self.window_successes = 0
        self.slow = False
        self.silent_until = 0.0
        self.successes = 0
        self.silent_since = 0.0
        """Since when it has owed us replies without giving one."""
        self.promised = 0.0
        self.touched = 0.0
        self.waits = False


class RelayPace:
    """All domains over one relay."""

    def __init__(self, relay: Relay, pace: Pace) -> None:
        self._connections = relay.connections
        self._per_minute = relay.messages_per_minute
        self._limits: Mapping[str, DomainLimit] = {limit.domain: limit for limit in pace.domain}
        self._workers = 1
        self._bucket = self._bucket_of(self._per_minute)
        self._domains: dict[str, DomainPace] = {}
        self._sweep_at = _KNOWN_AT_LEAST
        self._in_transit = 0
        self._slow_in_transit = 0
        self._slow_rest_until = 0.0
        # The smallest smoothed latency of this span of time and of the one before it.
        self._quickest = self._quickest_before = float("inf")
        self._span_ends = 0.0
        self._slow_from = SLOW_S
        self._quick_answered = float("-inf")
        # Who started last, when, and when anybody else did, of those that are not slow.
        self._quick: DomainPace | None = None
        self._quick_started = self._quick_started_by_others = float("-inf")
        self.freed: list[str] = []
        """Domains that had to wait for a reply, and got one; whoever asks empties it."""

    def __len__(self) -> int:
        return len(self._domains)

    def share_among(self, workers: int, now: float) -> None:
        """So many workers are alive: each takes its part of the messages a minute."""
        workers = max(1, workers)
        if workers == self._workers:
            return
        self._workers = workers
        if self._bucket is not None and self._per_minute is not None:
            self._bucket.change(*self._rate(self._per_minute), now)
        for domain, one in self._domains.items():
            limit = self._limit_of(domain)
            if one.bucket is not None and limit is not None and limit.messages_per_minute:
                one.bucket.change(*self._rate(limit.messages_per_minute), now)

    # Before a delivery

    def relay_wait(self, now: float) -> float:
        """Seconds until the relay may be given one more; 0.0 where it may be now."""
        return 0.0 if self._bucket is None else max(0.0, self._bucket.next_at(now) - now)

    def may_start(
        self, domain: str, now: float, others_waiting: bool, personal: bool = False
    ) -> float:
        """0.0 where `domain` may be sent one more now; else seconds until it is worth asking.

        Where it waits for a reply it may be sooner: then it comes into `freed`. `others_waiting`:
        there are deliveries to other domains. A personal letter waits for limits, not for others.
        """
        one = self._domains.get(domain)
        if one is None:
            return 0.0
        if one.held and (wait := self._held_for(one, now)):
            return wait
        if personal or (not one.in_transit and not one.slow):
            return 0.0
        if one.slow:
            # However long it is to rest: the others may be done sooner.
            return min(self._slow_wait(one, now), HOLD_S)
        if not others_waiting and one.in_transit == self._in_transit:
            return 0.0
        if one.in_transit >= one.window or self._owes(one, now):
            one.waits = True
            return HOLD_S
        return 0.0

    def is_slow(self, domain: str) -> bool:
        """Whether what is written behind a delivery to it would wait long for its turn."""
        one = self._domains.get(domain)
        return one is not None and one.slow

    def slots(self, domain: str, count: int, now: float) -> list[float]:
        """When each of `count` that wait will have its turn, as far as can be told; [] where
        nothing but a prompt reply is waited for.

        What is put off until its slot keeps its place before what is put off after it.
        """
        one = self._domains.get(domain)
        if one is None or not (one.held or one.slow):
            return []
        interval, longest, at = 0.0, PUT_OFF_PACED_S, now
        if one.held:
            at = max(at, one.silent_until)
            if one.bucket is not None:
                at, interval = max(at, one.bucket.next_at(now)), one.bucket.interval
            if one.most < _UNLIMITED:
                interval = max(interval, max(one.latency, 0.0) / one.most)
        if one.slow and (wait := self._slow_wait(one, now)):
            at = max(at, now + wait)
            interval = max(interval, one.latency / self._slow_connections)
            if not one.held:
                longest = PUT_OFF_SLOW_S
        end = max(now, one.silent_until) + longest
        slots = []
        for number in range(count):
            slot = at + number * interval
            if slot > now + BUSY_S:
                slot = min(end, max(slot, one.promised + interval))
                one.promised = slot
            slots.append(slot)
        return slots

    def started(self, domain: str, now: float) -> None:
        """A delivery to it is on its way."""
        one = self._domains.get(domain) or self._know(domain, now)
        if one.bucket is not None:
            one.bucket.reserve(now)
        if self._bucket is not None:
            self._bucket.reserve(now)
        if not one.in_transit:
            one.silent_since = now
        one.in_transit += 1
        one.touched = now
        self._in_transit += 1
        if one.slow:
            self._slow_in_transit += 1
        else:
            if one is not self._quick:
                self._quick_started_by_others = self._quick_started
                self._quick = one
            self._quick_started = now

    # After it

    def answered(self, domain: str, now: float, latency: float) -> None:
        """A reply to a delivery came, whatever it said; `latency`: seconds since its envelope was
        written, or since the reply before it on its connection, whichever was later."""
        one = self._arrived(domain, now)
        if one is None:
            return
        one.latency += (latency - one.latency) * (_WEIGHT if one.latency >= 0 else 1.0)
        if one.latency < self._quickest:
            self._quickest = one.latency
            self._compare()
        if now >= self._span_ends:
            self._quickest_before, self._quickest = self._quickest, one.latency
            self._span_ends = now + BUSY_S
            self._compare()
        if one.latency > self._slow_from:
            self._slow_down(one, now, latency)
        else:
            if one.slow:
                self._speed_up(one, now, latency)
            self._quick_answered = now
            one.window_successes += 1
            if one.window_successes >= one.window:
                one.window_successes = 0
                one.window = min(2 * one.window, _UNLIMITED)
        if one.most < one.limit and now >= one.silent_until:
            self._recover(one)

    def lost(self, domain: str, now: float) -> None:
        """A delivery's connection was lost: no reply will come."""
        self._arrived(domain, now)

    def not_sent(self, domain: str, now: float) -> None:
        """A delivery that had started goes back unsent; what it took of a rate is not returned,
        since others may have been told to come after it."""
        self._arrived(domain, now)

    def silence(self, domain: str, now: float, seconds: float) -> None:
        """It wants to be left alone: silence, and then one connection; besides `answered`."""
        one = self._domains.get(domain) or self._know(domain, now)
        one.silent_until = now + seconds
        one.most = 1
        one.successes = 0
        one.held = True

    # The rules

    def _held_for(self, one: DomainPace, now: float) -> float:
        if now < one.silent_until:
            return one.silent_until - now
        if one.in_transit >= one.most:
            one.waits = True
            return HOLD_S
        return 0.0 if one.bucket is None else max(0.0, one.bucket.next_at(now) - now)

    @property
    def _slow_connections(self) -> float:
        """How many of the relay's connections all slow domains have together, in the mean."""
        return SLOW_SHARE * self._connections

    def _slow_wait(self, one: DomainPace, now: float) -> float:
        # It was quick itself a moment ago: that would hold up nobody.
        others = self._quick_started_by_others if one is self._quick else self._quick_started
        if now - others > BUSY_S:
            return 0.0
        if self._slow_in_transit >= max(1, int(self._slow_connections)):
            one.waits = True
            return HOLD_S
        return max(0.0, self._slow_rest_until - now)

    def _owes(self, one: DomainPace, now: float) -> bool:
        """Whether it has not answered for long, while others did."""
        return (
            now - one.silent_since > self._slow_from
            and self._quick_answered > one.silent_since + self._slow_from / 2
        )

    def _compare(self) -> None:
        quickest = min(self._quickest, self._quickest_before)
        self._slow_from = max(SLOW_S, SLOW_TIMES * quickest)

    def _slow_down(self, one: DomainPace, now: float, latency: float) -> None:
        if not one.slow:
            one.slow = True
            self._slow_in_transit += one.in_transit
        one.window = FIRST_WINDOW
        one.window_successes = 0
        self._rest(now, latency)

    def _speed_up(self, one: DomainPace, now: float, latency: float) -> None:
        one.slow = False
        self._slow_in_transit -= one.in_transit
        self._rest(now, latency)

    def _rest(self, now: float, latency: float) -> None:
        """Have all slow domains rest until this reply has cost them no more than their share."""
        busy = latency / self._slow_connections
        self._slow_rest_until = max(self._slow_rest_until, now - latency) + busy

    def _recover(self, one: DomainPace) -> None:
        one.successes += 1
        if one.successes >= RECOVER_AFTER:
            one.successes = 0
            one.most *= 2
            if one.most >= min(one.limit, self._connections):
                one.most = one.limit
                one.held = one.bucket is not None or one.limit < _UNLIMITED

    def _arrived(self, domain: str, now: float) -> DomainPace | None:
        one = self._domains.get(domain)
        if one is None or not one.in_transit:
            return None
        one.in_transit -= 1
        one.silent_since = one.touched = now
        self._in_transit -= 1
        if one.slow:
            self._slow_in_transit -= 1
        if one.waits:
            one.waits = False
            self.freed.append(domain)
        return one

    # What is known

    def _know(self, domain: str, now: float) -> DomainPace:
        if len(self._domains) >= self._sweep_at:
            self._forget_idle(now)
        limit = self._limit_of(domain)
        if limit is None:
            one = DomainPace(_UNLIMITED, None)
        else:
            bucket = self._bucket_of(limit.messages_per_minute)
            one = DomainPace(limit.connections or _UNLIMITED, bucket)
        self._domains[domain] = one
        return one

    def _forget_idle(self, now: float) -> None:
        """Forget whom nothing was sent for long; whoever is limited is remembered meanwhile."""
        self._domains = {
            domain: one
            for domain, one in self._domains.items()
            if one.in_transit
            or now - one.touched < (PUT_OFF_PACED_S if one.slow else FORGET_S)
            or one.most < one.limit
            or (one.bucket is not None and one.bucket.next_at(now) > now)
        }
        self._sweep_at = max(_KNOWN_AT_LEAST, 2 * len(self._domains))

    def _limit_of(self, domain: str) -> DomainLimit | None:
        return self._limits.get(domain) or self._limits.get("*")

    def _bucket_of(self, per_minute: float | None) -> TokenBucket | None:
        return None if per_minute is None else TokenBucket(*self._rate(per_minute))

    def _rate(self, per_minute: float) -> tuple[float, int]:
        """A worker's part, a second, and as a burst what it may send in one second."""
        rate = per_minute / 60 / self._workers
        return rate, max(1, int(rate))
