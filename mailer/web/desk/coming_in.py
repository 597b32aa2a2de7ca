"""What becomes of a visitor who has shown who they are: a fresh session, and where it leads."""

from starlette.responses import Response

from mailer import staff
from mailer.staff import Keys
from mailer.web.desk.refusing import SET_UP, kept_again, leads_to_desk
from mailer.web.desk.visit import Desk, Visit


def keys_of(visit: Visit) -> Keys:
    """What the site's key is to staff."""
    site = visit.config.site
    return Keys(site.secret_key, site.old_secret_keys)


def begin(visit: Visit, account_id: int, network: str | None) -> tuple[Desk, str]:
    """A fresh session, and the secret for its cookie; one that the browser had before ends.

    Nothing that the browser brought is worth anything in it: neither cookie nor CSRF token.
    """
    agent = visit.request.headers.get("user-agent", "")
    with visit.database.write() as session:
        if isinstance(visit, Desk):
            staff.sign_out(session, visit.account.id, visit.session_id, visit.now)
        secret = staff.begin(session, account_id, network=network, agent=agent, now=visit.now)
        found = staff.signed_in(session, secret, visit.now)
    assert found is not None
    desk = Desk(
        visit.request,
        visit.paper,
        visit.cookies,
        visit.database,
        language=found.account.language,
        visitor=str(found.session_id),
        csrf=found.csrf,
        account=found.account,
        session_id=found.session_id,
    )
    return desk, secret


def welcome(
    visit: Visit, account_id: int, network: str | None, *, there: str, kept: str
) -> Response:
    """Let them in: to what they had typed when they were signed out, or where they were led from,
    or to the overview."""
    desk, secret = begin(visit, account_id, network)
    again = kept_again(kept)
    if desk.must_set_up:
        response = desk.back(SET_UP)
    elif again is not None:
        path, fields = again
        response = desk.page("kept", kept_path=path, kept_fields=fields)
    else:
        said = (
            ""
            if desk.account.totp
            else desk.say(
                "You sign in with a password alone. Make it two steps in your account: it takes a "
                "minute, and a stolen password is worth nothing then."
            )
        )
        response = desk.back(there if leads_to_desk(there) else "/desk/", said)
    desk.cookies.begin(response, secret)
    return response
