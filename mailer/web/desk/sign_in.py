"""Signing in, in one step or two, and out."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from mailer import staff
from mailer.errors import Refused
from mailer.staff import Act, TooLate, TooOften
from mailer.web.desk.coming_in import keys_of, welcome
from mailer.web.desk.refusing import SIGN_IN, fresh, leads_to_desk
from mailer.web.desk.shell import Desk, Posted, PostedForm, TheDesk, TheVisit, Visit, act, look
from mailer.web.forms import Network

CODE = f"{SIGN_IN}/code"

router = APIRouter()


@look(router, SIGN_IN, None)
def form(visit: TheVisit) -> Response:
    """The sign-in page."""
    there = visit.request.query_params.get("next", "")
    if isinstance(visit, Desk):
        return visit.back(there if leads_to_desk(there) else "/desk/")
    return visit.page("sign_in", **fresh(there=there))


@act(router, SIGN_IN, None)
def sign_in(visit: TheVisit, form: PostedForm, network: Network) -> Response:
    """With a password; where there are two steps, the page that asks for the code."""
    there, kept = form.one("there"), form.text("kept")
    try:
        passed = staff.check_password(
            visit.database,
            keys_of(visit),
            form.one("mailbox"),
            form.text("password"),
            network=network,
            now=visit.now,
        )
    except Refused as error:
        return _first_again(visit, form, error)
    if passed.between is None:
        return welcome(visit, passed.account_id, network, there=there, kept=kept)
    return visit.page("sign_in_code", **_second(form, passed.between))


@look(router, CODE, None)
def code_form(visit: TheVisit) -> Response:
    """Whoever loads the page of the second step again begins with the first."""
    return visit.back(SIGN_IN)


@act(router, CODE, None)
def sign_in_with_code(visit: TheVisit, form: PostedForm, network: Network) -> Response:
    """With the code of a telephone, or a recovery code."""
    between = form.one("between")
    try:
        account_id = staff.check_code(
            visit.database,
            keys_of(visit),
            between,
            form.one("code"),
            network=network,
            now=visit.now,
        )
    except TooLate as error:
        return _first_again(visit, form, error)
    except Refused as error:
        values = {**_second(form, between), "error": visit.tell(error)}
        return visit.page("sign_in_code", status=_status(error), **values)
    return welcome(visit, account_id, network, there=form.one("there"), kept=form.text("kept"))


@look(router, "/desk/session", Act.SELF)
def session(desk: TheDesk) -> Response:
    """For scripts of a page that stayed open: whose session it is now, and its token."""
    return JSONResponse({"account": desk.account.id, "csrf": desk.csrf})


@act(router, "/desk/sign-out", Act.SELF)
def sign_out(desk: TheDesk) -> Response:
    """End this session."""
    with desk.database.write() as writing:
        staff.sign_out(writing, desk.account.id, desk.session_id, desk.now)
    response = desk.back(SIGN_IN)
    desk.cookies.end(response)
    return response


def _first_again(visit: Visit, form: Posted, error: Refused) -> Response:
    again = fresh(kept=form.text("kept"), there=form.one("there"), mailbox=form.one("mailbox"))
    values = {**again, "error": visit.tell(error)}
    return visit.page("sign_in", status=_status(error), **values)


def _second(form: Posted, between: str) -> dict[str, Any]:
    return {
        "kept": form.text("kept"),
        "there": form.one("there"),
        "between": between,
        "error": "",
    }


def _status(error: Refused) -> int:
    return 429 if isinstance(error, TooOften) else 422
