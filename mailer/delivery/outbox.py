"""The outbox: what this process has claimed and not begun; at most a second's work or two.

1. Deliveries wait in lanes, one for each domain of recipients; and those of personal letters in
   lanes of their own, which come first.
2. A courier asks for the `next` one that its relay's pace lets go: domains take turns.
3. Where there is none it `rests`, and is called when something came, or a lane's time did.
4. What cannot start for longer than a second goes back into the ledger, due when it can.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from datetime import date, datetime, timedelta
from functools import partial
from math import ceil
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from mailer.database import Database, database_error
from mailer.delivery.claim import FOR_MANY, Claimed, put_off, release, still_sendable
from mailer.delivery.pace import RelayPace
from mailer.delivery.rota import Rota

STALE_AFTER_S = 1.5
"""What was claimed this long ago goes back: whoever left since must not be sent the letter."""
KEPT_S = 1.0
"""What can start within this waits here; the rest waits in the ledger."""
_TICKS_A_SECOND = 4

log = structlog.get_logger()

Lanes = dict[str, deque[Claimed]]
Later = Callable[[float, Callable[[], None]], Any]


def _on_the_loop(seconds: float, call: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(seconds, call)


class Outbox:
    """Filled by the sender's claims, emptied by its couriers; all on one event loop.

    `day` is the civil date of the moment, by which pauses of readers end; `later` calls back after
    so many seconds.
    """

    def __init__(
        self,
        database: Database,
        worker: str,
        day: Callable[[], date],
        later: Later = _on_the_loop,
    ) -> None:
        self._database = database
        self._day = day
        self._worker = worker
        self._later = later
        self._personal: Lanes = {}
        self._for_many: Lanes = {}
        self._rotas: dict[RelayPace | None, tuple[Rota, Rota]] = {}
        self._resting: dict[RelayPace | None, deque[Callable[[], None]]] = {}
        self._alarms: dict[RelayPace | None, float] = {}
        self._waiting = 0
        self._asked: dict[int, float] = {}
        self.settled = 0
        """How many that it held are over."""
        self.low_water = 0
        self.taken = asyncio.Event()
        """Set when so little is left as `low_water`: there is room for more."""

    def __len__(self) -> int:
        return self._waiting

    @property
    def held(self) -> Set[int]:
        """What this process holds and knows of: waiting here, or in the hands of a courier."""
        return self._asked.keys()

    def put(self, claimed: Sequence[Claimed], asked: float) -> None:
        """Take in what was claimed; at `asked`, on the clock that only goes forward, or later, each
        reader was looked at."""
        for delivery in claimed:
            # One that we hold comes again where its outcome is written and we have not heard so.
            if delivery.delivery_id not in self._asked:
                self._asked[delivery.delivery_id] = asked
                self._line_up(delivery)
        for pace in self._resting:
            self._call(pace, len(claimed))

    def _line_up(self, delivery: Claimed) -> None:
        for_many = delivery.sending.kind in FOR_MANY
        lanes = self._for_many if for_many else self._personal
        domain = delivery.recipient.domain
        lane = lanes.get(domain)
        if lane is None:
            lane = lanes[domain] = deque()
            for rotas in self._rotas.values():
                rotas[for_many].add(domain)
        lane.append(delivery)
        self._waiting += 1

    # For couriers

    def next(self, pace: RelayPace | None, now: float) -> Claimed | None:
        """The delivery that may start now over the relay whose `pace` this is, and has by that;
        None where there is none. What is taken is told to the pace in the end."""
        if not self._waiting or (pace is not None and pace.relay_wait(now)):
            return None
        personal, for_many = self._rotas_of(pace)
        if pace is not None and pace.freed:
            for freed in pace.freed:
                personal.wake(freed)
                for_many.wake(freed)
            pace.freed.clear()
        for rota, lanes in ((personal, self._personal), (for_many, self._for_many)):
            if not lanes:
                continue
            wait_of = self._wait_over(pace, now, personal=lanes is self._personal)
            while (domain := rota.turn(now, wait_of)) is not None:
                lane = lanes[domain]
                if now - self._asked.get(lane[0].delivery_id, 0.0) > STALE_AFTER_S:
                    self._give_back_stale(now)
                    continue
                delivery = lane.popleft()
                if not lane:
                    del lanes[domain]
                self._waiting -= 1
                if pace is not None:
                    pace.started(domain, now)
                if self._waiting <= self.low_water:
                    self.taken.set()
                if self._resting.get(pace) and (personal.anybody_ready or for_many.anybody_ready):
                    self._call(pace, 1)
                return delivery
        return None

    def _wait_over(
        self, pace: RelayPace | None, now: float, personal: bool
    ) -> Callable[[str], float]:
        if pace is None:
            return _no_wait
        others = len(self._personal) + len(self._for_many) > 1
        return lambda domain: pace.may_start(domain, now, others, personal)

    def _rotas_of(self, pace: RelayPace | None) -> tuple[Rota, Rota]:
        rotas = self._rotas.get(pace)
        if rotas is None:
            rotas = self._rotas[pace] = (Rota(self._personal), Rota(self._for_many))
        return rotas

    def soonest(self, pace: RelayPace | None, now: float) -> float | None:
        """Seconds until something that waits may start over this relay; None where nothing does."""
        if not self._waiting:
            return None
        rotas = self._rotas_of(pace)
        if any(rota.anybody_ready for rota in rotas):
            at = now
        else:
            at = min((rota.soonest for rota in rotas if rota.soonest is not None), default=now)
        return max(0.0, at - now, 0.0 if pace is None else pace.relay_wait(now))

    def rest(self, pace: RelayPace | None, call: Callable[[], None], now: float) -> None:
        """Nothing is there for a courier: `call` it, once, when it is worth asking again."""
        self._resting.setdefault(pace, deque()).append(call)
        self._set_alarm(pace, now)

    def stop_resting(self, pace: RelayPace | None, call: Callable[[], None]) -> None:
        """Do not call it any more; nothing where it was called."""
        if call in (resting := self._resting.get(pace, ())):
            resting.remove(call)  # type: ignore[union-attr]

    def _set_alarm(self, pace: RelayPace | None, now: float) -> None:
        seconds = self.soonest(pace, now)
        # What is ready, and was not taken, is somebody else's who was called for it.
        if seconds and not now < self._alarms.get(pace, 0.0) <= now + seconds:
            self._alarms[pace] = now + seconds
            self._later(seconds, partial(self._ring, pace, now + seconds))

    def _ring(self, pace: RelayPace | None, at: float) -> None:
        if self._alarms.get(pace) == at:
            del self._alarms[pace]
        self._call(pace, 1)

    def _call(self, pace: RelayPace | None, couriers: int) -> None:
        resting = self._resting.get(pace, ())
        for _ in range(min(couriers, len(resting))):
            self._later(0.0, resting.popleft())  # type: ignore[union-attr]

    def pass_on(self, pace: RelayPace | None) -> None:
        """Somebody was called who needs nothing: call another."""
        self._call(pace, 1)

    # Back into the ledger

    def is_stale(self, delivery: Claimed) -> bool:
        """Whether its reader was looked at too long ago to be sent it without another look."""
        asked = self._asked.get(delivery.delivery_id, 0.0)
        return time.monotonic() - asked > STALE_AFTER_S

    def look_again(self, delivery: Claimed) -> bool:
        """Whether a delivery may still be sent; its reader is asked about where that is old."""
        if not self.is_stale(delivery):
            return True
        asked = time.monotonic()
        try:
            with self._database.read() as session:
                sendable = still_sendable(session, delivery, self._day())
        except SQLAlchemyError as error:
            log.error("database_trouble", reason=str(database_error(error)))
            return False
        if sendable and delivery.delivery_id in self._asked:
            self._asked[delivery.delivery_id] = asked
        return sendable

    def _give_back_stale(self, now: float) -> None:
        """Let all that waits and is old be claimed anew, which looks again."""
        old = now - STALE_AFTER_S
        self.give_back(self._remove(lambda one: self._asked.get(one.delivery_id, 0.0) < old))

    def forget(self, delivery_ids: Iterable[int]) -> None:
        """These are not held any more: their outcome is written, or somebody else took them."""
        for delivery_id in delivery_ids:
            self._asked.pop(delivery_id, None)

    def settle(self, delivery_ids: Iterable[int]) -> None:
        """Of these the outcome is written; nothing where it holds none of them."""
        before = len(self._asked)
        self.forget(delivery_ids)
        self.settled += before - len(self._asked)

    def give_back(self, deliveries: Sequence[Claimed]) -> None:
        """Let others have what was claimed and not begun."""
        if deliveries:
            ids = [delivery.delivery_id for delivery in deliveries]
            self.attempt(lambda session: release(session, self._worker, ids))
            self.forget(ids)

    def empty(self) -> None:
        """Give back everything that waits here."""
        self.give_back(self._remove(lambda _: True))

    def put_off(self, paces: Sequence[RelayPace], now: float, clock: datetime) -> int:
        """Give back what none of `paces`, those of the relays in use, lets start within a second;
        returns how many. To be called after each claim, and now and then."""
        groups = self.too_long(paces, now, clock)

        def write(session: Session) -> None:
            for due_at, ids in groups.items():
                put_off(session, self._worker, ids, due_at)

        if groups:
            self.attempt(write)
            for ids in groups.values():
                self.forget(ids)
        return sum(map(len, groups.values()))

    def too_long(
        self, paces: Sequence[RelayPace], now: float, clock: datetime
    ) -> dict[datetime, list[int]]:
        """Take out what cannot start within a second: when it is due → which; `clock` is now."""
        groups: dict[datetime, list[int]] = {}
        for lanes, domain in list(self._kept_waiting(paces)):
            lane = lanes[domain]
            slots = min(pace.slots(domain, len(lane), now) for pace in paces)
            kept = sum(slot <= now + KEPT_S for slot in slots) if slots else len(lane)
            # The first keep their places, and come back before the last.
            for slot in slots[kept:]:
                ticks = ceil((slot - now) * _TICKS_A_SECOND)
                due_at = clock + timedelta(seconds=ticks / _TICKS_A_SECOND)
                groups.setdefault(due_at, []).append(lane[kept].delivery_id)
                del lane[kept]
                self._waiting -= 1
            if not lane:
                del lanes[domain]
        return groups

    def _kept_waiting(self, paces: Sequence[RelayPace]) -> Iterator[tuple[Lanes, str]]:
        """The lanes that rest over each of these relays."""
        if paces:
            for for_many, lanes in enumerate((self._personal, self._for_many)):
                one, *others = (self._rotas_of(pace)[for_many].resting for pace in paces)
                for domain in one:
                    if domain in lanes and all(domain in other for other in others):
                        yield lanes, domain

    def _remove(self, which: Callable[[Claimed], bool]) -> list[Claimed]:
        removed = []
        for lanes in (self._personal, self._for_many):
            for domain, lane in list(lanes.items()):
                gone = [delivery for delivery in lane if which(delivery)]
                if gone:
                    removed += gone
                    left = [delivery for delivery in lane if not which(delivery)]
                    lane.clear()
                    lane.extend(left)
                    if not lane:
                        del lanes[domain]
        self._waiting -= len(removed)
        return removed

    def attempt(self, change: Callable[[Session], Any]) -> None:
        """Make a change whose failure costs nothing but time: leases run out by themselves."""
        try:
            with self._database.write() as session:
                change(session)
        except SQLAlchemyError as error:
            log.error("database_trouble", reason=str(database_error(error)))


def _no_wait(_domain: str) -> float:
    return 0.0
