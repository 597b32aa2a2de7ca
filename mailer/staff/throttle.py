"""Tries at the door: how many are free, and how long one waits after more.

A try is counted before it is looked at, in a transaction that others queue for; what was right is
taken back. So any number of guesses at once, from any number of processes, are as slow as one
after the other, and a restart forgets none. What is right is refused too while one has to wait:
else the wait would slow nobody down.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from mailer.database import upsert
from mailer.staff.keys import Keys
from mailer.staff.models import TriesRow


@dataclass(frozen=True, slots=True)
class Limit:
    """`free` tries, then a wait of `first`, which doubles with each more until it is `longest`."""

    free: int
    first: timedelta
    longest: timedelta


LIMITS: Mapping[str, Limit] = {
    # Who may really own the mailbox is kept out by somebody else's guesses for an hour at most,
    # and not at all from having a new password sent.
    "mailbox": Limit(5, timedelta(seconds=30), timedelta(hours=1)),
    # Three of a million codes are good at any moment: 24 guesses a day find one in 26 years.
    "code": Limit(5, timedelta(seconds=30), timedelta(hours=1)),
    # Of whoever is signed in, so that guesses from outside keep nobody from their own account.
    "own": Limit(5, timedelta(seconds=30), timedelta(hours=1)),
    # A whole office may stand behind one address.
    "network": Limit(30, timedelta(seconds=30), timedelta(minutes=15)),
    "letter": Limit(3, timedelta(minutes=5), timedelta(hours=6)),
}
FORGOTTEN_AFTER = timedelta(days=1)
# RFC 6177: a household has a /64 at least, and all of its addresses.
_HOUSEHOLD = 64


@dataclass(frozen=True, slots=True)
class Try:
    """One count that a try goes to: which limit holds, and for whom."""

    kind: str
    mark: bytes


def wait_after(limit: Limit, failures: int) -> timedelta:
    """How long the next try has to wait after so many in vain."""
    doubled = failures - limit.free
    if doubled < 0:
        return timedelta(0)
    # A double beyond any `longest`; more would overflow.
    return min(limit.longest, limit.first * (1 << min(doubled, 20)))


def tries(keys: Keys, network: str | None, **whose: str) -> list[Try]:
    """The counts of a try from `network`, like `tries(keys, network, mailbox="ana@…")`."""
    counted = [Try(kind, keys.mark(kind, who)) for kind, who in whose.items()]
    if network is not None:
        counted.append(Try("network", keys.mark("network", neighbourhood(network))))
    return sorted(counted, key=lambda one: one.mark)


def neighbourhood(network: str) -> str:
    """The addresses that one household or office tries from."""
    try:
        address = ip_address(network)
    except ValueError:
        return network
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ip_network((address, _HOUSEHOLD), strict=False))
    return str(address)


def count(session: Session, counted: Sequence[Try], now: datetime) -> timedelta:
    """Count a try, or say how long to wait before it is looked at; then nothing was counted."""
    _forget(session, now)
    for one in counted:
        # Where the row stands, this locks it, so that others wait here.
        session.execute(
            upsert(session, TriesRow)
            .values(mark=one.mark, failures=0, tried_at=now, not_before=now)
            .on_conflict_do_update(index_elements=["mark"], set_={"mark": one.mark})
        )
    rows = {
        row.mark: row
        for row in session.scalars(
            select(TriesRow)
            .where(TriesRow.mark.in_([one.mark for one in counted]))
            .execution_options(populate_existing=True)
        )
    }
    wait = max((row.not_before - now for row in rows.values()), default=timedelta(0))
    if wait > timedelta(0):
        return wait
    for one in counted:
        row = rows[one.mark]
        row.failures += 1
        row.tried_at = now
        row.not_before = now + wait_after(LIMITS[one.kind], row.failures)
    session.flush()
    return timedelta(0)


def _forget(session: Session, now: datetime) -> None:
    """Leave out what others are at: they would wait for us, and we for them."""
    old = select(TriesRow.mark).where(TriesRow.tried_at <= now - FORGOTTEN_AFTER)
    old = old.with_for_update(skip_locked=True)
    session.execute(delete(TriesRow).where(TriesRow.mark.in_(old)))


def failures(session: Session, one: Try) -> int:
    """How many tries in vain there were."""
    found = session.scalar(select(TriesRow.failures).where(TriesRow.mark == one.mark))
    return found or 0


def forgive(session: Session, counted: Sequence[Try], now: datetime) -> None:
    """The try was right: nothing is held against its owner; of a network, only this try."""
    for one in counted:
        this = TriesRow.mark == one.mark
        if one.kind == "network":
            session.execute(
                update(TriesRow)
                .where(this, TriesRow.failures > 0)
                .values(failures=TriesRow.failures - 1, not_before=now)
            )
        else:
            session.execute(delete(TriesRow).where(this))
