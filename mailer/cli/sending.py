"""`mailer issues test`, `schedule`, `send`, `pause`, `resume`, `cancel`, `status`: the sending."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from mailer.cli.door import Door, make_sure, remark, show, show_json
from mailer.cli.issues import AsJson, Number, PublicationSlug, find
from mailer.clock import now, parse_moment
from mailer.errors import Refused, WrongInput

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from mailer.config import Config
    from mailer.delivery import Status
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
    _warn(door, issue)
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
        _warn(door, issue)
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
    if not _send_here(door, issue, patience.total_seconds()):
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
    going = _status(door, issue).status == "sending"
    if going:
        remark(f"{issue.title} is being sent already; this process goes on with it.")
    return going


def _span(text: str) -> timedelta:
    from mailer.config import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise WrongInput(f"--within {text!r}: {error}.") from None


def _send_here(door: Door, issue: "Issue", patience_s: float) -> bool:
    """Send in this process until the issue's mailing is done; False where that did not happen."""
    from mailer.cli.running import run_sender

    began = told = time.monotonic()

    def done() -> bool:
        nonlocal told
        if time.monotonic() - began > patience_s:
            return True
        status = _status(door, issue)
        if time.monotonic() - told >= _PROGRESS_S:
            told = time.monotonic()
            remark(_in_words(door.config, issue, status))
        return status.status not in ("sending", "scheduled")

    run_sender(door.database, door.config, until=done, every_s=_WATCH_S)
    status = _status(door, issue)
    show(_in_words(door.config, issue, status))
    return status.status == "sent"


def pause(context: typer.Context, number: Number, slug: PublicationSlug = None) -> None:
    """Let nothing more of the issue go out, until it is resumed."""
    from mailer import delivery

    door: Door = context.obj

    def change(session: "Session", issue: "Issue") -> str:
        delivery.pause(session, issue, now(), door.operator)
        return "is paused"

    _rule(door, number, slug, change)


def resume(
    context: typer.Context,
    number: Number,
    slug: PublicationSlug = None,
    corrected: Annotated[
        bool, typer.Option("--corrected", help="From now on with the issue as it stands.")
    ] = False,
    as_it_was: Annotated[
        bool, typer.Option("--as-it-was", help="With the text that it began with.")
    ] = False,
) -> None:
    """Go on with a paused issue."""
    from mailer import delivery

    door: Door = context.obj
    if corrected and as_it_was:
        raise WrongInput("It goes on either --corrected or --as-it-was; leave one out.")
    if corrected:
        _resume_corrected(door, number, slug)
        return

    def change(session: "Session", issue: "Issue") -> str:
        delivery.resume(session, door.config, issue, now(), door.operator, as_it_was=as_it_was)
        return "goes on"

    _rule(door, number, slug, change)


def _resume_corrected(door: Door, number: int, slug: str | None) -> None:
    from mailer import delivery

    with door.database.read() as session:
        issue = find(session, number, slug)
    _warn(door, issue)
    if delivery.resume_corrected(door.database, door.config, issue, now(), door.operator):
        show(f"{issue.title} goes on; who has not got it yet gets it as it stands now.")
    else:
        show(f"{issue.title} goes on; nothing in its letters has changed.")


def cancel(
    context: typer.Context,
    number: Number,
    slug: PublicationSlug = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """End the sending of an issue: what is sent stays sent, the rest is skipped."""
    from mailer import delivery

    door: Door = context.obj
    with door.database.read() as session:
        issue = find(session, number, slug)
    make_sure(f"End the sending of {issue.title} for good?", yes=yes)
    with door.database.write() as session:
        mailing = delivery.cancel(session, issue, now(), door.operator)
    skipped = delivery.skip_rest(door.database, mailing, now())
    show(f"{issue.title} is cancelled; {skipped} readers who waited for it were skipped.")


def _rule(
    door: Door, number: int, slug: str | None, change: "Callable[[Session, Issue], str]"
) -> None:
    with door.database.write() as session:
        issue = find(session, number, slug)
        words = change(session, issue)
    show(f"{issue.title} {words}.")


def status(
    context: typer.Context, number: Number, slug: PublicationSlug = None, as_json: AsJson = False
) -> None:
    """Say how far the sending of an issue is."""
    door: Door = context.obj
    with door.database.read() as session:
        issue = find(session, number, slug)
    found = _status(door, issue)
    if not as_json:
        show(_in_words(door.config, issue, found))
        return
    show_json(
        {
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
    )


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _status(door: Door, issue: "Issue") -> "Status":
    from mailer import delivery

    with door.database.read() as session:
        return delivery.status_of(session, issue.id, issue.kind, now())


def _warn(door: Door, issue: "Issue") -> None:
    from mailer import delivery, publication

    with door.database.read() as session:
        earlier = publication.earlier_items(session, issue)
    for finding in delivery.check_issue(door.config, issue, earlier):
        if finding.severity == "warning":
            remark(f"warning: {finding.place}: {finding.reason} {finding.remedy}")


def _in_words(config: "Config", issue: "Issue", status: "Status") -> str:
    words = f"{issue.title} is {'a draft' if status.status == 'draft' else status.status}"
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


COMMANDS = (send_test, schedule, send, pause, resume, cancel, status)
