"""Signing in and out."""

from fastapi import APIRouter
from starlette.responses import Response

from mailer import staff
from mailer.errors import Refused
from mailer.staff import Act
from mailer.web.desk.refusing import SIGN_IN, fresh, kept_again, leads_to_desk
from mailer.web.desk.shell import Desk, PostedForm, TheDesk, TheVisit, act, look

router = APIRouter()


@look(router, SIGN_IN, None)
def form(visit: TheVisit) -> Response:
    """The sign-in page."""
    there = visit.request.query_params.get("next", "")
    if isinstance(visit, Desk):
        return visit.back(there if leads_to_desk(there) else "/desk/")
    return visit.page("sign_in", **fresh(there=there))


@act(router, "/desk/sign-out", Act.SELF)
def sign_out(desk: TheDesk) -> Response:
    """End this session."""
    with desk.database.write() as session:
        staff.end(session, desk.account.id, desk.session_id, desk.now)
    response = desk.back(SIGN_IN)
    desk.cookies.end(response)
    return response
