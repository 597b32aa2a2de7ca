"""`mailer issues status`: how far the sending of an issue is, once or until it is over."""

import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailer.cli.about import About, Correction
from mailer.cli.door import Door, show, show_json, table_lines
from mailer.cli.issues import AsJson, Number, PublicationSlug, find
from mailer.clock import now
from mailer.errors import WrongInput

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from mailer.config import Config
    from mailer.delivery import Details, Domain, OldestDeferred, Reason, Status
    from mailer.publication import Issue

_EVERY_S = 1.0
_SHARE_OF_TIME = 0.1
"""Details cost up to a second where very many are deferred: a watcher must not slow the sender."""
_OVER = ("draft", "sent", "cancelled")
_REPLY_CHARACTERS = 100


def status(
    context: typer.Context,
    number: Number,
    slug: PublicationSlug = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Tell it again every second, until it is over.")
    ] = False,
    correction: Correction = False,
    details: Annotated[
        bool, typer.Option("--details", help="Also what hinders it: reasons, domains.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say how far the sending of an issue is, and of its correction."""
    door: Door = context.obj
    if watch and as_json:
        raise WrongInput("--watch is for people, and --json for programs; leave one of them out.")
    with door.database.read() as session:
        about = About(find(session, number, slug), correction)
    if watch:
        _watch(door, about)
        return
    found = status_now(door, about)
    hindered = _details_now(door, about) if details else None
    if as_json:
        show_json(_as_json(about.issue, found) | (_details_as_json(hindered) if hindered else {}))
        return
    for line in _lines(door.config, about, found, hindered):
        show(line)
    corrected = About(about.issue, correction=True)
    if not correction and (its := status_now(door, corrected)).status != "draft":
        show(in_words(door.config, corrected, its))


def status_now(door: Door, about: About) -> "Status":
    """How the mailing stands at this moment."""
    from mailer import delivery

    with door.database.read() as session:
        return delivery.status_of(session, about.issue.id, about.kind, now())


def _details_now(door: Door, about: About) -> "Details":
    from mailer import delivery

    first = door.config.pace.retry_first
    with door.database.read() as session:
        return delivery.details_of(session, about.issue.id, about.kind, first, now())


# Again and again


def _watch(door: Door, about: About) -> None:
    try:
        if sys.stdout.isatty():
            _redraw(door, about)
        else:
            _tell_changes(door, about)
    except KeyboardInterrupt:
        return


def _statuses(door: Door, about: About) -> Iterator["Status"]:
    """How it stands, each second until it is over."""
    while True:
        found = status_now(door, about)
        yield found
        if found.status in _OVER:
            return
        _rest()


def _rest() -> None:
    time.sleep(_EVERY_S)


def _redraw(door: Door, about: About) -> None:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    details, again_at = _details_now(door, about), 0.0
    with Live(console=Console(highlight=False), auto_refresh=False) as live:
        for found in _statuses(door, about):
            began = time.monotonic()
            if began >= again_at or found.status in _OVER:
                details = _details_now(door, about)
                ended = time.monotonic()
                again_at = ended + (ended - began) / _SHARE_OF_TIME
            lines = _lines(door.config, about, found, details)
            live.update(Text("\n".join(lines), no_wrap=True, overflow="ellipsis"), refresh=True)


def _tell_changes(door: Door, about: About) -> None:
    told: list[str] = []
    for found in _statuses(door, about):
        lines = _lines(door.config, about, found)
        if lines != told:
            told = lines
            show(" ".join(lines))
    for line in _details_in_words(door.config, _details_now(door, about)):
        show(line)


# In words


def _lines(
    config: "Config", about: About, found: "Status", details: "Details | None" = None
) -> list[str]:
    lines = [in_words(config, about, found)]
    if found.status == "sending" and found.started_at:
        lines.append(_pace_in_words(found, config.organisation.zone))
    return lines if details is None else lines + _details_in_words(config, details)


def in_words(config: "Config", about: About, status: "Status") -> str:
    """How the mailing stands, in a sentence or two."""
    if about.correction and status.status == "draft":
        return f"{about.issue.title} has no correction."
    words = f"{about.first} is {'a draft' if status.status == 'draft' else status.status}"
    if status.status == "scheduled" and status.start_at:
        local = status.start_at.astimezone(config.organisation.zone)
        words += f" for {local:%Y-%m-%d} at {local:%H:%M}"
    if status.audience:
        counts = (
            (status.failed, "failed"),
            (status.skipped, "skipped"),
            (status.deferred, "deferred"),
            (status.queued + status.in_flight, "waiting"),
            (status.in_doubt, "in doubt"),
        )
        rest = "".join(f", {count} {word}" for count, word in counts if count)
        words += f": {status.sent} of {status.audience} sent{rest}"
    return f"{words}. {status.reason}".strip() if status.reason else f"{words}."


def _pace_in_words(found: "Status", zone: "ZoneInfo") -> str:
    if not found.rate_per_s:
        return "Nothing goes out at this moment."
    words, at = f"{found.rate_per_s:g} a second", now()
    if found.eta_s is None:
        return f"{words}."
    end = _local(at + timedelta(seconds=found.eta_s), at, zone)
    return f"{words}; the last goes out at about {end}."


def _details_in_words(config: "Config", details: "Details") -> list[str]:
    sections = [
        _oldest_in_words(details.oldest_deferred, config.organisation.zone),
        _reasons_in_words(details.reasons),
        _domains_in_words(details.domains),
    ]
    if details.looked_at < details.in_all:
        of = f"{details.looked_at} of {details.in_all}"
        sections.append([f"Looked at were {of} that are deferred, failed, skipped or in doubt."])
    return [line for section in sections if section for line in ("", *section)]


def _oldest_in_words(oldest: "OldestDeferred | None", zone: "ZoneInfo") -> list[str]:
    if oldest is None:
        return []
    at = now()
    since, due = (_local(moment, at, zone) for moment in (oldest.since, oldest.due_at))
    tries = "once" if oldest.tries == 1 else f"{oldest.tries} times"
    whose = f" to {oldest.domain}" if oldest.domain else ""
    words = f"Deferred the longest, since about {since}: one{whose}, tried {tries}, again at {due}."
    return [words, _short(oldest.reply)]


def _reasons_in_words(reasons: "Sequence[Reason]") -> list[str]:
    heads = ("count", "state", "code", "fault", "for example")
    rows = [
        (str(one.count), one.state.replace("_", " "), str(one.reply_code or ""), one.fault,
         _short(one.example))
        for one in reasons
    ]  # fmt: skip
    return table_lines(heads, rows) if rows else []


def _domains_in_words(domains: "Sequence[Domain]") -> list[str]:
    counted = all(one.waiting is not None for one in domains)
    heads = ["domain", *(["waiting"] if counted else []), "deferred", "failed", "in doubt"]
    rows = [
        [one.domain, *([one.waiting] if counted else []), one.deferred, one.failed, one.in_doubt]
        for one in domains
    ]
    return table_lines(heads, rows) if rows else []


def _local(moment: datetime, at: datetime, zone: "ZoneInfo") -> str:
    """A moment on the organisation's clocks; with its date where that is not today's."""
    local, day = moment.astimezone(zone), at.astimezone(zone).date()
    return f"{local:%H:%M}" if local.date() == day else f"{local:%H:%M on %Y-%m-%d}"


def _short(reply: str) -> str:
    line = " ".join(reply.split())
    return line if len(line) <= _REPLY_CHARACTERS else f"{line[:_REPLY_CHARACTERS]}…"


# As JSON


def _as_json(issue: "Issue", found: "Status") -> dict[str, Any]:
    return {
        "publication": issue.publication.slug,
        "number": issue.number,
        "status": found.status,
        "reason": found.reason,
        "audience": found.audience,
        "sent": found.sent,
        "failed": found.failed,
        "skipped": found.skipped,
        "deferred": found.deferred,
        "queued": found.queued,
        "in_flight": found.in_flight,
        "in_doubt": found.in_doubt,
        "resent_in_doubt": found.resent_in_doubt,
        "started_at": _iso(found.started_at),
        "finished_at": _iso(found.finished_at),
        "rate_per_s": found.rate_per_s,
        "eta_s": found.eta_s,
    }


def _details_as_json(details: "Details") -> dict[str, Any]:
    oldest = details.oldest_deferred
    return {
        "reasons": [
            {
                "state": one.state,
                "count": one.count,
                "reply_code": one.reply_code,
                "fault": one.fault,
                "example": one.example,
            }
            for one in details.reasons
        ],
        "domains": [
            {
                "domain": one.domain,
                "waiting": one.waiting,
                "deferred": one.deferred,
                "failed": one.failed,
                "in_doubt": one.in_doubt,
            }
            for one in details.domains
        ],
        "oldest_deferred": oldest
        and {
            "since": _iso(oldest.since),
            "domain": oldest.domain,
            "tries": oldest.tries,
            "due_at": _iso(oldest.due_at),
            "reply_code": oldest.reply_code,
            "reply": oldest.reply,
        },
        "looked_at": details.looked_at,
        "in_all": details.in_all,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


COMMANDS = (status,)
