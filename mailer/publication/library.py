"""What earlier issues have that may be used again: items found by words, reused, and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from mailer.errors import NotFound
from mailer.publication.content import Item
from mailer.publication.issues import NEWEST_FIRST
from mailer.publication.items import add_item
from mailer.publication.models import IssueRow, ItemRow
from mailer.publication.revisions import item_fields
from mailer.publication.texts import cleaned
from mailer.sentence import Sentence

AT_ONCE = 20
MOST_WORDS = 8
_EXCERPT = 300
_SOUGHT = (ItemRow.title, ItemRow.topic, ItemRow.summary, ItemRow.body)

Found = Select[int]


@dataclass(frozen=True, slots=True)
class Use:
    """An issue in which a text was used, in the item `item_id`."""

    item_id: int
    issue_id: int
    issue_title: str
    date: date


@dataclass(frozen=True, slots=True)
class LibraryItem:
    """An item that was found; `excerpt` is how its text begins, `used_in` where else it is."""

    id: int
    title: str
    topic: str
    excerpt: str
    members_only: bool
    has_picture: bool
    issue_id: int
    issue_title: str
    date: date
    used_in: tuple[Use, ...] = ()


def find_items(
    session: Session,
    words: str = "",
    *,
    topic: str = "",
    not_in: int | None = None,
    limit: int = AT_ONCE,
    offset: int = 0,
) -> tuple[LibraryItem, ...]:
    """Items that have all the `words`, of any issue but `not_in`, the newest first."""
    query = (
        select(ItemRow.id)
        .join(IssueRow, IssueRow.id == ItemRow.issue_id)
        .where(ItemRow.title != "")
        .order_by(*NEWEST_FIRST, ItemRow.position, ItemRow.id)
    )
    if topic:
        query = query.where(ItemRow.topic == topic)
    if not_in is not None:
        query = query.where(ItemRow.issue_id != not_in)
    ids = session.scalars(_with_words(query, words).limit(limit).offset(offset)).all()
    # The texts of those that are shown alone: all of them sorted at once is a megabyte or more.
    rows = session.execute(
        select(ItemRow, IssueRow)
        .join(IssueRow, IssueRow.id == ItemRow.issue_id)
        .where(ItemRow.id.in_(ids))
    )
    by_id = {row.ItemRow.id: (row.ItemRow, row.IssueRow) for row in rows}
    found = [by_id[item_id] for item_id in ids]
    uses = used_in(session, [item.id for item, _ in found])
    return tuple(
        LibraryItem(
            item.id,
            item.title,
            item.topic,
            " ".join((item.summary or item.body)[:_EXCERPT].split()),
            item.members_only,
            item.picture_hash is not None,
            issue.id,
            issue.title,
            issue.date,
            uses[item.id],
        )
        for item, issue in found
    )


def topics_in_use(session: Session) -> tuple[str, ...]:
    """The topics of all items, by alphabet."""
    query = select(ItemRow.topic).where(ItemRow.topic != "").distinct().order_by(ItemRow.topic)
    return tuple(session.scalars(query))


def reuse(session: Session, item_id: int, issue_id: int, now: datetime, actor: str) -> Item:
    """Copy an item to the end of an issue; the copy remembers whose it is.

    Raises:
        NotFound: the item or the issue is not there.
    """
    row = session.get(ItemRow, item_id)
    if row is None:
        raise NotFound(Sentence("This item is not here any more."))
    first = row.reused_from or row.id
    return add_item(session, issue_id, item_fields(row), now, actor, reused_from=first)


def used_in(session: Session, item_ids: Sequence[int]) -> dict[int, tuple[Use, ...]]:
    """For each item where else its text was used, the newest first."""
    firsts = {
        row.id: row.reused_from or row.id
        for row in session.execute(
            select(ItemRow.id, ItemRow.reused_from).where(ItemRow.id.in_(item_ids))
        )
    }
    wanted = set(firsts.values())
    query = (
        select(ItemRow.id, ItemRow.reused_from, IssueRow)
        .join(IssueRow, IssueRow.id == ItemRow.issue_id)
        .where(or_(ItemRow.id.in_(wanted), ItemRow.reused_from.in_(wanted)))
        .order_by(*NEWEST_FIRST, ItemRow.id.desc())
    )
    uses = [
        (first or item_id, Use(item_id, issue.id, issue.title, issue.date))
        for item_id, first, issue in session.execute(query)
    ]
    return {
        item_id: tuple(
            use for of, use in uses if of == firsts.get(item_id) and use.item_id != item_id
        )
        for item_id in item_ids
    }


def _with_words(query: Found, words: str) -> Found:
    for word in cleaned("title", words).split()[:MOST_WORDS]:
        query = query.where(or_(*(_has(text, word[:80]) for text in _SOUGHT)))
    return query


def _has(text: InstrumentedAttribute[str], word: str) -> ColumnElement[bool]:
    """That a text has a word, however it is written there."""
    if word.isascii():
        return func.lower(text).contains(word.lower(), autoescape=True)
    # LIKE of SQLite and lower() know no case beyond ASCII: such a word is sought as typed, in lower
    # case, and with a capital.
    forms = sorted({word, word.lower(), word.capitalize()})
    return or_(
        *(
            func.lower(text).contains(form.lower(), autoescape=True)
            if form.isascii()
            else text.contains(form, autoescape=True)
            for form in forms
        )
    )
