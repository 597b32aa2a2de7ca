"""An issue's revisions: who saved what and when, what differs, and one brought back."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from mailer import publication
from mailer.publication import issue_by_id
from mailer.staff import Act
from mailer.web.desk.composer import ISSUE, Id
from mailer.web.desk.composing_words import FIELDS, persons
from mailer.web.desk.shell import TheDesk, act, look

router = APIRouter()

Version = Annotated[int, Path(ge=1, le=2**31 - 1)]


@look(router, ISSUE + "revisions", Act.LOOK)
def revisions(desk: TheDesk, request: Request, issue_id: Id) -> Response:
    """The saves of an issue, the newest first."""
    before = _number(request.query_params.get("before", ""))
    with desk.database.read() as session:
        issue = issue_by_id(session, issue_id)
        found = publication.history(session, issue_id, before=before or None)
        people = persons(desk, session, {one.saved_by for one in found})
    return desk.page(
        "issues/revisions", issue=issue, found=found, people=people, names=FIELDS, before=before
    )


@look(router, ISSUE + "revisions/{version}", Act.LOOK)
def differences(desk: TheDesk, request: Request, issue_id: Id, version: Version) -> Response:
    """What differs between a revision and another; without one named, the issue as it is now."""
    with desk.database.read() as session:
        issue = issue_by_id(session, issue_id)
        other = _number(request.query_params.get("with", "")) or issue.version
        first, last = sorted((version, other))
        found = publication.compare(session, issue_id, first, last)
    return desk.page(
        "issues/differences",
        issue=issue,
        version=version,
        first=first,
        last=last,
        found=found,
        names=FIELDS,
    )


@act(router, ISSUE + "revisions/{version}/restore", Act.WRITE)
def restore(desk: TheDesk, issue_id: Id, version: Version) -> Response:
    """Make the issue what it was then; what it is now stays among the revisions."""
    with desk.database.write() as session:
        publication.restore(session, issue_id, version, desk.now, desk.actor)
    said = desk.say("Revision {version} is back. What was before it is kept too.", version=version)
    return desk.back(f"/desk/issues/{issue_id}/", said)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
