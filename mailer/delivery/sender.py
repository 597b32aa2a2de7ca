"""The sender: keeps connections to the relays busy with what the ledger has waiting.

1. On SQLite it waits for the sender's lock; then it frees what workers before it left behind.
2. Each *route*, which is the relays for some senders, claims about a second's work at a time, and
   no more while its relays are shut.
3. *Couriers*, one for each connection, transmit and say in the *book* what became of each
   delivery; the book commits it, for all of them together.
4. It *fans out* mailings that have begun, chunk by chunk, beside the sending.
5. It *keeps*: says each second that it is alive and how fast it sends, renews the leases of what
   it knows to hold, frees what others left behind, and marks mailings that are done; where the
   clock was put back, it brings forward what would wait for the old time.
6. `stop()` ends it in order: nothing more is claimed, what waits is given back, replies are
   awaited for eight seconds and recorded; what is unanswered then is in doubt.
"""

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence, Set
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from mailer import clock
from mailer.config import Config, is_loopback
from mailer.database import Database, database_error
from mailer.delivery import fan_out, mailing, recover, starting, tally
from mailer.delivery.book import Book
from mailer.delivery.courier import Courier, rested
from mailer.delivery.ledger import Ledger
from mailer.delivery.letters import compiled_letter
from mailer.delivery.load import Equipment
from mailer.delivery.lock import SenderLock
from mailer.delivery.message import MessageMaker
from mailer.delivery.rests import Rests
from mailer.delivery.route import Route, routes
from mailer.delivery.shares import Shares
from mailer.delivery.stepped import bring_forward
from mailer.delivery.unsent import end_overdue
from mailer.letter import CompiledLetter
from mailer.tokens import Signer

OVERDUE_AT_ONCE = 2000
BROUGHT_FORWARD_AT_ONCE = 2000
POLL_S = 0.25
CLOCK_S = 0.1
KEEP_S = 1.0
LOCK_S = 1.0
LAST_REPLIES_S = 8.0
LAST_WRITING_S = 0.5
_LETTERS_KEPT = 64

log = structlog.get_logger()


def worker_name(task: str) -> str:
    """A name for a process that works on the ledger, unlike any other's."""
    return f"{task}-{socket.gethostname()[:24]}-{os.getpid()}-{secrets.token_hex(4)}"


class Sender:
    """Sends until it is stopped. Everything runs on one event loop, on one thread."""

    def __init__(self, database: Database, config: Config) -> None:
        self.worker = worker_name("sender")
        self._database = database
        self._config = config
        self._clock: Callable[[], datetime] = clock.now
        self._behind = timedelta(0)
        self._stopping = asyncio.Event()
        self._replies_until: float | None = None
        self._lock = SenderLock(database.sqlite_file) if database.is_sqlite else None
        self._ledger = Ledger(database, self.worker)
        self._book = Book(self._ledger, self._settled)
        self._routes = [
            Route(database, config, self.worker, relays, senders, self._now)
            for senders, relays in routes(config.relay).items()
        ]
        self._kept_at = self._now()
        self._put_back = False
        self._couriers: list[Courier] = []

    async def run(self) -> None:
        """Send until `stop()`."""
        told = False
        while self._lock is not None and not self._lock.take():
            if not told:
                log.info("another_process_sends", waiting_for=str(self._lock.path))
                told = True
            if await rested(LOCK_S, self._stopping):
                return
        try:
            await self._send()
        finally:
            if self._lock is not None:
                self._lock.release()

    def stop(self) -> None:
        """End in order; to be called on the loop's thread."""
        self._stopping.set()
        self._replies_until = time.monotonic() + LAST_REPLIES_S

    async def _send(self) -> None:
        log.info("sender_started", worker=self.worker)
        for relay in self._config.relay:
            if relay.security == "none" and not is_loopback(relay.host):
                log.warning("relay_without_tls", host=relay.host, remedy="use starttls or tls")
        chores = [
            asyncio.create_task(self._again_and_again(chore, every))
            for chore, every in self._chores()
        ]
        self._couriers = self._hired()
        couriers = [asyncio.create_task(courier.carry()) for courier in self._couriers]
        told = asyncio.create_task(self._stopping.wait())
        await asyncio.wait((told, *chores, *couriers), return_when=asyncio.FIRST_COMPLETED)
        broken = [task for task in (*chores, *couriers) if task.done() and task.exception()]
        told.cancel()
        await self._end(chores, couriers)
        for task in broken:
            # A bug. Crash early: leases and the next sender make good what it left behind.
            task.result()

    def _chores(self) -> list[tuple[Callable[[], Coroutine[Any, Any, None]], float]]:
        """What is done again and again beside the sending, and after how many seconds."""
        return [
            (self._keep, self._keep_s),
            (self._fan_out, POLL_S),
            (self._look_at_the_clock, CLOCK_S),
            *((partial(self._feed, route), 0.0) for route in self._routes),
        ]

    async def _end(
        self, chores: Sequence["asyncio.Task[None]"], couriers: Sequence["asyncio.Task[None]"]
    ) -> None:
        """Claim nothing more, give back what waits, await the last replies, record them."""
        if self._replies_until is None:
            self.stop()
        assert self._replies_until is not None
        for chore in chores:
            chore.cancel()
        await asyncio.gather(*chores, return_exceptions=True)
        for route in self._routes:
            route.outbox.empty()
        for courier in self._couriers:
            courier.go_home()
        _, unanswered = await asyncio.wait(
            couriers, timeout=max(0.0, self._replies_until - time.monotonic())
        )
        for late in unanswered:
            late.cancel()
        await asyncio.gather(*couriers, return_exceptions=True)
        try:
            async with asyncio.timeout(LAST_WRITING_S):
                await self._book.written()
        except TimeoutError:
            log.error("ledger_not_written_at_the_end", reason=self._book.trouble,
                      deliveries=self._book.unwritten)  # fmt: skip
        self._routes[0].outbox.attempt(
            lambda session: recover.say_ended(session, self.worker, self._now())
        )
        self._ledger.close()
        log.info("sender_ended", worker=self.worker, unanswered=len(unanswered))

    def _hired(self) -> list[Courier]:
        config, database = self._config, self._database
        maker = MessageMaker(config, Signer(config.site.secret_key, config.site.old_secret_keys))
        letter: Callable[[int], CompiledLetter] = lru_cache(_LETTERS_KEPT)(
            lambda letter_id: compiled_letter(database, letter_id)
        )
        rests = Rests([pace for route in self._routes for pace in route.paces],
                      config.pace.retry_first)  # fmt: skip
        return [
            courier
            for route in self._routes
            for courier in route.couriers(
                Equipment(
                    route.outbox,
                    self._book,
                    maker,
                    letter,
                    self._now,
                    time.monotonic,
                    config.pace,
                    config.delivery.in_doubt,
                    route.all_shut,
                    Shares(route.gates),
                    rests,
                )
            )
        ]

    def _settled(self, delivery_ids: Iterable[int]) -> None:
        ids = list(delivery_ids)
        for route in self._routes:
            route.outbox.settle(ids)

    @property
    def _held(self) -> Set[int]:
        """What this process holds and knows of."""
        first, *others = (route.outbox.held for route in self._routes)
        return first if not others else frozenset(first).union(*others)

    async def _again_and_again(
        self, chore: Callable[[], Coroutine[Any, Any, None]], every: float
    ) -> None:
        """Do a chore until cancelled; trouble with the database is told, and tried again."""
        while True:
            try:
                await chore()
            except SQLAlchemyError as error:
                log.error("database_trouble", reason=str(database_error(error)))
                await asyncio.sleep(min(1.0, self._keep_s))
            await asyncio.sleep(every)

    async def _keep(self) -> None:
        in_doubt, lease = self._config.delivery.in_doubt, self._config.delivery.lease
        with self._database.write(ahead=True) as session:
            now = self._told_the_time(session)
            self._put_back = self._put_back or now < self._kept_at
            self._kept_at = now
            recover.say_alive(session, self.worker, now, self._trouble())
            tally.measure(session, self.worker, self._book.rates.a_minute(time.monotonic()), now)
            held = self._held
            recover.renew(session, self.worker, held, now + lease, now + lease / 2)
            freed = recover.free_unknown(session, self.worker, held, now, in_doubt)
            sole = self._lock is not None
            freed += recover.recover(session, now, in_doubt, worker=self.worker, sole_sender=sole)
            late = self._bring_forward(session, now) if self._put_back else 0
            alive = recover.alive(session, now)
            overdue = end_overdue(session, now, self.worker, OVERDUE_AT_ONCE)
            finished = recover.finish(session, now)
            cancelled = recover.cancelled_with_rest(session)
        self._put_back = late == BROUGHT_FORWARD_AT_ONCE
        for route in self._routes:
            for pace in route.paces:
                pace.share_among(alive, time.monotonic())
        if freed:
            log.warning("freed_what_a_worker_left_behind", deliveries=freed)
        if overdue:
            log.warning("time_is_up", deliveries=overdue)
        for mailing_id in finished:
            log.info("mailing_sent", mailing=mailing_id)
        for mailing_id in cancelled:
            mailing.skip_some(self._database, mailing_id, now)

    def _now(self) -> datetime:
        return self._clock() + self._behind

    def _told_the_time(self, session: Session) -> datetime:
        """On PostgreSQL the database's clock holds: a machine whose own is ahead of the others'
        would take their leases for over, and send what they have on the wire."""
        if not self._database.is_sqlite:
            self._behind = session.scalars(select(func.clock_timestamp())).one() - self._clock()
        return self._now()

    def _bring_forward(self, session: Session, now: datetime) -> int:
        log.warning("clock_put_back", now=now.isoformat())
        first, lease = self._config.pace.retry_first, self._config.delivery.lease
        return bring_forward(session, now, first, lease, BROUGHT_FORWARD_AT_ONCE)

    @property
    def _keep_s(self) -> float:
        """Seconds from one keeping to the next: of each lease three quarters are in reserve."""
        return min(KEEP_S, self._config.delivery.lease.total_seconds() / 4)

    def _trouble(self) -> str:
        return self._book.trouble or next(
            (route.trouble for route in self._routes if route.trouble), ""
        )

    async def _feed(self, route: Route) -> None:
        """Have a route claim; look four times a second where there is no work."""
        if not route.feed():
            route.outbox.taken.clear()
            await rested(POLL_S, route.outbox.taken)

    async def _look_at_the_clock(self) -> None:
        now = time.monotonic()
        if (writing := self._book.writing) is not None and writing.done():
            writing.result()
        for courier in self._couriers:
            courier.look_at_the_clock(now)
        for route in self._routes:
            route.put_off()

    async def _fan_out(self) -> None:
        with self._database.read() as session:
            begun = fan_out.unfanned(session)
        for mailing_id in begun:
            more = True
            while more:
                with self._database.write(ahead=True) as session:
                    step = fan_out.fan_out_chunk(
                        session,
                        mailing_id,
                        self._now(),
                        self.worker,
                        self._config.delivery.seeds,
                    )
                if step.lacks:
                    # A letter takes longer to compile than the connections should wait.
                    await asyncio.to_thread(
                        starting.compile_more,
                        self._database,
                        self._config,
                        mailing_id,
                        step.lacks,
                        self._now(),
                    )
                more = step.more
                await asyncio.sleep(0)
