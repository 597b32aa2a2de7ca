"""An editor's desk for tests: the sample listing, readers, and short ways to look at the ledger."""

import quopri
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, update

from mailer import audience, delivery
from mailer.config import Config
from mailer.database import Database, connect
from mailer.delivery import fan_out, tally
from mailer.delivery.claim import Claimed, claim
from mailer.delivery.disposition import Disposition, Verdict
from mailer.delivery.ledger import Ledger
from mailer.delivery.letters import compiled_letter
from mailer.delivery.message import MessageMaker
from mailer.delivery.models import CompiledLetterRow, DeliveryRow, MailingRow, TallyRow
from mailer.delivery.record import Outcome, doubt_of, outcome_of
from mailer.delivery.starting import compile_more
from mailer.delivery.states import HELD
from mailer.delivery.status import Status
from mailer.publication import Issue, ensure_first, find_issue, import_listing, parse_listing
from mailer.tokens import Signer
from tests.conftest import NOW

SAMPLE = Path("mailer/cli/demo/listing.txt").read_text(encoding="utf-8")
LEASE = timedelta(seconds=60)
UPDATES = 1
TAKEN = Disposition(Verdict.SENT, "250 2.0.0 kept", 250)


def at_once(url: str, *acts: Callable[[Database], object]) -> None:
    """Do these at the same moment, each on a thread and a database of its own."""
    ready = threading.Barrier(len(acts))

    def do(act: Callable[[Database], object]) -> None:
        with closing(connect(url)) as database:
            ready.wait()
            act(database)

    threads = [threading.Thread(target=do, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


def address(number: int) -> str:
    return f"reader{number:03}@example.org"


@dataclass(frozen=True)
class Desk:
    """One database with Updates 117 to 120, and those who work on it."""

    database: Database
    config: Config

    def subscribe(self, *addresses: str) -> list[int]:
        with self.database.write() as session:
            return [
                audience.add(
                    session,
                    one,
                    publication_id=UPDATES,
                    operator="test",
                    now=NOW,
                    name=one.partition("@")[0].capitalize(),
                ).subscriber_id
                for one in addresses
            ]

    def leave(self, *subscriber_ids: int) -> None:
        with self.database.write() as session:
            for one in subscriber_ids:
                audience.leave(session, one, UPDATES, method="link", network=None, now=NOW)

    @property
    def issue(self) -> Issue:
        with self.database.read() as session:
            return find_issue(session, UPDATES, 120)

    def rewrite(self, before: str, after: str) -> None:
        """Have an editor write something else into the listing, and bring it in again."""
        assert before in SAMPLE
        with self.database.write() as session:
            listing = parse_listing(SAMPLE.replace(before, after), "listing.txt", ["Update"])
            import_listing(session, listing, update=True, now=NOW, actor="ana")

    def pause(self) -> None:
        with self.database.write() as session:
            delivery.pause(session, self.issue, NOW, "ana")

    def resume(self, **how: Any) -> None:
        with self.database.write() as session:
            delivery.resume(session, self.config, self.issue, NOW, "ana", **how)

    def resume_corrected(self, now: datetime = NOW) -> bool:
        return delivery.resume_corrected(self.database, self.config, self.issue, now, "ana")

    def schedule(self, at: datetime, now: datetime = NOW) -> int:
        with self.database.write() as session:
            return delivery.schedule(session, self.config, self.issue, at, now, "ana")

    def begin(self, now: datetime = NOW) -> int:
        """Have Update 120 sending, nothing fanned out yet; the mailing's id."""
        mailing = self.schedule(now, now)
        assert delivery.start(self.database, self.config, mailing, now).won
        return mailing

    def fan_out(self, mailing: int, now: datetime = NOW) -> None:
        more = True
        while more:
            with self.database.write() as session:
                step = fan_out.fan_out_chunk(session, mailing, now)
            if step.lacks:
                compile_more(self.database, self.config, mailing, step.lacks, now)
            more = step.more

    def send(self, now: datetime = NOW) -> int:
        """Have Update 120 sending and fanned out; the mailing's id."""
        mailing = self.begin(now)
        self.fan_out(mailing, now)
        return mailing

    def claim(
        self, worker: str = "sender-a", limit: int = 1000, now: datetime = NOW
    ) -> list[Claimed]:
        with self.database.write() as session:
            return claim(session, worker, now, now.date(), LEASE, limit)

    def rows(self, *columns: Any) -> list[Any]:
        """Of every delivery, these columns, in the order of the ledger."""
        with self.database.read() as session:
            return list(session.execute(select(*columns).order_by(DeliveryRow.id)))

    def versions(self, mailing: int = 1) -> list[tuple[str, int]]:
        """Of every delivery its state, and which version of the letter it has."""
        with self.database.read() as session:
            found = session.execute(
                select(DeliveryRow.state, CompiledLetterRow.version)
                .join(CompiledLetterRow, CompiledLetterRow.id == DeliveryRow.letter_id)
                .where(DeliveryRow.mailing_id == mailing)
                .order_by(DeliveryRow.id)
            )
            return [(state, version) for state, version in found]

    def states(self) -> Counter[str]:
        return Counter(state for (state,) in self.rows(DeliveryRow.state))

    def mailing(self, mailing: int) -> MailingRow:
        with self.database.read() as session:
            return session.get_one(MailingRow, mailing)

    def status(self, now: datetime = NOW) -> Status:
        issue = self.issue
        with self.database.read() as session:
            return delivery.status_of(session, issue.id, issue.kind, now)

    def put(self, delivery_ids: Sequence[int], **values: Any) -> None:
        """Write into the ledger by hand, and count anew."""
        if "state" in values:
            held = values["state"] in HELD
            values = {"lease_until": NOW + LEASE if held else None, **values}
        with self.database.write() as session:
            session.execute(
                update(DeliveryRow).where(DeliveryRow.id.in_(delivery_ids)).values(**values)
            )
        self.count_anew()

    def count_anew(self) -> None:
        with self.database.write() as session:
            for mailing in session.scalars(select(MailingRow.id)).all():
                session.execute(delete(TallyRow).where(TallyRow.mailing_id == mailing))
                tally.tell(session, tally.BY_HAND, {mailing: tally.recount(session, mailing)})

    def commit(
        self, worker: str, entering: Sequence[int] = (), outcomes: Sequence[Outcome] = ()
    ) -> set[int]:
        """Have `worker` write into the ledger."""
        ledger = Ledger(self.database, worker)
        try:
            return ledger.commit(entering, outcomes)
        finally:
            ledger.close()

    def record(self, claimed: Sequence[Claimed], what: str = "sent") -> None:
        """Have the worker that holds these write that they were sent, or what it does in doubt."""
        self.commit("sender-a", [one.delivery_id for one in claimed])
        pace = self.config.pace
        self.commit(
            "sender-a",
            outcomes=[
                outcome_of(one, TAKEN, NOW, pace, 0.5)
                if what == "sent"
                else doubt_of(one, "closed", NOW, what, pace, 0.5)
                for one in claimed
            ],
        )

    def message(self, claimed: Claimed) -> bytes:
        """The message of a delivery, as it would go over the wire."""
        maker = MessageMaker(self.config, Signer(self.config.site.secret_key))
        return maker.make(compiled_letter(self.database, claimed.letter_id), claimed).content

    def words(self, claimed: Claimed) -> str:
        """What that message says, on one line."""
        return " ".join(quopri.decodestring(self.message(claimed)).decode().split())

    def require_true_tallies(self) -> None:
        """Fail where the tallies do not say what the ledger says."""
        with self.database.read() as session:
            mailings = session.scalars(select(MailingRow.id)).all()
            counted = tally.tallied(session, mailings)
            for mailing in mailings:
                assert counted[mailing] == tally.recount(session, mailing)


def furnish(database: Database, config: Config) -> Desk:
    """A desk with the sample listing and no reader."""
    with database.write() as session:
        ensure_first(session, "en", NOW)
        listing = parse_listing(SAMPLE, "listing.txt", ["Update"])
        import_listing(session, listing, update=False, now=NOW, actor="command")
    return Desk(database, config)
