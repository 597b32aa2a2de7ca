"""What an SMTP reply means for a delivery: a table, without I/O.

Sources: RFC 5321 section 4.2 (reply codes), RFC 3463 (enhanced status codes), RFC 4954
section 6 (530, 534, 535, 538: authentication).
"""

import re
from dataclasses import dataclass
from enum import Enum

_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")
_AUTHENTICATION = {530, 534, 535, 538}
_REASON_CHARACTERS = 500


class Stage(Enum):
    """Where in the dialogue a reply came; the first four concern the relay, not a delivery."""

    GREETING = "greeting"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL FROM"
    RCPT = "RCPT TO"
    DATA = "DATA"
    DOT = "the message"


RELAY_STAGES = frozenset({Stage.GREETING, Stage.EHLO, Stage.STARTTLS, Stage.AUTH})


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's reply: three digits, and its lines without them."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(line.strip() for line in self.lines).strip()

    @property
    def enhanced(self) -> str | None:
        """The enhanced status code (RFC 3463), where the reply carries one."""
        found = _ENHANCED.match(self.text)
        return found[1] if found else None

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()[:_REASON_CHARACTERS]


class Verdict(Enum):
    """What follows for the delivery."""

    SENT = "sent"
    DEFERRED = "deferred"  # tried again on the growing schedule
    FAILED = "failed"
    SOON = "soon"  # the connection is to blame: again after `retry_first`
    RELAY = "relay"  # the relay is to blame: it pauses, and this delivery waits untouched


@dataclass(frozen=True, slots=True)
class Disposition:
    """A verdict with its reason in words, for the ledger."""

    verdict: Verdict
    reason: str
    code: int | None = None


def judge(stage: Stage, reply: Reply) -> Disposition:
    """The meaning of `reply`, which came at `stage`."""
    reason = f"{reply} (in reply to {stage.value})"
    if stage is Stage.DOT and 200 <= reply.code < 300:
        return Disposition(Verdict.SENT, str(reply), reply.code)
    if stage in RELAY_STAGES or (stage is Stage.MAIL and reply.code in _AUTHENTICATION):
        return Disposition(Verdict.RELAY, reason, reply.code)
    if reply.code == 421:
        return Disposition(Verdict.SOON, reason, reply.code)
    if 400 <= reply.code < 500:
        return Disposition(Verdict.DEFERRED, reason, reply.code)
    if 500 <= reply.code < 600:
        return Disposition(Verdict.FAILED, reason, reply.code)
    return Disposition(Verdict.SOON, f"unexpected: {reason}", reply.code)
