"""The machine's own measure: Postfix's smtp-source, and a flood, to the same relay."""

import shutil
import subprocess
import time
from pathlib import Path

from bench.delivery.relay import Relay

SESSIONS = 20
_ENVELOPE = ("-f", "source@source.example", "-t", "reader@source.example")
_ASK_EVERY_S = 0.05
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
    words = (
        *(source, "-d", "-s", str(SESSIONS), "-l", str(max(size - _HEADER, 1))),
        *("-m", str(messages), *_ENVELOPE, f"127.0.0.1:{relay.port}"),
    )
    sending = subprocess.Popen(words)
    while sending.poll() is None:
        relay.counts()  # of other relays it is known only so when messages came
        time.sleep(_ASK_EVERY_S)
    counts = relay.counts()
    if sending.returncode or counts.messages != messages:
        raise SystemExit(f"{counts.messages} of {messages} messages of smtp-source arrived.")
    return counts.rate


def flooded(flood: Path, relay: Relay, size: int, messages: int) -> float:
    """What a sender that does nothing but send gets into the relay: the bench's own limit."""
    subprocess.run([flood, str(relay.port), str(SESSIONS), str(messages), str(size)], check=True)
    return relay.counts().rate
