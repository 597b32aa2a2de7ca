"""Every save is kept: what an issue (with its items) or a page was after it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.publication.models import IssueRow, ItemRow, PageRow, RevisionRow

_OF_ISSUE = ("number", "title", "subject", "preheader", "language")
_OF_ITEM = (
    *("position", "slug", "title", "topic", "summary", "body", "link"),
    *("picture_hash", "picture_alt", "members_only"),
)
_OF_PAGE = ("slug", "title", "body", "position")


def save_issue(session: Session, row: IssueRow, now: datetime, saved_by: str) -> None:
    """Record that an issue or its items were created or changed."""
    _grow(session, row, now)
    items = session.scalars(
        select(ItemRow).where(ItemRow.issue_id == row.id).order_by(ItemRow.position, ItemRow.id)
    )
    content = {name: getattr(row, name) for name in _OF_ISSUE}
    content["date"] = row.date.isoformat()
    content["items"] = [{name: getattr(item, name) for name in _OF_ITEM} for item in items]
    session.add(
        RevisionRow(
            issue_id=row.id, version=row.version, content=content, saved_at=now, saved_by=saved_by
        )
    )


def save_page(session: Session, row: PageRow, now: datetime, saved_by: str) -> None:
    """Record that a standing page was created or changed."""
    _grow(session, row, now)
    content = {name: getattr(row, name) for name in _OF_PAGE}
    session.add(
        RevisionRow(
            page_id=row.id, version=row.version, content=content, saved_at=now, saved_by=saved_by
        )
    )


def last_saved_by(session: Session, issue_id: int) -> str | None:
    """Who saved an issue last; None where no save was kept."""
    return session.scalar(
        select(RevisionRow.saved_by)
        .where(RevisionRow.issue_id == issue_id)
        .order_by(RevisionRow.version.desc())
        .limit(1)
    )


def _grow(session: Session, row: IssueRow | PageRow, now: datetime) -> None:
    session.flush()
    subject = RevisionRow.issue_id if isinstance(row, IssueRow) else RevisionRow.page_id
    if session.scalar(select(RevisionRow.id).where(subject == row.id).limit(1)) is not None:
        row.version += 1
        row.updated_at = now
    session.flush()
