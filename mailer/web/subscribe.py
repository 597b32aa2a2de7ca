"""Subscribing: the form, the letter that asks back, the confirmation.

Whatever address is typed, the answer looks the same and takes the same time: nobody learns from
it who reads what. What is done about the address is done when the answer has gone out.
"""

import traceback
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import structlog
from fastapi import APIRouter
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask
from starlette.responses import Response

from mailer import audience, clock, delivery, publication
from mailer.audience import Confirmation, Wording
from mailer.database import database_error
from mailer.errors import WrongInput
from mailer.publication import Publication
from mailer.tokens import ExpiredToken, Purpose, confirm_path
from mailer.web import wordings
from mailer.web.catalogue import catalogue_of
from mailer.web.forms import Network, PostedForm
from mailer.web.readers import Reader, opened
from mailer.web.routing import look_only, post
from mailer.web.site import Site, TheSite

router = APIRouter()

log = structlog.get_logger()


@look_only(router, "/subscribe/")
def form(site: TheSite) -> Response:
    """The form by which anybody asks for a publication."""
    with site.database.read() as session:
        return _form(site, session, chosen=_only(session))


@post(router, "/subscribe/")
def ask(site: TheSite, form: PostedForm, network: Network) -> Response:
    """Answer; then note who asks, and send the letter that asks them back."""
    typed = form.one("email")
    with site.database.read() as session:
        known = {str(of.id): of for of in publication.publications(session)}
        chosen = known.get(form.one("publication")) or _only(session)
        errors = _errors(site, chosen, typed)
        if errors or chosen is None:
            return _form(site, session, chosen=chosen, typed=typed, errors=errors)
        answer = site.page("asked", session, address=typed)
    # The work differs by what is known of the address; how long the answer takes must not.
    answer.background = BackgroundTask(_ask_back, site, chosen, typed, network, clock.now())
    return answer


@look_only(router, "/confirm/{token}")
def confirmation(site: TheSite, token: str) -> Response:
    """The page that the letter leads to: one button."""
    with site.database.read() as session:
        try:
            reader = opened(site, session, Purpose.CONFIRM, token)
        except ExpiredToken:
            return site.page("confirm_expired", session, status=410)
        return reader.page(session, "confirm", publication=reader.publication(session))


@post(router, "/confirm/{token}")
def confirm(site: TheSite, token: str, network: Network) -> Response:
    """The button: the subscription begins."""
    with site.database.read() as session:
        try:
            reader = opened(site, session, Purpose.CONFIRM, token)
        except ExpiredToken:
            return site.page("confirm_expired", session, status=410)
        of, now = reader.publication(session), clock.now()
    with site.database.write() as session:
        outcome = audience.confirm(
            session, reader.id, of.id, wording=_shown(reader, of), network=network, now=now
        )
    with site.database.read() as session:
        if outcome is Confirmation.REFUSED:
            return reader.page(session, "confirm_refused", status=409)
        return reader.page(session, "confirmed", publication=of, choices=reader.choices_path(now))


def _shown(reader: Reader, of: Publication) -> Wording:
    """What the page of confirmation says."""
    organisation = reader.site.config.organisation.name
    return wordings.confirmation(catalogue_of(reader.language), organisation, of.title)


def _errors(site: Site, chosen: Publication | None, typed: str) -> dict[str, str]:
    """What is wrong with the form, by field."""
    errors, say = {}, catalogue_of(site.language).say
    if chosen is None:
        errors["publication"] = say("Choose what you want to get.")
    try:
        audience.normalise(typed)
    except WrongInput:
        errors["email"] = (
            say("“{typed}” is no email address; write it like ana@example.org.", typed=typed)
            if typed
            else say("Write your email address, like ana@example.org.")
        )
    return errors


def _ask_back(site: Site, of: Publication, typed: str, network: str | None, now: datetime) -> None:
    """Note who asks for `of`, and enqueue the letter; whoever asked has had their answer.

    What goes wrong is for the log, which names no reader: of a bug it tells the kind and the
    place, since its words may hold the address.
    """
    try:
        _enqueue(site, of, typed, network, now)
    except SQLAlchemyError as error:
        log.error("asking_failed", reason=str(database_error(error)))
    except Exception as error:  # noqa: BLE001
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{place.filename}, line {place.lineno}"
        log.error("asking_failed", reason=f"{type(error).__name__} in {where}")


def _enqueue(site: Site, of: Publication, typed: str, network: str | None, now: datetime) -> None:
    """Note who asks for `of`, and enqueue the letter, where one is due, with its link."""
    with site.database.write() as session:
        due = audience.ask(
            session,
            typed,
            publication_id=of.id,
            language=site.language,
            name="",
            wording=wordings.consent(
                catalogue_of(site.language), site.config.organisation.name, of.title
            ).text,
            network=network,
            now=now,
        )
        if due is not None and due.subscriber_id is not None:
            path = confirm_path(site.signer, due.subscriber_id, of.id, now)
            due = replace(due, values={"action_url": site.config.site.url + path})
            delivery.enqueue(session, site.config, due, now)


def _form(
    site: Site,
    session: Session,
    *,
    chosen: Publication | None,
    typed: str = "",
    errors: Mapping[str, str] | None = None,
) -> Response:
    return site.page(
        "subscribe",
        session,
        status=422 if errors else 200,
        chosen=chosen,
        typed=typed,
        errors=errors or {},
    )


def _only(session: Session) -> Publication | None:
    """The publication, where there is only one to choose."""
    known = publication.publications(session)
    return known[0] if len(known) == 1 else None
