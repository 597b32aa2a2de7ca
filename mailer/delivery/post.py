"""Letters to one person: what a room has due is enqueued, once for each `dedupe_key`."""

import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mailer import audience, publication
from mailer.clock import today
from mailer.config import Config
from mailer.delivery import compose
from mailer.delivery.models import CompiledLetterRow, DeliveryRow, MailingRow, MergeValueRow
from mailer.delivery.states import QUEUED
from mailer.delivery.tally import BY_HAND, tell
from mailer.letter import CompiledLetter, LetterDue

TEST = "test"
"""The note of a welcome letter that goes to somebody who wrote it, whether or not it is on."""


def enqueue(session: Session, config: Config, due: LetterDue, now: datetime) -> bool:
    """Have `due` sent soon, in the caller's transaction; False where its key was enqueued before.

    It is a mailing of its own with one delivery; a worker sends it before letters for many.
    """
    if session.execute(
        select(MailingRow.id).where(MailingRow.dedupe_key == due.dedupe_key)
    ).first():
        return False
    letter = _letter(session, config, due, now)
    if letter is None:
        return False
    try:
        with session.begin_nested():
            mailing = MailingRow(
                kind=due.kind,
                publication_id=due.publication_id,
                dedupe_key=due.dedupe_key,
                status="sending",
                start_at=now,
                started_at=now,
                send_until=now + config.pace.give_up,
                fanned_out_at=now,
                day=today(config.organisation.zone, now),
                message_id_domain=compose.message_id_domain(config),
                nonce=secrets.token_hex(8),
                created_at=now,
                created_by="mailer",
            )
            session.add(mailing)
            session.flush()
    except IntegrityError:
        return False
    stored = CompiledLetterRow(
        mailing_id=mailing.id, variant=letter.key, compiled=letter.to_bytes(), created_at=now
    )
    session.add(stored)
    session.flush()
    delivery = DeliveryRow(
        mailing_id=mailing.id,
        subscriber_id=due.subscriber_id,
        address=None if due.subscriber_id else due.address,
        letter_id=stored.id,
        state=QUEUED,
        due_at=now,
    )
    session.add(delivery)
    session.flush()
    session.add_all(
        MergeValueRow(delivery_id=delivery.id, field=field, value=value)
        for field, value in due.values.items()
    )
    tell(session, BY_HAND, {mailing.id: {"audience": 1}})
    return True


def _letter(
    session: Session, config: Config, due: LetterDue, now: datetime
) -> CompiledLetter | None:
    """The compiled letter; None where its words were taken away since it fell due."""
    if due.publication_id is None or due.kind != "welcome":
        return compose.compile_note(config, due.note or due.kind, due.language, now)
    welcome = publication.welcome_in(session, due.publication_id, due.language)
    if not welcome.active and due.note != TEST:
        return None
    of = publication.publication_by_id(session, due.publication_id)
    form = "html"
    if due.subscriber_id:
        day = today(config.organisation.zone, now)
        readers = audience.fan_out(of.id, day, only=due.subscriber_id)
        form = next((group.format for group in audience.groups(session, readers)), form)
    return compose.compile_welcome(config, of, welcome, form, now)
