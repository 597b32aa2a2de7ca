"""Standing pages, as staff write them: kept with every save, moved, removed and put back."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.errors import NotFound, WrongInput
from mailer.publication.archive import page_from
from mailer.publication.content import Page, slug_from
from mailer.publication.meanwhile import ChangedMeanwhile
from mailer.publication.models import PageRow, RevisionRow
from mailer.publication.revisions import save_page
from mailer.sentence import Sentence

LONGEST_TITLE, LONGEST_BODY = 200, 200_000

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class PageRevision:
    """What a page was after one save."""

    version: int
    title: str
    body: str
    saved_at: datetime
    saved_by: str


def page_by_id(session: Session, page_id: int) -> Page:
    """The standing page with this id.

    Raises:
        NotFound: there is none, or no more.
    """
    return page_from(_row(session, page_id))


def removed_pages(session: Session) -> tuple[Page, ...]:
    """Those that were removed, the last one first."""
    rows = session.scalars(
        select(PageRow).where(PageRow.removed_at.is_not(None)).order_by(PageRow.removed_at.desc())
    )
    return tuple(map(page_from, rows))


def create_page(session: Session, title: str, body: str, now: datetime, saved_by: str) -> Page:
    """A new page behind all others; its slug is made of the title, and never changes.

    Raises:
        WrongInput: it has no title, or too much.
    """
    title, body = _checked(title, body)
    taken = set(session.scalars(select(PageRow.slug)))
    last = session.scalar(select(func.max(PageRow.position)))
    row = PageRow(
        slug=slug_from(title, taken, "page"),
        title=title,
        body=body,
        position=(last or 0) + 1,
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    save_page(session, row, now, saved_by)
    return page_from(row)


def edit_page(
    session: Session,
    page_id: int,
    base_version: int,
    title: str,
    body: str,
    now: datetime,
    saved_by: str,
) -> Page:
    """The page with this text; a save that changes nothing is none.

    Raises:
        NotFound: there is no such page.
        ChangedMeanwhile: somebody saved it since `base_version`; `stands` is theirs.
        WrongInput: it has no title, or too much.
    """
    row = _row(session, page_id)
    if (row.title, row.body) == (title, body):
        return page_from(row)
    if row.version != base_version:
        raise ChangedMeanwhile(
            Sentence(
                "Somebody else saved this page while you wrote. Both texts are shown here; nothing "
                "of yours is lost."
            ),
            page_from(row),
        )
    row.title, row.body = _checked(title, body)
    save_page(session, row, now, saved_by)
    return page_from(row)


def move_page(session: Session, page_id: int, by: int) -> bool:
    """Put the page before the one above it (-1) or behind the one below (1); False at an end."""
    rows = list(
        session.scalars(
            select(PageRow)
            .where(PageRow.removed_at.is_(None))
            .order_by(PageRow.position, PageRow.id)
            .with_for_update()
        )
    )
    at = next((at for at, row in enumerate(rows) if row.id == page_id), None)
    if at is None:
        raise NotFound("There is no such page any more.")
    if not 0 <= at + by < len(rows):
        return False
    rows.insert(at + by, rows.pop(at))
    for position, row in enumerate(rows, 1):
        row.position = position
    session.flush()
    return True


def remove_page(session: Session, page_id: int, now: datetime) -> Page:
    """Have the page stand nowhere; it is kept, and `put_back` shows it again."""
    row = _row(session, page_id)
    row.removed_at = now
    session.flush()
    return page_from(row)


def put_back(session: Session, page_id: int) -> Page:
    """Show a removed page again, at its old address and place."""
    row = session.get(PageRow, page_id, with_for_update=True)
    if row is None:
        raise NotFound("There is no such page any more.")
    row.removed_at = None
    session.flush()
    return page_from(row)


def page_revisions(session: Session, page_id: int) -> tuple[PageRevision, ...]:
    """What the page was after each save, the newest first."""
    rows = session.scalars(
        select(RevisionRow)
        .where(RevisionRow.page_id == page_id)
        .order_by(RevisionRow.version.desc())
    )
    return tuple(_revision(row.version, row.content, row) for row in rows)


def _revision(version: int, content: dict[str, Any], row: RevisionRow) -> PageRevision:
    return PageRevision(version, content["title"], content["body"], row.saved_at, row.saved_by)


def _row(session: Session, page_id: int) -> PageRow:
    row = session.get(PageRow, page_id, with_for_update=True)
    if row is None or row.removed_at is not None:
        raise NotFound("There is no such page any more.")
    return row


def _checked(title: str, body: str) -> tuple[str, str]:
    if not title.strip():
        raise WrongInput("Give the page a title.")
    if len(title) > LONGEST_TITLE or len(body) > LONGEST_BODY:
        raise WrongInput("That is longer than a page may be.")
    if _CONTROL.search(title + body):
        raise WrongInput("A control character cannot stand here.")
    return title, body
