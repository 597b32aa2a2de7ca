"""The letter of an issue, before it is sent: looked at, saved or not, and checked."""

import datetime as calendar
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from mailer import delivery, publication
from mailer.letter import LinkAnswer
from mailer.publication import Issue, Typed, TypedItem, issue_by_id, with_typed
from mailer.staff import Act
from mailer.web.desk.letter_choice import Choice
from mailer.web.desk.letter_frame import frame, in_frame
from mailer.web.desk.letter_panel import findings, look_at, matching_readers, panel, shown
from mailer.web.desk.shell import Desk, PostedForm, TheDesk, act, look

LARGEST_DRAFT = 4 * 1024 * 1024
MOST_ITEMS = 500
# Of what is no text: a day, a language, the hash of a picture, how a page calls an item.
_LONGEST_NAME = 100

router = APIRouter()


@look(router, "/desk/issues/{issue_id}/letter", Act.LOOK)
def page(desk: TheDesk, request: Request, issue_id: int) -> Response:
    """The letter as readers of each kind get it, and what to look at before it is sent."""
    chosen = Choice.of(request.query_params)
    with desk.database.read() as session:
        issue = issue_by_id(session, issue_id)
        found: list[dict[str, Any]] = []
        if chosen.asked and desk.may(Act.READERS_SEE):
            found = matching_readers(session, chosen.asked)
            if len(found) == 1:
                return desk.back(
                    f"/desk/issues/{issue_id}/letter?{chosen.query(reader=found[0]['id'])}"
                )
        values = panel(desk, session, issue, chosen)
    return desk.page("issues/letter", matching=found, answers=None, **values)


@look(router, "/desk/issues/{issue_id}/letter.html", Act.LOOK)
def document(desk: TheDesk, request: Request, issue_id: int) -> Response:
    """The letter alone, for the panel's frame."""
    chosen = Choice.of(request.query_params)
    with desk.database.read() as session:
        looked = look_at(desk, session, issue_by_id(session, issue_id), chosen)
    if looked.preview is None or looked.preview.html is None:
        html = desk.paper.render(
            "issues/no_letter",
            desk.language,
            nonce="",
            csrf_token="",
            text=looked.preview and looked.preview.text,
            fault=looked.fault,
        )
        return in_frame(html)
    return frame(desk.config, looked.preview.html, chosen.scheme)


@look(router, "/desk/issues/{issue_id}/letter/readers", Act.READERS_SEE)
def readers(desk: TheDesk, request: Request, issue_id: int) -> Response:
    """For the panel's script: whom the words in `asked` may mean."""
    asked = Choice.of(request.query_params).asked
    with desk.database.read() as session:
        issue_by_id(session, issue_id)
        return JSONResponse({"readers": matching_readers(session, asked) if asked else []})


@act(router, "/desk/issues/{issue_id}/preview", Act.LOOK, largest=LARGEST_DRAFT)
def preview(desk: TheDesk, form: PostedForm, request: Request, issue_id: int) -> Response:
    """For the panel's script: the letter of what is on the screen. Nothing is saved."""
    with desk.database.read() as session:
        issue, _ = _on_screen(session, issue_id, form.json)
        chosen = Choice.of(request.query_params)
        looked = look_at(desk, session, issue, chosen)
    return JSONResponse(shown(desk, issue, chosen, looked))


@act(router, "/desk/issues/{issue_id}/findings", Act.LOOK, largest=LARGEST_DRAFT)
def check(desk: TheDesk, form: PostedForm, issue_id: int) -> Response:
    """For the panel's script: what is to be looked at, as a piece of the page."""
    with desk.database.read() as session:
        issue, keys = _on_screen(session, issue_id, form.json)
        found = findings(desk, session, issue, keys=keys)
    return _as_piece(desk, findings=found, answers=None)


@act(router, "/desk/issues/{issue_id}/links", Act.WRITE, largest=LARGEST_DRAFT)
def links(desk: TheDesk, form: PostedForm, request: Request, issue_id: int) -> Response:
    """Ask for each link to another site whether it is alive, and say which are not."""
    with desk.database.read() as session:
        issue, keys = _on_screen(session, issue_id, form.json)
    # Without a transaction: a link may take its time.
    answers = publication.ask_links(delivery.outside_links(desk.config, issue))
    with desk.database.read() as session:
        found = findings(desk, session, issue, keys=keys, answers=answers)
        if desk.wants_json:
            return _as_piece(desk, findings=found, answers=_told(answers))
        values = panel(desk, session, issue, Choice.of(request.query_params))
    values["findings"] = found
    return desk.page("issues/letter", matching=[], **{**values, "answers": _told(answers)})


def _told(answers: tuple[LinkAnswer, ...]) -> dict[str, int]:
    return {
        "asked": len(answers),
        "dead": sum(answer.state == "dead" for answer in answers),
        "unknown": sum(answer.state == "not asked" for answer in answers),
    }


def _as_piece(desk: Desk, **values: Any) -> Response:
    html = desk.paper.render(
        "issues/findings", desk.language, nonce="", csrf_token=desk.csrf, **values
    )
    return JSONResponse({"html": html})


def _on_screen(session: Session, issue_id: int, posted: Any) -> tuple[Issue, dict[int, str]]:
    """The stored issue with what was posted over it, and how the page calls its items."""
    issue = issue_by_id(session, issue_id)
    if posted is None:
        return issue, {}
    typed, keys = _typed(posted)
    wanted = {item.picture for item in typed.items or () if item.picture}
    return with_typed(issue, typed, publication.pictures_by_hash(session, wanted)), keys


def _typed(posted: Any) -> tuple[Typed, dict[int, str]]:
    """What a script says is on the screen.

    Raises:
        HTTPException: 400, it says nothing of the kind.
    """
    try:
        items, keys = None, {}
        if posted.get("items") is not None:
            if len(posted["items"]) > MOST_ITEMS:
                raise HTTPException(413)
            items = tuple(map(_typed_item, posted["items"]))
            keys = {
                at: key for at, one in enumerate(posted["items"], 1) if (key := _text(one, "key"))
            }
        day = _text(posted, "date")
        typed = Typed(
            title=_text(posted, "title"),
            date=_day(day),
            subject=_text(posted, "subject"),
            preheader=_text(posted, "preheader"),
            language=_text(posted, "language"),
            items=items,
        )
    except (AttributeError, TypeError, ValueError, KeyError, OverflowError):
        raise HTTPException(400) from None
    return typed, keys


def _typed_item(one: dict[str, Any]) -> TypedItem:
    members_only = one.get("members_only")
    return TypedItem(
        id=int(one.get("id") or 0),
        members_only=None if members_only is None else bool(members_only),
        **{
            name: _text(one, name)
            for name in (
                "title",
                "topic",
                "summary",
                "body",
                "link",
                "picture",
                "picture_alt",
                "picture_caption",
            )
        },
    )


def _text(one: dict[str, Any], name: str) -> str | None:
    value = one.get(name)
    if value is not None and not isinstance(value, str):
        raise TypeError(name)
    if value is not None and len(value) > publication.LONGEST.get(name, _LONGEST_NAME):
        raise HTTPException(413)
    # A lone surrogate has no UTF-8, NUL no database has, and no keyboard makes either.
    return value and value.replace("\0", "").encode("utf-8", "replace").decode()


def _day(text: str | None) -> calendar.date | None:
    """The date, where what is typed is one already."""
    try:
        return calendar.date.fromisoformat(text) if text else None
    except ValueError:
        return None
