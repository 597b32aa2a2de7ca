"""The table of what was done."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from mailer.database import Base, BigId, Json, UtcDateTime


class AuditRow(Base):
    """One act of a person or of the machine. Triggers refuse to change or delete a row.

    `kind` is the subject's first word. `template` and `filled` are the sentence's parts, from
    which `words` can be said in another language.
    """

    __tablename__ = "audit"
    __table_args__ = (
        Index(None, "subject", "id"),
        Index(None, "kind", "id"),
        Index(None, "actor", "id"),
        Index(None, "at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(100), server_default="")
    words: Mapped[str] = mapped_column(Text)
    template: Mapped[str | None] = mapped_column(Text)
    filled: Mapped[Any | None] = mapped_column(Json)
