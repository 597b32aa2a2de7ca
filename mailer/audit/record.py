"""Adding to the log."""

from datetime import datetime

from sqlalchemy.orm import Session

from mailer.audit.models import AuditRow


def record(session: Session, now: datetime, actor: str, subject: str, words: str) -> None:
    """Say that `actor` ("command", "reader 12", "staff 3") did `words` to `subject`.

    `subject` names a thing by kind and id, like "issue 4" or "subscriber 12".
    """
    session.add(AuditRow(at=now, actor=actor, subject=subject, words=words))
