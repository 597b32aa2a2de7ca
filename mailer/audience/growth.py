"""How a publication's list grew and shrank: who joined, who left, and how many that makes.

Each change of a subscription counts itself, in its own transaction, for its day (UTC). So the sum
of all days is the size of the list, and a plot of years reads a few hundred rows. On the list is
whoever reads or pauses.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.audience.models import ListDayRow
from mailer.audience.subscription import State
from mailer.database import upsert

ON_LIST = frozenset({State.ACTIVE, State.PAUSED})

Move = tuple[int, State | None, State | None]
"""A subscription to which publication, its state before, and its state after."""


@dataclass(frozen=True, slots=True)
class ListSize:
    """A span of days, its last one, who joined and left in it, and the size at its end."""

    until: date
    joined: int
    left: int
    size: int


def count_moves(session: Session, day: date, moves: Iterable[Move]) -> None:
    """Count who joined and left by `moves` that are made in this transaction.

    The last thing that a transaction does: the row of a day is what those of others wait for.
    """
    joined: Counter[int] = Counter()
    left: Counter[int] = Counter()
    for publication_id, before, after in moves:
        joined[publication_id] += before not in ON_LIST and after in ON_LIST
        left[publication_id] += before in ON_LIST and after not in ON_LIST
    for publication_id in sorted(joined):
        won, lost = joined[publication_id], left[publication_id]
        if not won and not lost:
            continue
        counted = upsert(session, ListDayRow).values(
            publication_id=publication_id, day=day, joined=won, left=lost
        )
        session.execute(
            counted.on_conflict_do_update(
                index_elements=[ListDayRow.publication_id, ListDayRow.day],
                set_={"joined": ListDayRow.joined + won, "left": ListDayRow.left + lost},
            )
        )


def list_size(session: Session, publication_id: int) -> int:
    """How many are on a publication's list."""
    return session.scalars(
        select(func.coalesce(func.sum(ListDayRow.joined - ListDayRow.left), 0)).where(
            ListDayRow.publication_id == publication_id
        )
    ).one()


def list_growth(
    session: Session, publication_id: int, until: date, *, spans: int, days: int
) -> list[ListSize]:
    """The last so many spans of so many days each, up to `until`, the oldest first."""
    first = until - timedelta(days=spans * days - 1)
    size = session.scalars(
        select(func.coalesce(func.sum(ListDayRow.joined - ListDayRow.left), 0)).where(
            ListDayRow.publication_id == publication_id, ListDayRow.day < first
        )
    ).one()
    found: dict[int, tuple[int, int]] = {}
    for row in session.scalars(
        select(ListDayRow).where(
            ListDayRow.publication_id == publication_id,
            ListDayRow.day >= first,
            ListDayRow.day <= until,
        )
    ):
        span = (row.day - first).days // days
        won, lost = found.get(span, (0, 0))
        found[span] = won + row.joined, lost + row.left
    told = []
    for span in range(spans):
        won, lost = found.get(span, (0, 0))
        size += won - lost
        told.append(ListSize(first + timedelta(days=(span + 1) * days - 1), won, lost, size))
    return told
