"""A reader's new address: the page to which the letter that went there leads, and its button."""

from datetime import datetime

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from mailer import audience, clock
from mailer.errors import NotFound, Refused
from mailer.tokens import Claim, ExpiredToken, Purpose
from mailer.web.forms import Network
from mailer.web.phrases import say
from mailer.web.readers import Reader, in_part, reader_of
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
            return _said(site, session, 410, "expired_title", "address_expired")
        reader = reader_of(site, session, claim)
        if audience.new_address_of(session, reader.id, claim.subject) is None:
            return _said(site, session, 410, "address_title", "address_gone", reader)
        return reader.page(session, "new_address")


@post(router, "/address/{token}")
def confirm(site: TheSite, token: str, network: Network) -> Response:
    """The button: from now on letters go there."""
    now = clock.now()
    try:
        claim = _claim(site, token, now)
    except ExpiredToken:
        return _said(site, None, 410, "expired_title", "address_expired")
    with site.database.read() as session:
        reader = reader_of(site, session, claim)
    try:
        with site.database.write() as session:
            audience.confirm_new_address(session, reader.id, claim.subject, network, now)
            address = audience.by_id(session, reader.id).address.address
    except NotFound:
        return _said(site, None, 410, "address_title", "address_gone", reader)
    except Refused:
        return _said(site, None, 409, "confirm_refused_title", "confirm_refused", reader)
    return _said(
        site, None, 200, "confirmed_title", "address_done", reader, mailbox=in_part(address)
    )


def _claim(site: Site, token: str, now: datetime) -> Claim:
    return site.signer.read(Purpose.ADDRESS, token, now)


def _said(
    site: Site,
    session: Session | None,
    status: int,
    title: str,
    sentence: str,
    reader: Reader | None = None,
    mailbox: str = "",
) -> Response:
    language = reader.language if reader else site.language
    return site.page(
        "said",
        session,
        status=status,
        language=language,
        title=say(language, title),
        sentence=say(language, sentence, mailbox=mailbox),
    )
