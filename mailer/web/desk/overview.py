"""The overview that greets whoever has signed in: what is due, what went wrong, who reads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from mailer import audience, delivery, publication
from mailer.audience import ListSize
from mailer.clock import today
from mailer.delivery import Status
from mailer.publication import IssueSummary, Publication
from mailer.staff import Act
from mailer.web.desk.plots import Column, Words, columns
from mailer.web.desk.shell import Desk, TheDesk, look
from mailer.web.desk.waiting import Waiting, waiting

router = APIRouter()

WEEKS = 52
MONTH = timedelta(weeks=4)
DRAFTS = 5
FAILED_LATELY = timedelta(days=7)
_IMPORTS = 10


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
        due = waiting(desk, session, drafts=DRAFTS)
        if desk.may(Act.READERS_CHANGE):
            due += _imports(desk, session)
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


def _sentence(desk: Desk, due: list[Waiting], wrong: list[Waiting]) -> str:
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


def _status(desk: Desk, session: Session, issue: IssueSummary) -> Status:
    kind = "issue" if issue.number is not None else "announcement"
    return delivery.status_of(session, issue.id, kind, desk.now)


def _imports(desk: Desk, session: Session) -> Iterator[Waiting]:
    heading = desk.say("Import")
    for one in audience.imports(session, _IMPORTS):
        path = f"/desk/readers/import/{one.id}/"
        title = one.file_name or desk.say("Import {number}", number=one.id)
        if one.state == "looked":
            words = desk.say("was read, and waits for you to let it run")
            yield Waiting(heading, title, words, path, "warn")
        elif one.state == "failed" and one.started_at > desk.now - FAILED_LATELY:
            yield Waiting(heading, title, desk.say("could not be imported"), path, "bad")
        elif one.is_open and one.octets:
            words = desk.say("readers are being imported")
            yield Waiting(heading, title, words, path, "good", "➜")


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
