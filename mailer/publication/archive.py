"""What anybody may read: public issues, and of these never a members' item."""

import re

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.errors import NotFound
from mailer.publication.content import (
    SLUG_CHARACTERS,
    ArchiveItem,
    Issue,
    Item,
    Page,
    Publication,
)
from mailer.publication.issues import (
    NEWEST_FIRST,
    find_row,
    issue_from,
    item_from,
    items_of,
    summary_from,
)
from mailer.publication.models import IssueRow, ItemRow, PageRow, PublicationRow
from mailer.publication.pictures import pictures_of
from mailer.publication.series import publication_from
from mailer.sentence import Sentence

_SLUG = re.compile(rf"[a-z0-9-]{{1,{SLUG_CHARACTERS}}}")
_NOT_HERE = "There is no such page here."


def recent_items(
    session: Session, publication_id: int | None, limit: int, offset: int = 0
) -> tuple[ArchiveItem, ...]:
    """Public items of one publication, or of all: those of the newest issue first, in its order."""
    beside = ItemRow.__table__.alias("beside")
    count = (
        select(func.count())
        .select_from(beside)
        .where(beside.c.issue_id == IssueRow.id, ~beside.c.members_only)
        .scalar_subquery()
    )
    query = (
        select(ItemRow, IssueRow, PublicationRow, count)
        .join(IssueRow, IssueRow.id == ItemRow.issue_id)
        .join(PublicationRow, PublicationRow.id == IssueRow.publication_id)
        .where(IssueRow.public, IssueRow.number.is_not(None), ~ItemRow.members_only)
        .order_by(*NEWEST_FIRST, ItemRow.position, ItemRow.id)
        .limit(limit)
        .offset(offset)
    )
    if publication_id is not None:
        query = query.where(IssueRow.publication_id == publication_id)
    found = session.execute(query).all()
    shown = pictures_of(session, [item for item, *_ in found])
    return tuple(
        ArchiveItem(
            summary_from(issue, publication_from(publication), items),
            item_from(item, shown),
            issue.language,
        )
        for item, issue, publication, items in found
    )


def public_publication(session: Session, slug: str) -> Publication:
    """The publication with this slug.

    Raises:
        NotFound: there is none.
    """
    row = _SLUG.fullmatch(slug) and session.scalar(
        select(PublicationRow).where(PublicationRow.slug == slug)
    )
    if not row:
        raise NotFound(_NOT_HERE)
    return publication_from(row)


def public_issue(session: Session, slug: str, number: int) -> Issue:
    """A public issue, by the slug of its publication and its number, without members' items.

    Raises:
        NotFound: there is none, or it is not public.
    """
    publication = public_publication(session, slug)
    row = find_row(session, publication.id, number)
    if row is None or not row.public:
        raise NotFound(
            Sentence(
                "There is no {publication} {number} here.",
                publication=publication.title,
                number=number,
            )
        )
    return issue_from(row, publication, items_of(session, row.id, ~ItemRow.members_only))


def public_item(session: Session, slug: str, number: int, item_slug: str) -> tuple[Issue, Item]:
    """A public item, and the issue that it stands in.

    Raises:
        NotFound: there is none, it is for members, or its issue is not public.
    """
    issue = public_issue(session, slug, number)
    for item in issue.items:
        if item.slug == item_slug:
            return issue, item
    raise NotFound(_NOT_HERE)


def pages(session: Session) -> tuple[Page, ...]:
    """The standing pages, in their order."""
    rows = session.scalars(select(PageRow).order_by(PageRow.position, PageRow.id))
    return tuple(map(page_from, rows))


def find_page(session: Session, slug: str) -> Page:
    """The standing page with this slug.

    Raises:
        NotFound: there is none.
    """
    row = _SLUG.fullmatch(slug) and session.scalar(select(PageRow).where(PageRow.slug == slug))
    if not row:
        raise NotFound(_NOT_HERE)
    return page_from(row)


def page_from(row: PageRow) -> Page:
    return Page(row.id, row.slug, row.title, row.body, row.position)
