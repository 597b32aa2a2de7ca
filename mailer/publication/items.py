"""Writing the items of an issue: add, change, move, remove, bring back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer import audit
from mailer.errors import NotFound, Refused, WrongInput
from mailer.publication.content import Item, slug_from
from mailer.publication.issues import item_from
from mailer.publication.merging import Fields, Value
from mailer.publication.models import IssueRow, ItemRow, PictureRow
from mailer.publication.pictures import pictures_of
from mailer.publication.revisions import OF_ITEM, item_fields, save_issue
from mailer.publication.saving import (
    Overtaken,
    Saved,
    fit_in,
    hold_issue,
    keep_overwritten,
    overtaken,
    overwrite,
    removed,
    removed_meanwhile,
)
from mailer.publication.texts import WrongFields, fit
from mailer.sentence import Sentence

MOST_ITEMS = 100
EMPTY: dict[str, Value] = {
    **dict.fromkeys(OF_ITEM, ""),
    "picture_hash": None,
    "members_only": False,
}


@dataclass(frozen=True, slots=True)
class Removed:
    """An item that is gone from its issue; `bring_back` has it for a day."""

    id: int
    issue_id: int
    title: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Where an item is now: `place` counts from 1."""

    id: int
    issue_id: int
    title: str
    place: int
    of: int


def add_item(
    session: Session,
    issue_id: int,
    given: Fields,
    now: datetime,
    actor: str,
    *,
    reused_from: int | None = None,
) -> Item:
    """Add an item at an issue's end; fields that are not given are empty.

    Raises:
        NotFound: there is no such issue.
        WrongFields: a field cannot be taken.
        Refused: the issue has very many already.
    """
    issue = hold_issue(session, issue_id)
    rows = rows_of(session, issue_id)
    if len(rows) >= MOST_ITEMS:
        raise Refused(
            Sentence("{issue} has {n} items; that is the most.", issue=issue.title, n=len(rows))
        )
    row = new_row(session, issue, rows, EMPTY | fit_item(session, given), now, actor)
    row.reused_from = reused_from
    save_issue(session, issue, now, actor)
    if row.title:
        words = Sentence("added “{item}” to {issue}", item=row.title, issue=issue.title)
    else:
        words = Sentence("added an item to {issue}", issue=issue.title)
    audit.record(session, now, actor, f"issue {issue.id}", words)
    return _item(session, row)


def change_item(
    session: Session,
    issue_id: int,
    item_id: int,
    given: Fields,
    base_version: int,
    now: datetime,
    actor: str,
) -> Saved | Overtaken:
    """Give an item other fields, typed on top of what it was at `base_version`.

    Raises:
        NotFound: there is no such item, and has been none for a day.
        WrongFields: a field cannot be taken.
    """
    issue = hold_issue(session, issue_id)
    fields = fit_item(session, given)
    row = _find(session, issue_id, item_id)
    if row is None:
        return removed_meanwhile(session, issue_id, item_id, fields)
    fitted = fit_in(session, row, fields, base_version)
    if isinstance(fitted, Overtaken):
        return fitted
    by = row.changed_by if fitted.from_theirs else ""
    if overwrite(session, row, fitted.fields, now, actor):
        if issue.published_at is None:
            # Nobody has its address yet.
            others = [other for other in rows_of(session, issue_id) if other is not row]
            row.slug = _slug(row.title, others)
        if save_issue(session, issue, now, actor, typing=True):
            words = Sentence("wrote on “{item}” in {issue}", item=row.title, issue=issue.title)
            audit.record(session, now, actor, f"issue {issue.id}", words)
    now_has = item_fields(row)
    return Saved(row.id, row.version, now_has, issue.version, fitted.from_theirs, by)


def remove_item(
    session: Session, issue_id: int, item_id: int, base_version: int, now: datetime, actor: str
) -> Removed | Overtaken:
    """Take an item out of its issue, if it still is what it was at `base_version`.

    Raises:
        NotFound: there is no such item.
    """
    issue = hold_issue(session, issue_id)
    row = _there(session, issue_id, item_id)
    if row.version != base_version:
        return overtaken(session, row, {}, base_version)
    kept = item_fields(row) | {
        "slug": row.slug,
        "position": row.position,
        "reused_from": row.reused_from,
    }
    keep_overwritten(session, row, kept, now, actor)
    gone = Removed(row.id, issue.id, row.title)
    session.delete(row)
    save_issue(session, issue, now, actor)
    words = Sentence("removed “{item}” from {issue}", item=gone.title, issue=issue.title)
    audit.record(session, now, actor, f"issue {issue.id}", words)
    return gone


def bring_back(session: Session, issue_id: int, item_id: int, now: datetime, actor: str) -> Item:
    """Put an item back that was removed within a day: as it was, where it was.

    Raises:
        NotFound: it was not, or longer ago.
    """
    issue = hold_issue(session, issue_id)
    was = removed(session, issue_id, item_id)
    if was is None or session.get(ItemRow, item_id) is not None:
        raise NotFound(
            Sentence("There is nothing to bring back here; look into the revisions of the issue.")
        )
    rows = rows_of(session, issue_id)
    fields = {name: was.content[name] for name in OF_ITEM}
    row = new_row(session, issue, rows, fields, now, actor, again=item_id, slug=was.content["slug"])
    first = was.content["reused_from"]
    row.reused_from = first if first and session.get(ItemRow, first) else None
    rows.insert(max(0, was.content["position"] - 1), row)
    number(rows)
    save_issue(session, issue, now, actor)
    words = Sentence("brought “{item}” back to {issue}", item=row.title, issue=issue.title)
    audit.record(session, now, actor, f"issue {issue.id}", words)
    return _item(session, row)


def move_item(
    session: Session, issue_id: int, item_id: int, place: int, now: datetime, actor: str
) -> Moved:
    """Put an item at a place among the others, counted from 1; beyond the end is the end.

    Raises:
        NotFound: there is no such item.
    """
    issue = hold_issue(session, issue_id)
    row = _there(session, issue_id, item_id)
    rows = rows_of(session, issue.id)
    before = [one.id for one in rows]
    rows.remove(row)
    rows.insert(max(0, place - 1), row)
    number(rows)
    if [one.id for one in rows] != before:
        save_issue(session, issue, now, actor)
        words = Sentence("moved “{item}” in {issue}", item=row.title, issue=issue.title)
        audit.record(session, now, actor, f"issue {issue.id}", words)
    return Moved(row.id, issue.id, row.title, rows.index(row) + 1, len(rows))


def put_in_order(
    session: Session, issue_id: int, item_ids: Sequence[int], now: datetime, actor: str
) -> tuple[int, ...]:
    """Put the items in this order. What the list does not name stays behind whom it followed.

    What it names and is there no more is left out. Gives the order that came of it.

    Raises:
        NotFound: there is no such issue.
    """
    issue = hold_issue(session, issue_id)
    rows = rows_of(session, issue_id)
    known = {row.id: row for row in rows}
    order = [known[one] for one in dict.fromkeys(item_ids) if one in known]
    named = set(order)
    for at, row in enumerate(rows):
        if row not in named:
            order.insert(order.index(rows[at - 1]) + 1 if at else 0, row)
    if order != rows:
        number(order)
        save_issue(session, issue, now, actor)
        words = Sentence("put the items of {issue} in another order", issue=issue.title)
        audit.record(session, now, actor, f"issue {issue.id}", words)
    return tuple(row.id for row in order)


def fit_item(session: Session, given: Fields) -> dict[str, Value]:
    """The fields of an item as they are kept; others are not looked at.

    Raises:
        WrongFields: some cannot be taken.
    """
    fields: dict[str, Value] = {}
    wrong: dict[str, Sentence] = {}
    for name, value in given.items():
        if name not in OF_ITEM:
            continue
        try:
            fields[name] = _fit(session, name, value)
        except WrongInput as error:
            wrong[name] = error.args[0]
    if wrong:
        raise WrongFields(wrong)
    return fields


def rows_of(session: Session, issue_id: int) -> list[ItemRow]:
    """The items of an issue in their order."""
    query = select(ItemRow).where(ItemRow.issue_id == issue_id)
    return list(session.scalars(query.order_by(ItemRow.position, ItemRow.id)))


def new_row(
    session: Session,
    issue: IssueRow,
    others: Sequence[ItemRow],
    fields: Fields,
    now: datetime,
    actor: str,
    *,
    again: int | None = None,
    slug: str = "",
) -> ItemRow:
    """An item at the end of its issue; with its id and slug if it was there before."""
    row = ItemRow(
        issue_id=issue.id,
        position=max((other.position for other in others), default=0) + 1,
        slug=slug if slug and slug not in {other.slug for other in others} else "",
        changed_at=now,
        changed_by=actor,
        **fields,
    )
    row.slug = row.slug or _slug(row.title, others)
    if again is not None:
        row.id = again
        was = removed(session, issue.id, again)
        row.version = was.version + 1 if was else issue.version + 1
    session.add(row)
    session.flush()
    return row


def number(rows: Sequence[ItemRow]) -> None:
    """Write down the order of the items."""
    for place, row in enumerate(rows, start=1):
        row.position = place


def _fit(session: Session, name: str, value: Value) -> Value:
    if name == "members_only":
        return bool(value)
    if name == "picture_hash":
        # A picture is kept before an item has it.
        if value and session.get(PictureRow, str(value)[:64]) is None:
            raise WrongInput(Sentence("This picture is not here; choose it once more."))
        return str(value) if value else None
    return fit(name, str(value or ""))


def _find(session: Session, issue_id: int, item_id: int) -> ItemRow | None:
    return session.scalar(
        select(ItemRow)
        .where(ItemRow.id == item_id, ItemRow.issue_id == issue_id)
        .execution_options(populate_existing=True)
    )


def _there(session: Session, issue_id: int, item_id: int) -> ItemRow:
    row = _find(session, issue_id, item_id)
    if row is None:
        raise NotFound(Sentence("This item is not here any more."))
    return row


def _slug(title: str, others: Sequence[ItemRow]) -> str:
    return slug_from(title, {other.slug for other in others}, "item")


def _item(session: Session, row: ItemRow) -> Item:
    return item_from(row, pictures_of(session, [row]))
