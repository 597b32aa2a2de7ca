"""Asking for approval, giving it, and sending an issue back."""

from collections.abc import Callable

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from mailer import delivery, publication, staff
from mailer.errors import MailerError
from mailer.letter import LetterDue
from mailer.publication import Issue
from mailer.staff import Act
from mailer.web.desk import telling_colleagues
from mailer.web.desk.send import show
from mailer.web.desk.shell import Desk, Posted, PostedForm, TheDesk, act

router = APIRouter()


@act(router, "/desk/issues/{issue_id}/approval/ask", Act.WRITE)
def ask(desk: TheDesk, form: PostedForm, issue_id: int) -> Response:
    """Ask that it be approved as it stands."""
    request = form.text("request")

    def ask_it(session: Session, issue: Issue) -> str:
        asked = delivery.ask_approval(session, desk.config, issue, desk.now, desk.actor, request)
        colleagues = staff.accounts(session)
        _tell(desk, session, telling_colleagues.asked(desk, colleagues, issue, asked, request))
        return desk.say("Approval is asked for. It is in the queue of those who may give it.")

    return _do(desk, form, issue_id, "request", ask_it)


@act(router, "/desk/issues/{issue_id}/approval/approve", Act.APPROVE)
def approve(desk: TheDesk, form: PostedForm, issue_id: int) -> Response:
    """Approve the version that was read."""

    def approve_it(session: Session, issue: Issue) -> str:
        version, remark = _version(form), form.text("remark")
        delivery.approve(session, issue, version, desk.now, desk.actor, remark)
        _answer(desk, session, issue, remark)
        return desk.say("{title} is approved.", title=issue.title)

    return _do(desk, form, issue_id, "remark", approve_it)


@act(router, "/desk/issues/{issue_id}/approval/return", Act.APPROVE)
def send_back(desk: TheDesk, form: PostedForm, issue_id: int) -> Response:
    """Send it back with a remark."""

    def send_it_back(session: Session, issue: Issue) -> str:
        version, remark = _version(form), form.text("remark")
        delivery.send_back(session, issue, version, desk.now, desk.actor, remark)
        _answer(desk, session, issue, remark)
        return desk.say("{title} is sent back with your remark.", title=issue.title)

    return _do(desk, form, issue_id, "remark", send_it_back)


def _do(
    desk: Desk, form: Posted, issue_id: int, field: str, act_on: Callable[[Session, Issue], str]
) -> Response:
    try:
        with desk.database.write() as session:
            said = act_on(session, publication.issue_by_id(session, issue_id))
    except MailerError as error:
        return show(desk, issue_id, errors={field: desk.tell(error)}, form=form)
    return desk.back(f"/desk/issues/{issue_id}/send", said=said)


def _answer(desk: Desk, session: Session, issue: Issue, remark: str) -> None:
    request = delivery.approval_of(session, issue)
    assert request is not None
    colleagues = staff.accounts(session)
    _tell(desk, session, telling_colleagues.answered(desk, colleagues, request, issue, remark))


def _tell(desk: Desk, session: Session, letters: list[LetterDue]) -> None:
    for due in letters:
        delivery.enqueue(session, desk.config, due, desk.now)


def _version(form: Posted) -> int:
    """The version that the page showed; 0, which no issue has, where it says none."""
    found = form.ids("version")
    return found[0] if found else 0
