"""How far an issue has got, live; and what hinders it, one by one."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from mailer import clock, delivery, publication, staff
from mailer.config import Config
from mailer.delivery import Details, Status
from mailer.publication import Issue
from mailer.staff import Act
from mailer.web.desk.colleagues import Names, People
from mailer.web.desk.hindering import Hindering
from mailer.web.desk.live import Live
from mailer.web.desk.progress_words import BAR, Told, told
from mailer.web.desk.reasons import meaning
from mailer.web.desk.shell import Desk, TheDesk, look

router = APIRouter()

CORRECTION = "correction"
A_PAGE = 100
_STATES = ("deferred", "failed", "skipped", "in_doubt")


@dataclass(frozen=True, slots=True)
class Seen:
    """How the issue's own mailing stands, and its latest correction."""

    own: Status
    details: Details
    correction: Status
    correction_details: Details


@look(router, "/desk/issues/{issue_id}/progress", Act.LOOK)
def page(desk: TheDesk, issue_id: int) -> Response:
    """Who has it, and what can be done about the rest."""
    with desk.database.read() as session:
        issue = publication.issue_by_id(session, issue_id)
        seen = _look(session, desk.config, issue, _hindering(desk))
        if seen.own.started_at is None:
            return desk.back(f"/desk/issues/{issue.id}/send")
        people = People(desk, staff.names(session))
        mended = delivery.is_mended(session, issue)
        approval = delivery.approval_of(session, issue)
    waits_for_approval = (
        mended and desk.config.staff.approval and (approval is None or approval.state != "approved")
    )
    return desk.page(
        "send/progress",
        issue=issue,
        seen=seen,
        told_of=_told(desk, issue, seen.own, seen.details, people),
        told_of_correction=_told(desk, issue, seen.correction, seen.correction_details, people)
        if seen.correction.status != "draft"
        else None,
        mended=mended,
        waits_for_approval=waits_for_approval,
        going=_is_going(seen),
        bar=BAR,
    )


def _is_going(seen: Seen) -> bool:
    """Whether anything still moves by itself."""
    return "sending" in (seen.own.status, seen.correction.status)


def _hindering(desk: Desk) -> Hindering:
    hindering: Hindering = desk.request.app.state.desk_hindering
    return hindering


def _look(session: Session, config: Config, issue: Issue, hindering: Hindering) -> Seen:
    now = clock.now()
    own = delivery.status_of(session, issue.id, issue.kind, now)
    correction = delivery.status_of(session, issue.id, CORRECTION, now)
    return Seen(
        own,
        hindering.of(session, config, issue, issue.kind, own, now),
        correction,
        hindering.of(session, config, issue, CORRECTION, correction, now)
        if correction.status != "draft"
        else Details(),
    )


def _told(desk: Desk, issue: Issue, status: Status, details: Details, people: People) -> Told:
    return told(desk, issue, status, details, people, clock.now())


@look(router, "/desk/issues/{issue_id}/progress/events", Act.LOOK)
async def events(desk: TheDesk, issue_id: int) -> Response:
    """The same as it changes, as server-sent events (HTML standard, section 9.2)."""
    live: Live = desk.request.app.state.desk_live
    database, config, hindering = desk.database, desk.config, _hindering(desk)

    def look_now() -> tuple[Issue, Seen, Names]:
        with database.read() as session:
            issue = publication.issue_by_id(session, issue_id)
            return issue, _look(session, config, issue, hindering), staff.names(session)

    lines = _lines(desk, live, issue_id, look_now)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(lines, media_type="text/event-stream", headers=headers)


async def _lines(desk: Desk, live: Live, issue_id: int, look_now: Any) -> AsyncIterator[str]:
    yield "retry: 2000\n\n"
    async for seen in live.watch(("issue", issue_id), look_now):
        if seen is None:
            yield ": still here\n\n"
            continue
        yield f"data: {json.dumps(_news(desk, *seen))}\n\n"


def _news(desk: Desk, issue: Issue, seen: Seen, known: Names) -> dict[str, Any]:
    people = People(desk, known)
    own = _told(desk, issue, seen.own, seen.details, people).as_json()
    correction = None
    if seen.correction.status != "draft":
        whole = _told(desk, issue, seen.correction, seen.correction_details, people)
        correction = whole.as_json()
    return {"own": own, "correction": correction, "going": _is_going(seen)}


@look(router, "/desk/issues/{issue_id}/progress/{state}", Act.LOOK)
def hindered(desk: TheDesk, issue_id: int, state: str) -> Response:
    """Those that were deferred, failed or left out, or are in doubt: why, and for some whose."""
    if state not in _STATES:
        raise HTTPException(404)
    of = desk.request.query_params.get("of", "")
    after = desk.request.query_params.get("after", "")
    with desk.database.read() as session:
        issue = publication.issue_by_id(session, issue_id)
        kind = CORRECTION if of == CORRECTION else issue.kind
        rows = delivery.hindered(
            session,
            issue,
            kind,
            state,
            after=int(after) if after.isdecimal() and len(after) < 19 else 0,
            most=A_PAGE + 1,
        )
        status = delivery.status_of(session, issue.id, kind, desk.now)
        details = _hindering(desk).of(session, desk.config, issue, kind, status, desk.now)
    return desk.page(
        "send/hindered",
        issue=issue,
        state=state,
        of=of if of == CORRECTION else "",
        reasons=[one for one in details.reasons if one.state == state],
        rows=rows[:A_PAGE],
        more=rows[A_PAGE - 1].delivery_id if len(rows) > A_PAGE else 0,
        meaning=meaning,
        states=state_names(desk),
    )


def state_names(desk: Desk) -> dict[str, str]:
    """What the desk calls the states that have a list."""
    return {
        "deferred": desk.say("Deferred"),
        "failed": desk.say("Failed"),
        "skipped": desk.say("Left out"),
        "in_doubt": desk.say("In doubt"),
    }
