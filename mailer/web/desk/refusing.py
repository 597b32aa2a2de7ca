"""What the desk answers when it does not do what was asked: a page in words, or JSON for scripts.

Whoever was signed out meanwhile is led to sign-in. What they had posted from a page of ours comes
along in the sign-in form, and is offered to them again behind it: nothing typed is lost.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from mailer.errors import MailerError, NotFound, WrongInput
from mailer.sentence import Sentence
from mailer.web.desk.posted import Posted
from mailer.web.desk.visit import Visit

SIGN_IN = "/desk/sign-in"
SET_UP = "/desk/account/two-step"
_MOST_KEPT = 1024 * 1024
# Secrets are typed again.
_NEVER_KEPT = frozenset({"csrf", "password", "present", "codes", "off", "code", "lent"})

_BY_STATUS: Mapping[int, Sentence] = {
    404: Sentence("There is no such page at the desk."),
    405: Sentence("That page cannot be used in this way; go back and try again."),
    413: Sentence("That is too large to be taken."),
    503: Sentence("The database does not answer; try again in a minute."),
}


class Stopped(Exception):
    """A request that went no further than the door."""

    def __init__(self, visit: Visit) -> None:
        super().__init__()
        self.visit = visit


class SignedOut(Stopped):
    """It needs somebody who is signed in; `visit.form` is what they posted."""


class NotYours(Stopped):
    """Their role may not do it."""


class OneStepOnly(Stopped):
    """Everybody signs in with two steps, and they have not set up the second."""


class Forged(Stopped):
    """It was not posted from a page of ours, or from one that is too old."""


def answer(request: Request, error: Exception) -> Response | None:
    """What the desk says to `error`; None where it was not asked."""
    visit: Visit | None = getattr(request.state, "visit", None)
    if visit is None:
        return None
    if isinstance(error, SignedOut):
        return _signed_out(request, visit)
    if isinstance(error, NotYours):
        said = visit.say("Your role does not include this. Ask an owner if you need it.")
        return _refused(visit, 403, said)
    if isinstance(error, OneStepOnly):
        if visit.wants_json:
            said = visit.say("Everybody here signs in with two steps. Set yours up first.")
            return _refused(visit, 403, said)
        return visit.back(SET_UP)
    if isinstance(error, Forged):
        said = visit.say("This page was open for too long. Go back, load it again, and try again.")
        return _refused(visit, 403, said)
    if isinstance(error, MailerError):
        status = 404 if isinstance(error, NotFound) else 422
        return _refused(visit, status if isinstance(error, WrongInput) else 500, visit.tell(error))
    status = error.status_code if isinstance(error, HTTPException) else 500
    unknown = Sentence("Something went wrong here. It is in the log; please try again.")
    return _refused(visit, status, visit.tell(_BY_STATUS.get(status, unknown)))


def _refused(visit: Visit, status: int, said: str) -> Response:
    if visit.wants_json:
        return JSONResponse({"said": said}, status)
    return visit.page("refused", status=status, said=said)


def _signed_out(request: Request, visit: Visit) -> Response:
    if visit.wants_json:
        said = visit.say("You have been signed out. What you typed is kept here; sign in again.")
        return JSONResponse({"said": said, "signed_out": True}, 401)
    path = request.scope["path"]
    if request.method != "POST":
        query = f"?{request.url.query}" if request.url.query else ""
        there = quote(path + query, safe="")
        return RedirectResponse(f"{visit.config.site.path}{SIGN_IN}?next={there}", 303)
    return visit.page("sign_in", status=401, **fresh(kept=keep(path, visit.form)))


def fresh(*, kept: str = "", there: str = "", mailbox: str = "") -> dict[str, Any]:
    """What the sign-in page shows before anything went wrong."""
    return {"kept": kept, "there": there, "mailbox": mailbox, "error": ""}


def keep(path: str, form: Posted) -> str:
    """What was posted to `path`, as a field of the sign-in form; nothing where it is too much."""
    fields = {name: values for name, values in form.fields().items() if name not in _NEVER_KEPT}
    kept = json.dumps({"path": path, "fields": fields}) if fields else ""
    return kept if len(kept) <= _MOST_KEPT else ""


def kept_again(kept: str) -> tuple[str, list[tuple[str, str]]] | None:
    """Where it was posted, and its fields, from that field; None where it is none of ours."""
    try:
        whole = json.loads(kept)
        path = whole["path"]
        pairs = [(name, value) for name, values in whole["fields"].items() for value in values]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if not isinstance(path, str) or not leads_to_desk(path):
        return None
    return path, [(str(name), str(value)) for name, value in pairs]


def leads_to_desk(path: str) -> bool:
    """Whether `path` is one of the desk's pages, so that nobody is led away from them."""
    return path.startswith("/desk/") and not any(c in path for c in "\\\r\n") and "//" not in path
