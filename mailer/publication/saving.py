"""How a change of an issue is saved, so that nobody's text is overwritten in silence.

1. `hold_issue` takes the issue's row: who changes it at the same time waits.
2. `fit_in` puts what somebody typed together with what others saved since they began. Where that
   needs a person to decide, it gives an `Overtaken` and nothing is saved.
3. `overwrite` keeps what is overwritten for a day, and counts the version.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mailer.errors import NotFound
from mailer.publication.merging import Fields, merge
from mailer.publication.models import IssueRow, ItemRow, OverwrittenRow
from mailer.publication.revisions import head_fields, item_fields
from mailer.sentence import Sentence

KEPT = timedelta(days=1)
HEAD = 0
"""In place of an item's id: the issue's own fields."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A change that was saved, as `version` of its item or head.

    `from_theirs` are the fields in which somebody else's change was put together with it;
    `fields` is what it has become. `issue_version` is the issue's.
    """

    id: int
    version: int
    fields: Fields
    issue_version: int
    from_theirs: tuple[str, ...] = ()
    by: str = ""


@dataclass(frozen=True, slots=True)
class Overtaken:
    """Nothing was saved: `by` changed the same `at` a moment since you began.

    `proposal` is both put together; of the `undecided` fields it has yours. To save it, or
    anything else, name `version` as the one that it is based on. With `removed` the item is gone;
    `theirs` is what it was.
    """

    id: int
    version: int
    by: str
    at: datetime | None
    base: Fields
    theirs: Fields
    yours: Fields
    proposal: Fields
    undecided: tuple[str, ...]
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is to be saved; `from_theirs` as in `Saved`."""

    fields: Fields
    from_theirs: tuple[str, ...] = ()


def hold_issue(session: Session, issue_id: int) -> IssueRow:
    """The issue's row, held until the transaction's end.

    Raises:
        NotFound: there is none.
    """
    row = session.scalar(
        select(IssueRow)
        .where(IssueRow.id == issue_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound(Sentence("There is no issue with the id {id}.", id=issue_id))
    return row


def fit_in(
    session: Session, row: IssueRow | ItemRow, given: Fields, base_version: int
) -> Fitted | Overtaken:
    """`given` as it can be saved on top of what is there now."""
    theirs = fields_of(row)
    yours = {name: value for name, value in given.items() if name in theirs}
    if base_version == version_of_row(row):
        return Fitted(yours)
    merged = merge(_what_was(session, row, base_version), theirs, yours)
    if merged.undecided:
        return overtaken(session, row, yours, base_version)
    return Fitted(merged.fields, merged.from_theirs)


def overtaken(
    session: Session, row: IssueRow | ItemRow, yours: Fields, base_version: int
) -> Overtaken:
    """What to tell somebody whose `yours` was typed on top of a version that is no more."""
    base, theirs = _what_was(session, row, base_version), fields_of(row)
    merged = merge(base, theirs, yours)
    if isinstance(row, IssueRow):
        by, at = row.head_changed_by, row.head_changed_at
    else:
        by, at = row.changed_by, row.changed_at
    return Overtaken(
        _id(row),
        version_of_row(row),
        by,
        at,
        base,
        theirs,
        {**theirs, **base, **yours},
        merged.fields,
        merged.undecided,
    )


def removed_meanwhile(session: Session, issue_id: int, item_id: int, yours: Fields) -> Overtaken:
    """What to tell somebody who writes on an item that is gone.

    Raises:
        NotFound: it is not known here, or has been gone for a day.
    """
    was = removed(session, issue_id, item_id)
    if was is None:
        raise NotFound(Sentence("This item is not here any more."))
    theirs = was.content
    mine = {**theirs, **yours}
    return Overtaken(
        item_id, was.version, was.by, was.at, theirs, theirs, mine, mine, tuple(yours), removed=True
    )


def overwrite(
    session: Session, row: IssueRow | ItemRow, fields: Mapping[str, Any], now: datetime, actor: str
) -> bool:
    """Give the row `fields`, and keep what was there; False where they are what it has."""
    before = fields_of(row)
    if all(before[name] == value for name, value in fields.items()):
        return False
    keep_overwritten(session, row, before, now, actor)
    for name, value in fields.items():
        setattr(row, name, _as_kept(name, value))
    if isinstance(row, IssueRow):
        row.head_version += 1
        row.head_changed_at, row.head_changed_by = now, actor
    else:
        row.version += 1
        row.changed_at, row.changed_by = now, actor
    return True


def keep_overwritten(
    session: Session, row: IssueRow | ItemRow, content: Fields, now: datetime, actor: str
) -> None:
    """Keep what a version was; what was kept for long enough goes."""
    session.execute(delete(OverwrittenRow).where(OverwrittenRow.at < now - KEPT))
    session.add(
        OverwrittenRow(
            issue_id=row.id if isinstance(row, IssueRow) else row.issue_id,
            item_id=_id(row),
            version=version_of_row(row),
            content=dict(content),
            at=now,
            by=actor,
        )
    )


def removed(session: Session, issue_id: int, item_id: int) -> OverwrittenRow | None:
    """What an item was that somebody removed within a day, and who did."""
    return session.scalar(
        select(OverwrittenRow)
        .where(OverwrittenRow.issue_id == issue_id, OverwrittenRow.item_id == item_id)
        .order_by(OverwrittenRow.version.desc())
        .limit(1)
    )


def fields_of(row: IssueRow | ItemRow) -> dict[str, Any]:
    """The fields that people write, as JSON has them."""
    return head_fields(row) if isinstance(row, IssueRow) else item_fields(row)


def version_of_row(row: IssueRow | ItemRow) -> int:
    return row.head_version if isinstance(row, IssueRow) else row.version


def _what_was(session: Session, row: IssueRow | ItemRow, version: int) -> Fields:
    """The fields at that version; empty where nobody knows any more."""
    issue_id = row.id if isinstance(row, IssueRow) else row.issue_id
    found = session.scalar(
        select(OverwrittenRow.content).where(
            OverwrittenRow.issue_id == issue_id,
            OverwrittenRow.item_id == _id(row),
            OverwrittenRow.version == version,
        )
    )
    return found or {}


def _id(row: IssueRow | ItemRow) -> int:
    return HEAD if isinstance(row, IssueRow) else row.id


def _as_kept(name: str, value: Any) -> Any:
    return date.fromisoformat(value) if name == "date" else value
