"""The readers of a correction: those who got the wrong version of a letter, as the ledger has them.

1. The ledger of the mailing that is corrected is gone through by subscriber, in bounded chunks.
2. Who was sent a wrong letter, or may have got one, gets a delivery of the correction, in the
   language and format of what they got. Whether they still read is asked as it is claimed.
3. It waits while a worker holds a wrong letter, whose reader may be about to get it. Everything
   else that waits gets the right one (`reprint`), so that from then on nobody is added.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session

from mailer.database import upsert
from mailer.delivery.models import CompiledLetterRow, DeliveryRow
from mailer.delivery.states import IN_DOUBT, QUEUED, SENT
from mailer.delivery.tally import tell
from mailer.letter import Variant


@dataclass(frozen=True, slots=True)
class Wrong:
    """That letters before this version are wrong; for each of them the correction's variant."""

    before: int
    letters: Mapping[int, Variant]

    def to_json(self) -> str:
        keys = {letter_id: variant.key for letter_id, variant in self.letters.items()}
        return json.dumps({"before": self.before, "letters": keys})


@dataclass(frozen=True, slots=True)
class Chunk:
    """How many deliveries were looked at, and the last subscriber among them."""

    looked_at: int
    last: int | None


def anybody(session: Session, mailing_id: int, before: int) -> bool:
    """Whether somebody got a letter before this version, or is getting one."""
    some = _with_wrong_letter(mailing_id, before).where(or_(_may_have_come(), _held()))
    return session.execute(some.limit(1)).first() is not None


def count(session: Session, mailing_id: int, before: int) -> int:
    """How many got a letter before this version, or are getting one: all of them are looked at."""
    some = _with_wrong_letter(mailing_id, before).where(or_(_may_have_come(), _held()))
    return session.scalars(select(func.count()).select_from(some.subquery())).one()


def fan_out(
    session: Session,
    mailing_id: int,
    corrects_id: int,
    content: str,
    after: int,
    limit: int,
    now: datetime,
    worker: str,
) -> Chunk | None:
    """Write the next deliveries of a correction; None where it has to wait for a worker."""
    kept = json.loads(content)
    wrong = _with_wrong_letter(corrects_id, kept["before"])
    if session.execute(wrong.where(_held()).limit(1)).first() is not None:
        return None
    letter = _letter(session, mailing_id, kept["letters"])
    next_ones = (
        select(DeliveryRow.subscriber_id)
        .where(DeliveryRow.mailing_id == corrects_id, DeliveryRow.subscriber_id > after)
        .order_by(DeliveryRow.subscriber_id)
        .limit(limit)
        .subquery()
    )
    looked_at, last = session.execute(
        select(func.count(), func.max(next_ones.c.subscriber_id)).select_from(next_ones)
    ).one()
    wrong = wrong.where(_may_have_come())
    come = 0
    if not after:
        seeds = wrong.where(DeliveryRow.subscriber_id.is_(None))
        come += _insert(session, mailing_id, seeds, letter, now)
    if looked_at:
        readers = wrong.where(DeliveryRow.subscriber_id.between(after + 1, last))
        come += _insert(session, mailing_id, readers, letter, now)
    tell(session, worker, {mailing_id: {"audience": come}})
    return Chunk(looked_at, last)


def _with_wrong_letter(mailing_id: int, before: int) -> Select[int]:
    return (
        select(DeliveryRow.id)
        .join(CompiledLetterRow, CompiledLetterRow.id == DeliveryRow.letter_id)
        .where(DeliveryRow.mailing_id == mailing_id, CompiledLetterRow.version < before)
    )


def _may_have_come() -> ColumnElement[bool]:
    """That it was sent, or passed a final dot once without an answer, whatever came then."""
    return or_(DeliveryRow.state.in_((SENT, IN_DOUBT)), DeliveryRow.doubts > 0)


def _held() -> ColumnElement[bool]:
    """That a worker has it, and it would be new that it may have come."""
    return and_(DeliveryRow.lease_until.is_not(None), DeliveryRow.doubts == 0)


def _letter(session: Session, mailing_id: int, keys: Mapping[str, str]) -> ColumnElement[int]:
    """Which of the correction's letters a delivery gets, by the letter that it had."""
    stored = {
        row.variant: row.id
        for row in session.execute(
            select(CompiledLetterRow.variant, CompiledLetterRow.id)
            .where(CompiledLetterRow.mailing_id == mailing_id)
            .order_by(CompiledLetterRow.id)
        )
    }
    # One that was compiled meanwhile, for readers who came later, is answered in the usual letter.
    usual = next(iter(stored.values()))
    had = {int(letter_id): stored[key] for letter_id, key in keys.items()}
    return case(had, value=DeliveryRow.letter_id, else_=usual)


def _insert(
    session: Session,
    mailing_id: int,
    those: Select[int],
    letter: ColumnElement[int],
    now: datetime,
) -> int:
    """Write a delivery of the correction to each of those; returns how many."""
    values = {
        "mailing_id": literal(mailing_id),
        "subscriber_id": DeliveryRow.subscriber_id,
        "address": DeliveryRow.address,
        "letter_id": letter,
        "state": literal(QUEUED),
        "reason": literal(""),
        "due_at": literal(now, DeliveryRow.due_at.type),
        "tries": literal(0),
        "doubts": literal(0),
    }
    source = those.with_only_columns(*values.values())
    written = session.connection().execute(
        upsert(session, DeliveryRow).from_select(list(values), source).on_conflict_do_nothing(),
        execution_options={"preserve_rowcount": True},
    )
    return written.rowcount
