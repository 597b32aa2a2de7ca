"""Who is at the desk: a visitor, or somebody who is signed in; what a page is made with."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from mailer import clock
from mailer.config import Config
from mailer.database import Database
from mailer.errors import MailerError
from mailer.staff import Account, Act, may
from mailer.web.catalogue import Catalogue
from mailer.web.desk.cookies import Cookies
from mailer.web.desk.paper import Paper
from mailer.web.desk.posted import NOTHING, Posted


class Visit:
    """Somebody at the door of the desk, signed in or not."""

    def __init__(
        self,
        request: Request,
        paper: Paper,
        cookies: Cookies,
        database: Database,
        *,
        language: str,
        visitor: str,
        csrf: str,
    ) -> None:
        self.request = request
        self.paper = paper
        self.cookies = cookies
        self.database = database
        self.language = language
        self.now: datetime = clock.now()
        self.csrf = csrf
        self.form: Posted = NOTHING
        self._visitor = visitor

    @property
    def config(self) -> Config:
        """The organisation's configuration."""
        return self.paper.config

    @property
    def catalogue(self) -> Catalogue:
        """The visitor's language."""
        return self.paper.catalogue(self.language)

    def say(self, template: str, **values: object) -> str:
        """`template` in the visitor's language, with `values` put in."""
        return self.catalogue.say(template, **values)

    def count(self, one: str, many: str, n: int, **values: object) -> str:
        """The text for `n` things, in the visitor's language."""
        return self.catalogue.count(one, many, n, **values)

    def tell(self, said: str | MailerError) -> str:
        """A room's sentence, or an error's, in the visitor's language."""
        return self.catalogue.tell(said)

    def moment(self, at: datetime) -> str:
        """A moment in the organisation's zone, in words."""
        return self.catalogue.moment(at, self.config.organisation.zone, self.now)

    @property
    def wants_json(self) -> bool:
        """Whether a script asks, rather than a browser that shows a page."""
        return "application/json" in self.request.headers.get("accept", "")

    def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """The page that `templates/desk/{template}.html.j2` makes of `values`."""
        nonce = secrets.token_urlsafe(16)
        told = self.cookies.said(self.request, self._visitor)
        body = self.paper.render(
            template,
            self.language,
            nonce=nonce,
            csrf_token=self.csrf,
            told=told,
            path=self.request.scope["path"],
            **self._own(),
            **values,
        )
        response = HTMLResponse(body, status, {"Content-Security-Policy": policy(nonce)})
        if told:
            self.cookies.forget_said(self.request, response)
        self._mark(response)
        return response

    def back(self, path: str, said: str = "", *, wrong: bool = False) -> Response:
        """The way to a page after something was done; it tells once what was done.

        `path` is one of ours and begins with a slash; `wrong` shows that it was not done.
        """
        response = RedirectResponse(self.config.site.path + path, 303)
        if said:
            kind = "wrong" if wrong else "done"
            self.cookies.say(response, self._visitor, {"said": str(said), "kind": kind})
        self._mark(response)
        return response

    def _own(self) -> Mapping[str, Any]:
        """What the layout needs of whoever looks."""
        nobody: Callable[[str], bool] = partial(may_nothing)
        return {"account": None, "may": nobody}

    def _mark(self, response: Response) -> None:
        """So that the forms of somebody who is not signed in yet are known to be theirs."""
        self.cookies.keep_before(self.request, response, self._visitor)


class Desk(Visit):
    """Somebody who is signed in."""

    def __init__(self, *given: Any, account: Account, session_id: int, **named: Any) -> None:
        super().__init__(*given, **named)
        self.account = account
        self.session_id = session_id

    @property
    def actor(self) -> str:
        """Who did it, for the audit log: "staff 3"."""
        return f"staff {self.account.id}"

    def may(self, act: Act | str) -> bool:
        """Whether their role may `act`."""
        return may(self.account.role, Act(act))

    @property
    def must_set_up(self) -> bool:
        """Whether they are led to the second step of signing in before anything else."""
        return self.config.staff.require_totp and not self.account.totp

    def _own(self) -> Mapping[str, Any]:
        return {"account": self.account, "may": self.may}

    def _mark(self, response: Response) -> None:
        """A session marks its forms itself."""


def may_nothing(_act: str) -> bool:
    return False


def policy(nonce: str) -> str:
    """What a page of the desk may load: our own style and pictures, and scripts of its nonce.

    A picture that is being chosen is shown from the browser's memory (`blob:`).
    """
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; "
        "img-src 'self' blob:; connect-src 'self'; frame-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
