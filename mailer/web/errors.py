"""What went wrong, as a page in words: no traceback, no query, nobody's data."""

from dataclasses import dataclass

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from mailer.database import database_error
from mailer.errors import MailerError, NotFound, WrongInput
from mailer.sentence import Sentence
from mailer.web.desk import refusing
from mailer.web.readers import Erased, FromTest, opens_nothing
from mailer.web.routing import ForgottenSlash
from mailer.web.site import Site


@dataclass(frozen=True, slots=True)
class Said:
    """What a page says of what went wrong."""

    title: Sentence
    sentence: Sentence


WRONG_WAY = Said(
    Sentence("That cannot be done here"), Sentence("This page does not take what was sent to it.")
)
NOT_FOUND = Said(
    Sentence("There is no such page"),
    Sentence(
        "The address may be mistyped. A link from a letter works only whole: open it from the "
        "letter again."
    ),
)
TOO_MUCH = Said(
    Sentence("That was too much"),
    Sentence("What was sent is longer than any form here. Go back and try with less."),
)
BROKEN = Said(
    Sentence("Something went wrong"),
    Sentence("The fault is ours, and it has been noted. Please try again in a while."),
)
DOWN = Said(
    Sentence("Not available at the moment"),
    Sentence("Our database does not answer. Please try again in a minute."),
)
GONE = Said(
    Sentence("Nothing is kept here"),
    Sentence("Everything about the reader whom this link belonged to has been erased."),
)
TEST = Said(
    Sentence("This was a test"),
    Sentence("This link came with a test letter. It works in real ones; here it changes nothing."),
)

PAGES = {
    400: WRONG_WAY,
    404: NOT_FOUND,
    405: WRONG_WAY,
    413: TOO_MUCH,
    422: WRONG_WAY,
    500: BROKEN,
    503: DOWN,
}

log = structlog.get_logger()


def register(app: FastAPI, site: Site) -> None:
    """Let `app` answer every error with a page of `site`."""

    def answer(status: int, page: Said | None = None) -> Response:
        said = page or PAGES.get(status, WRONG_WAY if status < 500 else BROKEN)
        if status >= 500:
            # Where the database may be what is wrong, the page does without it.
            return site.page("error", None, status=status, said=said)
        with site.database.read() as session:
            return site.page("error", session, status=status, said=said)

    @app.exception_handler(refusing.Stopped)
    def at_the_door(request: Request, error: refusing.Stopped) -> Response:
        return refusing.answer(request, error) or answer(403)

    @app.exception_handler(ForgottenSlash)
    def with_slash(request: Request, _error: ForgottenSlash) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{site.config.site.path}{request.scope['path']}/{query}", 308)

    @app.exception_handler(HTTPException)
    def by_status(request: Request, error: HTTPException) -> Response:
        if request.scope["path"] == "":
            # The site stands below a path, and that path alone was asked for.
            return with_slash(request, ForgottenSlash())
        if error.status_code == 405 and opens_nothing(site, request.scope["path"]):
            # A changed character may be a slash: then a page of the archive would fit, for a GET.
            return answer(404)
        response = refusing.answer(request, error) or answer(error.status_code)
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(RequestValidationError)
    def out_of_range(request: Request, _error: RequestValidationError) -> Response:
        # Typed parameters are ids, and the numbers of pages.
        return refusing.answer(request, HTTPException(404)) or answer(404)

    @app.exception_handler(Erased)
    def erased(request: Request, _error: Erased) -> Response:
        # For a mailbox provider's one-click POST, a reader who is gone has left.
        return answer(200 if request.method == "POST" else 410, GONE)

    @app.exception_handler(FromTest)
    def from_test(_request: Request, _error: FromTest) -> Response:
        return answer(200, TEST)

    @app.exception_handler(MailerError)
    def in_words(request: Request, error: MailerError) -> Response:
        at_desk = refusing.answer(request, error)
        if at_desk is not None:
            return at_desk
        if isinstance(error, NotFound):
            return answer(404)
        return answer(422 if isinstance(error, WrongInput) else 500)

    @app.exception_handler(SQLAlchemyError)
    def database(request: Request, error: SQLAlchemyError) -> Response:
        log.error("page_failed", reason=str(database_error(error)))
        down = isinstance(error, (OperationalError, InterfaceError, PoolTimeout))
        status = 503 if down else 500
        return refusing.answer(request, HTTPException(status)) or answer(status)

    @app.exception_handler(Exception)
    def bug(request: Request, error: Exception) -> Response:
        # The server logs it, with its traceback, after this page has gone out.
        return refusing.answer(request, error) or answer(500)
