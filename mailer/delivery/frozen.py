"""The issue as it was when its mailing began, kept with the mailing as JSON.

Whatever is compiled for that mailing later, for readers whom nobody had in mind at the start, is
compiled from this, and not from what the draft says by then.
"""

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from mailer.publication import Issue

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
    publication = replace(issue.publication, description="", cadence="", version=0)
    return replace(issue, publication=publication, public=False, version=0)


@cache
def _adapter() -> "TypeAdapter[Issue]":
    from pydantic import TypeAdapter

    return TypeAdapter(Issue)
