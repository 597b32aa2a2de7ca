"""A reader's new address: the page to which the letter that went there leads, and its button."""

from datetime import datetime

from fastapi import APIRouter
from starlette.responses import Response

from mailer import audience, clock
from mailer.errors import NotFound, Refused
from mailer.tokens import Claim, ExpiredToken, Purpose
from mailer.web.forms import Network
from mailer.web.readers import in_part, reader_of
from mailer.web.routing import look_only, post
from mailer.web.site import Site, TheSite

router = APIRouter()


@look_only(router, "/address/{token}")
def question(site: TheSite, token: str) -> Response:
    """The page that the letter leads to: one button."""
    with site.database.read() as session:
        try:
            claim = _claim(site, token, clock.now())
        except ExpiredToken:
            return site.page("address_expired", session, status=410)
        reader = reader_of(site, session, claim)
        if audience.new_address_of(session, reader.id, claim.subject) is None:
            return reader.page(session, "address_gone", status=410)
        return reader.page(session, "new_address")


@post(router, "/address/{token}")
def confirm(site: TheSite, token: str, network: Network) -> Response:
    """The button: from now on letters go there."""
    now = clock.now()
    with site.database.read() as session:
        try:
            claim = _claim(site, token, now)
        except ExpiredToken:
            return site.page("address_expired", session, status=410)
        reader = reader_of(site, session, claim)
    answer, status, mailbox = "address_changed", 200, ""
    try:
        with site.database.write() as session:
            audience.confirm_new_address(session, reader.id, claim.subject, network, now)
            mailbox = in_part(audience.by_id(session, reader.id).address.address)
    except NotFound:
        answer, status = "address_gone", 410
    except Refused:
        answer, status = "confirm_refused", 409
    with site.database.read() as session:
        return reader.page(session, answer, status=status, new_mailbox=mailbox)


def _claim(site: Site, token: str, now: datetime) -> Claim:
    return site.signer.read(Purpose.ADDRESS, token, now)
