"""A reader's own pages: choices, leaving, and the letter in the browser."""

from dataclasses import dataclass, replace
from datetime import datetime

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from mailer import audience, clock, delivery
from mailer.audience import Wording
from mailer.errors import WrongInput
from mailer.letter import LetterDue
from mailer.publication import Publication, publications
from mailer.tokens import Claim, ExpiredToken, Purpose
from mailer.web.catalogue import catalogue_of, languages
from mailer.web.forms import Form, Network, OneClick, PostedForm
from mailer.web.headers import LETTER_POLICY
from mailer.web.readers import Reader, opened, reader_of
from mailer.web.routing import look_only, post
from mailer.web.site import Site, TheSite
from mailer.web.wordings import consent

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Offer:
    """One publication in the form of choices."""

    publication: Publication
    subscribed: bool
    format: str


@look_only(router, "/preferences/{token}")
def preferences(site: TheSite, token: str) -> Response:
    """What a reader chose; where the link is too old, the offer of a fresh one."""
    with site.database.read() as session:
        try:
            reader = opened(site, session, Purpose.PREFERENCES, token)
        except ExpiredToken as error:
            late = reader_of(site, session, error.claim)
            return late.page(session, "preferences_expired", status=410)
        return _choices(session, reader)


@post(router, "/preferences/{token}")
def choose(site: TheSite, token: str, form: PostedForm, network: Network) -> Response:
    """Save what a reader chose; where the link is too old, send a fresh one to the mailbox."""
    now = clock.now()
    try:
        claim = site.signer.read(Purpose.PREFERENCES, token, now)
    except ExpiredToken as error:
        return _send_fresh_link(site, error.claim, now)
    with site.database.read() as session:
        reader = reader_of(site, session, claim)
    match form.one("do"):
        case "leave":
            with site.database.write() as session:
                audience.leave_all(session, reader.id, method="form", network=network, now=now)
            with site.database.read() as session:
                return reader.page(session, "left_all")
        case "save":
            return _save(reader, form, network, now)
        case _:
            # Whatever else a machine may post changes nothing.
            with site.database.read() as session:
                return _choices(session, reader)


@look_only(router, "/unsubscribe/{token}")
def leaving(site: TheSite, token: str) -> Response:
    """The page that a letter's link leads to: one button."""
    with site.database.read() as session:
        reader = opened(site, session, Purpose.UNSUBSCRIBE, token)
        return reader.page(session, "unsubscribe", publication=_left(session, reader))


@post(router, "/unsubscribe/{token}")
def leave(site: TheSite, token: str, one_click: OneClick, network: Network) -> Response:
    """End the subscription at once: the button, or the one-click POST of RFC 8058."""
    method, now = "one-click" if one_click else "link", clock.now()
    with site.database.read() as session:
        reader = opened(site, session, Purpose.UNSUBSCRIBE, token)
        of = _left(session, reader)
        answer = reader.page(session, "unsubscribed", publication=of)
    with site.database.write() as session:
        if of is None:
            audience.leave_all(session, reader.id, method=method, network=network, now=now)
        else:
            audience.leave(session, reader.id, of.id, method=method, network=network, now=now)
    return answer


@look_only(router, "/letter/{token}")
def letter(site: TheSite, token: str) -> Response:
    """A letter as it was sent, in the browser."""
    claim = site.signer.read(Purpose.LETTER, token, clock.now())
    with site.database.read() as session:
        if claim.subscriber:
            reader_of(site, session, claim)
        html, text = delivery.letter_in_browser(
            session, site.config, site.signer, claim.subject, claim.subscriber
        )
    if html is None:
        return PlainTextResponse(text)
    return HTMLResponse(html, headers={"Content-Security-Policy": LETTER_POLICY})


def _left(session: Session, reader: Reader) -> Publication | None:
    """What an unsubscribe link leaves: a publication, or everything."""
    return reader.publication(session) if reader.publication_id else None


def _choices(
    session: Session,
    reader: Reader,
    *,
    saved: bool = False,
    typed: Form | None = None,
    error: str = "",
) -> HTMLResponse:
    """The form of choices, as they stand; after an error, as they were typed."""
    now = audience.choices(session, reader.id)
    standing = {choice.publication_id: choice for choice in now.subscriptions}
    offers = []
    for publication in publications(session):
        choice = standing.get(publication.id)
        offers.append(
            Offer(
                publication,
                choice is not None and choice.subscribed,
                choice.format if choice is not None else "html",
            )
        )
    language = now.language or reader.site.language
    return reader.page(
        session,
        "preferences",
        status=422 if error else 200,
        saved=saved,
        error=error,
        name=typed.one("name") if typed else now.name,
        greeting=typed.one("greeting") if typed else now.greeting,
        chosen_language=language,
        # A language that our own pages do not speak stays as it is until another is chosen.
        letter_languages={language: language, **languages()},
        offers=offers,
    )


def _save(reader: Reader, form: Form, network: str | None, now: datetime) -> HTMLResponse:
    database = reader.site.database
    with database.read() as session:
        wordings = {of.id: _shown(reader, of) for of in publications(session)}
    shown = wordings.keys() & form.ids("shown")
    wanted = shown.intersection(form.ids("get"))
    try:
        with database.write() as session:
            chosen = audience.change(
                session,
                reader.id,
                name=form.one("name"),
                greeting=form.one("greeting"),
                language=form.one("language"),
                subscribed={id_: id_ in wanted for id_ in shown},
                formats={id_: form.one(f"format-{id_}") for id_ in shown},
                wordings=wordings,
                network=network,
                now=now,
            )
    except WrongInput as error:
        with database.read() as session:
            return _choices(session, reader, typed=form, error=error.said)
    speaking = replace(reader, language=chosen.language or reader.site.language)
    with database.read() as session:
        return _choices(session, speaking, saved=True)


def _shown(reader: Reader, of: Publication) -> Wording:
    """What stands beside the box of a publication."""
    organisation = reader.site.config.organisation.name
    return consent(catalogue_of(reader.language), organisation, of.title)


def _send_fresh_link(site: Site, claim: Claim, now: datetime) -> HTMLResponse:
    with site.database.read() as session:
        late = reader_of(site, session, claim)
        answer = late.page(session, "preferences_fresh")
    with site.database.write() as session:
        delivery.enqueue(session, site.config, _fresh_link(late, now), now)
    return answer


def _fresh_link(reader: Reader, now: datetime) -> LetterDue:
    """The letter with a fresh link to the choices: once a day."""
    return LetterDue(
        kind="confirmation",
        note="fresh link",
        subscriber_id=reader.id,
        address=None,
        language=reader.language,
        dedupe_key=f"choices {reader.id} {now:%Y-%m-%d}",
        values={"action_url": reader.site.config.site.url + reader.choices_path(now)},
    )
