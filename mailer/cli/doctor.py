"""`mailer doctor`: what is in order and what is not, a line each."""

import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

import typer

from mailer.cli.door import Door, show, show_json
from mailer.config import Relay
from mailer.errors import MailerError


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at; what could not be found out is not OK."""

    subject: str
    verdict: Literal["ok", "warning", "wrong"]
    words: str


def examine(door: Door, *, as_json: bool) -> None:
    """Look at everything and show it; exit status 1 where something is wrong."""
    found = list(_examinations(door))
    if as_json:
        show_json([asdict(diagnosis) for diagnosis in found])
    else:
        for diagnosis in found:
            show(f"{diagnosis.verdict:8} {diagnosis.subject}: {diagnosis.words}")
    if any(diagnosis.verdict == "wrong" for diagnosis in found):
        raise typer.Exit(1)


def _examinations(door: Door) -> Iterator[Diagnosis]:
    config = door.config
    yield Diagnosis("configuration", "ok", "it can be read, and every key is known.")
    if not config.organisation.address:
        yield Diagnosis(
            "postal address", "wrong", "set organisation.address; nothing is sent without it."
        )
    if not config.site.url.startswith("https://") and not config.site.on_loopback:
        yield Diagnosis("site", "wrong", "site.url must be https for the links in letters.")
    if config.site.key_is_known:
        words = "site.secret_key is the example's; put one of your own, 32 characters or more."
        yield Diagnosis("secret key", "wrong", words)
    yield _database(door)
    for relay in config.relay:
        yield _relay(relay)
    yield from _names(door)


def _database(door: Door) -> Diagnosis:
    try:
        from mailer.database import require_sound

        require_sound(door.database)
    except MailerError as error:
        return Diagnosis("database", "wrong", str(error))
    return Diagnosis("database", "ok", "it is sound, and its schema is the newest.")


def _relay(relay: Relay) -> Diagnosis:
    from mailer.delivery import try_relay

    try:
        extensions = try_relay(relay)
    except MailerError as error:
        return Diagnosis("relay", "wrong", str(error))
    return Diagnosis(
        "relay", "ok", f"it lets us in and offers {', '.join(extensions) or 'nothing'}."
    )


def _names(door: Door) -> Iterator[Diagnosis]:
    """What DNS says; records that need a look by hand are named, not guessed at."""
    from mailer.letter import parse_mailbox

    config = door.config
    domain = parse_mailbox(config.mail.from_).address.rpartition("@")[2]
    bounces = config.mail.bounce_address.rpartition("@")[2]
    for subject, host in (("site's host", config.site.host), ("bounce domain", bounces)):
        try:
            socket.getaddrinfo(host, None)
        except (OSError, UnicodeError) as error:
            yield Diagnosis(
                subject, "warning", f"{host} could not be looked up ({error.args[-1]})."
            )
        else:
            yield Diagnosis(subject, "ok", f"{host} has an address.")
    yield Diagnosis(
        "SPF, DKIM, DMARC",
        "warning",
        f"not looked up here; see that {domain} has all three, and that the relay signs.",
    )
