"""Figures that take long to count: counted apart, kept, and shown with their moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from mailer.database import upsert
from mailer.delivery.models import FiguresRow

AT_ONCE = 5_000
"""So many rows are counted while somebody waits for a page: some 50 ms at most."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Figures, as JSON, and when they were true."""

    counted_at: datetime
    content: Any


def kept(session: Session, name: str) -> Kept | None:
    """The figures of this name; None where nobody counted yet."""
    row = session.get(FiguresRow, name)
    return None if row is None else Kept(row.counted_at, row.content)


def keep(session: Session, name: str, content: Any, now: datetime) -> None:
    """Keep figures in the place of older ones."""
    kept_now = upsert(session, FiguresRow).values(name=name, counted_at=now, content=content)
    newer = {"counted_at": kept_now.excluded.counted_at, "content": kept_now.excluded.content}
    session.execute(kept_now.on_conflict_do_update(index_elements=["name"], set_=newer))
