"""What hinders a mailing: reasons and domains of what did not go through, and since when.

1. The index `ix_deliveries__told` has what was deferred, failed, skipped or is in doubt; what is
   sent is never read. Deferred and failed come first, and at most `MOST` rows are looked at.
2. What waits is counted by domain only where it is no more than that.
3. Replies that differ in addresses and ids alone are one reason.
"""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import Select, Subquery, func, select
from sqlalchemy.orm import Session

from mailer import audience
from mailer.delivery.models import DeliveryRow, MailingRow, tells, waits
from mailer.delivery.retry import first_try
from mailer.delivery.states import DEFERRED, FAILED, IN_DOUBT, QUEUED, TOLD
from mailer.delivery.tally import COUNTED_STATES, tallied

MOST = 100_000
"""Rows that are looked at: two seconds' work at most, where each has a reason of its own."""
SHOWN = 10

_STATUS = re.compile(r"(\d{3}|[245]\.\d{1,3}\.\d{1,3})[:;,]?")
_VARIES = re.compile(r"[\d@]")
_SAME_CHARACTERS = 120
_WORDS_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Reason:
    """Why so many deliveries are not sent; `example` is what was said of one of them."""

    state: str
    count: int
    reply_code: int | None
    fault: str
    example: str


@dataclass(frozen=True, slots=True)
class Domain:
    """How the deliveries to one domain stand; `waiting` None: too many wait to be counted."""

    domain: str
    waiting: int | None
    deferred: int
    failed: int
    in_doubt: int


@dataclass(frozen=True, slots=True)
class OldestDeferred:
    """The delivery that the longest has been told "later"; `since` is worked out, not noted."""

    since: datetime
    domain: str
    tries: int
    due_at: datetime
    reply_code: int | None
    reply: str


@dataclass(frozen=True, slots=True)
class Details:
    """The `SHOWN` most frequent reasons and domains, of `looked_at` deliveries among `in_all`."""

    reasons: tuple[Reason, ...] = ()
    domains: tuple[Domain, ...] = ()
    oldest_deferred: OldestDeferred | None = None
    looked_at: int = 0
    in_all: int = 0


def details_of(
    session: Session, issue_id: int, kind: str, retry_first: timedelta, now: datetime
) -> Details:
    """What hinders an issue's or announcement's own mailing, or its latest correction; nothing
    where it has none."""
    mailing = session.execute(
        select(MailingRow.id, MailingRow.started_at)
        .where(MailingRow.issue_id == issue_id, MailingRow.kind == kind)
        .order_by(MailingRow.id.desc())
        .limit(1)
    ).first()
    if mailing is None:
        return Details()
    tally = tallied(session, [mailing.id])[mailing.id]
    of = sum(tally[state] for state in TOLD)
    waiting = tally["audience"] - sum(tally[state] for state in COUNTED_STATES)
    return Details(
        _reasons(session, mailing.id),
        _domains(session, mailing.id, count_waiting=waiting <= MOST),
        _oldest_deferred(session, mailing.id, mailing.started_at, retry_first, now),
        min(of, MOST),
        of,
    )


def alike(reason: str) -> str:
    """`reason` without what differs from reader to reader, or from one message to the next."""
    return " ".join(map(_word, reason[:_SAME_CHARACTERS].split()))


@lru_cache(_WORDS_KEPT)
def _word(word: str) -> str:
    """`word`, or a mark in its place where it is an address, an id or another number."""
    if _VARIES.search(word) and not _STATUS.fullmatch(word):
        return "…"
    return word.casefold()


def _told(mailing_id: int, most: int) -> Select[*tuple[object, ...]]:
    """The deliveries of which there is something to say, in the order of their index."""
    return (
        select(
            DeliveryRow.state,
            DeliveryRow.reply_code,
            DeliveryRow.fault,
            DeliveryRow.reason,
            DeliveryRow.subscriber_id,
            DeliveryRow.address,
        )
        .where(DeliveryRow.mailing_id == mailing_id, tells())
        .order_by(DeliveryRow.state, DeliveryRow.id)
        .limit(most)
    )


def _reasons(session: Session, mailing_id: int) -> tuple[Reason, ...]:
    some = _told(mailing_id, MOST).subquery()
    columns = (some.c.state, some.c.reply_code, some.c.fault, some.c.reason)
    counts: Counter[tuple[str, int | None, str, str]] = Counter()
    examples: dict[tuple[str, int | None, str, str], str] = {}
    for state, code, fault, reason, count in session.execute(
        select(*columns, func.count()).group_by(*columns)
    ):
        same = state, code, fault, alike(reason)
        counts[same] += count
        # The same one each time that somebody asks.
        examples[same] = min(reason, examples.get(same, reason))

    def most_frequent(entry: tuple[tuple[str, int | None, str, str], int]) -> tuple[int, str]:
        return -entry[1], examples[entry[0]]

    return tuple(
        Reason(state, count, code, fault, examples[state, code, fault, words])
        for (state, code, fault, words), count in sorted(counts.items(), key=most_frequent)[:SHOWN]
    )


def _domains(session: Session, mailing_id: int, *, count_waiting: bool) -> tuple[Domain, ...]:
    counts: dict[str, Counter[str]] = {}
    statements = [_told(mailing_id, MOST)]
    if count_waiting:
        statements.append(_queued(mailing_id, MOST))
    for statement in statements:
        for state, domain, count in session.execute(_by_domain(statement.subquery())):
            if domain is not None and state in (QUEUED, DEFERRED, FAILED, IN_DOUBT):
                counts.setdefault(domain.rpartition("@")[2], Counter())[state] += count

    def most_hindered(entry: tuple[str, Counter[str]]) -> tuple[int, int, str]:
        domain, count = entry
        return count[QUEUED] - count.total(), -count[QUEUED], domain

    return tuple(
        Domain(
            domain,
            count[QUEUED] if count_waiting else None,
            count[DEFERRED],
            count[FAILED],
            count[IN_DOUBT],
        )
        for domain, count in sorted(counts.items(), key=most_hindered)[:SHOWN]
    )


def _queued(mailing_id: int, most: int) -> Select[*tuple[object, ...]]:
    """The deliveries that wait for their first turn."""
    return (
        select(DeliveryRow.state, DeliveryRow.subscriber_id, DeliveryRow.address)
        .where(DeliveryRow.mailing_id == mailing_id, waits(), DeliveryRow.state == QUEUED)
        .limit(most)
    )


def _by_domain(some: Subquery) -> Select[str, str | None, int]:
    readers = audience.domains().subquery()
    # The few that have no reader have an address, whose domain is taken out of it later.
    domain = func.coalesce(readers.c.domain, some.c.address)
    return (
        select(some.c.state, domain, func.count())
        .select_from(some)
        .join(readers, readers.c.subscriber_id == some.c.subscriber_id, isouter=True)
        .group_by(some.c.state, domain)
    )


def _oldest_deferred(
    session: Session,
    mailing_id: int,
    started_at: datetime | None,
    retry_first: timedelta,
    now: datetime,
) -> OldestDeferred | None:
    some = (
        select(
            DeliveryRow.tries,
            DeliveryRow.due_at,
            DeliveryRow.reply_code,
            DeliveryRow.reason,
            DeliveryRow.subscriber_id,
            DeliveryRow.address,
        )
        .where(DeliveryRow.mailing_id == mailing_id, DeliveryRow.state == DEFERRED, tells())
        .limit(MOST)
        .subquery()
    )
    one = select(some).order_by(some.c.tries.desc(), some.c.due_at).limit(1).subquery()
    readers = audience.domains().subquery()
    row = session.execute(
        select(one, readers.c.domain).join(
            readers, readers.c.subscriber_id == one.c.subscriber_id, isouter=True
        )
    ).first()
    if row is None:
        return None
    since = min(now, first_try(row.tries, row.due_at, retry_first))
    return OldestDeferred(
        max(since, started_at or since),
        row.domain or (row.address or "").rpartition("@")[2],
        row.tries,
        row.due_at,
        row.reply_code,
        row.reason,
    )
