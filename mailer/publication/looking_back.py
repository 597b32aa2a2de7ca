"""An issue's revisions: looked through, compared, and one of them brought back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer import audit
from mailer.errors import NotFound
from mailer.publication.comparing import Piece, differences
from mailer.publication.content import Issue
from mailer.publication.issues import find_row, issue_by_id
from mailer.publication.items import new_row, number, rows_of
from mailer.publication.merging import Value
from mailer.publication.models import IssueRow, ItemRow, PictureRow, RevisionRow
from mailer.publication.revisions import OF_HEAD, OF_ITEM, item_fields, save_issue
from mailer.publication.saving import hold_issue, keep_overwritten, overwrite
from mailer.sentence import Sentence

AT_ONCE = 30

What = Literal["head", "added", "removed", "changed", "moved"]


@dataclass(frozen=True, slots=True)
class Change:
    """What one revision did to the head or to one item, `title`; `fields` are those it changed."""

    what: What
    title: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision in the list; the first of an issue has no changes."""

    version: int
    begun_at: datetime
    saved_at: datetime
    saved_by: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """How a field differs: a text in pieces, anything else as it was and is."""

    name: str
    before: Value
    after: Value
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """How the head or an item differs between two revisions; no field where it only moved."""

    what: What
    title: str
    fields: tuple[FieldDifference, ...]


def history(
    session: Session, issue_id: int, *, before: int | None = None, limit: int = AT_ONCE
) -> tuple[Revision, ...]:
    """The revisions of an issue, the newest first; `before` is the last version of a page."""
    query = select(RevisionRow).where(RevisionRow.issue_id == issue_id)
    if before is not None:
        query = query.where(RevisionRow.version < before)
    # One more than is shown: the last of them is told by what came before it.
    rows = session.scalars(query.order_by(RevisionRow.version.desc()).limit(limit + 1)).all()
    return tuple(
        Revision(
            row.version,
            row.begun_at or row.saved_at,
            row.saved_at,
            row.saved_by,
            tuple(_changes(earlier.content, row.content)) if earlier else (),
        )
        for row, earlier in zip(rows[:limit], [*rows[1:], None], strict=False)
    )


def compare(session: Session, issue_id: int, before: int, after: int) -> tuple[Difference, ...]:
    """What differs between two revisions of an issue, field by field.

    Raises:
        NotFound: one of them is not there.
    """
    one, other = (_content(session, issue_id, version) for version in (before, after))
    return tuple(
        Difference(change.what, change.title, tuple(_fields(change, was or {}, became or {})))
        for change, was, became in _parts(one, other)
    )


def restore(session: Session, issue_id: int, version: int, now: datetime, actor: str) -> Issue:
    """Make an issue what it was in a revision, as a new save.

    Items that were removed since come back, those that were added go. What has been public keeps
    its number, and a number that another issue has meanwhile is left with it.

    Raises:
        NotFound: there is no such revision.
    """
    issue = hold_issue(session, issue_id)
    content = _content(session, issue_id, version)
    _restore_head(session, issue, content, now, actor)
    _restore_items(session, issue, content["items"], now, actor)
    save_issue(session, issue, now, actor)
    words = Sentence(
        "brought revision {version} of {issue} back", version=version, issue=issue.title
    )
    audit.record(session, now, actor, f"issue {issue.id}", words)
    return issue_by_id(session, issue_id)


def _restore_head(
    session: Session, issue: IssueRow, content: Mapping[str, Any], now: datetime, actor: str
) -> None:
    head = {name: content[name] for name in OF_HEAD if name in content}
    wanted = head.get("number")
    if wanted != issue.number:
        taken = wanted is None or find_row(session, issue.publication_id, wanted) is not None
        if taken or issue.published_at is not None:
            head["number"] = issue.number
            if head.get("title", "").endswith(f" {wanted}"):
                head["title"] = issue.title
    overwrite(session, issue, head, now, actor)


def _restore_items(
    session: Session, issue: IssueRow, kept: list[dict[str, Any]], now: datetime, actor: str
) -> None:
    rows = rows_of(session, issue.id)
    by_id = {row.id: row for row in rows}
    by_slug = {row.slug: row for row in rows}
    order: list[ItemRow] = []
    for item in kept:
        fields = _fields_kept(session, item)
        row = by_id.get(item.get("id", 0)) or (
            by_slug.get(item["slug"]) if "id" not in item else None
        )
        if row is None:
            # Its id may be taken by nobody: ids are never given again.
            here = [*rows, *order]
            row = new_row(
                session, issue, here, fields, now, actor, again=item.get("id"), slug=item["slug"]
            )
        else:
            overwrite(session, row, fields, now, actor)
        order.append(row)
    for row in rows:
        if row not in order:
            gone = item_fields(row) | {
                "slug": row.slug,
                "position": row.position,
                "reused_from": row.reused_from,
            }
            keep_overwritten(session, row, gone, now, actor)
            session.delete(row)
    number(order)
    session.flush()


def _fields_kept(session: Session, item: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an item in a revision, which may be older than some of them."""
    fields: dict[str, Any] = {name: item.get(name, "") for name in OF_ITEM}
    fields["members_only"] = bool(fields["members_only"])
    kept = fields["picture_hash"] and session.get(PictureRow, fields["picture_hash"])
    fields["picture_hash"] = fields["picture_hash"] if kept else None
    return fields


def _content(session: Session, issue_id: int, version: int) -> dict[str, Any]:
    content: dict[str, Any] | None = session.scalar(
        select(RevisionRow.content).where(
            RevisionRow.issue_id == issue_id, RevisionRow.version == version
        )
    )
    if content is None:
        raise NotFound(Sentence("There is no revision {version} of this issue.", version=version))
    return content


Part = tuple[Change, Mapping[str, Any] | None, Mapping[str, Any] | None]


def _parts(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Part]:
    """The head and the items that differ, with what each was and became."""
    changed = _changed(OF_HEAD, before, after)
    if changed:
        yield Change("head", after["title"], changed), before, after
    was = {_key(item): item for item in before["items"]}
    became = {_key(item): item for item in after["items"]}
    in_both = [key for key in became if key in was]
    stayed = [key for key in was if key in became]
    for key, item in became.items():
        earlier = was.get(key)
        if earlier is None:
            yield Change("added", item["title"]), None, item
        elif fields := _changed(OF_ITEM, earlier, item):
            yield Change("changed", item["title"] or earlier["title"], fields), earlier, item
        elif _moved(key, stayed, in_both):
            yield Change("moved", item["title"]), earlier, item
    for key, item in was.items():
        if key not in became:
            yield Change("removed", item["title"]), item, None


def _moved(key: object, before: list[Any], after: list[Any]) -> bool:
    """Whether it stands elsewhere among those that stayed, and not only for others that moved."""
    at, now = before.index(key), after.index(key)
    return at != now and set(before[:at]) != set(after[:now])


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for change, _was, _became in _parts(before, after):
        yield change


def _changed(
    names: tuple[str, ...], before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[str, ...]:
    return tuple(name for name in names if _value(before, name) != _value(after, name))


def _fields(
    change: Change, was: Mapping[str, Any], became: Mapping[str, Any]
) -> Iterator[FieldDifference]:
    names = change.fields or (() if change.what == "moved" else OF_ITEM)
    for name in names:
        before, after = _value(was, name), _value(became, name)
        if before == after:
            continue
        texts = isinstance(before or "", str) and isinstance(after or "", str)
        pieces: tuple[Piece, ...] = ()
        if texts and name not in {"date", "picture_hash"}:
            pieces = differences(str(before or ""), str(after or ""))
        yield FieldDifference(name, before, after, pieces)


def _value(content: Mapping[str, Any], name: str) -> Value:
    """A field; one that a revision is older than was empty."""
    value: Value = content.get(name)
    return None if value in ("", False) else value


def _key(item: Mapping[str, Any]) -> object:
    # Revisions from before items had versions know them by their slugs alone.
    return item.get("id") or item["slug"]
