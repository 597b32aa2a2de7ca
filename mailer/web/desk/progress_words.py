"""How a mailing stands, in the words of whoever looks: the same for the page and what it is sent
while it is watched."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from mailer.delivery import Details, Status
from mailer.publication import Issue
from mailer.web.desk.colleagues import People
from mailer.web.desk.reasons import counted
from mailer.web.desk.visit import Visit

BAR = 1000
"""The bar's width, in its own units."""
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `lists` leads to its list, `hidden` where there is nothing to say."""

    key: str
    label: str
    count: str
    note: str
    lists: bool
    hidden: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the bar."""

    key: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Told:
    """All that the page says of it."""

    status: str
    sentences: tuple[str, ...]
    rows: tuple[Row, ...]
    bar: tuple[Part, ...]

    def as_json(self) -> dict[str, Any]:
        """The same for a script."""
        return asdict(self)


def told(
    visit: Visit, issue: Issue, status: Status, details: Details, people: People, now: datetime
) -> Told:
    """How the mailing stands, in words and figures."""
    return Told(
        status.status,
        _sentences(visit, issue, status, people, now),
        _rows(visit, status, details, now),
        _bar(status),
    )


def _sentences(
    visit: Visit, issue: Issue, status: Status, people: People, now: datetime
) -> tuple[str, ...]:
    readers = status.audience - status.skipped
    have = visit.count(
        "{sent} of {n} reader has it.",
        "{sent} of {n} readers have it.",
        readers,
        sent=visit.catalogue.number(status.sent),
    )
    if status.status == "sending" and not status.audience:
        said = [visit.say("{title} is about to go out.", title=issue.title)]
    elif status.status == "sending":
        said = [have, *_end(visit, status, now)]
    elif status.status == "paused":
        said = [have, visit.say("Nothing more goes out until you go on.")]
    elif status.status == "sent" and status.sent == readers:
        all_have = visit.count(
            "The {n} reader has it.", "All {n} readers have it.", max(readers, 0)
        )
        said = [all_have if readers else visit.say("Nobody was there to get it.")]
    elif status.status == "cancelled":
        said = [have, visit.say("It was cancelled; nobody else gets it.")]
    else:
        said = [have]
    why = [people.ruling(status.status, status.reason)] if status.reason else []
    return (*said, *why)


def _end(visit: Visit, status: Status, now: datetime) -> list[str]:
    """When the last will have it; nothing where nobody can tell."""
    if status.eta_s is None or not status.queued + status.in_flight:
        return []
    # To the next minute: the seconds are nobody's promise.
    at = now + timedelta(seconds=status.eta_s + 59)
    return [visit.say("The last will have it at about {time}.", time=_time(visit, at, now))]


def _rows(visit: Visit, status: Status, details: Details, now: datetime) -> tuple[Row, ...]:
    waiting = status.queued + status.in_flight

    def row(key: str, label: str, count: int, note: str, *, lists: bool = True) -> Row:
        always = key in ("sent", "waiting")
        return Row(
            key,
            label,
            visit.catalogue.number(count),
            note if count or always else "",
            lists and count > 0,
            hidden=not count and not always,
        )

    def why(state: str) -> str:
        return _most(visit, counted(visit, details.reasons, state))

    return (
        row("sent", visit.say("Sent"), status.sent, _sent(visit, status), lists=False),
        row("waiting", visit.say("Waiting"), waiting, _waiting(visit, status), lists=False),
        row("deferred", visit.say("Deferred"), status.deferred, _deferred(visit, details, now)),
        row("failed", visit.say("Failed"), status.failed, why("failed")),
        row("skipped", visit.say("Left out"), status.skipped, why("skipped")),
        row(
            "in_doubt",
            visit.say("In doubt"),
            status.in_doubt,
            visit.say("handed over, and never answered for: somebody has to decide"),
        ),
    )


def _sent(visit: Visit, status: Status) -> str:
    if status.resent_in_doubt:
        return visit.count(
            "accepted by their mail server; {n} may have come twice",
            "accepted by their mail server; {n} may have come twice",
            status.resent_in_doubt,
        )
    return visit.say("accepted by their mail server")


def _waiting(visit: Visit, status: Status) -> str:
    if not status.queued + status.in_flight:
        return ""
    if status.status == "paused":
        return visit.say("until you go on")
    if status.status != "sending" or status.eta_s is None:
        return visit.say("for their turn")
    minutes = int(status.eta_s // 60)
    if not minutes:
        return visit.say("less than a minute")
    return visit.count("about {n} minute", "about {n} minutes", minutes)


def _deferred(visit: Visit, details: Details, now: datetime) -> str:
    oldest = details.oldest_deferred
    reasons = counted(visit, details.reasons, "deferred")
    if oldest is None or not reasons:
        return _most(visit, reasons)
    domains = [one for one in details.domains if one.deferred]
    if len(reasons) > 1 or len(domains) != 1 or not oldest.domain:
        return visit.say(
            "{reasons}; again at {time}",
            reasons=_most(visit, reasons),
            time=_time(visit, oldest.due_at, now),
        )
    return visit.say(
        "{domain}: {reason}; again at {time}",
        domain=oldest.domain,
        reason=reasons[0][0],
        time=_time(visit, oldest.due_at, now),
    )


def _most(visit: Visit, reasons: list[tuple[str, int]]) -> str:
    """The commonest reasons with their counts: "no such mailbox 11, mailbox full 1"."""
    shown = reasons[:_NAMED]
    if len(shown) == 1 and len(reasons) == 1:
        return shown[0][0]
    words = ", ".join(f"{words} {visit.catalogue.number(count)}" for words, count in shown)
    return f"{words} …" if len(reasons) > _NAMED else words


def _time(visit: Visit, at: datetime, now: datetime) -> str:
    """The time of day; with its day where that is another than today."""
    zone = visit.config.organisation.zone
    if at.astimezone(zone).date() == now.astimezone(zone).date():
        return visit.catalogue.time(at, zone)
    return visit.moment(at)


def _bar(status: Status) -> tuple[Part, ...]:
    counts = (
        ("sent", status.sent),
        ("deferred", status.deferred + status.in_doubt),
        ("failed", status.failed),
    )
    whole = max(1, status.audience - status.skipped)
    parts, x = [], 0.0
    for key, count in counts:
        # What there is can be seen, however little it is.
        width = max(4.0, BAR * count / whole) if count else 0.0
        width = min(width, BAR - x)
        parts.append(Part(key, round(x, 1), round(width, 1)))
        x += width
    return tuple(parts)
