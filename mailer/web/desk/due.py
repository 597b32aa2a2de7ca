"""What is due: the queue of what waits for whom, and the calendar of past and coming issues."""

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from mailer import delivery, publication
from mailer.staff import Act
from mailer.web.desk.shell import Desk, TheDesk, look
from mailer.web.desk.waiting import waiting

router = APIRouter()

DRAFTS = 50
_FIRST, _LAST = 1970, 2200


@look(router, "/desk/queue", Act.LOOK)
def queue(desk: TheDesk) -> Response:
    """What waits for whom."""
    with desk.database.read() as session:
        found = waiting(desk, session, drafts=DRAFTS)
    sections = [(heading, list(some)) for heading, some in groupby(found, attrgetter("heading"))]
    return desk.page("send/queue", sections=sections)


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
