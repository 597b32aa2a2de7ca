"""Issues, as those see them who make and send them: whether public or not, with every item."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from mailer.errors import NotFound
from mailer.publication.content import (
    LARGEST_NUMBER,
    Issue,
    IssueSummary,
    Item,
    Picture,
    Publication,
)
from mailer.publication.models import IssueRow, ItemRow, PublicationRow
from mailer.publication.pictures import picture_of, pictures_of
from mailer.publication.series import publication_by_id, publication_from
from mailer.sentence import Sentence

NEWEST_FIRST = (IssueRow.date.desc(), IssueRow.number.desc(), IssueRow.id.desc())


def list_issues(
    session: Session, publication_id: int | None = None, *, public_only: bool = False
) -> tuple[IssueSummary, ...]:
    """The issues of one publication, or of all, newest first.

    With `public_only` neither hidden issues nor members' items are counted.
    """
    items = select(func.count(ItemRow.id)).where(ItemRow.issue_id == IssueRow.id)
    if public_only:
        items = items.where(~ItemRow.members_only)
    query = select(IssueRow, PublicationRow, items.scalar_subquery()).join(
        PublicationRow, PublicationRow.id == IssueRow.publication_id
    )
    if publication_id is not None:
        query = query.where(IssueRow.publication_id == publication_id)
    if public_only:
        query = query.where(IssueRow.public)
    rows = session.execute(query.order_by(*NEWEST_FIRST)).all()
    # Many issues are of few publications.
    publications = {row.id: publication_from(row) for row in {row[1] for row in rows}}
    return tuple(
        summary_from(issue, publications[issue.publication_id], count) for issue, _, count in rows
    )


def find_issue(session: Session, publication_id: int, number: int) -> Issue:
    """The issue of a publication with this number.

    Raises:
        NotFound: there is none; the sentence names the newest.
    """
    publication = publication_by_id(session, publication_id)
    row = find_row(session, publication_id, number)
    if row is not None:
        return issue_from(row, publication, items_of(session, row.id))
    newest = session.scalar(
        select(func.max(IssueRow.number)).where(IssueRow.publication_id == publication_id)
    )
    if newest is None:
        raise NotFound(
            Sentence(
                "There is no {publication} {number}; none has been written or imported yet.",
                publication=publication.title,
                number=number,
            )
        )
    raise NotFound(
        Sentence(
            "There is no {publication} {number}; the newest is {publication} {newest}.",
            publication=publication.title,
            number=number,
            newest=newest,
        )
    )


def issue_by_id(session: Session, issue_id: int) -> Issue:
    """The issue or announcement with this id.

    Raises:
        NotFound: there is none.
    """
    row = session.get(IssueRow, issue_id)
    if row is None:
        raise NotFound(Sentence("There is no issue with the id {id}.", id=issue_id))
    return issue_from(
        row, publication_by_id(session, row.publication_id), items_of(session, row.id)
    )


def issue_titles(session: Session, issue_ids: Iterable[int]) -> dict[int, str]:
    """The titles of these issues and announcements."""
    rows = session.execute(select(IssueRow.id, IssueRow.title).where(IssueRow.id.in_(issue_ids)))
    return {row.id: row.title for row in rows}


def version_of(session: Session, issue_id: int) -> int:
    """The version of an issue: it grows with every save.

    Raises:
        NotFound: there is no such issue.
    """
    version = session.scalar(select(IssueRow.version).where(IssueRow.id == issue_id))
    if version is None:
        raise NotFound(Sentence("There is no issue with the id {id}.", id=issue_id))
    return version


def set_public(session: Session, issue_id: int, public: bool, now: datetime) -> None:
    """Show an issue in the archive, or hide it; `published_at` keeps the first time.

    Raises:
        NotFound: there is no such issue.
    """
    row = session.get(IssueRow, issue_id)
    if row is None:
        raise NotFound(Sentence("There is no issue with the id {id}.", id=issue_id))
    if row.public == public:
        return
    row.public = public
    row.updated_at = now
    if public and row.published_at is None:
        row.published_at = now
    session.flush()


def find_row(session: Session, publication_id: int, number: int) -> IssueRow | None:
    if not 0 <= number <= LARGEST_NUMBER:
        return None
    return session.scalar(
        select(IssueRow).where(IssueRow.publication_id == publication_id, IssueRow.number == number)
    )


def items_of(session: Session, issue_id: int, *where: ColumnElement[bool]) -> tuple[Item, ...]:
    rows = session.scalars(
        select(ItemRow)
        .where(ItemRow.issue_id == issue_id, *where)
        .order_by(ItemRow.position, ItemRow.id)
    ).all()
    shown = pictures_of(session, rows)
    return tuple(item_from(row, shown) for row in rows)


def issue_from(row: IssueRow, publication: Publication, items: Iterable[Item]) -> Issue:
    return Issue(
        row.id,
        publication,
        row.kind,
        row.number,
        row.date,
        row.title,
        row.subject,
        row.preheader,
        row.language,
        row.public,
        row.version,
        tuple(items),
        row.head_version,
        row.head_changed_at,
        row.head_changed_by,
        row.published_at,
    )


def summary_from(row: IssueRow, publication: Publication, items: int) -> IssueSummary:
    return IssueSummary(
        row.id, publication, row.kind, row.number, row.date, row.title, row.public, items
    )


def item_from(row: ItemRow, pictures: Mapping[str, Picture]) -> Item:
    return Item(
        row.id,
        row.position,
        row.slug,
        row.title,
        row.topic,
        row.summary,
        row.body,
        row.link,
        row.members_only,
        picture_of(row, pictures),
        row.reused_from,
        row.version,
        row.changed_at,
        row.changed_by,
    )
