"""The machine's own measure: Postfix's smtp-source, and a flood, to the same relay."""

import shutil
import subprocess
from pathlib import Path

from bench.delivery.relay import Relay

SESSIONS = 20
_ENVELOPE = ("-f", "source@source.example", "-t", "reader@source.example")
_HEADER = 125
"""Bytes that smtp-source adds to the length it is told."""


def program() -> str | None:
    """smtp-source, which Debian keeps outside of most people's PATH."""
    return shutil.which("smtp-source") or shutil.which("smtp-source", path="/usr/sbin")


def messages_a_second(relay: Relay, size: int, messages: int) -> float:
    """Send messages of `size` bytes on the wire over 20 sessions that stay open."""
    source = program()
    if source is None:
        raise SystemExit("The bench needs smtp-source, which comes with Postfix.")
    before = relay.counts().messages
    subprocess.run(
        [source, "-d", "-s", str(SESSIONS), "-l", str(max(size - _HEADER, 1)), "-m", str(messages),
         *_ENVELOPE, f"127.0.0.1:{relay.port}"],
        check=True,
    )  # fmt: skip
    counts = relay.counts()
    assert counts.messages - before == messages, "the relay missed messages of smtp-source"
    return counts.rate


def flooded(flood: Path, relay: Relay, size: int, messages: int) -> float:
    """What a sender that does nothing but send gets into the relay: the bench's own limit."""
    subprocess.run([flood, str(relay.port), str(SESSIONS), str(messages), str(size)], check=True)
    return relay.counts().rate
