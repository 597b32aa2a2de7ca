"""The record of consent: when, how and to which words somebody agreed or withdrew.

Rows are only ever added; a wording is stored once, by its hash, and never changed.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from mailer.audience.growth import count_moves
from mailer.audience.models import ConsentRow, SubscriptionRow, WordingRow
from mailer.audience.subscription import Event, State, after
from mailer.database import insert_all


@dataclass(frozen=True, slots=True)
class Wording:
    """The words that a page showed to whom agreed, and their language. They name nobody."""

    text: str
    language: str


_EMPTY: dict[str, Any] = {"ground": ""}


def one_at_a_time(session: Session) -> None:
    """Let no other transaction create readers or subscriptions until this one ends.

    SQLite's write lock does that anyhow; on PostgreSQL two that looked for the same reader at
    once would both create it.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext('mailer audience'))"))


def wording_id(session: Session, wording: Wording, now: datetime) -> int:
    """The id of these words in their language, stored now if they are new.

    The caller holds `one_at_a_time`.
    """
    digest = hashlib.sha256(f"{wording.language}\0{wording.text}".encode()).hexdigest()
    found = session.scalar(select(WordingRow.id).where(WordingRow.hash == digest))
    if found is None:
        added = insert(WordingRow).values(
            hash=digest, language=wording.language, text=wording.text, created_at=now
        )
        found = session.execute(added.returning(WordingRow.id)).scalar_one()
    return found


def happen(
    session: Session,
    subscriber_id: int,
    publication_id: int,
    event: Event,
    *,
    method: str,
    network: str | None,
    now: datetime,
    wording: int | None = None,
    ground: str = "",
) -> State | None:
    """Let `event` happen to a subscription, record it, and return the state it was in before.

    Where it leads to a new subscription, the caller holds `one_at_a_time`.
    """
    row = session.scalar(
        select(SubscriptionRow)
        .where(
            SubscriptionRow.subscriber_id == subscriber_id,
            SubscriptionRow.publication_id == publication_id,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    before = State(row.state) if row is not None else None
    state = after(before, event)
    if row is not None and state is not None:
        row.state = state
        row.updated_at = now
    elif state is not None:
        session.add(
            SubscriptionRow(
                subscriber_id=subscriber_id,
                publication_id=publication_id,
                state=state,
                created_at=now,
                updated_at=now,
            )
        )
    record(
        session,
        {
            "subscriber_id": subscriber_id,
            "publication_id": publication_id,
            "event": event,
            "method": method,
            "network": network,
            "wording_id": wording,
            "ground": ground,
            "at": now,
        },
    )
    session.flush()
    count_moves(session, now.date(), [(publication_id, before, state)])
    return before


def record(session: Session, *events: Mapping[str, Any]) -> None:
    """Add to the record: columns of `ConsentRow` for each event."""
    insert_all(session, ConsentRow, [{**_EMPTY, **event} for event in events])
