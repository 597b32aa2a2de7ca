"""The log of who did what, in words."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from itertools import groupby
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from mailer import audit, publication, staff
from mailer.audit import Entry
from mailer.sentence import Sentence
from mailer.staff import Act
from mailer.web.desk.shell import Desk, TheDesk, look

HERE = "/desk/log/"

KINDS: Mapping[str, Sentence] = {
    "account": Sentence("accounts"),
    "archive": Sentence("the archive"),
    "import": Sentence("files of readers"),
    "invitation": Sentence("invitations"),
    "issue": Sentence("issues"),
    "mailing": Sentence("mailings"),
    "page": Sentence("standing pages"),
    "publication": Sentence("publications"),
    "segment": Sentence("groups of readers"),
    "subscriber": Sentence("readers"),
    "subscribers": Sentence("readers, many at once"),
    "theme": Sentence("themes"),
}
"""What is told of, as the filter calls it; a kind that is missing here is called as it is."""

router = APIRouter()


@look(router, HERE, Act.AUDIT)
def log(desk: TheDesk) -> Response:
    """Newest first, a page at a time; of one person, one kind of thing, or until a day."""
    asked = desk.request.query_params
    who, what = (asked.get(name, "").replace("\0", "") for name in ("who", "what"))
    day = _day(asked.get("until", ""))
    before = asked.get("before", "")
    with desk.database.read() as session:
        found = audit.entries(
            session,
            before=int(before) if before.isdecimal() and len(before) < 16 else None,
            actor=who or None,
            kind=what or None,
            until=_end_of(day, desk) if day else None,
            limit=audit.AT_ONCE + 1,
        )
        shown = found[: audit.AT_ONCE]
        names = staff.names(session)
        told = _told(desk, session, shown, names)
        kinds = audit.kinds(session)
    chosen = {"who": who, "what": what, "until": day.isoformat() if day else ""}
    more = {**chosen, "before": str(shown[-1].id)} if len(found) > len(shown) else None
    return desk.page(
        "log",
        days=[(day, list(rows)) for day, rows in groupby(told, lambda row: row["day"])],
        people={"": desk.say("everybody")} | {f"staff {i}": name for i, name in names.items()},
        kinds={"": desk.say("everything")} | {kind: _kind(desk, kind) for kind in kinds},
        chosen=chosen,
        older=f"{HERE}?{urlencode({k: v for k, v in more.items() if v})}" if more else "",
        filtered=bool(who or what or day),
        from_top=not before,
    )


def _told(
    desk: Desk, session: Session, entries: list[Entry], names: Mapping[int, str]
) -> list[dict[str, object]]:
    """Each entry as the page shows it."""
    issues = [number for entry in entries if (number := _number(entry.subject, "issue"))]
    titles = publication.issue_titles(session, issues) if issues else {}
    series = {one.id: one.title for one in publication.publications(session)}
    zone = desk.config.organisation.zone
    return [
        {
            "day": entry.at.astimezone(zone).date(),
            "at": entry.at,
            "who": _who(desk, entry.actor, names),
            "words": desk.tell(_with_moment(desk, entry.words)),
            "what": _what(desk, entry.subject, names, titles, series),
        }
        for entry in entries
    ]


def _who(desk: Desk, actor: str, names: Mapping[int, str]) -> str:
    """What whoever did it is called."""
    if number := _number(actor, "staff"):
        return names.get(number, actor)
    if number := _number(actor, "reader"):
        return desk.say("reader {n}", n=number)
    if actor == "mailer":
        return desk.say("Mailer itself")
    if actor == "visitor":
        return desk.say("Somebody not signed in")
    if actor.startswith("command"):
        name = actor.removeprefix("command").strip(" ()")
        return (
            desk.say("{name}, on the command line", name=name)
            if name
            else desk.say("The command line")
        )
    return actor


def _with_moment(desk: Desk, words: str) -> str:
    """The words of an entry, their moment as people write it."""
    if not isinstance(words, Sentence) or "moment" not in words.values:
        return words
    try:
        at = datetime.fromisoformat(str(words.values["moment"]))
    except ValueError:
        return words
    return Sentence(words.template, **{**words.values, "moment": desk.moment(at)})


def _what(
    desk: Desk,
    subject: str,
    names: Mapping[int, str],
    titles: Mapping[int, str],
    series: Mapping[int, str],
) -> str:
    """What it was done to."""
    kind, _, number = subject.partition(" ")
    if kind == "publication" and number.isdecimal() and int(number) in series:
        return series[int(number)]
    if kind == "issue" and number.isdecimal() and int(number) in titles:
        return titles[int(number)]
    if kind == "account" and number.isdecimal() and int(number) in names:
        return desk.say("the account of {name}", name=names[int(number)])
    if number:
        return desk.tell(_thing(kind, number) or subject)
    return _kind(desk, kind)


def _thing(kind: str, n: str) -> Sentence | None:
    """What one of a kind is called that has no name, or none any more."""
    return {
        "account": Sentence("account {n}", n=n),
        "import": Sentence("file of readers {n}", n=n),
        "invitation": Sentence("invitation {n}", n=n),
        "issue": Sentence("issue {n}", n=n),
        "mailing": Sentence("mailing {n}", n=n),
        "page": Sentence("page {n}", n=n),
        "publication": Sentence("publication {n}", n=n),
        "segment": Sentence("group {n}", n=n),
        "subscriber": Sentence("reader {n}", n=n),
    }.get(kind)


def _kind(desk: Desk, kind: str) -> str:
    return desk.tell(KINDS[kind]) if kind in KINDS else kind


def _number(text: str, kind: str) -> int | None:
    word, _, number = text.partition(" ")
    return int(number) if word == kind and number.isdecimal() else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _end_of(day: date, desk: Desk) -> datetime:
    """The first moment of the next day, where the organisation is."""
    try:
        following = day + timedelta(days=1)
        return datetime.combine(following, time(), desk.config.organisation.zone)
    except OverflowError:
        return desk.now
