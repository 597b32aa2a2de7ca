"""A correction: a short letter to exactly those who got the wrong version."""

from fastapi import APIRouter
from starlette.responses import Response

from mailer import delivery, publication
from mailer.errors import MailerError
from mailer.staff import Act
from mailer.web.desk.shell import Desk, PostedForm, TheDesk, act, look

router = APIRouter()


@look(router, "/desk/issues/{issue_id}/correct", Act.SEND)
def page(desk: TheDesk, issue_id: int) -> Response:
    """Whom it would reach, and what it would say."""
    return _show(desk, issue_id)


def _show(
    desk: Desk, issue_id: int, error: str = "", text: str = "", *, own: bool = False
) -> Response:
    why_not, readers = "", None
    with desk.database.read() as session:
        issue = publication.issue_by_id(session, issue_id)
        try:
            readers = delivery.to_correct(session, issue)
        except MailerError as refused:
            why_not = desk.tell(refused)
    return desk.page(
        "send/correct",
        status=422 if error else 200,
        issue=issue,
        readers=readers,
        why_not=why_not,
        errors={"text": error} if error else {},
        text=text,
        own=own,
    )


@act(router, "/desk/issues/{issue_id}/correct", Act.SEND)
def correct(desk: TheDesk, form: PostedForm, issue_id: int) -> Response:
    """Send it, in the usual words or in one's own."""
    own = form.one("words") == "own"
    text = form.text("text") if own else None
    with desk.database.read() as session:
        issue = publication.issue_by_id(session, issue_id)
    try:
        delivery.correct(desk.database, desk.config, issue, desk.now, desk.actor, text)
    except MailerError as error:
        return _show(desk, issue_id, desk.tell(error), text or "", own=own)
    said = desk.say("The correction of {title} is on its way.", title=issue.title)
    return desk.back(f"/desk/issues/{issue_id}/progress", said=said)
