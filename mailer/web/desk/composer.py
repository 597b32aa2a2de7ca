"""The composer: an issue as a page, with its items, and what is saved of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from sqlalchemy.orm import Session
from starlette.datastructures import QueryParams
from starlette.responses import JSONResponse, Response

from mailer import publication
from mailer.errors import WrongInput
from mailer.letter import MERGE_FIELDS
from mailer.publication import LARGEST_UPLOAD, Issue, Item, Overtaken, WrongFields, issue_by_id
from mailer.sentence import Sentence
from mailer.staff import Act
from mailer.web.desk.composing_words import (
    facts_of,
    person,
    saved_as_json,
    saved_words,
    told_of_both,
    wrong_as_json,
)
from mailer.web.desk.issues import STATUSES
from mailer.web.desk.letter_choice import Choice
from mailer.web.desk.letter_panel import panel
from mailer.web.desk.posted import Posted
from mailer.web.desk.shell import Desk, PostedForm, TheDesk, act, look

router = APIRouter()

Id = Annotated[int, Path(ge=1, le=2**31 - 1)]

ISSUE = "/desk/issues/{issue_id}/"
ITEM = ISSUE + "items/{item_id}/"

_HEAD = ("number", "date", "title", "subject", "preheader", "language")
_LINES = ("title", "topic", "link", "picture_alt", "picture_caption")
_FIELDS_OFFERED = ("greeting", "name", "preferences_url", "unsubscribe_url", "letter_url")


EMPTY: Mapping[str, Any] = {
    **dict.fromkeys((*_LINES, "summary", "body", "picture_hash"), ""),
    "members_only": False,
}


@dataclass(frozen=True, slots=True)
class Form:
    """What a form shows: the fields as they are kept or were typed, and what is wrong with them."""

    id: int
    version: int
    fields: Mapping[str, Any]
    errors: Mapping[str, str] = field(default_factory=dict)
    place: int = 0
    opened: bool = False


@look(router, ISSUE, Act.LOOK)
def compose(desk: TheDesk, request: Request, issue_id: Id) -> Response:
    """The issue: its head, its items, the letter, and what to look at before it is sent."""
    with desk.database.read() as session:
        issue = issue_by_id(session, issue_id)
        return _page(desk, session, issue, request.query_params)


@act(router, ISSUE, Act.WRITE)
def save_head(desk: TheDesk, form: PostedForm, issue_id: Id) -> Response:
    """Save the issue's own fields."""
    given = {name: form.one(name) for name in _HEAD if form.has(name)}
    version = _version(form)
    try:
        with desk.database.write() as session:
            saved = publication.change_issue(
                session, issue_id, given, version, desk.now, desk.actor
            )
    except WrongFields as wrong:
        if desk.wants_json:
            return wrong_as_json(desk, wrong)
        with desk.database.read() as session:
            issue = issue_by_id(session, issue_id)
            typed = Form(0, version, {**_head_fields(issue), **given}, _told(desk, wrong))
            return _page(desk, session, issue, QueryParams(), head=typed, status=422)
    with desk.database.read() as session:
        if isinstance(saved, Overtaken):
            path = f"/desk/issues/{issue_id}/"
            return told_of_both(desk, session, issue_by_id(session, issue_id), saved, path)
        if desk.wants_json:
            return saved_as_json(desk, session, saved)
    return desk.back(f"/desk/issues/{issue_id}/", saved_words(desk))


@act(router, ISSUE + "items/", Act.WRITE)
def add(desk: TheDesk, issue_id: Id) -> Response:
    """Add an empty item, and open it."""
    with desk.database.write() as session:
        item = publication.add_item(session, issue_id, {}, desk.now, desk.actor)
    return desk.back(f"/desk/issues/{issue_id}/?open={item.id}#item-{item.id}-title")


@look(router, ITEM, Act.WRITE)
def item_page(desk: TheDesk, issue_id: Id, item_id: Id) -> Response:
    """One item on a page of its own."""
    with desk.database.read() as session:
        issue = issue_by_id(session, issue_id)
        found = next((item for item in issue.items if item.id == item_id), None)
        if found is None:
            said = desk.say("This item was removed. It can be brought back within a day.")
            return desk.back(f"/desk/issues/{issue_id}/?removed={item_id}", said, wrong=True)
        return _item_page(desk, session, issue, _of_item(found))


@act(router, ITEM, Act.WRITE, largest=LARGEST_UPLOAD + 1_000_000)
def save_item(desk: TheDesk, form: PostedForm, issue_id: Id, item_id: Id) -> Response:
    """Save an item; a picture that was chosen comes with it."""
    given = _given(form)
    version = _version(form)
    there = f"/desk/issues/{issue_id}/"
    said = saved_words(desk)
    try:
        developed = _developed(form)
        with desk.database.write() as session:
            if developed is not None:
                kept = publication.keep_picture(session, developed.content, desk.now)
                given["picture_hash"] = kept.hash
            if form.one("bring_back") == "yes":
                back = publication.bring_back(session, issue_id, item_id, desk.now, desk.actor)
                version = back.version
            saved = publication.change_item(
                session, issue_id, item_id, given, version, desk.now, desk.actor
            )
    except WrongFields as wrong:
        if desk.wants_json:
            return wrong_as_json(desk, wrong)
        with desk.database.read() as session:
            issue = issue_by_id(session, issue_id)
            typed = _as_typed(issue, item_id, version, given, _told(desk, wrong))
            return _item_page(desk, session, issue, typed, status=422)
    if developed is not None and developed.said:
        said = desk.tell(developed.said)
    with desk.database.read() as session:
        if isinstance(saved, Overtaken):
            path = f"{there}items/{item_id}/"
            return told_of_both(desk, session, issue_by_id(session, issue_id), saved, path)
        if desk.wants_json:
            return saved_as_json(desk, session, saved)
    if form.one("then") == "pictures":
        return desk.back(f"{there}items/{item_id}/pictures", said)
    if form.one("then") == "stay":
        return desk.back(f"{there}items/{item_id}/", said)
    return desk.back(f"{there}?open={item_id}#item-{item_id}", said)


@act(router, ITEM + "move", Act.WRITE)
def move(desk: TheDesk, form: PostedForm, issue_id: Id, item_id: Id) -> Response:
    """Put an item at another place."""
    place = form.ids("place")
    with desk.database.write() as session:
        moved = publication.move_item(
            session, issue_id, item_id, place[0] if place else 1, desk.now, desk.actor
        )
    said = desk.say(
        "“{title}” is now {place} of {of}",
        title=moved.title or desk.say("Item without a title"),
        place=moved.place,
        of=moved.of,
    )
    if desk.wants_json:
        return JSONResponse({"said": said, "place": moved.place})
    return desk.back(f"/desk/issues/{issue_id}/#item-{item_id}", said)


@act(router, ITEM + "remove", Act.WRITE)
def remove(desk: TheDesk, form: PostedForm, issue_id: Id, item_id: Id) -> Response:
    """Take an item out; it can be brought back."""
    with desk.database.write() as session:
        gone = publication.remove_item(
            session, issue_id, item_id, _version(form), desk.now, desk.actor
        )
    if isinstance(gone, Overtaken):
        with desk.database.read() as session:
            said = desk.say(
                "It was not removed: {person} has changed it since you opened this page. Look at "
                "it once more.",
                person=person(desk, session, gone.by),
            )
        return desk.back(
            f"/desk/issues/{issue_id}/?open={item_id}#item-{item_id}", said, wrong=True
        )
    said = desk.say("“{title}” was removed.", title=gone.title or desk.say("Item without a title"))
    return desk.back(f"/desk/issues/{issue_id}/?removed={item_id}", said)


@act(router, ITEM + "bring-back", Act.WRITE)
def bring_back(desk: TheDesk, issue_id: Id, item_id: Id) -> Response:
    """Put a removed item back where it was."""
    with desk.database.write() as session:
        back = publication.bring_back(session, issue_id, item_id, desk.now, desk.actor)
    said = desk.say("“{title}” is back.", title=back.title or desk.say("Item without a title"))
    return desk.back(f"/desk/issues/{issue_id}/?open={item_id}#item-{item_id}", said)


def _page(
    desk: Desk,
    session: Session,
    issue: Issue,
    query: QueryParams,
    *,
    head: Form | None = None,
    status: int = 200,
) -> Response:
    letter = panel(desk, session, issue, Choice.of(query))
    words, kind, sign = STATUSES[letter["mailing"]]
    reach = publication.reach(issue, letter["mailing"])
    removed = query.get("removed", "")
    return desk.page(
        "issues/compose",
        status=status,
        **{
            **letter,
            **_shared(desk, session),
            "answers": None,
            "matching": [],
            "head": head or Form(0, issue.head_version, _head_fields(issue)),
            "items": [
                _of_item(item, opened=query.get("open") == str(item.id)) for item in issue.items
            ],
            "facts": partial(facts_of, desk),
            "status_words": words,
            "status_chip": (kind, sign),
            "reach": reach,
            "removed": int(removed) if removed.isascii() and removed.isdecimal() else 0,
        },
    )


def _item_page(
    desk: Desk, session: Session, issue: Issue, item: Form, status: int = 200
) -> Response:
    shared = _shared(desk, session)
    return desk.page("issues/item", status=status, issue=issue, item=item, **shared)


def _shared(desk: Desk, session: Session) -> dict[str, Any]:
    """What every form of the composer needs."""
    return {
        "longest": publication.LONGEST,
        "all_topics": publication.topics_in_use(session),
        "merge_fields": [name for name in _FIELDS_OFFERED if name in MERGE_FIELDS],
        "locked": not desk.may(Act.WRITE),
    }


def _of_item(item: Item, *, opened: bool = False) -> Form:
    picture = item.picture
    fields = {
        "title": item.title,
        "topic": item.topic,
        "summary": item.summary,
        "body": item.body,
        "link": item.link,
        "picture_hash": picture.hash if picture else "",
        "picture_alt": picture.alt if picture else "",
        "picture_caption": picture.caption if picture else "",
        "members_only": item.members_only,
    }
    return Form(item.id, item.version, fields, place=item.position, opened=opened)


def _as_typed(
    issue: Issue, item_id: int, version: int, given: Mapping[str, Any], errors: Mapping[str, str]
) -> Form:
    """What somebody typed, over what is kept of the item."""
    kept = next((_of_item(item).fields for item in issue.items if item.id == item_id), EMPTY)
    return Form(item_id, version, {**kept, **given}, errors)


def _head_fields(issue: Issue) -> dict[str, Any]:
    return {
        "number": issue.number if issue.number is not None else "",
        "date": issue.date.isoformat(),
        "title": issue.title,
        "subject": issue.subject,
        "preheader": issue.preheader,
        "language": issue.language,
    }


def _given(form: Posted) -> dict[str, Any]:
    """The fields of an item that the form has; a box that is not ticked is not sent."""
    given: dict[str, Any] = {name: form.one(name) for name in _LINES if form.has(name)}
    given |= {name: form.text(name) for name in ("summary", "body") if form.has(name)}
    if form.has("picture_hash"):
        given["picture_hash"] = form.one("picture_hash")
    if form.has("whom"):
        given["members_only"] = form.one("whom") == "members"
    if form.one("no_picture") == "yes":
        given |= {"picture_hash": "", "picture_alt": "", "picture_caption": ""}
    return given


def _developed(form: Posted) -> publication.Developed | None:
    """The picture that was chosen with the form, made fit for letters.

    Raises:
        WrongFields: it is none that can be used.
    """
    files = form.files("picture")
    if not files:
        return None
    try:
        return publication.develop(files[0].file.read(LARGEST_UPLOAD + 1))
    except WrongInput as error:
        raise WrongFields({"picture": error.args[0]}) from error


def _version(form: Posted) -> int:
    """The version that the form was filled in on."""
    return (form.ids("version") or [0])[0]


def _told(desk: Desk, wrong: WrongFields) -> dict[str, str]:
    said: Mapping[str, Sentence] = wrong.fields
    return {name: desk.tell(sentence) for name, sentence in said.items()}
