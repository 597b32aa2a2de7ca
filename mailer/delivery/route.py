"""A route: the relays that carry the letters of the same senders, and what waits for them.

1. Relays whose `senders` are the same are one route. A letter goes by the route that names its
   sender's address, else by the one that names its domain, else by the one that names nobody.
2. A route *feeds* its outbox: it claims about a second's work at a time, and no more while each of
   its relays is shut. Routes do not wait for each other.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime

import structlog
from sqlalchemy import ColumnElement, and_, literal, or_
from sqlalchemy.orm import Session

from mailer import clock, publication
from mailer.config import Config, Relay
from mailer.database import Database
from mailer.delivery import early
from mailer.delivery.claim import FOR_MANY, Marks, anything_due, claim
from mailer.delivery.courier import Courier
from mailer.delivery.gate import Gate
from mailer.delivery.load import Equipment
from mailer.delivery.models import MailingRow
from mailer.delivery.outbox import Outbox
from mailer.delivery.pace import RelayPace
from mailer.errors import WrongInput
from mailer.letter import parse_mailbox

MOST_CLAIMED = 2000
_MEASURE_S = 0.2

log = structlog.get_logger()

Senders = frozenset[str]


def routes(relays: Iterable[Relay]) -> dict[Senders, list[Relay]]:
    """The relays of each route, in their order, by the senders that it names."""
    found: dict[Senders, list[Relay]] = {}
    for relay in relays:
        found.setdefault(frozenset(relay.senders), []).append(relay)
    return found


def route_of(sender: str, among: Iterable[Senders]) -> Senders:
    """The route of a letter from `sender`, a mailbox like "Updates <updates@psg.example>"."""
    try:
        address = parse_mailbox(sender).address.lower()
    except WrongInput:
        # Preflight refuses it; the other letters must not wait for that.
        return frozenset()
    known = list(among)
    for name in (address, address[address.rindex("@") :]):
        for senders in known:
            if name in senders:
                return senders
    return frozenset()


def relays_for(config: Config, sender: str) -> Sequence[Relay]:
    """The relays that may carry a letter from `sender`."""
    by_senders = routes(config.relay)
    return by_senders[route_of(sender, by_senders)]


class Route:
    """Feeds its outbox, and hires the couriers that empty it; all on one event loop."""

    def __init__(
        self,
        database: Database,
        config: Config,
        worker: str,
        relays: Sequence[Relay],
        senders: Senders,
        now: Callable[[], datetime],
    ) -> None:
        self.outbox = Outbox(database, worker, self._today)
        self.gates = [Gate(one, config.pace.retry_first, time.monotonic) for one in relays]
        self.paces = [RelayPace(one, config.pace) for one in relays]
        self._database = database
        self._config = config
        self._worker = worker
        self._now = now
        self._senders = senders
        self._all_senders = tuple(routes(config.relay))
        self._connections = sum(relay.connections for relay in relays)
        self._marks = Marks()
        self._measured = (time.monotonic(), 0)
        self._recorded_a_second = 0

    def couriers(self, equipment: Equipment) -> list[Courier]:
        """One for each connection of each relay."""
        return [
            Courier(gate, pace, equipment)
            for gate, pace in zip(self.gates, self.paces, strict=True)
            for _ in range(gate.relay.connections)
        ]

    def all_shut(self) -> bool:
        return all(gate.shut_for for gate in self.gates)

    @property
    def trouble(self) -> str:
        """What keeps its relays from being used, in words; "" where nothing does."""
        return next((gate.trouble for gate in self.gates if gate.trouble), "")

    def feed(self) -> bool:
        """Claim when the outbox runs low, and letters to one person whether it does or not; returns
        whether it is worth doing it again at once."""
        self._measure()
        outbox = self.outbox
        enough = min(MOST_CLAIMED, max(2 * self._connections, self._recorded_a_second))
        outbox.low_water = enough // 2
        low = len(outbox) <= enough // 2
        room = (enough if low else 2 * enough) - len(outbox)
        if room <= 0 or self.all_shut():
            return False
        now = self._now()
        with self._database.read() as session:
            which = self._which(session)
            due = anything_due(session, now, which, personal_only=not low)
        return bool(due and self._claim(now, which, room, personal_only=not low) and low)

    def _claim(
        self, now: datetime, which: ColumnElement[bool] | None, limit: int, *, personal_only: bool
    ) -> int:
        asked = time.monotonic()
        with self._database.write(ahead=True) as session:
            for paused in early.pause_early(session, self._config.pace, now):
                log.warning("mailing_paused_itself", mailing=paused)
            claimed = claim(
                session,
                self._worker,
                now,
                self._today(),
                self._config.delivery.lease,
                limit,
                marks=self._marks,
                which=which,
                personal_only=personal_only,
            )
        self.outbox.put(claimed, asked)
        self.put_off()
        return len(claimed)

    def put_off(self) -> None:
        """What the pace of every relay in use keeps for long waits in the ledger, not here."""
        open_paces = [
            pace for gate, pace in zip(self.gates, self.paces, strict=True) if not gate.shut_for
        ]
        self.outbox.put_off(open_paces, time.monotonic(), self._now())

    def _which(self, session: Session) -> ColumnElement[bool] | None:
        """The mailings whose letters go by this route; None: all of them."""
        if len(self._all_senders) == 1:
            return None
        ours = self._config.mail.from_
        theirs: Mapping[int, str] = {
            one.id: one.sender or ours for one in publication.publications(session)
        }
        ids = [one for one, sender in theirs.items() if self._carries(sender)]
        for_many = MailingRow.kind.in_(FOR_MANY)
        return or_(
            and_(for_many, MailingRow.publication_id.in_(ids)),
            # Letters to one person are from the organisation.
            and_(~for_many, literal(self._carries(ours))),
        )

    def _carries(self, sender: str) -> bool:
        return route_of(sender, self._all_senders) == self._senders

    def _measure(self) -> None:
        at, recorded = time.monotonic(), self.outbox.settled
        before, recorded_before = self._measured
        if at - before >= _MEASURE_S:
            self._recorded_a_second = round((recorded - recorded_before) / (at - before))
            self._measured = (at, recorded)

    def _today(self) -> date:
        return clock.today(self._config.organisation.zone, self._now())
