"""What is in doubt, and what a person decides about it."""

from fastapi import APIRouter
from starlette.responses import Response

from mailer import delivery, publication
from mailer.delivery import Ruling
from mailer.errors import MailerError
from mailer.publication import Issue
from mailer.staff import Act
from mailer.web.desk.progress import CORRECTION
from mailer.web.desk.shell import Desk, PostedForm, TheDesk, act, look

router = APIRouter()

SHOWN = 500
_RULINGS = {"resend": Ruling.RESEND, "sent": Ruling.SENT, "failed": Ruling.FAILED}


@look(router, "/desk/issues/{issue_id}/doubts", Act.LOOK)
def page(desk: TheDesk, issue_id: int) -> Response:
    """Whose letter was handed over and never answered for."""
    of = desk.request.query_params.get("of", "")
    with desk.database.read() as session:
        issue = publication.issue_by_id(session, issue_id)
    return _show(desk, issue, of if of == CORRECTION else "")


def _show(desk: Desk, issue: Issue, of: str, error: str = "") -> Response:
    with desk.database.read() as session:
        found = delivery.doubts(session, issue, of or issue.kind)
    return desk.page(
        "send/doubts",
        status=422 if error else 200,
        issue=issue,
        of=of,
        doubts=found[:SHOWN],
        in_all=len(found),
        errors={"ruling": error} if error else {},
    )


@act(router, "/desk/issues/{issue_id}/doubts", Act.SEND)
def settle(desk: TheDesk, form: PostedForm, issue_id: int) -> Response:
    """Decide about those that are ticked, or about all."""
    of = CORRECTION if form.one("of") == CORRECTION else ""
    with desk.database.read() as session:
        issue = publication.issue_by_id(session, issue_id)
        found = delivery.doubts(session, issue, of or issue.kind)
    ruling, chosen = _RULINGS.get(form.one("ruling")), set(form.ids("delivery"))
    if ruling is None:
        return _show(desk, issue, of, desk.say("Say what becomes of them."))
    if form.one("which") != "all":
        found = [doubt for doubt in found if doubt.delivery_id in chosen]
        if not found:
            return _show(desk, issue, of, desk.say("Tick at least one of them, or choose all."))
    try:
        with desk.database.write() as session:
            count = delivery.settle(
                session, desk.config, issue, found, ruling, desk.now, desk.actor, of or issue.kind
            )
    except MailerError as error:
        return _show(desk, issue, of, desk.tell(error))
    said = desk.count("{n} letter is settled.", "{n} letters are settled.", count)
    return desk.back(f"/desk/issues/{issue.id}/progress", said=said)
