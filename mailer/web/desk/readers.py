"""Readers: found by name, address or how they stand; added by hand; taken along as CSV."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response, StreamingResponse

from mailer import audience, audit, delivery, publication
from mailer.audience import Found, State
from mailer.clock import today
from mailer.errors import Refused, WrongInput
from mailer.publication import Publication
from mailer.sentence import Sentence
from mailer.staff import Act
from mailer.web.desk.posted import Posted
from mailer.web.desk.shell import Desk, PostedForm, TheDesk, act, look

router = APIRouter()

PAGE = 50
_QUERY_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Chip:
    """How a reader stands, in a word and a sign."""

    words: str
    kind: str
    sign: str = ""


def states(desk: Desk) -> dict[str, str]:
    """By which readers are listed, in words."""
    return {
        "": desk.say("All readers"),
        "reads": desk.say("Reads"),
        "unconfirmed": desk.say("Unconfirmed"),
        "paused": desk.say("Paused"),
        "left": desk.say("Left"),
        "suppressed": desk.say("Suppressed"),
    }


def standing_chip(desk: Desk, state: State) -> Chip:
    """A subscription's state."""
    return {
        State.ACTIVE: Chip(desk.say("reads"), "good"),
        State.PENDING: Chip(desk.say("unconfirmed"), "", "…"),
        State.PAUSED: Chip(desk.say("paused"), "", "‖"),
        State.ENDED: Chip(desk.say("left"), "", "–"),
    }[state]


def suppressed_chip(desk: Desk) -> Chip:
    """That an address gets no mail."""
    return Chip(desk.say("suppressed"), "bad")


@look(router, "/desk/readers/", Act.READERS_SEE)
def readers(desk: TheDesk) -> Response:
    """Readers by what is asked for, a page of them."""
    asked = _asked(desk)
    with desk.database.read() as session:
        known = publication.publications(session)
        chosen = {str(one.id): one for one in known}.get(asked["publication"])
        found = audience.search(
            session,
            asked["words"],
            publication=chosen.id if chosen else None,
            state=asked["state"],
            after=asked["after"],
            limit=PAGE,
        )
        size = sum(audience.list_size(session, one.id) for one in known)
    return desk.page(
        "readers/list",
        asked=asked,
        states=states(desk),
        links={state: _path({**asked, "state": state, "after": ""}) for state in states(desk)},
        publications=known,
        rows=[(one, _chips(desk, one, known, chosen)) for one in found.readers],
        further=_path({**asked, "after": found.after}) if found.after else "",
        first=_path({**asked, "after": ""}) if asked["after"] else "",
        size=size,
    )


def _asked(desk: Desk) -> dict[str, str]:
    """What the address of the page asks for; a state that is none is all."""
    given = desk.request.query_params
    asked = {
        name: " ".join(given.get(name, "")[:_QUERY_LIMIT].replace("\0", "").split())
        for name in ("words", "state", "publication", "after")
    }
    if asked["state"] not in audience.STANDINGS:
        asked["state"] = ""
    return asked


def _path(asked: Mapping[str, str]) -> str:
    said = urlencode({name: value for name, value in asked.items() if value})
    return f"/desk/readers/?{said}" if said else "/desk/readers/"


def _chips(
    desk: Desk, one: Found, known: tuple[Publication, ...], chosen: Publication | None
) -> list[tuple[str, Chip]]:
    """Each publication's title, where there are several, and how the reader stands with it."""
    chips = [
        (of.title if len(known) > 1 and chosen is None else "", standing_chip(desk, state))
        for of in known
        if (chosen is None or of.id == chosen.id) and (state := one.standings.get(of.id))
    ]
    return [*chips, ("", suppressed_chip(desk))] if one.suppressed else chips


@look(router, "/desk/readers/add", Act.READERS_CHANGE)
def form(desk: TheDesk) -> Response:
    """A reader to be added by hand."""
    with desk.database.read() as session:
        return _form(desk, session, {"publication": desk.request.query_params.get("to", "")}, {})


@act(router, "/desk/readers/add", Act.READERS_CHANGE)
def add(desk: TheDesk, form: PostedForm) -> Response:
    """Add them, with the ground that is stated."""
    typed = {
        name: form.one(name)
        for name in ("address", "name", "greeting", "language", "ground", "publication")
    }
    with desk.database.read() as session:
        known = {str(one.id): one for one in publication.publications(session)}
    errors = _missing(desk, typed, known)
    if not errors:
        try:
            with desk.database.write() as session:
                added = audience.add(
                    session,
                    typed["address"],
                    publication_id=known[typed["publication"]].id,
                    operator=desk.actor,
                    now=desk.now,
                    name=typed["name"],
                    greeting=typed["greeting"],
                    language=typed["language"],
                    ground=typed["ground"],
                    day=today(desk.config.organisation.zone, desk.now),
                )
                if added.outcome is not audience.Outcome.UNCHANGED:
                    audit.record(
                        session,
                        desk.now,
                        desk.actor,
                        f"subscriber {added.subscriber_id}",
                        Sentence("added a reader"),
                    )
                    greet(desk, session, known[typed["publication"]], added.subscriber_id)
            return desk.back(f"/desk/readers/{added.subscriber_id}/", _added(desk, added.outcome))
        except WrongInput as error:
            field = "address" if isinstance(error, Refused) else _field_of(typed)
            errors[field] = desk.tell(error)
    with desk.database.read() as session:
        return _form(desk, session, typed, errors)


def greet(desk: Desk, session: Session, of: Publication, reader_id: int) -> None:
    """Send the welcome letter of a publication, where it goes to those who are added by hand."""
    language = audience.by_id(session, reader_id).language or of.language
    due = publication.welcome_due(session, of.id, reader_id, language, by_hand=True)
    if due is not None:
        delivery.enqueue(session, desk.config, due, desk.now)


def _missing(
    desk: Desk, typed: Mapping[str, str], known: Mapping[str, Publication]
) -> dict[str, str]:
    errors = {}
    if not typed["address"]:
        errors["address"] = desk.say("Write the reader's address.")
    if typed["publication"] not in known:
        errors["publication"] = desk.say("Choose what they are to get.")
    if not typed["ground"]:
        errors["ground"] = desk.say("Say who asked for it, when and how.")
    return errors


def _field_of(typed: Mapping[str, str]) -> str:
    """The field that a room would not take: asked of each alone."""
    checks: tuple[tuple[str, Any], ...] = (
        ("address", audience.normalise),
        ("ground", audience.ground_of),
        ("name", audience.line_of),
        ("greeting", audience.line_of),
    )
    for field, check in checks:
        try:
            check(typed[field]) if check is not audience.line_of else check(field, typed[field])
        except WrongInput:
            return field
    return "language"


def _added(desk: Desk, outcome: audience.Outcome) -> str:
    if outcome is audience.Outcome.CREATED:
        return desk.say("Added. Letters go to this address from the next one on.")
    if outcome is audience.Outcome.UPDATED:
        return desk.say("This reader was known already, and is up to date now.")
    return desk.say("This reader was known already; nothing changed.")


def _form(
    desk: Desk, session: Session, typed: Mapping[str, str], errors: Mapping[str, str]
) -> Response:
    known = publication.publications(session)
    chosen = typed.get("publication") or (str(known[0].id) if len(known) == 1 else "")
    return desk.page(
        "readers/add",
        status=422 if errors else 200,
        typed={"address": "", "name": "", "greeting": "", "language": "", "ground": "", **typed},
        chosen=chosen,
        publications=known,
        errors=errors,
    )


@act(router, "/desk/readers/export", Act.READERS_CHANGE)
def export(desk: TheDesk, form: PostedForm) -> Response:
    """Every reader of a publication as CSV; who took it along stands in the log."""
    of = _publication(desk, form)
    with desk.database.write() as session:
        audit.record(
            session,
            desk.now,
            desk.actor,
            f"publication {of.id}",
            Sentence("took the list of readers along as CSV"),
        )
    day = today(desk.config.organisation.zone, desk.now)
    pieces = (piece for piece, _ in audience.csv_pieces(desk.database, of.id, day))
    return csv_answer(pieces, f"{of.slug}-{day}.csv")


def _publication(desk: Desk, form: Posted) -> Publication:
    number = form.ids("publication")
    with desk.database.read() as session:
        return publication.publication_by_id(session, number[0] if number else 0)


def csv_answer(pieces: Iterable[str], name: str) -> Response:
    """A CSV to be kept as a file; spreadsheets know by the first octets that it is UTF-8."""
    return StreamingResponse(
        (piece.encode() for piece in chain(("\ufeff",), pieces)),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )
