"""One's own account: name, language, password, two-step sign-in, and where one is signed in."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from mailer import staff
from mailer.errors import Refused, WrongInput
from mailer.staff import Act, Offer, TooOften
from mailer.web.desk import qr
from mailer.web.desk.coming_in import keys_of
from mailer.web.desk.refusing import SET_UP
from mailer.web.desk.shell import Desk, PostedForm, TheDesk, act, look
from mailer.web.forms import Id, Network

HERE = "/desk/account/"

router = APIRouter()


@look(router, HERE, Act.SELF)
def account(desk: TheDesk) -> Response:
    """All of it on a page."""
    return _page(desk)


@act(router, HERE, Act.SELF)
def describe(desk: TheDesk, form: PostedForm) -> Response:
    """Change name and language."""
    name, language = form.one("name"), form.one("language")
    try:
        with desk.database.write() as session:
            staff.describe(session, desk.account.id, name, language, desk.now, desk.actor)
    except WrongInput as error:
        return _page(desk, errors={"name": desk.tell(error)}, name=name, chosen=language)
    desk.language = language
    return desk.back(HERE, desk.say("Saved."))


@act(router, "/desk/account/password", Act.SELF)
def change_password(desk: TheDesk, form: PostedForm, network: Network) -> Response:
    """Change the password; all other sessions end."""
    if refused := _not_confirmed(desk, form, network, "present"):
        return refused
    try:
        password = staff.hash_of(form.text("password"), desk.account.mailbox)
    except WrongInput as error:
        return _page(desk, errors={"password": desk.tell(error)})
    with desk.database.write() as session:
        mailbox, keep = desk.account.mailbox, desk.session_id
        staff.set_password(session, mailbox, password, desk.now, desk.actor, keep=keep)
    said = desk.say("Your new password is set. You are signed out everywhere else.")
    return desk.back(HERE, said)


@act(router, "/desk/account/sessions/{session_id}/end", Act.SELF)
def end_session(desk: TheDesk, session_id: Id) -> Response:
    """Sign out somewhere else."""
    with desk.database.write() as session:
        staff.end(session, desk.account.id, session_id, desk.now)
    return desk.back(HERE, desk.say("That session is over."))


@act(router, "/desk/account/sessions/end-others", Act.SELF)
def end_others(desk: TheDesk) -> Response:
    """Sign out everywhere else."""
    with desk.database.write() as session:
        staff.end_others(session, desk.account.id, desk.session_id, desk.now)
    return desk.back(HERE, desk.say("You are signed out everywhere else."))


@look(router, SET_UP, Act.SELF)
def two_step(desk: TheDesk) -> Response:
    """A picture to scan, and a field for the first code."""
    offered = staff.offer(keys_of(desk), desk.account, desk.config.organisation.name, desk.now)
    return _set_up(desk, offered)


@act(router, SET_UP, Act.SELF)
def turn_on(desk: TheDesk, form: PostedForm, network: Network) -> Response:
    """Turn it on, or over to another telephone; the recovery codes are shown once."""
    keys, lent = keys_of(desk), form.one("lent")
    again = staff.offer_again(keys, desk.account, desk.config.organisation.name, lent, desk.now)
    try:
        # Whoever finds a browser open shall not put their own telephone in the place of another.
        if desk.account.totp:
            _confirm(desk, form.text("present"), network)
    except Refused as error:
        return _set_up(desk, again, errors={"present": desk.tell(error)}, status=_status(error))
    try:
        with desk.database.write() as session:
            codes = staff.turn_on(
                session,
                keys,
                desk.account.id,
                lent,
                form.one("code"),
                desk.now,
                keep=desk.session_id,
            )
    except WrongInput as error:
        return _set_up(desk, again, errors={"code": desk.tell(error)}, status=422)
    return desk.page("account/codes", codes=codes, new=True)


@act(router, "/desk/account/two-step/off", Act.SELF)
def turn_off(desk: TheDesk, form: PostedForm, network: Network) -> Response:
    """Turn it off, where the organisation does not ask for it."""
    if desk.config.staff.require_totp:
        raise Refused("Everybody here signs in with two steps; it cannot be turned off.")
    if refused := _not_confirmed(desk, form, network, "off"):
        return refused
    with desk.database.write() as session:
        staff.turn_off(session, desk.account.id, desk.now, desk.actor, keep=desk.session_id)
    return desk.back(HERE, desk.say("From now on the password alone is asked for."))


@act(router, "/desk/account/recovery-codes", Act.SELF)
def recovery_codes(desk: TheDesk, form: PostedForm, network: Network) -> Response:
    """New ones, shown once; the former ones are worth nothing any more."""
    if refused := _not_confirmed(desk, form, network, "codes"):
        return refused
    with desk.database.write() as session:
        codes = staff.new_recovery_codes(session, desk.account.id, desk.now)
    return desk.page("account/codes", codes=codes, new=False)


def _confirm(desk: Desk, password: str, network: str | None) -> None:
    staff.confirm_password(
        desk.database,
        keys_of(desk),
        desk.account.id,
        password,
        network=network,
        now=desk.now,
    )


def _not_confirmed(
    desk: Desk, form: PostedForm, network: str | None, field: str
) -> Response | None:
    """The page again where the present password, in `field`, is not right; else None."""
    try:
        _confirm(desk, form.text(field), network)
    except Refused as error:
        return _page(desk, errors={field: desk.tell(error)}, status=_status(error))
    return None


def _status(error: Refused) -> int:
    return 429 if isinstance(error, TooOften) else 422


def _page(
    desk: Desk,
    *,
    errors: dict[str, str] | None = None,
    status: int = 422,
    name: str | None = None,
    chosen: str | None = None,
) -> Response:
    mine = desk.account
    with desk.database.read() as session:
        sessions = staff.sessions(session, mine.id, desk.now, this=desk.session_id)
        left = staff.recovery_codes_left(session, mine.id)
    return desk.page(
        "account/account",
        status=status if errors else 200,
        sessions=sessions,
        left=left,
        role=staff.ROLE_NAMES[mine.role],
        role_means=staff.ROLES[mine.role],
        name=mine.name if name is None else name,
        chosen=mine.language if chosen is None else chosen,
        required=desk.config.staff.require_totp,
        least=staff.PASSWORD_LEAST,
        errors=errors or {},
    )


def _set_up(
    desk: Desk, offered: Offer, *, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    values: dict[str, Any] = {
        "picture": qr.picture(offered.address),
        "offered": offered,
        "required": desk.must_set_up,
        "new": desk.request.query_params.get("new") == "yes",
        "errors": errors or {},
    }
    return desk.page("account/two_step", status=status, **values)
