"""What is due: the queue of what waits for whom, and the calendar of past and coming issues."""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from mailer import delivery, publication, staff
from mailer.delivery import Approval
from mailer.publication import IssueSummary
from mailer.staff import Act
from mailer.web.desk.colleagues import People
from mailer.web.desk.shell import Desk, TheDesk, look

router = APIRouter()

DRAFTS = 50
_FIRST, _LAST = 1970, 2200


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing in the queue: what it is, in words what it waits for, and where it is done."""

    title: str
    words: str
    path: str
    kind: str


@look(router, "/desk/queue", Act.LOOK)
def queue(desk: TheDesk) -> Response:
    """What waits for whom."""
    with desk.database.read() as session:
        sections = waiting(desk, session)
    return desk.page("send/queue", sections=sections)


def waiting(desk: Desk, session: Session) -> list[tuple[str, list[Waiting]]]:
    """The queue, by what has to be done; sections in which nothing waits are left out."""
    unfinished = delivery.unfinished(session)
    asked = delivery.waiting_for_approval(session)
    doubtful = delivery.doubtful(session)
    answered = approvals(desk, session, _not_mailed(session))
    drafts = _drafts(session, {one.issue_id for one in asked} | set(answered))
    ids = {one.issue_id for one in unfinished} | {one.issue_id for one in asked}
    ids |= {one.issue_id for one in doubtful} | set(answered)
    titles = publication.issue_titles(session, ids)
    people = People(desk, staff.names(session))

    def path(issue_id: int, page: str) -> str:
        return f"/desk/issues/{issue_id}/{page}"

    def entries(status: str) -> list[delivery.Entry]:
        return [one for one in unfinished if one.status == status]

    sections = [
        (
            desk.say("Paused"),
            [
                Waiting(
                    titles.get(one.issue_id, ""),
                    people.ruling("paused", one.reason),
                    path(one.issue_id, "progress"),
                    "warn",
                )
                for one in entries("paused")
            ],
        ),
        (
            desk.say("In doubt"),
            [
                Waiting(
                    titles.get(one.issue_id, ""),
                    desk.count(
                        "{n} letter was handed over and never answered for. Somebody decides.",
                        "{n} letters were handed over and never answered for. Somebody decides.",
                        one.count,
                    ),
                    path(one.issue_id, "doubts") + _of(one.kind),
                    "warn",
                )
                for one in doubtful
            ],
        ),
        (
            desk.say("Waiting for approval"),
            [
                Waiting(
                    titles.get(one.issue_id, ""),
                    desk.say(
                        "{name} asked on {moment}; somebody else approves it.",
                        name=people.name(one.asked_by),
                        moment=desk.moment(one.asked_at),
                    ),
                    path(one.issue_id, "send#approval"),
                    "",
                )
                for one in asked
            ],
        ),
        (
            desk.say("Approved"),
            [
                Waiting(
                    titles.get(issue_id, ""),
                    desk.say(
                        "{name} approved it on {moment}; it can be sent.",
                        name=people.name(one.answered_by),
                        moment=desk.moment(one.answered_at),
                    ),
                    path(issue_id, "send"),
                    "good",
                )
                for issue_id, one in answered.items()
                if one.state == "approved" and one.answered_at
            ],
        ),
        (
            desk.say("Sent back"),
            [
                Waiting(
                    titles.get(issue_id, ""),
                    desk.say(
                        "{name} sent it back on {moment}.",
                        name=people.name(one.answered_by),
                        moment=desk.moment(one.answered_at),
                    ),
                    path(issue_id, "send#approval"),
                    "warn",
                )
                for issue_id, one in answered.items()
                if one.state == "returned" and one.answered_at
            ],
        ),
        (
            desk.say("On its way"),
            [
                Waiting(
                    titles.get(one.issue_id, ""),
                    desk.say("Since {moment}.", moment=desk.moment(one.at)),
                    path(one.issue_id, "progress"),
                    "good",
                )
                for one in entries("sending")
            ],
        ),
        (
            desk.say("Scheduled"),
            [
                Waiting(
                    titles.get(one.issue_id, ""),
                    desk.say("Goes out on {moment}.", moment=desk.moment(one.at)),
                    path(one.issue_id, "send"),
                    "",
                )
                for one in entries("scheduled")
            ],
        ),
        (
            desk.say("Drafts"),
            [
                Waiting(
                    one.title,
                    desk.say("Dated {date}.", date=desk.catalogue.date(one.date)),
                    path(one.id, ""),
                    "",
                )
                for one in drafts
            ],
        ),
    ]
    return [(heading, found) for heading, found in sections if found]


def approvals(desk: Desk, session: Session, issue_ids: Iterable[int]) -> dict[int, Approval]:
    """What was answered to whoever asked for approval of these issues, where it still holds."""
    if not desk.config.staff.approval:
        return {}
    found = {}
    for issue_id in sorted(delivery.asked_about(session, issue_ids)):
        one = delivery.approval_of(session, publication.issue_by_id(session, issue_id))
        if one is not None and one.state in ("approved", "returned"):
            found[issue_id] = one
    return found


def _not_mailed(session: Session) -> list[int]:
    ids = [one.id for one in publication.list_issues(session)]
    mailed = delivery.mailed(session, ids)
    return [one for one in ids if one not in mailed]


def _of(kind: str) -> str:
    return "?of=correction" if kind == "correction" else ""


def _drafts(session: Session, asked: Iterable[int]) -> list[IssueSummary]:
    """What is neither public nor mailed, nor waits for approval: the newest first."""
    hidden = [one for one in publication.list_issues(session) if not one.public]
    taken = delivery.mailed(session, [one.id for one in hidden]) | set(asked)
    return [one for one in hidden if one.id not in taken][:DRAFTS]


@dataclass(frozen=True, slots=True)
class Happening:
    """Something on a day of the calendar."""

    title: str
    words: str
    path: str
    kind: str


@look(router, "/desk/calendar", Act.LOOK)
def month(desk: TheDesk) -> Response:
    """One month: the dates of issues, and when they went or are to go."""
    today = desk.now.astimezone(desk.config.organisation.zone).date()
    first = _month(desk.request.query_params.get("month", ""), today)
    with desk.database.read() as session:
        days = _days(desk, session, first)
    return desk.page(
        "send/calendar",
        weeks=_weeks(first, days),
        today=today,
        weekdays=desk.catalogue.weekdays(),
        month=desk.catalogue.month(first),
        before=_step(first, -1),
        after=_step(first, 1),
        month_name=desk.catalogue.month,
    )


def _month(text: str, today: date) -> date:
    """The first of the month that is asked for, else of this one."""
    try:
        found = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        found = today
    return found.replace(day=1) if _FIRST <= found.year <= _LAST else today.replace(day=1)


def _step(first: date, months: int) -> date:
    return (first + timedelta(days=31 if months > 0 else -1)).replace(day=1)


def _days(desk: Desk, session: Session, first: date) -> dict[date, list[Happening]]:
    zone = desk.config.organisation.zone
    since = datetime.combine(first, time(), zone).astimezone(UTC)
    until = datetime.combine(_step(first, 1), time(), zone).astimezone(UTC)
    mailings = delivery.mailings_between(session, since, until)
    titles = publication.issue_titles(session, {one.issue_id for one in mailings})
    days: dict[date, list[Happening]] = {}
    for one in mailings:
        kind, words = _happened(desk, one.status, desk.catalogue.time(one.at, zone))
        page = "send" if one.status == "scheduled" else "progress"
        days.setdefault(one.at.astimezone(zone).date(), []).append(
            Happening(
                titles.get(one.issue_id, ""),
                words,
                f"/desk/issues/{one.issue_id}/{page}",
                kind,
            )
        )
    told = {one.issue_id for one in mailings}
    for issue in publication.list_issues(session):
        if issue.date.replace(day=1) == first and issue.id not in told:
            days.setdefault(issue.date, []).append(
                Happening(
                    issue.title,
                    desk.say("dated this day"),
                    f"/desk/issues/{issue.id}/",
                    "",
                )
            )
    return days


def _happened(desk: Desk, status: str, at: str) -> tuple[str, str]:
    """What kind of news it is, and the news."""
    return {
        "scheduled": ("", desk.say("goes out at {time}", time=at)),
        "sending": ("good", desk.say("going out since {time}", time=at)),
        "paused": ("warn", desk.say("paused; was due at {time}", time=at)),
        "sent": ("good", desk.say("went out at {time}", time=at)),
        "cancelled": ("bad", desk.say("cancelled; was due at {time}", time=at)),
    }[status]


def _weeks(first: date, days: dict[date, list[Happening]]) -> list[list[dict[str, Any]]]:
    """The weeks of the month, Monday first; days of other months are empty."""
    return [
        [
            {
                "day": day if day.month == first.month else None,
                "happenings": days.get(day, []) if day.month == first.month else [],
            }
            for day in week
        ]
        for week in calendar.Calendar().monthdatescalendar(first.year, first.month)
    ]
