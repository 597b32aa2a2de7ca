"""Deliveries that wait get the newest letter of their mailing, as they are claimed.

A mailing that is corrected in the middle may have a million readers who wait: nobody touches their
rows until their turn comes. What was claimed and given back is looked at in the same way. Only what
was in doubt keeps its letter: a message that is sent again is the same message.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from mailer import audience
from mailer.delivery.frozen import thaw
from mailer.delivery.models import CompiledLetterRow, DeliveryRow, MailingRow
from mailer.delivery.variants import variant_for


def reprinted(
    session: Session, mailing_id: int, version: int, rows: Sequence[Row[Any]], day: date
) -> dict[int, int | None]:
    """Of these deliveries those that have an older letter than `version` and get another.

    For each its id, and that of the letter; None where the issue has no item for its reader now.
    """
    if version == 1:
        return {}
    older: dict[int, str] = {}
    newest: dict[str, int] = {}
    for letter in session.execute(
        select(CompiledLetterRow.id, CompiledLetterRow.variant, CompiledLetterRow.version)
        .where(CompiledLetterRow.mailing_id == mailing_id)
        .order_by(CompiledLetterRow.id)
    ):
        if letter.version == version:
            newest[letter.variant] = letter.id
        elif letter.version < version:
            older[letter.id] = letter.variant
    old = [row for row in rows if row.letter_id in older and not row.doubts]
    if not old:
        return {}
    readers = [row.subscriber_id for row in old if row.subscriber_id is not None]
    wanted = _wanted(session, mailing_id, readers, day)
    usual = next(iter(newest.values()))
    letters: dict[int, int | None] = {}
    for row in old:
        same = older[row.letter_id]
        variant = wanted.get(row.subscriber_id, same)
        # A group that came into being since, like a seed, gets what it had, or what is usual.
        letters[row.id] = (
            None if variant is None else newest.get(variant) or newest.get(same) or usual
        )
    return letters


def _wanted(
    session: Session, mailing_id: int, subscriber_ids: Sequence[int], day: date
) -> dict[int | None, str | None]:
    """For each of these who reads the publication, the variant of the issue that they get."""
    mailing = session.execute(
        select(MailingRow.content, MailingRow.publication_id).where(MailingRow.id == mailing_id)
    ).one()
    if mailing.content is None:
        return {}
    issue = thaw(mailing.content)
    readers = audience.fan_out(mailing.publication_id, day, among=subscriber_ids)
    variants = {group.key: variant_for(issue, group) for group in audience.groups(session, readers)}
    wanted: dict[int | None, str | None] = {}
    for subscriber_id, group in session.execute(readers):
        if group in variants:
            variant = variants[group]
            wanted[subscriber_id] = variant.key if variant else None
    return wanted


def write_down(session: Session, letters: Mapping[int, int]) -> None:
    """Have the ledger say which letter each of these deliveries gets."""
    by_letter: dict[int, list[int]] = {}
    for delivery_id, letter_id in letters.items():
        by_letter.setdefault(letter_id, []).append(delivery_id)
    for letter_id, delivery_ids in by_letter.items():
        session.execute(
            update(DeliveryRow)
            .where(DeliveryRow.id.in_(delivery_ids))
            .values(letter_id=letter_id)
            .execution_options(synchronize_session=False)
        )
