"""The wire below an SMTP connection: bytes out, replies in, each within its time and bounds.

It knows lines and replies (RFC 5321 section 4.2), and nothing of what they mean. Whatever goes
wrong on it, it is lost with a reason, and everything on it fails with that reason from then on.
"""

import asyncio
import os
import re
import socket
import ssl
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Protocol, cast

from mailer.delivery.disposition import Reply, Stage
from mailer.delivery.replies import Malformed, ReplyReader
from mailer.errors import MailerError

# RFC 5321 section 4.5.3.2, in seconds.
TIMEOUTS: Mapping[Stage, float] = {
    Stage.GREETING: 300,
    Stage.EHLO: 300,
    Stage.STARTTLS: 120,
    Stage.AUTH: 120,
    Stage.MAIL: 300,
    Stage.RCPT: 300,
    Stage.DATA: 120,
    Stage.DOT: 600,
}
BLOCK_TIMEOUT = 180.0

# RFC 5321 section 4.2: the code, then a blank, or a hyphen where more lines follow.
_REPLY_LINE = re.compile(r"([2-5][0-9]{2})($|[ -])(.*)")
# RFC 5321 section 4.5.3.1.5 allows 512 octets a line; real servers write longer ones.
_LINE_OCTETS = 4096
_REPLY_LINES = 200
_UNREAD_OCTETS = 1 << 20


class ConnectionLost(MailerError):
    """The connection broke, timed out or lost step; `str()` says how and at which stage."""


class Listener(Protocol):
    """Who is called with what happens on a wire, instead of asking for it."""

    def came(self, replies: list[Reply]) -> None:
        """Whole replies came."""

    def lost(self, reason: str) -> None:
        """The wire is lost; called once."""

    def room(self) -> None:
        """What was written has gone out."""


class Wire(asyncio.Protocol):
    """Bytes in and out of one socket; replies are read line by line, within bounds.

    They are asked for with `reply`, one by one; or, once there is a `listener`, told to it.
    """

    def __init__(self) -> None:
        self.broken: str | None = None
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._waiting: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._listener: Listener | None = None
        self._reader = ReplyReader()
        self._socket: socket.socket | None = None

    def listen(self, listener: Listener | None) -> None:
        """Tell everything to `listener` from now on; None: nobody."""
        self._listener = listener
        if listener is not None and self._transport is not None:
            self._transport.set_write_buffer_limits(0)

    @property
    def full(self) -> bool:
        """True where something that was written has not gone out yet."""
        return self._transport is not None and self._transport.get_write_buffer_size() > 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if hasattr(socket, "TCP_CORK"):
            # One of our own: uvloop makes another whenever its is used.
            connected = self._transport.get_extra_info("socket")
            self._socket = socket.socket(fileno=os.dup(connected.fileno()))

    def data_received(self, data: bytes) -> None:
        if self._listener is not None:
            try:
                replies = self._reader.feed(data)
            except Malformed as error:
                if error.before:
                    self._listener.came(list(error.before))
                self.lose(str(error))
                return
            if replies:
                self._listener.came(replies)
            return
        self._buffer += data
        if len(self._buffer) > _UNREAD_OCTETS:
            self.lose("the relay talks without end")
        self._wake(self._waiting)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lose(
            f"connection lost ({reason_of(exc)})" if exc else "connection closed by the relay"
        )

    def pause_writing(self) -> None:
        self._room = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._listener is not None:
            self._listener.room()
        room, self._room = self._room, None
        self._wake(room)

    def lose(self, how: str) -> ConnectionLost:
        """Give the connection up; everything on it fails from now on with the first reason."""
        if self.broken is None:
            self.broken = how
        if self._transport is not None:
            self._transport.abort()
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._wake(self._waiting)
        self._wake(self._room)
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.lost(self.broken)
        return ConnectionLost(self.broken)

    async def start_tls(self, tls: ssl.SSLContext, host: str) -> None:
        if self._buffer:
            # Words in clear behind the reply to STARTTLS are somebody else's.
            raise self.lose("data in clear behind the reply to STARTTLS")
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        self._transport = await loop.start_tls(self._transport, self, tls, server_hostname=host)

    @property
    def own_address(self) -> str:
        """The IP address of our end."""
        assert self._transport is not None
        return str(self._transport.get_extra_info("sockname")[0]).partition("%")[0]

    @property
    def unread(self) -> bool:
        """True where the relay said something that was not read yet."""
        return bool(self._buffer)

    def require_silence(self) -> None:
        """Raise ConnectionLost where the relay spoke unasked: we would take it for an answer."""
        if self.unread:
            said = bytes(self._buffer[:80]).decode("utf-8", "replace")
            raise self.lose(f"the relay spoke unasked: {said!r}")

    def write(self, data: bytes) -> None:
        if self.broken is not None or self._transport is None:
            raise ConnectionLost(self.broken or "not open")
        self._transport.write(data)

    def write_pieces(self, pieces: Iterable[bytes]) -> None:
        """Write what is in pieces, without a copy of it where the loop can (uvloop)."""
        if self.broken is not None or self._transport is None:
            raise ConnectionLost(self.broken or "not open")
        self._transport.writelines(pieces)

    def hold_back(self, held: bool) -> None:
        """Have the system keep what does not fill a segment until it is told to send it, or for a
        fifth of a second; nothing where it cannot (Linux can)."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, held)

    async def drain(self) -> None:
        """Wait until what was written has room; a block that does not move in time is lost."""
        if self._room is not None:
            try:
                async with asyncio.timeout(BLOCK_TIMEOUT):
                    await asyncio.shield(self._room)
            except TimeoutError:
                raise self.lose("the relay takes no more of the message") from None
        if self.broken is not None:
            raise ConnectionLost(self.broken)

    async def command(self, stage: Stage, line: str) -> Reply:
        self.write(f"{line}\r\n".encode())
        return await self.reply(stage)

    async def reply(self, stage: Stage) -> Reply:
        """The next reply, all its lines (RFC 5321 section 4.2.1).

        Raises:
            ConnectionLost: none came in time, it was malformed, or the connection broke.
        """
        lines: list[str] = []
        code = ""
        try:
            async with asyncio.timeout(TIMEOUTS[stage]):
                while True:
                    line = await self._line()
                    match = _REPLY_LINE.fullmatch(line)
                    if match is None or match[1] != (code or match[1]):
                        raise self.lose(f"malformed reply to {stage.value}: {line[:80]!r}")
                    code = match[1]
                    lines.append(match[3])
                    if match[2] != "-":
                        return Reply(int(code), tuple(lines))
                    if len(lines) > _REPLY_LINES:
                        raise self.lose(f"a reply to {stage.value} without end")
        except TimeoutError:
            raise self.lose(f"no reply to {stage.value} in time") from None

    async def _line(self) -> str:
        while (end := self._buffer.find(b"\n", 0, _LINE_OCTETS)) < 0:
            if len(self._buffer) >= _LINE_OCTETS:
                raise self.lose("a reply line without end")
            if self.broken is not None:
                raise ConnectionLost(self.broken)
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        line = bytes(self._buffer[:end]).rstrip(b"\r").decode("utf-8", "replace")
        del self._buffer[: end + 1]
        return "".join(c if c.isprintable() else " " for c in line)

    @staticmethod
    def _wake(future: asyncio.Future[None] | None) -> None:
        if future is not None and not future.done():
            future.set_result(None)


def reason_of(error: BaseException) -> str:
    """Why a connection failed, in words."""
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not good: {error.verify_message.rstrip('.')}"
    said = str(error.strerror or error) if isinstance(error, OSError) else str(error)
    return said or "it closed the connection"
