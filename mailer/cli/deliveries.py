"""`mailer deliveries`: everything that one mailbox was sent."""

from typing import TYPE_CHECKING, Annotated

import typer

from mailer.cli.door import Door, remark, show, show_json

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from mailer.delivery import Received

_SHOWN = 50
_IN_WORDS = {
    "queued": "waits for its turn",
    "claimed": "is about to be sent",
    "in_flight": "is being handed over",
    "deferred": "put off by the relay, and tried again by itself",
    "sent": "sent",
    "failed": "failed",
    "skipped": "not sent, on purpose",
    "in_doubt": "in doubt: handed over, and never answered for",
}


def deliveries(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="The reader's email address.")],
    everything: Annotated[
        bool, typer.Option("--all", help=f"Also what is older than the newest {_SHOWN}.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show everything that a mailbox was sent, and what became of it, newest first."""
    from mailer import delivery

    door: Door = context.obj
    with door.database.read() as session:
        found = delivery.received(session, address, None if everything else _SHOWN + 1)
    shown = found if everything else found[:_SHOWN]
    if as_json:
        show_json(
            [
                {
                    "at": one.at.isoformat(),
                    "kind": one.kind,
                    "publication": one.publication or None,
                    "title": one.title or None,
                    "version": one.version,
                    "variant": one.variant,
                    "state": one.state,
                    "tries": one.tries,
                    "reply_code": one.reply_code,
                    "reply": one.reply,
                    "fault": one.fault,
                }
                for one in shown
            ]
        )
    elif not shown:
        show(f"Nothing was sent to {address} yet.")
    else:
        for one in shown:
            _tell(one, door.config.organisation.zone)
    if len(shown) < len(found):
        remark(f"There are more than these {_SHOWN}; --all shows them.")


def _tell(one: "Received", zone: "ZoneInfo") -> None:
    what = ", ".join(filter(None, (one.title, one.publication, one.kind)))
    words = _IN_WORDS[one.state]
    if one.tries > 1:
        words += f", at try {one.tries}" if one.state == "sent" else f" ({one.tries} tries)"
    show(f"{one.at.astimezone(zone):%Y-%m-%d %H:%M}  {what}: {words}")
    letter = f"letter {one.variant}, version {one.version}" if one.variant else ""
    fault = f"fault: {one.fault}" if one.fault else ""
    for line in (letter, one.reply, fault):
        if line:
            show(f"                  {line}")
