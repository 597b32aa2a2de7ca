"""One SMTP dialogue after EHLO and AUTH, as two cursors over one list of states (RFC 5321, 2920).

The list is what each message goes through: MAIL, RCPT, DATA, then the message and its final dot,
each with one reply. One cursor says how far we have written, the other how far we were answered.
Where the server offers PIPELINING the first may run ahead: a whole envelope is one write, and the
next message's envelope goes behind this one's final dot. In lock-step it is one state ahead at
most. Nothing else differs.

Pure: it is told what came, and says what to write. There is no message behind a final dot but its
envelope, so that a connection that dies leaves one message at most in doubt.
"""

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from mailer.delivery.disposition import Reply, Stage
from mailer.errors import WrongInput

# RFC 6531 section 3.2; 5.6.7 is its code for this.
NO_SMTPUTF8 = Reply(553, ("5.6.7 the relay takes no address beyond ASCII (no SMTPUTF8)",))
_ENDS_A_PATH = re.compile("[ <>]")
_ENVELOPE = (Stage.MAIL, Stage.RCPT, Stage.DATA)


@dataclass(frozen=True, slots=True)
class Envelope:
    """MAIL FROM and RCPT TO, the message's octets, and its name in delivery reports (RFC 3461)."""

    sender: str
    recipient: str
    size: int
    envid: str = ""


class Happened(Enum):
    """What a reply means for the message that it belongs to."""

    NOTHING = auto()
    GO = auto()
    """354: the server waits for the message."""
    OVER = auto()
    """It was taken, or refused: `Step.stage` and `Step.reply` say so."""


class OutOfStep(Exception):
    """A reply that cannot come here: nothing on this connection can be trusted any more."""


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from one reply: `write` is to be written at once."""

    happened: Happened
    envelope: Envelope | None = None
    stage: Stage | None = None
    reply: Reply | None = None
    write: bytes = b""


_NOTHING = Step(Happened.NOTHING)


class Dialogue:
    """Knows what was written and what was answered, on one connection."""

    def __init__(self, extensions: Mapping[str, str], *, ahead: bool) -> None:
        self._extensions = extensions
        self.ahead = ahead and "PIPELINING" in extensions
        """Whether we may write on before the reply is there."""
        self._awaited: deque[tuple[Envelope | None, Stage]] = deque()
        self._unwritten: deque[tuple[Envelope | None, Stage, bytes]] = deque()
        self._refused: tuple[Stage, Reply] | None = None
        self._opened = 0
        self._reset_due = False
        self._behind_dot = False
        self.past_dot: Envelope | None = None
        """The message whose final dot is written and not answered."""

    @property
    def stage(self) -> Stage | None:
        """The stage whose reply is awaited."""
        return self._awaited[0][1] if self._awaited else None

    @property
    def refused(self) -> tuple[Stage, Reply] | None:
        """What refused the envelope whose other replies are still to come."""
        return self._refused

    @property
    def resetting(self) -> bool:
        """True where the reply to RSET is awaited: nothing of the envelope behind it is known."""
        return bool(self._awaited) and self._awaited[0][0] is None

    @property
    def ran_ahead(self) -> bool:
        """True where replies are due to an envelope that was begun before they could come: if
        they do not, the server may not be able to read ahead."""
        return self.ahead and self.stage in _ENVELOPE and (self._opened > 0 or self._behind_dot)

    @property
    def may_begin(self) -> bool:
        """Whether another envelope may be begun now."""
        return not self._awaited and not self._unwritten

    def begin(self, envelope: Envelope) -> bytes:
        """What to write to begin with a message; `may_begin` holds, or the final dot is in the
        same write.
        """
        if not self._awaited:
            self._behind_dot = False
        commands = self._commands(envelope)
        if self._reset_due:
            commands.insert(0, (None, Stage.MAIL, b"RSET\r\n"))
            self._reset_due = False
        self._unwritten.extend(commands)
        return self._write_on()

    def _commands(self, envelope: Envelope) -> list[tuple[Envelope | None, Stage, bytes]]:
        sender, recipient = envelope.sender, envelope.recipient
        mail = f"MAIL FROM:<{sender}>"
        rcpt = f"RCPT TO:<{recipient}>\r\n"
        if "SIZE" in self._extensions:
            mail += f" SIZE={envelope.size}"
        if not (sender.isascii() and recipient.isascii()):
            mail += " SMTPUTF8"
        if "DSN" in self._extensions and envelope.envid:
            mail += f" RET=HDRS ENVID={envelope.envid}"
        return [
            (envelope, Stage.MAIL, f"{mail}\r\n".encode()),
            (envelope, Stage.RCPT, rcpt.encode()),
            (envelope, Stage.DATA, b"DATA\r\n"),
        ]

    @staticmethod
    def require_written(envelope: Envelope) -> None:
        """Raise WrongInput where an address cannot stand in a command."""
        for address in (envelope.sender, envelope.recipient):
            if not address.isprintable() or _ENDS_A_PATH.search(address):
                raise WrongInput(f"{address!r} cannot stand in an envelope.")

    def refuses(self, envelope: Envelope) -> tuple[Stage, Reply] | None:
        """Why this server cannot be given the envelope at all; None where it can."""
        if "SMTPUTF8" in self._extensions:
            return None
        if envelope.sender.isascii() and envelope.recipient.isascii():
            return None
        return Stage.MAIL, NO_SMTPUTF8

    def _write_on(self) -> bytes:
        """What may be written now: everything, or where we go in lock-step the next command."""
        written = []
        while self._unwritten and (self.ahead or not self._awaited):
            envelope, stage, command = self._unwritten.popleft()
            self._awaited.append((envelope, stage))
            written.append(command)
        return b"".join(written)

    def dot(self, envelope: Envelope) -> bytes:
        """What to write to pass the final dot of a message that was let go: no return from here."""
        if self._awaited or self._unwritten:
            raise OutOfStep("a final dot amid replies")
        self.past_dot = envelope
        self._opened = 0
        self._behind_dot = True
        self._awaited.append((envelope, Stage.DOT))
        return b".\r\n"

    def answered(self, reply: Reply) -> Step:
        """What follows from the next reply.

        Raises:
            OutOfStep: it was not asked for, or cannot come at this stage.
        """
        if not self._awaited:
            raise OutOfStep(f"the relay spoke unasked: {str(reply)!r}")
        envelope, stage = self._awaited.popleft()
        kind = reply.code // 100
        if envelope is None:
            return self._after_reset(stage, reply)
        positive = reply.code == 354 if stage is Stage.DATA else kind == 2
        if not positive and kind not in (4, 5):
            raise OutOfStep(f"out of step: {reply} (in reply to {stage.value})")
        if stage is Stage.DOT:
            self.past_dot = None
            return Step(Happened.OVER, envelope, stage, reply, self._write_on())
        if self._refused is None and kind in (4, 5):
            self._refused = (stage, reply)
            if not self.ahead:
                self._unwritten.clear()
        if stage is not Stage.DATA and (self.ahead or self._refused is None):
            self._opened += 1
            return _NOTHING if self.ahead else Step(Happened.NOTHING, write=self._write_on())
        return self._after_envelope(envelope, stage, reply)

    def _after_envelope(self, envelope: Envelope, stage: Stage, reply: Reply) -> Step:
        self._opened = 0
        if self._refused is None:
            return Step(Happened.GO, envelope, stage, reply)
        (refused_at, why), self._refused = self._refused, None
        # What was refused still counts as begun; MAIL within it would be refused with 503.
        self._reset_due = True
        write = b""
        if stage is Stage.DATA and reply.code == 354:
            # RFC 2920 section 3.1: DATA was accepted without a recipient; send nothing.
            self._awaited.append((None, Stage.DOT))
            write = b".\r\n"
        return Step(Happened.OVER, envelope, refused_at, why, write)

    def _after_reset(self, stage: Stage, reply: Reply) -> Step:
        if stage is Stage.MAIL and reply.code != 250:
            raise OutOfStep(f"{reply} (in reply to RSET)")
        return Step(Happened.NOTHING, write=self._write_on())
