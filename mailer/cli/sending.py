"""`mailer issues test`, `schedule`, `send`: the sending; what rules over it is in `ruling`."""

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from mailer.cli.about import About
from mailer.cli.door import Door, remark, show
from mailer.cli.issues import Number, PublicationSlug, find
from mailer.cli.status import in_words, status_now
from mailer.clock import now, parse_moment
from mailer.errors import Refused, WrongInput

if TYPE_CHECKING:
    from mailer.publication import Issue

NotAfter = Annotated[
    str | None,
    typer.Option(help="Whom it has not reached by then does not get it: 2026-04-03 18:00."),
]

_WATCH_S = 0.25
_PROGRESS_S = 5.0


def send_test(
    context: typer.Context,
    number: Number,
    addresses: Annotated[list[str], typer.Argument(help="Where the test letters go.")],
    slug: PublicationSlug = None,
) -> None:
    """Send the issue's letter to these addresses only, at once, one try each."""
    from mailer import delivery

    door: Door = context.obj
    with door.database.read() as session:
        issue = find(session, number, slug)
    trials = delivery.send_test(door.database, door.config, issue, addresses, door.operator)
    for trial in trials:
        show(f"{trial.address}: {'sent' if trial.sent else 'failed'}: {trial.reason}")
    if not all(trial.sent for trial in trials):
        raise typer.Exit(1)


def schedule(
    context: typer.Context,
    number: Number,
    at: Annotated[str, typer.Option(help="When: 2026-03-31 09:00, or with an offset.")],
    not_after: NotAfter = None,
    slug: PublicationSlug = None,
) -> None:
    """Have the issue sent at a time, or move it to another."""
    from mailer import delivery

    door: Door = context.obj
    zone = door.config.organisation.zone
    moment, doubt = parse_moment(at, zone, now())
    if doubt:
        remark(doubt)
    with door.database.read() as session:
        issue = find(session, number, slug)
    warn(door, issue)
    with door.database.write() as session:
        end = _end(door, not_after)
        delivery.schedule(session, door.config, issue, moment, now(), door.operator, end)
    local = moment.astimezone(zone)
    show(f"{issue.title} will be sent on {local:%Y-%m-%d} at {local:%H:%M} ({zone.key}).")


def send(
    context: typer.Context,
    number: Number,
    slug: PublicationSlug = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Send in this process, until it is done.")
    ] = False,
    within: Annotated[
        str | None, typer.Option(help="With --wait: give up waiting after, like 30m.")
    ] = None,
    not_after: NotAfter = None,
    to_new: Annotated[
        bool, typer.Option("--to-new", help="Only to readers who have no delivery of it yet.")
    ] = False,
) -> None:
    """Send the issue to its audience."""
    from mailer import delivery

    door: Door = context.obj
    if within is not None and not wait:
        raise WrongInput("--within says how long --wait waits; add --wait, or leave it out.")
    patience = _span(within) if within is not None else door.config.pace.give_up
    with door.database.read() as session:
        issue = find(session, number, slug)
    if to_new:
        with door.database.read() as session:
            delivery.require_new_readers(session, door.config, issue, now())
        with door.database.write() as session:
            delivery.send_to_new(session, door.config, issue, now(), door.operator)
    elif not (wait and _is_going(door, issue)):
        warn(door, issue)
        try:
            end = _end(door, not_after)
            delivery.send_now(door.database, door.config, issue, now(), door.operator, end)
        except Refused:
            # Somebody else may have been quicker by a moment.
            if not (wait and _is_going(door, issue)):
                raise
    if not wait:
        show(f"{issue.title} is being sent; `mailer issues status {number}` says how far it is.")
        return
    if not send_here(door, About(issue), patience.total_seconds()):
        raise typer.Exit(1)


def _end(door: Door, not_after: str | None) -> datetime | None:
    """The moment after which nothing more is to be sent, if one was given."""
    if not_after is None:
        return None
    moment, doubt = parse_moment(not_after, door.config.organisation.zone, now())
    if doubt:
        remark(doubt)
    return moment


def _is_going(door: Door, issue: "Issue") -> bool:
    """Whether the issue is being sent already; if so it is said."""
    going = status_now(door, About(issue)).status == "sending"
    if going:
        remark(f"{issue.title} is being sent already; this process goes on with it.")
    return going


def _span(text: str) -> timedelta:
    from mailer.config import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise WrongInput(f"--within {text!r}: {error}.") from None


def send_here(door: Door, about: About, patience_s: float) -> bool:
    """Send in this process until the mailing is done; False where that did not happen."""
    from mailer.cli.running import run_sender

    began = told = time.monotonic()

    def done() -> bool:
        nonlocal told
        if time.monotonic() - began > patience_s:
            return True
        status = status_now(door, about)
        if time.monotonic() - told >= _PROGRESS_S:
            told = time.monotonic()
            remark(in_words(door.config, about, status))
        return status.status not in ("sending", "scheduled")

    run_sender(door.database, door.config, until=done, every_s=_WATCH_S)
    status = status_now(door, about)
    show(in_words(door.config, about, status))
    return status.status == "sent"


def warn(door: Door, issue: "Issue") -> None:
    from mailer import delivery, publication

    with door.database.read() as session:
        earlier = publication.earlier_items(session, issue)
    for finding in delivery.check_issue(door.config, issue, earlier):
        if finding.severity == "warning":
            remark(f"warning: {finding.place}: {finding.reason} {finding.remedy}")


COMMANDS = (send_test, schedule, send)
