"""The issues of all publications, and how a new one or an announcement is begun."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from mailer import clock, delivery, publication
from mailer.publication import IssueSummary, Publication, WrongFields
from mailer.sentence import Sentence
from mailer.staff import Act
from mailer.web.desk.posted import Posted
from mailer.web.desk.shell import Desk, PostedForm, TheDesk, act, look

router = APIRouter()

AT_ONCE = 60
"""So many issues stand on a page: five years of a monthly."""

STATUSES: Mapping[str, tuple[Sentence, str, str]] = {
    "draft": (Sentence("Draft"), "", "✎"),
    "scheduled": (Sentence("Scheduled"), "", "◷"),
    "sending": (Sentence("Sending"), "good", "➜"),
    "paused": (Sentence("Paused"), "warn", "▲"),
    "sent": (Sentence("Sent"), "good", "✓"),
    "cancelled": (Sentence("Cancelled"), "bad", "●"),
}
"""What a status is called on a chip, the chip's kind, and its sign."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An issue in the list: its status, and where one goes on with it."""

    issue: IssueSummary
    status: str
    next_words: str
    next_path: str


@look(router, "/desk/issues/", Act.LOOK)
def issues(desk: TheDesk, request: Request) -> Response:
    """All issues, the newest first, by their years."""
    wanted = request.query_params.get("publication", "")
    page = _page(request.query_params.get("page", ""))
    with desk.database.read() as session:
        known = publication.publications(session)
        only = next((one for one in known if one.slug == wanted), None)
        found = publication.list_issues(session, only.id if only else None)
        shown = found[(page - 1) * AT_ONCE : page * AT_ONCE]
        statuses = delivery.statuses(session, [issue.id for issue in shown])
    listed = [_listed(desk, issue, statuses.get(issue.id, "draft")) for issue in shown]
    return desk.page(
        "issues/list",
        years=list(_by_year(listed)),
        publications=known,
        only=only,
        number=page,
        pages=-(-len(found) // AT_ONCE),
        statuses=STATUSES,
    )


@look(router, "/desk/issues/new", Act.WRITE)
def new_issue(desk: TheDesk, request: Request) -> Response:
    """What the next issue would be."""
    with desk.database.read() as session:
        chosen = _chosen(session, request.query_params.get("publication", ""))
        return _new(desk, session, chosen, {}, {})


@act(router, "/desk/issues/new", Act.WRITE)
def begin_issue(desk: TheDesk, form: PostedForm) -> Response:
    """Begin it."""
    given = {"number": form.one("number"), "date": form.one("date"), "subject": form.one("subject")}
    with desk.database.read() as session:
        chosen = _chosen(session, form.one("publication"))
        proposed = publication.propose(session, chosen.id, _today(desk))
    shape = proposed.shape if form.one("start") == "shape" else ()
    try:
        with desk.database.write() as session:
            made = publication.create_issue(
                session, chosen.id, given, desk.now, desk.actor, shape=shape
            )
    except WrongFields as wrong:
        with desk.database.read() as session:
            return _new(desk, session, chosen, {**given, "start": form.one("start")}, wrong.fields)
    return desk.back(
        f"/desk/issues/{made.id}/", desk.say("{issue} is begun. Add its items.", issue=made.title)
    )


@look(router, "/desk/issues/announce", Act.WRITE)
def new_announcement(desk: TheDesk, request: Request) -> Response:
    """A form for a meeting, an appeal: anything without a number."""
    with desk.database.read() as session:
        chosen = _chosen(session, request.query_params.get("publication", ""))
        known = publication.publications(session)
    values = {"title": "", "date": _today(desk).isoformat()}
    return _announcement(desk, chosen, known, values, {})


@act(router, "/desk/issues/announce", Act.WRITE)
def begin_announcement(desk: TheDesk, form: PostedForm) -> Response:
    """Begin it."""
    given = _announced(form)
    with desk.database.read() as session:
        chosen = _chosen(session, form.one("publication"))
        known = publication.publications(session)
    try:
        with desk.database.write() as session:
            made = publication.create_announcement(session, chosen.id, given, desk.now, desk.actor)
    except WrongFields as wrong:
        return _announcement(desk, chosen, known, given, wrong.fields)
    return desk.back(f"/desk/issues/{made.id}/", desk.say("“{title}” is begun.", title=made.title))


def _new(
    desk: Desk,
    session: Session,
    chosen: Publication,
    typed: Mapping[str, str],
    wrong: Mapping[str, Sentence],
) -> Response:
    proposed = publication.propose(session, chosen.id, _today(desk))
    values: dict[str, Any] = {
        "number": proposed.number,
        "date": proposed.date.isoformat(),
        "subject": proposed.subject,
        "start": "shape" if proposed.shape else "",
    }
    cadence = publication.read_cadence(chosen.cadence) if chosen.cadence else None
    return desk.page(
        "issues/new",
        status=422 if wrong else 200,
        publications=publication.publications(session),
        chosen=chosen,
        proposed=proposed,
        cadence=publication.cadence_in_words(cadence) if cadence else None,
        values={**values, **typed},
        errors={name: desk.tell(said) for name, said in wrong.items()},
    )


def _announcement(
    desk: Desk,
    chosen: Publication,
    known: Sequence[Publication],
    values: Mapping[str, str],
    wrong: Mapping[str, Sentence],
) -> Response:
    return desk.page(
        "issues/announce",
        status=422 if wrong else 200,
        publications=known,
        chosen=chosen,
        values=values,
        errors={name: desk.tell(said) for name, said in wrong.items()},
    )


def _announced(form: Posted) -> dict[str, str]:
    return {"title": form.one("title"), "date": form.one("date")}


def _chosen(session: Session, slug: str) -> Publication:
    """The publication that is meant; the first where none is named."""
    return (
        publication.find_publication(session, slug)
        if slug
        else publication.publications(session)[0]
    )


def _listed(desk: Desk, issue: IssueSummary, status: str) -> Listed:
    path = f"/desk/issues/{issue.id}/"
    if status in {"sending", "paused"}:
        return Listed(issue, status, desk.say("See how far it is"), f"{path}progress")
    if status in {"sent", "cancelled"}:
        return Listed(issue, status, desk.say("Read the report"), f"{path}report")
    if status == "scheduled":
        return Listed(issue, status, desk.say("Look at it once more"), f"{path}send")
    if desk.may(Act.WRITE):
        return Listed(issue, status, desk.say("Go on writing"), path)
    return Listed(issue, status, desk.say("Look at it"), path)


def _by_year(listed: Sequence[Listed]) -> Iterator[tuple[int, list[Listed]]]:
    for year, some in groupby(listed, key=lambda one: one.issue.date.year):
        yield year, list(some)


def _page(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 5 else 1


def _today(desk: Desk) -> Any:
    return clock.now().astimezone(desk.config.organisation.zone).date()
