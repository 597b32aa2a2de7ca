"""The overview that greets whoever has signed in: what is due, what went wrong, who reads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from mailer import audience, delivery, publication, staff
from mailer.audience import ListSize
from mailer.clock import today
from mailer.delivery import Status
from mailer.publication import IssueSummary, Publication
from mailer.staff import Act
from mailer.web.desk.colleagues import People
from mailer.web.desk.due import approvals
from mailer.web.desk.plots import Column, Words, columns
from mailer.web.desk.shell import Desk, TheDesk, look

router = APIRouter()

WEEKS = 52
MONTH = timedelta(weeks=4)
DRAFTS = 5
LOOKED_BACK = 3
"""So many issues that have gone out are looked at for letters in doubt."""

FAILED_LATELY = timedelta(days=7)
_IMPORTS = 10
_MOVING = ("scheduled", "sending", "paused")


@dataclass(frozen=True, slots=True)
class Due:
    """One thing that is due or went wrong; `kind` as of a chip: what went wrong is "warn"."""

    title: str
    words: str
    path: str
    kind: str = ""
    sign: str = ""


@dataclass(frozen=True, slots=True)
class Growth:
    """How a publication's list grew: in a sentence, drawn, and in figures."""

    title: str
    sentence: str
    plot: str = ""
    weeks: Sequence[ListSize] = ()


@look(router, "/desk/", Act.LOOK)
def overview(desk: TheDesk) -> Response:
    """What is due."""
    with desk.database.read() as session:
        publications = publication.publications(session)
        issues = publication.list_issues(session)
        statuses = delivery.statuses(session, [issue.id for issue in issues])
        due = list(_due(desk, session, issues, statuses))
        last = next((one for one in issues if statuses.get(one.id) == "sent"), None)
        last_status = _status(desk, session, last) if last else None
        grown = [_growth(desk, session, of) for of in publications]
    wrong = [one for one in due if one.kind in ("warn", "bad")]
    return desk.page(
        "overview",
        sentence=_sentence(desk, due, wrong),
        due=wrong + [one for one in due if one not in wrong],
        last=last,
        last_words=_how_it_went(desk, last_status) if last_status else "",
        grown=grown,
        next_issue=_next(desk, publications, issues),
    )


def _sentence(desk: Desk, due: list[Due], wrong: list[Due]) -> str:
    """What is the matter, in one sentence."""
    if wrong:
        return desk.count(
            "{n} thing needs your attention.", "{n} things need your attention.", len(wrong)
        )
    if due:
        return desk.count(
            "Nothing went wrong; {n} thing is under way.",
            "Nothing went wrong; {n} things are under way.",
            len(due),
        )
    return desk.say("Nothing is due, and nothing went wrong.")


def _next(
    desk: Desk, publications: tuple[Publication, ...], issues: tuple[IssueSummary, ...]
) -> str:
    """The name of the issue that comes next, for the one main action."""
    if not publications:
        return ""
    first = publications[0]
    numbers = [one.number or 0 for one in issues if one.publication.id == first.id]
    return desk.say("Write {title} {number}", title=first.title, number=max(numbers, default=0) + 1)


def _due(
    desk: Desk,
    session: Session,
    issues: tuple[IssueSummary, ...],
    statuses: dict[int, str],
) -> Iterator[Due]:
    """What moves and what waits; issues the newest first, then imports."""
    gone = (one for one in issues if statuses.get(one.id) in ("sent", "cancelled"))
    looked_at = {one.id for one in islice(gone, LOOKED_BACK)}
    in_doubt = {
        one.issue_id: one.count for one in delivery.doubtful(session) if one.kind != "correction"
    }
    drafts, people = 0, People(desk, staff.names(session))
    to_approve = _to_approve(desk, session, issues, statuses)
    for issue in issues:
        state = statuses.get(issue.id, "draft")
        if issue.id in to_approve:
            yield to_approve[issue.id]
        if state in _MOVING:
            yield _moving(desk, people, issue, _status(desk, session, issue))
        elif issue.id in looked_at and (doubts := in_doubt.get(issue.id)):
            words = desk.count(
                "{n} letter was handed over and never answered for.",
                "{n} letters were handed over and never answered for.",
                doubts,
            )
            yield Due(issue.title, words, f"/desk/issues/{issue.id}/doubts", "warn")
        elif issue.id in to_approve:
            continue
        elif state == "draft" and not issue.public and drafts < DRAFTS:
            drafts += 1
            words = desk.say("draft, dated {date}", date=desk.catalogue.date(issue.date))
            yield Due(issue.title, words, f"/desk/issues/{issue.id}/")
    if desk.may(Act.READERS_CHANGE):
        yield from _imports(desk, session)


def _to_approve(
    desk: Desk, session: Session, issues: tuple[IssueSummary, ...], statuses: dict[int, str]
) -> dict[int, Due]:
    """What waits for a second person, and what one has answered and is not sent yet; by issue."""
    if not desk.config.staff.approval:
        return {}
    titles = {one.id: one.title for one in issues}
    people = People(desk, staff.names(session))
    found = {}
    for asked in delivery.waiting_for_approval(session):
        title = titles.get(asked.issue_id, "")
        path = f"/desk/issues/{asked.issue_id}/send#approval"
        if desk.may(Act.APPROVE) and asked.asked_by != desk.actor:
            words = desk.say("{name} asks for approval", name=people.name(asked.asked_by))
            found[asked.issue_id] = Due(title, words, path, "warn")
        else:
            found[asked.issue_id] = Due(title, desk.say("waits for approval"), path)
    for issue_id, one in approvals(desk, session, titles.keys() - statuses.keys()).items():
        title, path = titles[issue_id], f"/desk/issues/{issue_id}/send"
        if one.state == "approved":
            found[issue_id] = Due(title, desk.say("approved; it can be sent"), path, "good")
        else:
            words = desk.say("{name} sent it back", name=people.name(one.answered_by))
            found[issue_id] = Due(title, words, f"{path}#approval", "warn")
    return found


def _status(desk: Desk, session: Session, issue: IssueSummary) -> Status:
    kind = "issue" if issue.number is not None else "announcement"
    return delivery.status_of(session, issue.id, kind, desk.now)


def _moving(desk: Desk, people: People, issue: IssueSummary, status: Status) -> Due:
    path = f"/desk/issues/{issue.id}/progress"
    if status.status == "paused":
        words = people.ruling("paused", status.reason) or desk.say("paused")
        return Due(issue.title, words, path, "warn")
    if status.status == "scheduled":
        at = desk.moment(status.start_at) if status.start_at else ""
        words = desk.say("goes out on {moment}", moment=at)
        return Due(issue.title, words, f"/desk/issues/{issue.id}/send", "")
    number = desk.catalogue.number
    words = desk.say(
        "going out: {sent} of {audience} sent",
        sent=number(status.sent),
        audience=number(status.audience),
    )
    return Due(issue.title, words, path, "good", "➜")


def _imports(desk: Desk, session: Session) -> Iterator[Due]:
    for one in audience.imports(session, _IMPORTS):
        path = f"/desk/readers/import/{one.id}/"
        title = one.file_name or desk.say("Import {number}", number=one.id)
        if one.state == "looked":
            yield Due(title, desk.say("was read, and waits for you to let it run"), path, "warn")
        elif one.state == "failed" and one.started_at > desk.now - FAILED_LATELY:
            yield Due(title, desk.say("could not be imported"), path, "bad")
        elif one.is_open and one.octets:
            yield Due(title, desk.say("readers are being imported"), path, "good", "➜")


def _how_it_went(desk: Desk, status: Status) -> str:
    """What became of the last issue, in one sentence."""
    words = desk.count(
        "{n} letter was delivered to its mail server",
        "{n} letters were delivered to their mail servers",
        status.sent,
    )
    if status.failed:
        failed = desk.count("{n} was refused", "{n} were refused", status.failed)
        return desk.say("{delivered}; {refused}.", delivered=words, refused=failed)
    return desk.say("{delivered}; none was refused.", delivered=words)


def _growth(desk: Desk, session: Session, of: Publication) -> Growth:
    day = today(desk.config.organisation.zone, desk.now)
    # A day's row is that of UTC, which may be a day ahead.
    weeks = audience.list_growth(session, of.id, max(day, desk.now.date()), spans=WEEKS, days=7)
    number = desk.catalogue.number
    month = weeks[-4:]
    joined, left = sum(one.joined for one in month), sum(one.left for one in month)
    size = weeks[-1].size
    if not any((one.size, one.joined, one.left) != (0, 0, 0) for one in weeks):
        return Growth(of.title, desk.say("Nobody reads {publication} yet.", publication=of.title))
    sentence = desk.count(
        "{n} reader of {publication}; in four weeks {joined} joined, and {left} left.",
        "{n} readers of {publication}; in four weeks {joined} joined, and {left} left.",
        size,
        publication=of.title,
        joined=number(joined),
        left=number(left),
    )
    plot = columns(
        f"list-{of.id}",
        Words(
            desk.say("Readers of {publication}, by week", publication=of.title),
            desk.say(
                "From {first} a year ago to {last} now.",
                first=number(weeks[0].size),
                last=number(size),
            ),
        ),
        [
            Column(max(0, one.size), number(one.size) if place == WEEKS - 1 else "")
            for place, one in enumerate(weeks)
        ],
        desk.catalogue.month(weeks[0].until),
        desk.catalogue.month(weeks[-1].until),
    )
    return Growth(of.title, sentence, plot, weeks[::-1])
