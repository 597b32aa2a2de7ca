"""The issue as it was when its mailing began, kept with the mailing as JSON.

Whatever is compiled for that mailing later, for readers whom nobody had in mind at the start, is
compiled from this, and not from what the draft says by then.
"""

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from mailer.publication import Issue, Item

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def freeze(issue: Issue) -> str:
    """The issue as JSON."""
    return _adapter().dump_json(issue).decode()


def thaw(content: str) -> Issue:
    """The issue that `freeze` made into JSON."""
    return _adapter().validate_json(content)


def same_text(content: str, issue: Issue) -> bool:
    """Whether the issue says what `content` says; saved anew, or public since, it may be."""
    return _for_readers(thaw(content)) == _for_readers(issue)


def said(issue: Issue) -> str:
    """What the issue says, as JSON: the same as long as it says the same."""
    return freeze(_for_readers(issue))


def _for_readers(issue: Issue) -> Issue:
    """Without what only staff see: who saved what, when, and how often."""
    return replace(
        issue,
        publication=replace(issue.publication, description="", cadence="", version=0),
        items=tuple(map(_item_for_readers, issue.items)),
        public=False,
        published_at=None,
        version=0,
        head_version=0,
        head_changed_at=None,
        head_changed_by="",
    )


def _item_for_readers(item: Item) -> Item:
    return replace(item, position=0, reused_from=None, version=0, changed_at=None, changed_by="")


@cache
def _adapter() -> "TypeAdapter[Issue]":
    from pydantic import TypeAdapter

    return TypeAdapter(Issue)
