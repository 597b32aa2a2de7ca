"""Tallies: how many deliveries of a mailing stand where, counted as they move.

A mailing of a million is counted in no time, and the count is as true as the ledger: whoever moves
deliveries says so in the same transaction. Each worker adds to a row of its own, so that workers
do not wait for each other; the sum of the rows is what holds. Queued, claimed and in flight are
not counted: they are what is left of the audience.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from mailer.database import upsert
from mailer.delivery.models import DeliveryRow, TallyRow
from mailer.delivery.states import DEFERRED, FAILED, IN_DOUBT, SENT, SKIPPED

COUNTED_STATES = (DEFERRED, SENT, FAILED, SKIPPED, IN_DOUBT)
COUNTED = ("audience", *COUNTED_STATES, "doubts")

Changes = dict[int, Counter[str]]
"""For each mailing what came to, or was taken from, each of `COUNTED`."""

BY_HAND = ""
"""The teller of what no sender did: commands, pages, the schedule."""


def moved(
    changes: Changes, mailing_id: int, before: str, after: str, doubts: int = 0, times: int = 1
) -> None:
    """Note in `changes` that so many deliveries went from one state to another, with as many new
    doubts each."""
    change = changes.setdefault(mailing_id, Counter())
    if before in COUNTED_STATES:
        change[before] -= times
    if after in COUNTED_STATES:
        change[after] += times
    change["doubts"] += doubts * times


def tell(session: Session, worker: str, changes: Mapping[int, Mapping[str, int]]) -> None:
    """Add `changes` to what `worker` has told, in the transaction that moved the deliveries."""
    for mailing_id in sorted(changes):
        change = {name: count for name, count in changes[mailing_id].items() if count}
        if not change:
            continue
        added = upsert(session, TallyRow).values(mailing_id=mailing_id, worker=worker, **change)
        columns = {name: getattr(TallyRow, name) + added.excluded[name] for name in change}
        session.execute(
            added.on_conflict_do_update(index_elements=["mailing_id", "worker"], set_=columns)
        )


def tallied(session: Session, mailing_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """For each of these mailings what is counted, by the names in `COUNTED`."""
    wanted = list(mailing_ids)
    sums = [func.sum(getattr(TallyRow, name)) for name in COUNTED]
    rows = session.execute(
        select(TallyRow.mailing_id, *sums)
        .where(TallyRow.mailing_id.in_(wanted))
        .group_by(TallyRow.mailing_id)
    )
    found = {row[0]: dict(zip(COUNTED, map(int, row[1:]), strict=True)) for row in rows}
    return {one: found.get(one) or dict.fromkeys(COUNTED, 0) for one in wanted}


def measure(session: Session, worker: str, rates: Mapping[int, int], measured_at: datetime) -> None:
    """Say how many messages a minute `worker` sends of each mailing."""
    for mailing_id, rate in sorted(rates.items()):
        session.execute(
            update(TallyRow)
            .where(TallyRow.mailing_id == mailing_id, TallyRow.worker == worker)
            .values(rate=rate, measured_at=measured_at)
        )


def recount(session: Session, mailing_id: int) -> dict[str, int]:
    """What the tallies ought to say, from the ledger itself: slow where the mailing is large."""
    counts = dict.fromkeys(COUNTED, 0)
    for state, count, doubts in session.execute(
        select(DeliveryRow.state, func.count(), func.sum(DeliveryRow.doubts))
        .where(DeliveryRow.mailing_id == mailing_id)
        .group_by(DeliveryRow.state)
    ):
        counts["audience"] += count
        counts["doubts"] += int(doubts or 0)
        if state in COUNTED_STATES:
            counts[state] = count
    return counts
