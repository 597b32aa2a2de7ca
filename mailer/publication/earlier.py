"""What was said before: the items of earlier issues, to see whether an item comes again."""

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from mailer.letter import EARLIER_CHARACTERS, EarlierItem
from mailer.publication.content import Issue
from mailer.publication.issues import NEWEST_FIRST
from mailer.publication.models import IssueRow, ItemRow

MOST = 1000  # a decade of a monthly; who repeats themselves does so sooner


def earlier_items(session: Session, issue: Issue) -> tuple[EarlierItem, ...]:
    """The items of the same publication's issues before this one, the newest issue first.

    The text of an item without a summary is how its body begins.
    """
    before = IssueRow.date < issue.date
    if issue.number is not None:
        before = or_(before, and_(IssueRow.date == issue.date, IssueRow.number < issue.number))
    text = case(
        (func.trim(ItemRow.summary) != "", ItemRow.summary),
        else_=func.substr(ItemRow.body, 1, EARLIER_CHARACTERS),
    )
    query = (
        select(IssueRow.title, ItemRow.title, text)
        .join(IssueRow, IssueRow.id == ItemRow.issue_id)
        .where(IssueRow.publication_id == issue.publication.id, IssueRow.id != issue.id, before)
        .order_by(*NEWEST_FIRST, ItemRow.position, ItemRow.id)
        .limit(MOST)
    )
    return tuple(EarlierItem(*row) for row in session.execute(query))
