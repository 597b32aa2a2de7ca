"""A publication to subscribe to, and short ways to look at what became of its readers."""

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer import audience
from mailer.audience.models import ConsentRow, SubscriberRow, SubscriptionRow
from mailer.database import Base, Database
from mailer.publication.models import PublicationRow
from tests.conftest import NOW


def publication(database: Database, title: str = "Update") -> int:
    with database.write() as session:
        row = PublicationRow(slug=title.lower(), title=title, language="en", created_at=NOW)
        session.add(row)
        session.flush()
        return row.id


def csv_file(folder: Path, text: str, name: str = "readers.csv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8", newline="")
    return file


def take_in(
    database: Database, file: Path, publication_id: int, now: datetime = NOW, **more: Any
) -> audience.ImportOutcome:
    more.setdefault("rejects_path", file.with_suffix(".rejects.csv"))
    return audience.import_csv(
        database,
        file,
        publication_id=publication_id,
        ground="asked at our stall",
        operator="command (ana)",
        now=now,
        **more,
    )


def reader(session: Session, address: str, publication_id: int) -> int:
    """Subscribe an address by hand; the id of its reader."""
    return audience.add(
        session, address, publication_id=publication_id, operator="command", now=NOW
    ).subscriber_id


def state(session: Session, subscriber_id: int, publication_id: int) -> str | None:
    return session.scalar(
        select(SubscriptionRow.state).where(
            SubscriptionRow.subscriber_id == subscriber_id,
            SubscriptionRow.publication_id == publication_id,
        )
    )


def events(session: Session, subscriber_id: int) -> list[str]:
    return list(
        session.scalars(
            select(ConsentRow.event)
            .where(ConsentRow.subscriber_id == subscriber_id)
            .order_by(ConsentRow.id)
        )
    )


def count(session: Session, table: type[Base]) -> int:
    return session.scalars(select(func.count()).select_from(table)).one()


def everybody(database: Database) -> list[tuple[Any, ...]]:
    """All readers with their subscriptions and consents, as far as two databases may agree."""
    with database.read() as session:
        readers = session.execute(
            select(
                SubscriberRow.mailbox,
                SubscriberRow.address,
                SubscriberRow.name,
                SubscriberRow.greeting,
                SubscriberRow.language,
                SubscriberRow.custom_fields,
                SubscriberRow.tags,
                SubscriberRow.member_from,
                SubscriberRow.member_until,
                SubscriptionRow.state,
                SubscriptionRow.format,
                select(func.count())
                .where(ConsentRow.subscriber_id == SubscriberRow.id)
                .scalar_subquery(),
            )
            .join(SubscriptionRow, SubscriptionRow.subscriber_id == SubscriberRow.id, isouter=True)
            .order_by(SubscriberRow.mailbox)
        )
        return [tuple(row) for row in readers]
