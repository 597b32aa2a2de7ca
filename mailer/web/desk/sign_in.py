"""Signing in and out."""

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from mailer import staff
from mailer.staff import Act
from mailer.web.desk.refusing import SIGN_IN, fresh, leads_to_desk
from mailer.web.desk.shell import Desk, PostedForm, TheDesk, TheVisit, act, look

router = APIRouter()


@look(router, SIGN_IN, None)
def form(visit: TheVisit) -> Response:
    """The sign-in page."""
    there = visit.request.query_params.get("next", "")
    if isinstance(visit, Desk):
        return visit.back(there if leads_to_desk(there) else "/desk/")
    return visit.page("sign_in", **fresh(there=there))


@look(router, "/desk/session", Act.SELF)
def session(desk: TheDesk) -> Response:
    """For scripts of a page that stayed open: whose session it is now, and its token."""
    return JSONResponse({"account": desk.account.id, "csrf": desk.csrf})


@act(router, "/desk/sign-out", Act.SELF)
def sign_out(desk: TheDesk) -> Response:
    """End this session."""
    with desk.database.write() as writing:
        staff.end(writing, desk.account.id, desk.session_id, desk.now)
    response = desk.back(SIGN_IN)
    desk.cookies.end(response)
    return response


@act(router, SIGN_IN, None)
def sign_in(visit: TheVisit, form: PostedForm) -> Response:
    """Not yet: accounts learn to be signed in to."""
    refused = visit.say("That address and password do not belong together.")
    again = fresh(kept=form.text("kept"), there=form.one("there"), mailbox=form.one("mailbox"))
    return visit.page("sign_in", status=422, **{**again, "error": refused})
