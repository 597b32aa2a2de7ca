"""Who works here: seen, invited, given another role, signed out, removed."""

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.responses import Response

from mailer import delivery, staff
from mailer.errors import NotFound, WrongInput
from mailer.staff import Act
from mailer.web.desk.coming_in import keys_of
from mailer.web.desk.letters import INVITATION
from mailer.web.desk.refusing import SIGN_IN
from mailer.web.desk.shell import Desk, PostedForm, TheDesk, act, look
from mailer.web.forms import Id

HERE = "/desk/people/"

router = APIRouter()


@look(router, HERE, Act.PEOPLE)
def people(desk: TheDesk) -> Response:
    """Everybody who works here, and who is invited."""
    with desk.database.read() as session:
        accounts = staff.accounts(session)
        invited = staff.invitations(session, desk.now)
        names = staff.names(session)
    return desk.page(
        "people/people",
        accounts=accounts,
        invited=[(one, _inviter(desk, one.invited_by, names)) for one in invited],
        role_names=staff.ROLE_NAMES,
        required=desk.config.staff.require_totp,
    )


@look(router, "/desk/people/invite", Act.PEOPLE)
def invitation(desk: TheDesk) -> Response:
    """The form that invites somebody."""
    language = desk.config.organisation.language
    return _invite(desk, mailbox="", role="writer", language=language)


@act(router, "/desk/people/invite", Act.PEOPLE)
def invite(desk: TheDesk, form: PostedForm) -> Response:
    """Send somebody a letter whose link leads to an account."""
    mailbox, role, language = (form.one(name) for name in ("mailbox", "role", "language"))
    try:
        with desk.database.write() as session:
            due = staff.invite(
                session,
                mailbox,
                role,
                language=language,
                page=_page_of_links(desk),
                now=desk.now,
                actor=desk.actor,
            )
            delivery.enqueue(session, desk.config, due, desk.now)
    except WrongInput as error:
        errors = {"mailbox": desk.tell(error)}
        return _invite(desk, mailbox=mailbox, role=role, language=language, errors=errors)
    said = desk.say("A letter is on its way to {mailbox}.", mailbox=due.address)
    return desk.back(HERE, said)


@act(router, "/desk/people/invitations/{invitation_id}/again", Act.PEOPLE)
def invite_again(desk: TheDesk, invitation_id: Id) -> Response:
    """Send the letter once more, with a fresh link."""
    with desk.database.write() as session:
        due = staff.invite_again(
            session, invitation_id, page=_page_of_links(desk), now=desk.now, actor=desk.actor
        )
        delivery.enqueue(session, desk.config, due, desk.now)
    said = desk.say("A letter is on its way to {mailbox}.", mailbox=due.address)
    return desk.back(HERE, said)


@act(router, "/desk/people/invitations/{invitation_id}/withdraw", Act.PEOPLE)
def withdraw(desk: TheDesk, invitation_id: Id) -> Response:
    """Have the letter's link lead nowhere."""
    with desk.database.write() as session:
        staff.withdraw(session, invitation_id, desk.now, desk.actor)
    return desk.back(HERE, desk.say("The invitation is withdrawn; its link leads nowhere now."))


@look(router, "/desk/people/{account_id}/", Act.PEOPLE)
def person(desk: TheDesk, account_id: Id) -> Response:
    """Somebody who works here."""
    return _person(desk, account_id)


@act(router, "/desk/people/{account_id}/role", Act.PEOPLE)
def change_role(desk: TheDesk, form: PostedForm, account_id: Id) -> Response:
    """Have them work here as something else."""
    role = form.one("role")
    try:
        with desk.database.write() as session:
            staff.change_role(session, account_id, role, desk.now, desk.actor)
            account = staff.account(session, account_id)
    except NotFound:
        raise
    except WrongInput as error:
        return _person(desk, account_id, errors={"role": desk.tell(error)})
    said = desk.say(
        "{name} works here as {role} now.", name=account.called, role=staff.ROLE_NAMES[role]
    )
    still = account_id != desk.account.id or role == "owner"
    return desk.back(f"{HERE}{account_id}/" if still else "/desk/", said)


@act(router, "/desk/people/{account_id}/end-sessions", Act.PEOPLE)
def end_sessions(desk: TheDesk, account_id: Id) -> Response:
    """Sign them out everywhere."""
    with desk.database.write() as session:
        account = staff.account(session, account_id)
        staff.end_all(session, account_id, desk.now, desk.actor)
    if account_id == desk.account.id:
        return _out(desk)
    said = desk.say("{name} is signed out everywhere.", name=account.called)
    return desk.back(f"{HERE}{account_id}/", said)


@act(router, "/desk/people/{account_id}/unlock", Act.PEOPLE)
def unlock(desk: TheDesk, account_id: Id) -> Response:
    """Let them try to sign in again at once."""
    with desk.database.write() as session:
        account = staff.account(session, account_id)
        staff.unlock(session, keys_of(desk), account.mailbox, desk.now, desk.actor)
    said = desk.say("{name} may try to sign in again at once.", name=account.called)
    return desk.back(f"{HERE}{account_id}/", said)


@act(router, "/desk/people/{account_id}/two-step-off", Act.PEOPLE)
def two_step_off(desk: TheDesk, account_id: Id) -> Response:
    """For somebody who lost telephone and recovery codes."""
    with desk.database.write() as session:
        account = staff.account(session, account_id)
        staff.turn_off(session, account_id, desk.now, desk.actor)
    if account_id == desk.account.id:
        return _out(desk)
    said = desk.say(
        "{name} signs in with the password alone now, and can set up two steps anew.",
        name=account.called,
    )
    return desk.back(f"{HERE}{account_id}/", said)


@look(router, "/desk/people/{account_id}/remove", Act.PEOPLE)
def about_to_remove(desk: TheDesk, account_id: Id) -> Response:
    """What will be gone, before it is."""
    with desk.database.read() as session:
        account = staff.account(session, account_id)
    return desk.page("people/remove", person=account, error="")


@act(router, "/desk/people/{account_id}/remove", Act.PEOPLE)
def remove(desk: TheDesk, account_id: Id) -> Response:
    """End their account; the last owner's stays."""
    with desk.database.read() as session:
        account = staff.account(session, account_id)
    try:
        with desk.database.write() as session:
            staff.remove(session, account.mailbox, desk.now, desk.actor)
    except NotFound:
        raise
    except WrongInput as error:
        return desk.page("people/remove", status=422, person=account, error=desk.tell(error))
    if account_id == desk.account.id:
        return _out(desk)
    return desk.back(HERE, desk.say("{name} does not work here any more.", name=account.called))


def _out(desk: Desk) -> Response:
    """For somebody who ended their own session this way."""
    response = desk.back(SIGN_IN)
    desk.cookies.end(response)
    return response


def _page_of_links(desk: Desk) -> str:
    return f"{desk.config.site.url}{INVITATION.format(secret='')}"


def _inviter(desk: Desk, actor: str, names: Mapping[int, str]) -> str:
    """What whoever invited somebody is called."""
    kind, _, number = actor.partition(" ")
    if kind == "staff" and number.isdecimal():
        return names.get(int(number), actor)
    return desk.say("the command line")


def _invite(
    desk: Desk, *, mailbox: str, role: str, language: str, errors: dict[str, str] | None = None
) -> Response:
    return desk.page(
        "people/invite",
        status=422 if errors else 200,
        mailbox=mailbox,
        role=role,
        chosen=language,
        role_names=staff.ROLE_NAMES,
        roles=staff.ROLES,
        errors=errors or {},
    )


def _person(desk: Desk, account_id: int, *, errors: dict[str, str] | None = None) -> Response:
    with desk.database.read() as session:
        account = staff.account(session, account_id)
        sessions = staff.sessions(session, account_id, desk.now)
    return desk.page(
        "people/person",
        status=422 if errors else 200,
        person=account,
        sessions=sessions,
        role_names=staff.ROLE_NAMES,
        roles=staff.ROLES,
        errors=errors or {},
    )
