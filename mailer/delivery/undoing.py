"""A minute to think again: what is sent from the desk begins a little later, and can be undone.

1. `send_soon` schedules the issue for a minute from now; pressed twice it does nothing more.
2. `undo` takes an issue's mailing away that has not begun, by one conditional statement against
   the one that begins it: either nothing is sent, or it says that it was too late.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mailer import audit
from mailer.config import Config
from mailer.delivery.mailing import schedule
from mailer.delivery.models import MailingRow
from mailer.errors import Refused
from mailer.publication import Issue
from mailer.sentence import Sentence

GRACE = timedelta(seconds=60)


def send_soon(
    session: Session,
    config: Config,
    issue: Issue,
    now: datetime,
    actor: str,
    not_after: datetime | None = None,
    approved_version: int | None = None,
) -> datetime:
    """Have the issue sent a minute from now, or when it is due if that is sooner; returns when.

    Raises:
        WrongInput: preflight finds an error.
        Refused: it is being sent, or was.
    """
    due = _due(session, issue)
    if due is not None and due <= now + GRACE:
        return due
    try:
        schedule(session, config, issue, now + GRACE, now, actor, not_after, approved_version)
    except Refused:
        # The other half of a double click may have been quicker by a moment.
        due = _due(session, issue)
        if due is None or due > now + GRACE:
            raise
        return due
    return now + GRACE


def undo(session: Session, issue: Issue, now: datetime, actor: str) -> None:
    """Make an issue that is scheduled, or paused before it began, a draft again.

    Raises:
        Refused: it was too late, since it has begun; or there was nothing to undo.
    """
    undone = session.execute(
        delete(MailingRow)
        .where(
            MailingRow.issue_id == issue.id,
            MailingRow.kind == issue.kind,
            MailingRow.started_at.is_(None),
            MailingRow.status.in_(("scheduled", "paused")),
        )
        .returning(MailingRow.id)
        .execution_options(synchronize_session=False)
    ).first()
    if undone is not None:
        audit.record(session, now, actor, f"issue {issue.id}", Sentence("not to be sent after all"))
        return
    begun = session.scalar(
        select(MailingRow.started_at).where(
            MailingRow.issue_id == issue.id, MailingRow.kind == issue.kind
        )
    )
    if begun is None:
        raise Refused(Sentence("{title} is a draft; there is nothing to undo.", title=issue.title))
    raise Refused(
        Sentence(
            "It was too late: {title} had begun to go out. Pause it, and nothing more goes out.",
            title=issue.title,
        )
    )


def _due(session: Session, issue: Issue) -> datetime | None:
    return session.scalar(
        select(MailingRow.start_at).where(
            MailingRow.issue_id == issue.id,
            MailingRow.kind == issue.kind,
            MailingRow.status == "scheduled",
        )
    )
