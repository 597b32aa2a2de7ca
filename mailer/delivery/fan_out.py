"""The fan-out: a delivery for every active subscription, in bounded chunks, resumed by key."""

from datetime import datetime

from sqlalchemy import Subquery, case, func, literal, select, update
from sqlalchemy.orm import Session

from mailer import audience
from mailer.database import upsert
from mailer.delivery.models import CompiledLetterRow, DeliveryRow, MailingRow
from mailer.delivery.states import QUEUED

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


def fan_out_chunk(session: Session, mailing_id: int, now: datetime) -> bool:
    """Write the next deliveries of a mailing; True when there are more to come.

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
        )
        .where(MailingRow.id == mailing_id)
        .with_for_update()
    ).one()
    if seen.status != "sending" or seen.fanned_out_at is not None:
        return False
    chunk = audience.fan_out(
        seen.publication_id, seen.day, after=seen.fan_out_cursor, limit=CHUNK
    ).subquery()
    found, last = session.execute(
        select(func.count(), func.max(chunk.c.subscriber_id)).select_from(chunk)
    ).one()
    if found:
        # On PostgreSQL the next statement may see readers who came meanwhile: a chunk ends at a
        # key, not at a count, or they would push others out of it.
        rest = audience.fan_out(seen.publication_id, seen.day, after=seen.fan_out_cursor)
        readers = rest.where(rest.selected_columns.subscriber_id <= last)
        _insert_deliveries(session, mailing_id, readers.subquery(), now)
    more = bool(found == CHUNK)
    session.execute(
        update(MailingRow)
        .where(MailingRow.id == mailing_id, MailingRow.fan_out_cursor == seen.fan_out_cursor)
        .values(fan_out_cursor=last or seen.fan_out_cursor, fanned_out_at=None if more else now)
    )
    return more


def _insert_deliveries(session: Session, mailing_id: int, readers: Subquery, now: datetime) -> None:
    letters: dict[str, int] = {
        row.variant: row.id
        for row in session.execute(
            select(CompiledLetterRow.variant, CompiledLetterRow.id)
            .where(CompiledLetterRow.mailing_id == mailing_id)
            .order_by(CompiledLetterRow.version)
        )
    }
    columns = readers.c

    def letter_for(form: str, member: bool) -> int:
        wanted = f"-{form}-{'member' if member else 'public'}"
        plain = f"-{form}-public"
        return next(letters[key] for end in (wanted, plain) for key in letters if key.endswith(end))

    chosen = case(
        (columns.format == "text", case(
            (columns.is_member, letter_for("text", True)), else_=letter_for("text", False)
        )),
        else_=case(
            (columns.is_member, letter_for("html", True)), else_=letter_for("html", False)
        ),
    )  # fmt: skip
    deliveries = select(
        literal(mailing_id),
        columns.subscriber_id,
        chosen,
        literal(QUEUED),
        literal(""),
        literal(now, DeliveryRow.due_at.type),
        literal(0),
        literal(0),
    ).select_from(readers)
    targets = ["mailing_id", "subscriber_id", "letter_id", "state", "reason", "due_at", "tries",
               "doubts"]  # fmt: skip
    if session.get_bind().dialect.name == "sqlite":
        # SQLite's grammar needs a WHERE between INSERT … SELECT and ON CONFLICT.
        deliveries = deliveries.where(literal(True))
    session.execute(
        upsert(session, DeliveryRow).from_select(targets, deliveries).on_conflict_do_nothing()
    )
