"""Claiming: a worker takes some of the ledger's waiting deliveries under a lease.

1. Letters to one person (confirmations, reminders) come first, then mailings by their start.
2. Rows are taken in the order in which they are due; on PostgreSQL rows that another worker is
   taking are passed over (SKIP LOCKED), on SQLite only one worker takes at all.
3. Each reader is looked at again: who left or was suppressed since the fan-out is skipped here,
   with the reason; or stays in doubt, where the letter may have come already.
4. Where the mailing was corrected since, they get its newest letter (`reprint`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import attrgetter, itemgetter
from types import MappingProxyType
from typing import Any, TypeVarTuple

from sqlalchemy import ColumnElement, Row, Select, case, exists, or_, select, tuple_, update
from sqlalchemy.orm import Session

from mailer import audience
from mailer.audience import NotSendable, Recipient
from mailer.database import among
from mailer.delivery.models import DeliveryRow, MailingRow, MergeValueRow, waits
from mailer.delivery.reprint import reprinted, write_down
from mailer.delivery.states import CLAIMED, DEFERRED, QUEUED
from mailer.delivery.tally import Changes, moved, tell
from mailer.delivery.unsent import end_unsent
from mailer.delivery.variants import NO_ITEM

FOR_MANY = ("issue", "announcement", "correction")
NEVER_CLAIMED = ("test",)
"""Tests are sent, once, by the process that was asked for them."""

_PERSONAL_AT_ONCE = 200
_MAILINGS_AT_ONCE = 50

_NONE: Mapping[str, str] = MappingProxyType({})

Columns = TypeVarTuple("Columns")


@dataclass(frozen=True, slots=True)
class Sending:
    """What is the same for all messages of a mailing."""

    mailing_id: int
    kind: str
    publication_id: int | None
    nonce: str
    message_id_domain: str
    started_at: datetime
    send_until: datetime
    version: int = 1


@dataclass(frozen=True, slots=True)
class Claimed:
    """One delivery that this worker holds, with all that its message needs."""

    delivery_id: int
    letter_id: int
    tries: int
    doubts: int
    sending: Sending
    recipient: Recipient
    values: Mapping[str, str]


def anything_due(
    session: Session,
    now: datetime,
    which: ColumnElement[bool] | None = None,
    *,
    personal_only: bool = False,
) -> bool:
    """Whether a claim would find something; only looks."""
    mailings = _with_work(select(MailingRow.id), now, which).limit(1)
    if personal_only:
        mailings = mailings.where(MailingRow.kind.not_in(FOR_MANY))
    return session.execute(mailings).first() is not None


class Marks:
    """How far claims have come in each mailing: everything before has been taken.

    Without it PostgreSQL would walk past all that was taken, whose entries stand in the index
    until it is cleaned up. What comes back is due later than what was taken, or is found when a
    claim that got less than it asked for begins from the start again.
    """

    def __init__(self) -> None:
        self._marks: dict[int, tuple[datetime, int]] = {}

    def of(self, mailing_ids: Sequence[int]) -> tuple[datetime, int] | None:
        """Where to begin; only a lane of one mailing has a mark."""
        return self._marks.get(mailing_ids[0]) if len(mailing_ids) == 1 else None

    def move(
        self, mailing_ids: Sequence[int], rows: Sequence[Row[*tuple[Any, ...]]], limit: int
    ) -> None:
        if len(mailing_ids) != 1:
            return
        if len(rows) == limit:
            self._marks[mailing_ids[0]] = (rows[-1].due_at, rows[-1].id)
        else:
            self._marks.pop(mailing_ids[0], None)


def claim(
    session: Session,
    worker: str,
    now: datetime,
    day: date,
    lease: timedelta,
    limit: int,
    *,
    marks: Marks | None = None,
    which: ColumnElement[bool] | None = None,
    personal_only: bool = False,
) -> list[Claimed]:
    """Take up to `limit` deliveries that are due, and skip those that must not be sent.

    `day` is the civil date today, by which pauses end; `which` says of which mailings (None: all).
    """
    marks = marks or Marks()
    is_for_many = MailingRow.kind.in_(FOR_MANY)
    personal = _sendings(session, now, ~is_for_many, which, _PERSONAL_AT_ONCE)
    for_many = (
        [] if personal_only else _sendings(session, now, is_for_many, which, _MAILINGS_AT_ONCE)
    )
    # Personal letters overtake, and yet leave half the way to the mailings, however many they are.
    lanes = [(personal, max(1, limit // 2) if for_many else limit)]
    lanes += [([sending], limit) for sending in for_many]
    claimed: list[Claimed] = []
    for lane, most in lanes:
        room = min(most, limit - len(claimed))
        if lane and room > 0:
            sendings = {one.mailing_id: one for one in lane}
            ids = list(sendings)
            after = marks.of(ids)
            starts = [one.started_at for one in lane]
            rows = session.execute(_due(ids, now, room, after, starts)).all()
            marks.move(ids, rows, room)
            if after is not None and not rows:
                rows = session.execute(_due(ids, now, room, None, starts)).all()
            claimed += _take(session, sendings, rows, worker, now, day, lease)
    return claimed


def _with_work(
    mailings: Select[*Columns], now: datetime, which: ColumnElement[bool] | None
) -> Select[*Columns]:
    """Those mailings that workers may claim from, and of which something is due."""
    if which is not None:
        mailings = mailings.where(which)
    until = case((MailingRow.started_at > now, MailingRow.started_at), else_=now)
    due = exists().where(
        DeliveryRow.mailing_id == MailingRow.id,
        waits(),
        DeliveryRow.due_at <= until,
        or_(DeliveryRow.due_at <= now, DeliveryRow.due_at == MailingRow.started_at),
    )
    return mailings.where(
        MailingRow.status == "sending", MailingRow.kind.not_in(NEVER_CLAIMED), due
    )


def _sendings(
    session: Session,
    now: datetime,
    kinds: ColumnElement[bool],
    which: ColumnElement[bool] | None,
    most: int,
) -> list[Sending]:
    """The mailings of these kinds that have work: corrections, then the longest begun."""
    columns = select(
        MailingRow.id,
        MailingRow.kind,
        MailingRow.publication_id,
        MailingRow.nonce,
        MailingRow.message_id_domain,
        MailingRow.started_at,
        MailingRow.send_until,
        MailingRow.version,
    )
    # Who got the wrong words waits least.
    corrections_first = case((MailingRow.kind == "correction", 0), else_=1)
    rows = session.execute(
        _with_work(columns, now, which)
        .where(kinds)
        .order_by(corrections_first, MailingRow.started_at, MailingRow.id)
        .limit(most)
    )
    # What is sending has begun, so that no column is NULL.
    return [Sending(*row) for row in rows]  # type: ignore[arg-type]


def _due(
    mailing_ids: Sequence[int],
    now: datetime,
    limit: int,
    after: tuple[datetime, int] | None = None,
    starts: Sequence[datetime] = (),
) -> Select[*tuple[Any, ...]]:
    # What was never touched since the fan-out is due at its mailing's start: at once, also where
    # the clock was put back behind that.
    until = max((now, *starts))
    # The table's columns, not the class's: rows come without the ORM's part in them.
    row = DeliveryRow.__table__.c
    return (
        select(
            row.id,
            row.mailing_id,
            row.subscriber_id,
            row.address,
            row.letter_id,
            row.tries,
            row.doubts,
            row.state,
            row.due_at,
        )
        .where(
            DeliveryRow.mailing_id.in_(mailing_ids),
            waits(),
            DeliveryRow.due_at <= until,
            *([or_(DeliveryRow.due_at <= now, DeliveryRow.due_at.in_(starts))] * (until > now)),
            *([tuple_(DeliveryRow.due_at, DeliveryRow.id) > after] if after else ()),
        )
        .order_by(DeliveryRow.due_at, DeliveryRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def _take(
    session: Session,
    sendings: Mapping[int, Sending],
    rows: Sequence[Row[*tuple[Any, ...]]],
    worker: str,
    now: datetime,
    day: date,
    lease: timedelta,
) -> list[Claimed]:
    values = _merge_values(session, rows, sendings)
    claimed: list[Claimed] = []
    all_refused: list[list[int]] = []
    for mailing_id, group in groupby(
        sorted(rows, key=itemgetter(1)) if len(sendings) > 1 else rows, itemgetter(1)
    ):
        sending = sendings[mailing_id]
        some = list(group)
        readers = audience.recipients(
            session,
            [row.subscriber_id for row in some if row.subscriber_id is not None],
            sending.publication_id,
            sending.kind,
            day,
        )
        letters = reprinted(session, mailing_id, sending.version, some, day)
        changed: dict[int, int] = {}
        refused: dict[str, list[int]] = {}
        for delivery_id, _, subscriber_id, address, had, tries, doubts, *_ in some:
            reader = _reader(subscriber_id, address, readers)
            letter = letters.get(delivery_id, had)
            if isinstance(reader, NotSendable):
                refused.setdefault(reader.reason, []).append(delivery_id)
            elif letter is None:
                refused.setdefault(NO_ITEM, []).append(delivery_id)
            else:
                if letter != had:
                    changed[delivery_id] = letter
                its = values.get(delivery_id, _NONE)
                claimed.append(Claimed(delivery_id, letter, tries, doubts, sending, reader, its))
        write_down(session, changed)
        for reason, ids in refused.items():
            end_unsent(session, ids, reason, now, worker)
            all_refused.append(ids)
    gone = {one for ids in all_refused for one in ids}
    changes: Changes = {}
    for row in rows:
        if row.state == DEFERRED and row.id not in gone:
            moved(changes, row.mailing_id, DEFERRED, CLAIMED)
    tell(session, worker, changes)
    if claimed:
        session.execute(
            update(DeliveryRow)
            .where(among(session, DeliveryRow.id, [one.delivery_id for one in claimed]))
            .values(state=CLAIMED, worker=worker, lease_until=now + lease)
            .execution_options(synchronize_session=False)
        )
    return sorted(claimed, key=attrgetter("delivery_id"))


def _reader(
    subscriber_id: int | None,
    address: str | None,
    readers: Mapping[int, Recipient | NotSendable],
) -> Recipient | NotSendable:
    if subscriber_id is not None:
        return readers.get(subscriber_id) or NotSendable("there is no such reader any more")
    assert address is not None
    return audience.bare_recipient(address)


def _merge_values(
    session: Session,
    rows: Sequence[Row[*tuple[Any, ...]]],
    sendings: Mapping[int, Sending],
) -> dict[int, dict[str, str]]:
    """Values that belong to one delivery; letters for many have none."""
    ids = [row.id for row in rows if sendings[row.mailing_id].kind not in FOR_MANY]
    values: dict[int, dict[str, str]] = {}
    if ids:
        for row in session.execute(
            select(MergeValueRow).where(MergeValueRow.delivery_id.in_(ids))
        ).scalars():
            values.setdefault(row.delivery_id, {})[row.field] = row.value
    return values


def still_sendable(session: Session, delivery: Claimed, day: date) -> bool:
    """Whether the reader of a delivery that was claimed some time ago may still be sent it."""
    subscriber = delivery.recipient.subscriber_id
    if not subscriber:
        return True
    answers = audience.recipients(
        session, [subscriber], delivery.sending.publication_id, delivery.sending.kind, day
    )
    return isinstance(answers[subscriber], Recipient)


def release(session: Session, worker: str, delivery_ids: Iterable[int]) -> None:
    """Give back what was claimed and not begun, as if it had never been taken."""
    session.execute(
        update(DeliveryRow)
        .where(
            DeliveryRow.id.in_(list(delivery_ids)),
            DeliveryRow.worker == worker,
            DeliveryRow.state == CLAIMED,
        )
        .values(state=QUEUED, worker=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )


def put_off(session: Session, worker: str, delivery_ids: Iterable[int], due_at: datetime) -> None:
    """Give back what was claimed and may not be begun before `due_at`; that counts as no try."""
    given_back = session.execute(
        update(DeliveryRow)
        .where(
            DeliveryRow.id.in_(list(delivery_ids)),
            DeliveryRow.worker == worker,
            DeliveryRow.state == CLAIMED,
        )
        .values(
            state=case((DeliveryRow.tries > 0, DEFERRED), else_=QUEUED),
            due_at=due_at,
            worker=None,
            lease_until=None,
        )
        .returning(DeliveryRow.mailing_id, DeliveryRow.state)
        .execution_options(synchronize_session=False)
    )
    changes: Changes = {}
    for mailing_id, state in given_back:
        moved(changes, mailing_id, CLAIMED, state)
    tell(session, worker, changes)
