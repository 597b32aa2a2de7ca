"""`mailer issues doubts`, `settle`: what is in doubt, and what a person decides about it."""

from typing import Annotated

import typer

from mailer.cli.about import About, Correction
from mailer.cli.door import Door, make_sure, show, show_json, show_table
from mailer.cli.issues import AsJson, Number, PublicationSlug, find
from mailer.clock import now
from mailer.errors import Refused, WrongInput


def doubts(
    context: typer.Context,
    number: Number,
    slug: PublicationSlug = None,
    correction: Correction = False,
    as_json: AsJson = False,
) -> None:
    """List whose letter was handed over and never answered for."""
    from mailer import delivery

    door: Door = context.obj
    zone = door.config.organisation.zone
    with door.database.read() as session:
        about = About(find(session, number, slug), correction)
        found = delivery.doubts(session, about.issue, about.kind)
    if as_json:
        show_json(
            [
                {
                    "address": doubt.address or None,
                    "since": doubt.since.isoformat(),
                    "tries": doubt.tries,
                    "reason": doubt.why,
                }
                for doubt in found
            ]
        )
        return
    if not found:
        show(f"Nothing of {about} is in doubt.")
        return
    show_table(
        ("address", "since", "tries", "why"),
        (
            (
                doubt.address or "(erased)",
                f"{doubt.since.astimezone(zone):%Y-%m-%d %H:%M}",
                doubt.tries,
                doubt.why,
            )
            for doubt in found
        ),
    )
    show()
    show("Each may have come, or not. Where the relay's log knows, say so; else choose.")
    settle = f"`mailer issues settle {number}{' --correction' if correction else ''}"
    show(f"{settle} --resend` sends the same message again, with the same Message-ID;")
    show(f"{settle} --sent` or `--failed` takes it as that. Addresses after {number}: only those.")


def settle(
    context: typer.Context,
    number: Number,
    addresses: Annotated[
        list[str] | None, typer.Argument(help="Only what went to these addresses; else all.")
    ] = None,
    resend: Annotated[bool, typer.Option("--resend", help="Send it again.")] = False,
    sent: Annotated[bool, typer.Option("--sent", help="Take it as sent.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="Take it as failed.")] = False,
    slug: PublicationSlug = None,
    correction: Correction = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Decide about what is in doubt."""
    from mailer import delivery
    from mailer.delivery import Ruling

    door: Door = context.obj
    said = [
        ruling
        for ruling, chosen in (
            (Ruling.RESEND, resend),
            (Ruling.SENT, sent),
            (Ruling.FAILED, failed),
        )
        if chosen
    ]
    if len(said) != 1:
        raise WrongInput("Say one of --resend, --sent or --failed: what becomes of the letters.")
    with door.database.read() as session:
        about = About(find(session, number, slug), correction)
        found = delivery.doubts(session, about.issue, about.kind)
    if not found:
        raise Refused(f"Nothing of {about} is in doubt; there is nothing to settle.")
    if addresses:
        found = delivery.doubts_about(found, addresses)
    (ruling,) = said
    of = f"{len(found)} letter{'s' if len(found) > 1 else ''} of {about}"
    make_sure(
        f"Send {of} again that may have come?"
        if ruling is Ruling.RESEND
        else f"Count {of} that may have come as {ruling.value}?",
        yes=yes,
    )
    with door.database.write() as session:
        count = delivery.settle(
            session, door.config, about.issue, found, ruling, now(), door.operator, about.kind
        )
    letters = "1 letter is" if count == 1 else f"{count} letters are"
    show(f"{about.first}: {letters} {ruling.words}.")


COMMANDS = (doubts, settle)
