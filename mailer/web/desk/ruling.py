"""Pause, go on, stop the press, cancel: ruling over what is going out."""

from collections.abc import Callable

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from mailer import delivery, publication
from mailer.errors import MailerError
from mailer.publication import Issue
from mailer.staff import Act
from mailer.web.desk.progress import CORRECTION
from mailer.web.desk.shell import Desk, Posted, PostedForm, TheDesk, act, look

router = APIRouter()


@act(router, "/desk/issues/{issue_id}/pause", Act.SEND)
def pause(desk: TheDesk, form: PostedForm, issue_id: int) -> Response:
    """Let nothing more go out until somebody goes on."""

    def pause_it(session: Session, issue: Issue) -> str:
        delivery.pause(session, issue, desk.now, desk.actor, kind=_kind(form, issue))
        return desk.say("Paused. Nothing more goes out until you go on.")

    return _rule(desk, issue_id, pause_it)


@look(router, "/desk/issues/{issue_id}/stop", Act.SEND)
def ask_to_stop(desk: TheDesk, issue_id: int) -> Response:
    """What stopping the press means, before it is done."""
    with desk.database.read() as session:
        issue = publication.issue_by_id(session, issue_id)
        status = delivery.status_of(session, issue.id, issue.kind, desk.now)
    if status.status not in ("sending", "paused") or status.started_at is None:
        return desk.back(f"/desk/issues/{issue.id}/progress")
    return desk.page("send/stop", issue=issue, mailing=status)


@act(router, "/desk/issues/{issue_id}/stop", Act.SEND)
def stop(desk: TheDesk, issue_id: int) -> Response:
    """Pause it to mend it; the next steps stand on the page."""
    with desk.database.write() as session:
        issue = publication.issue_by_id(session, issue_id)
        status = delivery.status_of(session, issue.id, issue.kind, desk.now)
        if status.status != "paused":
            delivery.pause(session, issue, desk.now, desk.actor)
    said = desk.say("The press is stopped. Mend what is wrong, and then go on from here.")
    return desk.back(f"/desk/issues/{issue_id}/progress", said=said)


@act(router, "/desk/issues/{issue_id}/go-on", Act.SEND)
def go_on(desk: TheDesk, form: PostedForm, issue_id: int) -> Response:
    """Go on: as it is, as it was, or corrected."""
    how = form.one("how")
    if how == "corrected":
        return _go_on_corrected(desk, issue_id)

    def resume_it(session: Session, issue: Issue) -> str:
        kind = _kind(form, issue)
        begun = delivery.status_of(session, issue.id, kind, desk.now).started_at is not None
        approved = None if begun else delivery.require_approved(session, desk.config, issue)
        delivery.resume(
            session,
            desk.config,
            issue,
            desk.now,
            desk.actor,
            as_it_was=how == "as it was",
            kind=kind,
            approved_version=approved,
        )
        return desk.say("{title} goes on.", title=issue.title)

    return _rule(desk, issue_id, resume_it)


def _go_on_corrected(desk: Desk, issue_id: int) -> Response:
    there = f"/desk/issues/{issue_id}/progress"
    try:
        with desk.database.read() as session:
            issue = publication.issue_by_id(session, issue_id)
            approved = delivery.require_approved(session, desk.config, issue)
        new = delivery.resume_corrected(
            desk.database, desk.config, issue, desk.now, desk.actor, approved
        )
    except MailerError as error:
        return desk.back(there, said=desk.tell(error), wrong=True)
    if not new:
        said = desk.say("{title} goes on; nothing in its letters has changed.", title=issue.title)
        return desk.back(there, said=said)
    said = desk.say(
        "{title} goes on; who has not got it yet gets it as it stands now.", title=issue.title
    )
    return desk.back(there, said=said)


@look(router, "/desk/issues/{issue_id}/cancel", Act.SEND)
def ask_to_cancel(desk: TheDesk, issue_id: int) -> Response:
    """What cancelling means, before it is done."""
    of = desk.request.query_params.get("of", "")
    with desk.database.read() as session:
        issue = publication.issue_by_id(session, issue_id)
        kind = CORRECTION if of == CORRECTION else issue.kind
        status = delivery.status_of(session, issue.id, kind, desk.now)
    if status.status not in ("scheduled", "sending", "paused"):
        return desk.back(f"/desk/issues/{issue.id}/progress")
    return desk.page("send/cancel", issue=issue, mailing=status, of=of if of == CORRECTION else "")


@act(router, "/desk/issues/{issue_id}/cancel", Act.SEND)
def cancel(desk: TheDesk, form: PostedForm, issue_id: int) -> Response:
    """End it: what is sent stays sent, the rest is left out."""
    there = f"/desk/issues/{issue_id}/progress"
    try:
        with desk.database.write() as session:
            issue = publication.issue_by_id(session, issue_id)
            kind = _kind(form, issue)
            mailing = delivery.cancel(session, issue, desk.now, desk.actor, kind=kind)
    except MailerError as error:
        return desk.back(there, said=desk.tell(error), wrong=True)
    delivery.skip_rest(desk.database, mailing, desk.now)
    return desk.back(there, said=desk.say("It is cancelled. Nobody else gets it."))


def _kind(form: Posted, issue: Issue) -> str:
    """What the form is about: the issue's own mailing, or its correction."""
    return CORRECTION if form.one("of") == CORRECTION else issue.kind


def _rule(desk: Desk, issue_id: int, rule: Callable[[Session, Issue], str]) -> Response:
    there = f"/desk/issues/{issue_id}/progress"
    try:
        with desk.database.write() as session:
            said = rule(session, publication.issue_by_id(session, issue_id))
    except MailerError as error:
        return desk.back(there, said=desk.tell(error), wrong=True)
    return desk.back(there, said=said)
