"""The fan-out: a delivery for every active subscription, in bounded chunks, resumed by key.

1. A chunk of readers is a handful of groups, whose letters differ; each group has its variant.
2. Where a letter is lacking that a group needs, the chunk says so and writes nothing: somebody
   compiles it (`starting.compile_more`), outside of any transaction, and tries again.
3. Else one INSERT … SELECT writes a delivery for each reader, due since the mailing's start and
   pointing to the letter of their group; readers for whom the issue has no item are skipped then
   and there.
4. A correction has its readers from the ledger of the mailing that it corrects (`misinformed`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CTE, Select, Text, and_, case, column, func, literal, select, update, values
from sqlalchemy.orm import Session

from mailer import audience
from mailer.database import BigId, upsert
from mailer.delivery import misinformed
from mailer.delivery.frozen import thaw
from mailer.delivery.models import CompiledLetterRow, DeliveryRow, MailingRow
from mailer.delivery.states import QUEUED, SKIPPED
from mailer.delivery.tally import BY_HAND, tell
from mailer.delivery.variants import NO_ITEM, variant_for
from mailer.letter import Variant

_NONE = 0
"""In the place of a letter's id: there is no letter for this group."""

CHUNK = 5000
"""Subscribers in one transaction: some 20 ms on SQLite, whose write lock it holds."""


def unfanned(session: Session) -> list[int]:
    """Mailings whose fan-out has begun and not ended."""
    return list(
        session.execute(
            select(MailingRow.id)
            .where(MailingRow.status == "sending", MailingRow.fanned_out_at.is_(None))
            .order_by(MailingRow.started_at)
        ).scalars()
    )


@dataclass(frozen=True, slots=True)
class Step:
    """What became of a chunk: whether `more` is to come, and which letters it `lacks`.

    Where it lacks some, it wrote nothing.
    """

    more: bool
    lacks: tuple[Variant, ...] = ()


def fan_out_chunk(
    session: Session,
    mailing_id: int,
    now: datetime,
    worker: str = BY_HAND,
    seeds: Sequence[str] = (),
) -> Step:
    """Write the next deliveries of a mailing; before the first of them those to `seeds`.

    The cursor moves in the transaction that writes the chunk, and only from where this call saw
    it: killed anywhere, the fan-out goes on without a gap; run twice at once, one of them waits.
    """
    seen = session.execute(
        select(
            MailingRow.fan_out_cursor,
            MailingRow.publication_id,
            MailingRow.day,
            MailingRow.status,
            MailingRow.fanned_out_at,
            MailingRow.content,
            MailingRow.corrects_id,
            MailingRow.started_at,
        )
        .where(MailingRow.id == mailing_id)
        .with_for_update()
    ).one()
    if seen.status != "sending" or seen.fanned_out_at is not None:
        return Step(more=False)
    if seen.corrects_id is not None:
        chunk = misinformed.fan_out(
            session,
            mailing_id,
            seen.corrects_id,
            seen.content,
            seen.fan_out_cursor,
            CHUNK,
            now,
            worker,
        )
        # Where it waits for a worker, the sender comes again with its next look.
        if chunk is None:
            return Step(more=False)
        return _move(session, mailing_id, seen.fan_out_cursor, chunk.looked_at, chunk.last, now)
    if not seen.fan_out_cursor and seeds:
        _insert_seeds(session, mailing_id, seen.publication_id, seeds, seen.started_at, worker)
    found, last = audience.next_readers(session, seen.publication_id, seen.fan_out_cursor, CHUNK)
    if last is not None:
        # On PostgreSQL the next statement may see readers who came meanwhile: a chunk ends at a
        # key, not at a count, or they would push others out of it.
        rest = audience.fan_out(seen.publication_id, seen.day, after=seen.fan_out_cursor)
        readers = rest.where(rest.selected_columns.subscriber_id <= last)
        letters, lacks = _letters(session, mailing_id, seen.content, readers)
        if lacks:
            return Step(more=True, lacks=lacks)
        # A second fan-out, for who has come since, passes those by that have a delivery.
        range_ = (seen.fan_out_cursor + 1, last)
        before = _count(session, mailing_id, *range_)
        _insert_deliveries(session, mailing_id, readers, letters, seen.started_at, now)
        after = _count(session, mailing_id, *range_)
        come = Counter(audience=after[0] - before[0], skipped=after[1] - before[1])
        tell(session, worker, {mailing_id: come})
    return _move(session, mailing_id, seen.fan_out_cursor, found, last, now)


def _move(
    session: Session, mailing_id: int, cursor: int, found: int, last: int | None, now: datetime
) -> Step:
    """Move the cursor behind a chunk; less than a whole one is the last."""
    more = found == CHUNK
    session.execute(
        update(MailingRow)
        .where(MailingRow.id == mailing_id, MailingRow.fan_out_cursor == cursor)
        .values(fan_out_cursor=last or cursor, fanned_out_at=None if more else now)
    )
    return Step(more)


def _letters(
    session: Session, mailing_id: int, content: str, readers: Select[int, str]
) -> tuple[dict[str, int], tuple[Variant, ...]]:
    """For each group among the readers the id of its letter; and the variants that have none."""
    issue = thaw(content)
    wanted = {group.key: variant_for(issue, group) for group in audience.groups(session, readers)}
    stored: dict[str, int] = {
        row.variant: row.id
        for row in session.execute(
            select(CompiledLetterRow.variant, CompiledLetterRow.id)
            .join(MailingRow, MailingRow.id == CompiledLetterRow.mailing_id)
            .where(
                CompiledLetterRow.mailing_id == mailing_id,
                CompiledLetterRow.version == MailingRow.version,
            )
        )
    }
    lacks = {variant for variant in wanted.values() if variant and variant.key not in stored}
    letters = {
        group: _NONE if variant is None else stored.get(variant.key, _NONE)
        for group, variant in wanted.items()
    }
    return letters, tuple(sorted(lacks, key=lambda variant: variant.key))


def _usual(mailing_id: int) -> Select[int | None]:
    """The letter of a reader who chose nothing, as it is now."""
    version = select(MailingRow.version).where(MailingRow.id == mailing_id).scalar_subquery()
    return select(func.min(CompiledLetterRow.id)).where(
        CompiledLetterRow.mailing_id == mailing_id, CompiledLetterRow.version == version
    )


def _insert_deliveries(
    session: Session,
    mailing_id: int,
    readers: Select[int, str],
    letters: Mapping[str, int],
    due_at: datetime,
    now: datetime,
) -> None:
    reader, of = readers.subquery(), _table(letters)
    # A reader whose group came into being since the groups were looked at gets the usual letter.
    usual = _usual(mailing_id).scalar_subquery()
    letter = case((of.c.letter.is_(None), usual), else_=func.nullif(of.c.letter, _NONE))
    nothing = of.c.letter == _NONE
    deliveries = (
        select(
            literal(mailing_id),
            reader.c.subscriber_id,
            letter,
            case((nothing, SKIPPED), else_=QUEUED),
            case((nothing, NO_ITEM), else_=""),
            literal(due_at, DeliveryRow.due_at.type),
            case((nothing, literal(now, DeliveryRow.finished_at.type))),
            literal(0),
            literal(0),
        )
        .select_from(reader)
        .join(of, of.c.group == reader.c.group, isouter=True)
    )
    targets = ["mailing_id", "subscriber_id", "letter_id", "state", "reason", "due_at",
               "finished_at", "tries", "doubts"]  # fmt: skip
    if session.get_bind().dialect.name == "sqlite":
        # SQLite's grammar needs a WHERE between INSERT … SELECT and ON CONFLICT.
        deliveries = deliveries.where(literal(True))
    session.execute(
        upsert(session, DeliveryRow).from_select(targets, deliveries).on_conflict_do_nothing()
    )


def _insert_seeds(
    session: Session,
    mailing_id: int,
    publication_id: int,
    seeds: Sequence[str],
    due_at: datetime,
    worker: str,
) -> None:
    """A delivery with a bare address for each seed that does not read the publication anyhow."""
    usual = session.scalars(_usual(mailing_id)).one()
    if usual is None:
        return
    come = 0
    for address in seeds:
        if audience.reads(session, address, publication_id):
            continue
        added = (
            upsert(session, DeliveryRow)
            .values(
                mailing_id=mailing_id,
                address=address,
                letter_id=usual,
                state=QUEUED,
                due_at=due_at,
            )
            .on_conflict_do_nothing()
            .returning(DeliveryRow.id)
        )
        come += len(session.execute(added).all())
    tell(session, worker, {mailing_id: {"audience": come}})


def _count(session: Session, mailing_id: int, first: int, last: int) -> tuple[int, int]:
    """How many deliveries this mailing has for the subscribers `first` to `last`; and how many of
    them are skipped."""
    of_chunk = and_(
        DeliveryRow.mailing_id == mailing_id, DeliveryRow.subscriber_id.between(first, last)
    )
    skipped = func.sum(case((DeliveryRow.state == SKIPPED, 1), else_=0))
    count, some = session.execute(select(func.count(), skipped).where(of_chunk)).one()
    return count, int(some or 0)


def _table(letters: Mapping[str, int]) -> CTE:
    """`letters` as a table within the statement: (group, letter)."""
    return values(column("group", Text), column("letter", BigId)).data(list(letters.items())).cte()
