"""Reading the log, newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from mailer.audit.models import AuditRow
from mailer.sentence import Sentence

AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One act; `words` is a `Sentence` where it was recorded as one."""

    id: int
    at: datetime
    actor: str
    subject: str
    words: str


def entries(
    session: Session,
    *,
    before: int | None = None,
    actor: str | None = None,
    subject: str | None = None,
    kind: str | None = None,
    until: datetime | None = None,
    limit: int = AT_ONCE,
) -> list[Entry]:
    """The last `limit` acts: of one actor, on one subject or kind of subject ("issue").

    `before` is the id of the last entry of the page before; `until` leaves out what was done at
    that moment or later.
    """
    found = select(AuditRow)
    if actor is not None:
        found = found.where(AuditRow.actor == actor)
    if subject is not None:
        found = found.where(AuditRow.subject == subject)
    if kind is not None:
        found = found.where(AuditRow.kind == kind)
    if before is not None:
        found = found.where(AuditRow.id < before)
    if until is not None:
        last = _last_before(session, until)
        found = found.where(AuditRow.id <= last)
    rows = session.execute(found.order_by(AuditRow.id.desc()).limit(limit)).scalars()
    return [Entry(row.id, row.at, row.actor, row.subject, _words(row)) for row in rows]


def _last_before(session: Session, moment: datetime) -> int:
    """The id of the last act before `moment`: ids grow with time, and have an index with others."""
    found = select(AuditRow.id).where(AuditRow.at < moment)
    return session.scalar(found.order_by(AuditRow.at.desc(), AuditRow.id.desc()).limit(1)) or 0


def kinds(session: Session) -> list[str]:
    """The kinds of subjects that stand in the log, by alphabet."""
    found: list[str] = []
    last = session.scalar(_next_kind(""))
    while last is not None:
        found.append(last)
        last = session.scalar(_next_kind(last))
    return found


def _next_kind(last: str) -> Select[str]:
    # One look into the index for each, however many rows there are.
    return select(AuditRow.kind).where(AuditRow.kind > last).order_by(AuditRow.kind).limit(1)


def _words(row: AuditRow) -> str:
    if row.template is None:
        return row.words
    return _sentence(row.template, row.filled or {})


def _sentence(template: str, values: dict[str, Any]) -> Sentence:
    filled = {
        name: _sentence(value["template"], value["values"]) if isinstance(value, dict) else value
        for name, value in values.items()
    }
    return Sentence(template, **filled)
