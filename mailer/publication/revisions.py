"""Every save is kept: what an issue (with its items) or a page was after it.

What one person saves of an issue while they type becomes one revision for each `TOGETHER`, as long
as it takes nothing away that this revision has; whatever removes a passage, an item or its place
begins a new one. So no text that stood for longer than a moment is missing from the revisions, and
they do not grow with every pause in somebody's typing.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.publication.models import IssueRow, ItemRow, PageRow, RevisionRow

TOGETHER = timedelta(minutes=10)
PASSAGE = 60
"""So many characters may be rewritten within a revision; more begin a new one."""

OF_HEAD = ("number", "date", "title", "subject", "preheader", "language")
OF_ITEM = (
    *("title", "topic", "summary", "body", "link"),
    *("picture_hash", "picture_alt", "picture_caption", "members_only"),
)
_KEPT_OF_ITEM = ("id", "position", "slug", "reused_from", *OF_ITEM)
_OF_PAGE = ("slug", "title", "body", "position")


def save_issue(
    session: Session, row: IssueRow, now: datetime, saved_by: str, *, typing: bool = False
) -> bool:
    """Record that an issue or its items were created or changed; True if a revision began.

    Only what was saved while somebody was `typing` goes on with the revision before.
    """
    newest = _grow(session, row, now)
    content = content_of(session, row)
    if typing and newest is not None and _goes_on(newest, content, now, saved_by):
        newest.version = row.version
        newest.content = content
        newest.saved_at = now
        session.flush()
        return False
    session.add(
        RevisionRow(
            issue_id=row.id,
            version=row.version,
            content=content,
            begun_at=now if typing else None,
            saved_at=now,
            saved_by=saved_by,
        )
    )
    session.flush()
    return True


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


def content_of(session: Session, row: IssueRow) -> dict[str, Any]:
    """An issue and its items as a revision keeps them."""
    items = session.scalars(
        select(ItemRow).where(ItemRow.issue_id == row.id).order_by(ItemRow.position, ItemRow.id)
    )
    return {
        **head_fields(row),
        "items": [{name: getattr(item, name) for name in _KEPT_OF_ITEM} for item in items],
    }


def head_fields(row: IssueRow) -> dict[str, Any]:
    """The issue's own fields, as JSON has them."""
    return {name: getattr(row, name) for name in OF_HEAD} | {"date": row.date.isoformat()}


def item_fields(row: ItemRow) -> dict[str, Any]:
    """The fields of an item that people write."""
    return {name: getattr(row, name) for name in OF_ITEM}


def _grow(session: Session, row: IssueRow | PageRow, now: datetime) -> RevisionRow | None:
    """Count the save; gives the newest revision before it."""
    session.flush()
    subject = RevisionRow.issue_id if isinstance(row, IssueRow) else RevisionRow.page_id
    newest = session.scalar(
        select(RevisionRow).where(subject == row.id).order_by(RevisionRow.version.desc()).limit(1)
    )
    if newest is not None:
        row.version += 1
        row.updated_at = now
    session.flush()
    return newest


def _goes_on(newest: RevisionRow, content: Mapping[str, Any], now: datetime, saved_by: str) -> bool:
    if newest.saved_by != saved_by or newest.begun_at is None:
        return False
    if not timedelta(0) <= now - newest.begun_at < TOGETHER:
        return False
    before, after = newest.content["items"], content["items"]
    if [item.get("id") for item in before] != [item["id"] for item in after]:
        return False
    parts = [(newest.content, content), *zip(before, after, strict=True)]
    return not any(_loses(one.get(name), other[name]) for one, other in parts for name in other)


def _loses(before: object, after: object) -> bool:
    """Whether a passage of the text before stands in the text after no more."""
    if not isinstance(before, str) or not isinstance(after, str) or before == after:
        return False
    shorter = min(len(before), len(after))
    begin = _alike(before, after, shorter)
    end = _alike(before[::-1], after[::-1], shorter - begin)
    return len(before) - begin - end > PASSAGE


def _alike(one: str, other: str, most: int) -> int:
    """How many characters both begin with."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
