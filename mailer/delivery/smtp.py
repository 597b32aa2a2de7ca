"""One SMTP connection to a relay (RFC 5321), as a client.

The story of a connection:

1. `connect()` opens it: greeting, EHLO, STARTTLS or implicit TLS with the certificate checked,
   EHLO again, AUTH where configured. Whatever refuses here concerns the relay (`RelayFault`).
2. `envelope()` gives MAIL, RCPT and DATA, in one write where the server offers PIPELINING
   (RFC 2920). Success means that the server waits for the message, and nothing else yet.
3. `body()` writes the message, all but the final dot: the server can still forget it.
4. `dot()` passes the point of no return. Its 250 means that the server answers for the message.
   If the connection dies after the dot and before the reply, the delivery is in doubt.
5. Steps 2 to 4 repeat; `quit()` says good-bye.

A connection that lost step (a malformed reply, a time-out, anything unexpected) is `botched`:
it refuses everything after, so that no later mistake can send on it.
"""

import asyncio
import base64
import socket
import ssl
from collections.abc import Mapping, Sequence
from functools import lru_cache

from mailer.config import Relay
from mailer.delivery.dialogue import Dialogue, Envelope, Happened, OutOfStep, Step
from mailer.delivery.disposition import Reply, Stage
from mailer.delivery.wire import ConnectionLost, Listener, Wire, reason_of
from mailer.errors import MailerError

CONNECT_TIMEOUT = 30.0
QUIT_TIMEOUT = 2.0


class RelayFault(MailerError):
    """The relay cannot be reached, or does not let us in; no delivery is to blame."""


def stuffed(message: bytes) -> bytes:
    """With a second dot where a line begins with one (RFC 5321 section 4.5.2).

    Compiled letters never need it; other messages may.
    """
    if message.startswith(b".") or b"\r\n." in message:
        return b"." * message.startswith(b".") + message.replace(b"\r\n.", b"\r\n..")
    return message


class Connection:
    """A connection that is past EHLO and AUTH and carries one message after another.

    `past_dot` is True from a final dot to its reply: what is lost meanwhile is in doubt.
    """

    def __init__(
        self, relay: Relay, wire: Wire, extensions: Mapping[str, str], *, ahead: bool = True
    ) -> None:
        self.relay = relay
        self.extensions = extensions
        self.dialogue = Dialogue(extensions, ahead=ahead)
        self._envelope: Envelope | None = None
        self.messages = 0
        self.past_dot = False
        self._wire = wire

    @property
    def botched(self) -> bool:
        """True where nothing can be sent on it any more; to be asked between two messages."""
        return self._wire.broken is not None or self._wire.unread

    @property
    def lost(self) -> bool:
        """True where the connection is gone; it may be asked at any moment of a dialogue."""
        return self._wire.broken is not None

    def offers(self, extension: str) -> bool:
        return extension in self.extensions

    async def envelope(self, sender: str, recipient: str, size: int) -> tuple[Stage, Reply] | None:
        """Announce a message of `size` octets.

        Returns None where the server waits for the message, else the stage and the reply that
        refused it; the connection is then ready for the next envelope, or botched. An address
        beyond ASCII is refused here where the server offers no SMTPUTF8 (RFC 6531 section 3.2).

        Raises:
            ConnectionLost: nothing is known of the envelope, and no message was begun.
        """
        self._envelope = Envelope(sender, recipient, size)
        if (refused := self.dialogue.refuses(self._envelope)) is not None:
            return refused
        self._wire.require_silence()
        self._wire.write(self.dialogue.begin(self._envelope))
        while True:
            try:
                step = await self._step()
            except ConnectionLost:
                # A refusal stands, though the connection dies behind it.
                if self.dialogue.refused is None:
                    raise
                return self.dialogue.refused
            if step.happened is Happened.GO:
                return None
            if step.happened is Happened.OVER:
                assert step.stage is not None
                assert step.reply is not None
                return step.stage, step.reply

    async def _step(self) -> Step:
        """What the next reply means; a 421 to an envelope is the end of the connection."""
        stage = self.dialogue.stage
        assert stage is not None
        reply = await self._wire.reply(stage)
        if reply.code == 421 and stage is not Stage.DOT:
            raise self._wire.lose(f"{reply} (in reply to {stage.value})")
        try:
            step = self.dialogue.answered(reply)
        except OutOfStep as error:
            raise self._wire.lose(str(error)) from None
        if step.write:
            self._wire.write(step.write)
        return step

    async def body(self, message: bytes) -> None:
        """Write the message (CRLF line ends, the last one too), all but the final dot."""
        self._wire.write(stuffed(message))
        await self._wire.drain()

    async def dot(self) -> Reply:
        """Pass the final dot and wait for the reply that decides.

        Raises:
            ConnectionLost: with `past_dot` True the delivery is in doubt; else nothing was sent.
        """
        assert self._envelope is not None
        self._wire.require_silence()
        self._wire.write(self.dialogue.dot(self._envelope))
        self.past_dot = True
        self.messages += 1
        step = await self._step()
        assert step.reply is not None
        self.past_dot = False
        return step.reply

    # For those who do not wait

    def listen(self, listener: Listener) -> None:
        """Tell `listener` of every reply, and of the end, from now on."""
        self._wire.require_silence()
        self._wire.listen(listener)

    def deafen(self) -> None:
        """Tell nobody any more."""
        self._wire.listen(None)

    def write(self, octets: bytes) -> None:
        """Write; nothing where the connection is gone, which is told to the listener."""
        if self._wire.broken is None:
            self._wire.write(octets)

    def write_message(self, pieces: Sequence[bytes]) -> None:
        """Write a message in pieces, none of whose lines begins with a dot, all but the final dot.

        The end of it may go out with what is written next: nobody can do anything with it before.
        """
        if self._wire.broken is None:
            self._wire.hold_back(True)
            self._wire.write_pieces(pieces)

    def write_dot(self, octets: bytes) -> None:
        """Write the final dot, and what goes with it."""
        self.messages += 1
        if self._wire.broken is None:
            self._wire.write(octets)
            self._wire.hold_back(False)

    @property
    def full(self) -> bool:
        """True where something that was written has not gone out yet."""
        return self._wire.full

    def lose(self, how: str) -> None:
        """Give the connection up, with a reason."""
        self._wire.lose(how)

    async def quit(self) -> None:
        """Say good-bye and close; never raises for what the server does."""
        try:
            if not self.botched:
                self._wire.write(b"QUIT\r\n")
                async with asyncio.timeout(QUIT_TIMEOUT):
                    await self._wire.reply(Stage.EHLO)
        except (ConnectionLost, TimeoutError):
            pass
        finally:
            self.close()

    def close(self) -> None:
        """Close at once; the connection is botched from now on."""
        self._wire.lose("closed by us")


async def connect(relay: Relay, *, ahead: bool = True) -> Connection:
    """Open a connection to `relay`, ready for the first envelope.

    `ahead`: use PIPELINING where it is offered.

    Raises:
        RelayFault: it cannot be reached, its certificate is not good, or it refuses greeting,
            EHLO, STARTTLS or AUTH; the sentence names host, port and reason.
    """
    wire = Wire()
    try:
        return await _introduce(relay, wire, ahead)
    except ConnectionLost as error:
        raise _fault(relay, str(error)) from None
    except (OSError, UnicodeError) as error:
        wire.lose("not opened")
        raise _fault(relay, reason_of(error)) from None
    except BaseException:
        wire.lose("not opened")
        raise


async def _introduce(relay: Relay, wire: Wire, ahead: bool) -> Connection:
    loop = asyncio.get_running_loop()
    tls = _tls(relay) if relay.security != "none" else None
    async with asyncio.timeout(CONNECT_TIMEOUT):
        await loop.create_connection(
            lambda: wire,
            relay.host,
            relay.port,
            ssl=tls if relay.security == "tls" else None,
        )
    _require(relay, wire, Stage.GREETING, await wire.reply(Stage.GREETING), 220)
    extensions = await _ehlo(relay, wire)
    if relay.security == "starttls":
        assert tls is not None
        if "STARTTLS" not in extensions:
            raise _fault(relay, 'it does not offer STARTTLS, and security is "starttls"', wire)
        reply = await wire.command(Stage.STARTTLS, "STARTTLS")
        _require(relay, wire, Stage.STARTTLS, reply, 220)
        async with asyncio.timeout(CONNECT_TIMEOUT):
            await wire.start_tls(tls, relay.host)
        # RFC 3207 section 4.2: what was learned before TLS counts for nothing.
        extensions = await _ehlo(relay, wire)
    if relay.username is not None:
        await _authenticate(relay, wire, extensions)
    return Connection(relay, wire, extensions, ahead=ahead)


def _tls(relay: Relay) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=relay.ca_file)
    except OSError as error:
        raise _fault(relay, f"its ca_file {relay.ca_file}: {reason_of(error)}") from None


async def _ehlo(relay: Relay, wire: Wire) -> dict[str, str]:
    """Say EHLO (HELO to a server that does not know it) and return the extensions offered."""
    name = relay.helo or _own_name() or _literal(wire)
    reply = await wire.command(Stage.EHLO, f"EHLO {name}")
    if reply.code in (500, 502):
        reply = await wire.command(Stage.EHLO, f"HELO {name}")
    _require(relay, wire, Stage.EHLO, reply, 250)
    offered = (line.strip().partition(" ") for line in reply.lines[1:])
    return {keyword.upper(): parameters for keyword, _, parameters in offered}


async def _authenticate(relay: Relay, wire: Wire, extensions: Mapping[str, str]) -> None:
    """AUTH PLAIN (RFC 4616), or LOGIN where nothing else is offered."""
    assert relay.username is not None
    assert relay.password is not None
    mechanisms = extensions.get("AUTH", "").upper().split()
    if "PLAIN" in mechanisms:
        secret = _base64(f"\0{relay.username}\0{relay.password}")
        reply = await wire.command(Stage.AUTH, f"AUTH PLAIN {secret}")
    elif "LOGIN" in mechanisms:
        reply = await wire.command(Stage.AUTH, "AUTH LOGIN")
        for answer in (relay.username, relay.password):
            if reply.code == 334:
                reply = await wire.command(Stage.AUTH, _base64(answer))
    else:
        raise _fault(relay, "it offers neither AUTH PLAIN nor AUTH LOGIN", wire)
    _require(relay, wire, Stage.AUTH, reply, 235)


@lru_cache(maxsize=1)
def _own_name() -> str:
    """This machine's full name, asked for once: the answer may have to wait for DNS.

    Empty where it has none (RFC 5321 section 2.3.5): "localhost" would say nothing.
    """
    name = socket.getfqdn()
    return name if "." in name and not name.startswith("localhost") else ""


def _literal(wire: Wire) -> str:
    """Our end of the connection, for one who has no name (RFC 5321 section 4.1.3)."""
    address = wire.own_address
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _require(relay: Relay, wire: Wire, stage: Stage, reply: Reply, code: int) -> None:
    if reply.code != code:
        raise _fault(relay, f"{reply} (in reply to {stage.value})", wire)


def _fault(relay: Relay, reason: str, wire: Wire | None = None) -> RelayFault:
    if wire is not None:
        wire.lose("refused")
    return RelayFault(f"The relay {relay.host}:{relay.port} cannot be used: {reason}.")
