"""Check and send: whom the issue reaches, what is wrong with it, when it goes; a minute to undo."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from mailer import clock, delivery, publication, staff
from mailer.delivery import Forecast, Status
from mailer.errors import MailerError, Refused, WrongInput
from mailer.publication import Issue
from mailer.sentence import Sentence
from mailer.staff import Act
from mailer.web.desk.colleagues import People
from mailer.web.desk.counting import count_soon
from mailer.web.desk.letter_panel import findings, inbox
from mailer.web.desk.shell import Desk, Posted, PostedForm, TheDesk, act, look

router = APIRouter()

Errors = Mapping[str, str]

_OLD = timedelta(minutes=1)
_CHANGED = Sentence("It was changed since you opened this page; look at it once more.")


@look(router, "/desk/issues/{issue_id}/send", Act.LOOK)
def page(desk: TheDesk, issue_id: int) -> Response:
    """Where an issue is checked and sent; and where it waits until it begins."""
    return show(desk, issue_id)


def show(
    desk: Desk, issue_id: int, *, errors: Errors | None = None, form: Posted | None = None
) -> Response:
    """The page, with the errors of what was posted and the fields as they were typed."""
    with desk.database.read() as session:
        issue = publication.issue_by_id(session, issue_id)
        status = delivery.status_of(session, issue.id, issue.kind, desk.now)
        if status.started_at is not None and not _waits_to_go_on(desk, session, issue, status):
            return desk.back(f"/desk/issues/{issue.id}/progress")
        if status.status == "scheduled" and not errors:
            return _scheduled(desk, session, issue, status)
        values = _seen(desk, session, issue, status)
    values |= {"errors": errors or {}, "form": form or desk.form}
    return desk.page("send/check", status=422 if errors else 200, **values)


def _waits_to_go_on(desk: Desk, session: Session, issue: Issue, status: Status) -> bool:
    """Whether it was mended on the way, where a second person has to see that before it goes on."""
    paused = status.status == "paused"
    return paused and desk.config.staff.approval and delivery.is_mended(session, issue)


def _seen(desk: Desk, session: Session, issue: Issue, status: Status) -> dict[str, Any]:
    """What the database says of the issue."""
    people = People(desk, staff.names(session))
    forecast = delivery.forecast(session, desk.config, issue, desk.now)
    count_soon(desk, issue.publication.id, forecast)
    approval = delivery.approval_of(session, issue)
    tests = delivery.latest_tests(session, issue)
    found = findings(desk, session, issue)
    return {
        "issue": issue,
        "mailing": status,
        "forecast": forecast,
        "sentences": sentences(desk, issue, forecast, None),
        "approval": approval,
        "people": people,
        "needs_approval": desk.config.staff.approval,
        "why_not": delivery.may_not_approve(session, issue, desk.actor),
        "tests": [one for one in tests if desk.may(Act.SEND) or one.by == desk.actor],
        "findings": found,
        "stopped": any(one.severity == "error" for one in found),
        "inbox": inbox(desk, issue, None),
        "answers": None,
        "zone": zone_name(desk),
        "languages": _languages(desk, forecast),
        "is_old": forecast is not None and desk.now - forecast.counted_at > _OLD,
    }


def _languages(desk: Desk, forecast: Forecast | None) -> str:
    """The languages of the letters with how many each, where there are several."""
    if forecast is None or len(forecast.languages) < 2:
        return ""
    catalogue = desk.catalogue
    return ", ".join(
        f"{catalogue.language_name(language)} {catalogue.number(count)}"
        for language, count in forecast.languages
    )


def zone_name(desk: Desk) -> str:
    """The organisation's zone as people say it: "Europe/London" is London."""
    return desk.config.organisation.timezone.rpartition("/")[2].replace("_", " ")


def sentences(
    desk: Desk, issue: Issue, forecast: Forecast | None, at: datetime | None
) -> list[str]:
    """To whom it goes, in words: "Update 121 goes to 1,874 readers (1,102 members) …"."""
    if forecast is None:
        return [
            desk.say(
                "The readers of {title} are being counted; look again in a moment.",
                title=issue.publication.title,
            )
        ]
    whom = {
        "title": issue.title,
        "readers": desk.count("{n} reader", "{n} readers", forecast.readers),
        "members": desk.count("{n} member", "{n} members", forecast.members),
    }
    if at is None and forecast.members:
        said = [desk.say("{title} goes to {readers} ({members}).", **whom)]
    elif at is None:
        said = [desk.say("{title} goes to {readers}.", **whom)]
    else:
        whom |= {"moment": desk.moment(at), "zone": zone_name(desk)}
        said = [
            desk.say("{title} goes to {readers} ({members}) on {moment}, {zone} time.", **whom)
            if forecast.members
            else desk.say("{title} goes to {readers} on {moment}, {zone} time.", **whom)
        ]
    if not forecast.readers:
        said = [desk.say("{title} goes to nobody: there is no reader for it.", **whom)]
    return said


@act(router, "/desk/issues/{issue_id}/send", Act.SEND)
def send(desk: TheDesk, form: PostedForm, issue_id: int) -> Response:
    """Have it sent a minute from now, or at a time."""
    errors: dict[str, str] = {}
    remarks: list[str] = []
    later = form.one("when") == "later"
    at = _moment(desk, form, "at", errors, remarks) if later else None
    end = None
    if form.one("end_date") or form.one("end_time"):
        end = _moment(desk, form, "end", errors, remarks)
    if errors:
        return show(desk, issue_id, errors=errors, form=form)
    try:
        with desk.database.write() as session:
            issue = publication.issue_by_id(session, issue_id)
            if form.one("version") != str(issue.version):
                raise Refused(_CHANGED)
            approved = delivery.require_approved(session, desk.config, issue)
            if at is None:
                delivery.send_soon(session, desk.config, issue, desk.now, desk.actor, end, approved)
            else:
                delivery.schedule(
                    session, desk.config, issue, at, desk.now, desk.actor, end, approved
                )
    except MailerError as error:
        return show(desk, issue_id, errors={"send": desk.tell(error)}, form=form)
    return desk.back(f"/desk/issues/{issue_id}/send", said=" ".join(remarks))


def _moment(
    desk: Desk, form: Posted, name: str, errors: dict[str, str], remarks: list[str]
) -> datetime | None:
    """The moment in two fields, on the organisation's clocks."""
    day, time = form.one(f"{name}_date"), form.one(f"{name}_time")
    if not day or not time:
        errors[f"{name}_date"] = desk.say("Give the day and the time.")
        return None
    zone = desk.config.organisation.zone
    try:
        moment, remark = clock.parse_moment(f"{day} {time}", zone, desk.now)
    except WrongInput as error:
        errors[f"{name}_date"] = desk.tell(error)
        return None
    if remark:
        remarks.append(desk.tell(remark))
    return moment


def _scheduled(desk: Desk, session: Session, issue: Issue, status: Status) -> Response:
    """It waits for its time; in the last minute the seconds are counted."""
    assert status.start_at is not None
    left = (status.start_at - desk.now).total_seconds()
    forecast = delivery.forecast(session, desk.config, issue, desk.now)
    count_soon(desk, issue.publication.id, forecast)
    soon = left <= delivery.GRACE.total_seconds()
    return desk.page(
        "send/undo" if soon else "send/scheduled",
        issue=issue,
        mailing=status,
        sentences=sentences(desk, issue, forecast, None if soon else status.start_at),
        left=max(0, round(left)),
        as_approved=delivery.goes_as_approved(session, issue),
        local=status.start_at.astimezone(desk.config.organisation.zone),
        end=status.not_after and status.not_after.astimezone(desk.config.organisation.zone),
        zone=zone_name(desk),
    )


@act(router, "/desk/issues/{issue_id}/undo", Act.SEND)
def undo(desk: TheDesk, issue_id: int) -> Response:
    """Make it a draft again, where it has not begun."""
    with desk.database.read() as session:
        issue = publication.issue_by_id(session, issue_id)
    try:
        with desk.database.write() as session:
            delivery.undo(session, issue, desk.now, desk.actor)
    except Refused as error:
        return desk.back(f"/desk/issues/{issue_id}/send", said=desk.tell(error), wrong=True)
    said = desk.say("{title} is a draft again. Nothing was sent.", title=issue.title)
    return desk.back(f"/desk/issues/{issue_id}/send", said=said)
