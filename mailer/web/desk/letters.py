"""Coming in through a letter: an invitation accepted, a forgotten password replaced.

A link is a secret, and is good once; looking at its page uses nothing up.
"""

import structlog
from fastapi import APIRouter
from sqlalchemy.exc import SQLAlchemyError
from starlette.background import BackgroundTask
from starlette.responses import Response

from mailer import delivery, staff
from mailer.database import database_error
from mailer.errors import MailerError, NotFound, Refused, WrongInput
from mailer.staff import Invitation
from mailer.web.desk.coming_in import begin, keys_of
from mailer.web.desk.paper import LANGUAGES
from mailer.web.desk.refusing import SET_UP, SIGN_IN
from mailer.web.desk.shell import PostedForm, TheVisit, Visit, act, look
from mailer.web.forms import Network

INVITATION = "/desk/invitation/{secret}"
FORGOTTEN = "/desk/forgotten"
RESET = "/desk/reset/{secret}"

router = APIRouter()

log = structlog.get_logger()


@look(router, INVITATION, None)
def invitation(visit: TheVisit, secret: str) -> Response:
    """Where somebody who was invited chooses a name and a password."""
    with visit.database.read() as session:
        asked = staff.invitation(session, secret, visit.now)
    visit.language = asked.language
    return _invitation(visit, asked, name="", language=asked.language)


@act(router, INVITATION, None)
def accept(visit: TheVisit, form: PostedForm, network: Network, secret: str) -> Response:
    """Make their account, let them in, and lead them to the second step."""
    with visit.database.read() as session:
        asked = staff.invitation(session, secret, visit.now)
    name, language = form.one("name"), form.one("language")
    visit.language = language if language in LANGUAGES else asked.language
    if not name:
        errors = {"name": visit.say("Write your name, as the others here know you.")}
        return _invitation(visit, asked, name=name, language=language, errors=errors)
    try:
        password = staff.hash_of(form.text("password"), asked.mailbox)
        with visit.database.write() as session:
            account = staff.accept(
                session, secret, name=name, password=password, language=language, now=visit.now
            )
    except NotFound:
        raise
    except WrongInput as error:
        errors = {"password": visit.tell(error)}
        return _invitation(visit, asked, name=name, language=language, errors=errors)
    desk, cookie = begin(visit, account.id, network)
    said = desk.say("Welcome, {name}. Your account stands.", name=account.called)
    response = desk.back(f"{SET_UP}?new=yes", said)
    desk.cookies.begin(response, cookie)
    return response


@look(router, FORGOTTEN, None)
def forgotten(visit: TheVisit) -> Response:
    """Where somebody asks for a new password."""
    return visit.page("forgotten", mailbox="", error="", asked=False)


@act(router, FORGOTTEN, None)
def ask(visit: TheVisit, form: PostedForm, network: Network) -> Response:
    """Say the same whoever asks for whom, and as soon; the letter is made behind the answer."""
    mailbox = form.one("mailbox")
    try:
        with visit.database.write() as session:
            staff.count_asking(session, keys_of(visit), network, visit.now)
    except Refused as error:
        said = visit.tell(error)
        return visit.page("forgotten", status=429, mailbox=mailbox, error=said, asked=False)
    response = visit.page("forgotten", mailbox=mailbox, error="", asked=True)
    response.background = BackgroundTask(_send, visit, mailbox)
    return response


def _send(visit: Visit, mailbox: str) -> None:
    page = f"{visit.config.site.url}{RESET.format(secret='')}"
    try:
        with visit.database.write() as session:
            due = staff.forgot(session, keys_of(visit), mailbox, page=page, now=visit.now)
            if due is not None:
                delivery.enqueue(session, visit.config, due, visit.now)
    except SQLAlchemyError as error:
        log.error("no_letter_with_a_new_password", reason=str(database_error(error)))
    except MailerError as error:
        log.error("no_letter_with_a_new_password", reason=str(error))


@look(router, RESET, None)
def new_password(visit: TheVisit, secret: str) -> Response:
    """Where somebody who forgot their password chooses a new one."""
    with visit.database.read() as session:
        account = staff.who_forgot(session, secret, visit.now)
    visit.language = account.language
    return visit.page("reset", mailbox=account.mailbox, error="")


@act(router, RESET, None)
def reset(visit: TheVisit, form: PostedForm, secret: str) -> Response:
    """Set it, and lead them to sign-in; all sessions are over."""
    with visit.database.read() as session:
        account = staff.who_forgot(session, secret, visit.now)
    visit.language = account.language
    try:
        password = staff.hash_of(form.text("password"), account.mailbox)
    except WrongInput as error:
        said = visit.tell(error)
        return visit.page("reset", status=422, mailbox=account.mailbox, error=said)
    with visit.database.write() as session:
        staff.reset(session, keys_of(visit), secret, password, visit.now)
    return visit.back(SIGN_IN, visit.say("Your new password is set. Sign in with it."))


def _invitation(
    visit: Visit,
    asked: Invitation,
    *,
    name: str,
    language: str,
    errors: dict[str, str] | None = None,
) -> Response:
    return visit.page(
        "invitation",
        status=422 if errors else 200,
        asked=asked,
        role=staff.ROLE_NAMES[asked.role],
        role_means=staff.ROLES[asked.role],
        name=name,
        chosen=language,
        errors=errors or {},
    )
