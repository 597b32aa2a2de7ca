"""How a mailing went: delivered over time, by domain, and how often it took more than one try.

1. The whole ledger of the mailing is read, in a handful of aggregate statements. Of a short one
   that is done at once; of a long one `count_course` does it apart and keeps the figures.
2. Figures are out of date where the tallies have moved since; then they are counted again.
3. The times are counted by the second, and drawn together into `BUCKETS` at most.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, select
from sqlalchemy.orm import Session

from mailer import audience
from mailer.database import Database
from mailer.delivery import figures
from mailer.delivery.models import DeliveryRow, MailingRow
from mailer.delivery.states import DEFERRED, FAILED, IN_DOUBT, SENT
from mailer.delivery.tally import tallied

BUCKETS = 48
WIDTHS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
"""How long a bucket may be: what people count time in."""
DOMAINS = 12


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many letters were accepted in the seconds from `after_s` on, since the start."""

    after_s: int
    sent: int


@dataclass(frozen=True, slots=True)
class DomainCourse:
    """How the letters to one domain stand."""

    domain: str
    sent: int
    deferred: int
    failed: int
    in_doubt: int


@dataclass(frozen=True, slots=True)
class Course:
    """How a mailing went, as of `counted_at`.

    `half_s` and `most_s` are the seconds until half, and until 95 of 100, of what was sent was
    sent; None where nothing was. `again` of the letters that were sent took more than one try.
    `domains` are those with most letters, `other_domains` all others together.
    """

    counted_at: datetime
    width_s: int
    buckets: tuple[Bucket, ...]
    half_s: int | None
    most_s: int | None
    again: int
    domains: tuple[DomainCourse, ...]
    other_domains: DomainCourse | None


def course_of(session: Session, mailing_id: int, now: datetime) -> tuple[Course | None, bool]:
    """How a mailing went so far, and whether that is out of date.

    The course is None where it is too long to be counted in passing, and nobody has counted it.
    """
    counts = tallied(session, [mailing_id])[mailing_id]
    if counts["audience"] <= figures.AT_ONCE:
        return _count(session, mailing_id, now), False
    kept = figures.kept(session, _name(mailing_id))
    if kept is None:
        return None, True
    return _from(kept), kept.content["counts"] != dict(counts)


def count_course(database: Database, mailing_id: int, now: datetime) -> None:
    """Count how a mailing went, however long that takes, and keep the figures."""
    with database.read() as session:
        counts = tallied(session, [mailing_id])[mailing_id]
        counted = asdict(_count(session, mailing_id, now))
    del counted["counted_at"]
    with database.write() as session:
        figures.keep(session, _name(mailing_id), counted | {"counts": dict(counts)}, now)


def in_buckets(seconds: Mapping[int, int]) -> tuple[int, tuple[Bucket, ...]]:
    """How wide the buckets are, and what is in each, from how many were sent in which second."""
    if not seconds:
        return WIDTHS_S[0], ()
    last = max(seconds)
    width = next((one for one in WIDTHS_S if last // one < BUCKETS), -(-(last + 1) // BUCKETS))
    sent = [0] * (last // width + 1)
    for second, count in seconds.items():
        sent[second // width] += count
    return width, tuple(Bucket(width * place, count) for place, count in enumerate(sent))


def time_to(seconds: Mapping[int, int], share: float) -> int | None:
    """The second in which this share of all was reached; None where there is nothing."""
    ordered = sorted(seconds)
    reached = list(accumulate(seconds[one] for one in ordered))
    if not reached:
        return None
    return ordered[bisect_left(reached, share * reached[-1])]


def _count(session: Session, mailing_id: int, now: datetime) -> Course:
    started_at = session.scalars(
        select(MailingRow.started_at).where(MailingRow.id == mailing_id)
    ).one()
    seconds = _by_second(session, mailing_id, started_at or now)
    width, buckets = in_buckets(seconds)
    again = session.scalars(
        select(func.count()).where(
            DeliveryRow.mailing_id == mailing_id, DeliveryRow.state == SENT, DeliveryRow.tries > 1
        )
    ).one()
    domains = _domains(session, mailing_id)
    return Course(
        now,
        width,
        buckets,
        time_to(seconds, 0.5),
        time_to(seconds, 0.95),
        again,
        tuple(domains[:DOMAINS]),
        _together(domains[DOMAINS:]),
    )


def _by_second(session: Session, mailing_id: int, started_at: datetime) -> dict[int, int]:
    second = _second(session)
    rows = session.execute(
        select(second, func.count())
        .where(
            DeliveryRow.mailing_id == mailing_id,
            DeliveryRow.state == SENT,
            DeliveryRow.finished_at.is_not(None),
        )
        .group_by(second)
    )
    start = started_at.timestamp()
    found: dict[int, int] = {}
    for text, count in rows:
        after = max(0, int(datetime.fromisoformat(f"{text}+00:00").timestamp() - int(start)))
        found[after] = found.get(after, 0) + count
    return found


def _second(session: Session) -> ColumnElement[str]:
    """When a delivery was done with, to the second, as text in UTC."""
    if session.get_bind().dialect.name == "postgresql":
        utc = func.timezone("UTC", DeliveryRow.finished_at)
        return func.to_char(utc, "YYYY-MM-DD HH24:MI:SS")
    return func.substr(cast(DeliveryRow.finished_at, Text), 1, 19)


def _domains(session: Session, mailing_id: int) -> list[DomainCourse]:
    """Every domain of the mailing, the one with most letters first."""
    readers = audience.domains().subquery()
    # The few that have no reader have an address, whose domain is taken out of it here.
    domain = func.coalesce(readers.c.domain, DeliveryRow.address)
    rows = session.execute(
        select(domain, DeliveryRow.state, func.count())
        .join(readers, readers.c.subscriber_id == DeliveryRow.subscriber_id, isouter=True)
        .where(
            DeliveryRow.mailing_id == mailing_id,
            DeliveryRow.state.in_((SENT, DEFERRED, FAILED, IN_DOUBT)),
        )
        .group_by(domain, DeliveryRow.state)
    )
    counts: dict[str, dict[str, int]] = {}
    for name, state, count in rows:
        theirs = counts.setdefault((name or "").rpartition("@")[2], {})
        theirs[state] = theirs.get(state, 0) + count
    found = [
        DomainCourse(
            name,
            count.get(SENT, 0),
            count.get(DEFERRED, 0),
            count.get(FAILED, 0),
            count.get(IN_DOUBT, 0),
        )
        for name, count in counts.items()
    ]
    return sorted(found, key=lambda one: (-_letters(one), one.domain))


def _letters(one: DomainCourse) -> int:
    return one.sent + one.deferred + one.failed + one.in_doubt


def _together(domains: Sequence[DomainCourse]) -> DomainCourse | None:
    if not domains:
        return None
    return DomainCourse(
        "",
        sum(one.sent for one in domains),
        sum(one.deferred for one in domains),
        sum(one.failed for one in domains),
        sum(one.in_doubt for one in domains),
    )


def _from(kept: figures.Kept) -> Course:
    content: dict[str, Any] = kept.content
    other = content["other_domains"]
    return Course(
        kept.counted_at,
        content["width_s"],
        tuple(Bucket(**one) for one in content["buckets"]),
        content["half_s"],
        content["most_s"],
        content["again"],
        tuple(DomainCourse(**one) for one in content["domains"]),
        DomainCourse(**other) if other else None,
    )


def _name(mailing_id: int) -> str:
    return f"course {mailing_id}"
