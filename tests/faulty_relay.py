"""A relay on loopback that does one thing wrong, and writes down every message that it took.

It serves in the loop of the test (`serving`) or on a thread of its own (`running`). A `Fault`
says at which moment of the dialogue it strikes, how, and how often; else it is in good order,
and as strict as a server may be: MAIL within a transaction is answered 503. `breaks` makes it
offer PIPELINING and not keep it. `watch` is told each moment, before the fault and the reply.
"""

import asyncio
import hashlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NoReturn, cast

_MESSAGE_ID = re.compile(rb"^message-id:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_BODY_BEGUN = 1000
_DROPPED = struct.pack("ii", 1, 0)


class Moment(StrEnum):
    """Where in the dialogue; the first five concern no message."""

    CONNECT = "connect"
    GREETING = "greeting"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BODY = "body"
    DOT = "dot"
    """The whole message is there, and was not taken."""
    ACCEPTED = "accepted"
    """It was taken, and its 250 is not written."""
    BETWEEN = "between"
    """Its 250 is written."""


OF_THE_SESSION = (
    Moment.CONNECT,
    Moment.GREETING,
    Moment.EHLO,
    Moment.STARTTLS,
    Moment.AUTH,
)


class Kind(StrEnum):
    """What goes wrong."""

    FIN = "FIN"
    RST = "RST"
    STALL = "stall"
    LATER = "4xx"
    NEVER = "5xx"
    CLOSING = "421"
    GARBAGE = "garbage"
    ENDLESS = "a line without end"


_WORDS = {
    Kind.LATER: b"451 4.3.0 not now\r\n",
    Kind.NEVER: b"554 5.7.1 never\r\n",
    Kind.CLOSING: b"421 4.3.2 going away\r\n",
    Kind.GARBAGE: b"\xff\xfewhat is this?\r\n",
    Kind.ENDLESS: b"250-" + b"x" * 8192,
}


class Break(StrEnum):
    """How a relay that offers PIPELINING breaks it."""

    AFTER_EACH_REPLY = "throws away what is behind each reply"
    BEHIND_THE_DOT = "throws away what is behind the final dot"
    REFUSED = "answers 503 to what came behind a command"


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong, `times` times.

    Of a session: the first connections. Of a message: once for each of so many senders, whose
    address is another for each delivery; `spared` messages pass that moment before.
    """

    moment: Moment
    kind: Kind
    times: int = 3
    spared: int = 5


@dataclass
class Accepted:
    """A message that the relay took, and whether it said so."""

    recipient: str
    message_id: str
    at: float
    digest: bytes
    """Of the whole message and its sender: what is the same in two is the same message."""
    answered: bool = False


class _Closed(Exception):
    pass


class _Line(asyncio.Protocol):
    """What the client says, octet by octet, and what is said to it."""

    def __init__(self, begin: Callable[["_Line"], None]) -> None:
        self.heard = bytearray()
        self.transport: asyncio.Transport
        self._begin = begin
        self._begun = self._ended = False
        self._waiting: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        if not self._begun:
            self._begun = True
            self._begin(self)

    def data_received(self, data: bytes) -> None:
        self.heard += data
        self._wake()

    def eof_received(self) -> bool:
        self._ended = True
        self._wake()
        return False

    def connection_lost(self, _error: Exception | None) -> None:
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def more(self) -> None:
        """Wait until the client says more."""
        if self._ended:
            raise _Closed
        self._waiting = asyncio.get_running_loop().create_future()
        await self._waiting

    async def until(self, end: bytes) -> bytes:
        """What the client says up to and with `end`."""
        looked = 0
        while (found := self.heard.find(end, looked)) < 0:
            looked = max(0, len(self.heard) - len(end))
            await self.more()
        said = bytes(self.heard[: found + len(end)])
        del self.heard[: found + len(end)]
        return said

    def say(self, words: bytes) -> None:
        self.transport.write(words)

    async def start_tls(self, tls: ssl.SSLContext) -> None:
        loop = asyncio.get_running_loop()
        transport = await loop.start_tls(self.transport, self, tls, server_side=True)
        assert transport is not None
        self.transport = transport

    async def finish(self) -> NoReturn:
        """Say no more, and listen to the end, so that a FIN goes out and no RST."""
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()
        while True:
            await self.more()

    def drop(self) -> NoReturn:
        plug = self.transport.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DROPPED)
        self.transport.abort()
        raise _Closed


@dataclass
class FaultyRelay:
    """The relay; `accepted` grows as it takes messages."""

    fault: Fault | None = None
    pipelining: bool = True
    breaks: Break | None = None
    tls: ssl.SSLContext | None = None
    auth: bool = False
    smtputf8: bool = False
    per_second: float = 0.0
    """How many messages it takes in a second; 0: as many as come."""
    thinks_s: Callable[[str], float] | None = None
    """How long it thinks about a message to this recipient."""
    watch: Callable[[Moment, "FaultyRelay"], None] | None = None
    port: int = 0
    accepted: list[Accepted] = field(default_factory=list)
    struck: list[str] = field(default_factory=list)
    """The senders at whose message it struck."""
    recipients: dict[str, str] = field(default_factory=dict)
    """Of each sender that it heard, who was to get the message."""
    connections: int = 0
    strikes: int = 0
    _passed: set[str] = field(default_factory=set)
    _next_slot: float = 0.0
    _sessions: set["asyncio.Task[None]"] = field(default_factory=set)

    @property
    def copies(self) -> dict[str, list[Accepted]]:
        """What each recipient got, in the order in which it was taken."""
        found: dict[str, list[Accepted]] = {}
        for one in self.accepted:
            found.setdefault(one.recipient, []).append(one)
        return found

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["FaultyRelay"]:
        """Serve in this loop, on `port` (0 takes a free one), until the end of the block."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Line(self._begin), "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            sessions = tuple(self._sessions)
            for session in sessions:
                session.cancel()
            await asyncio.gather(*sessions, return_exceptions=True)

    @contextmanager
    def running(self) -> Iterator["FaultyRelay"]:
        """Serve on a thread of its own until the end of the block."""
        loop = asyncio.new_event_loop()
        ended = asyncio.Event()
        started = threading.Event()

        async def serve() -> None:
            async with self.serving():
                started.set()
                await ended.wait()

        thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
        thread.start()
        started.wait()
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(ended.set)
            thread.join()
            loop.close()

    def _begin(self, line: _Line) -> None:
        session = asyncio.get_running_loop().create_task(self._session(line))
        self._sessions.add(session)
        session.add_done_callback(self._sessions.discard)

    async def _session(self, line: _Line) -> None:
        self.connections += 1
        try:
            await self._dialogue(line)
        except (_Closed, ConnectionError):
            pass
        finally:
            line.transport.abort()

    async def _dialogue(self, line: _Line) -> None:
        await self._pass(line, Moment.CONNECT)
        if await self._pass(line, Moment.GREETING):
            line.say(b"220 relay.example ESMTP\r\n")
        sender = recipient = ""
        while True:
            command = (await line.until(b"\n")).decode("utf-8", "replace").strip()
            verb, _, rest = command.partition(" ")
            given = rest.partition("<")[2].partition(">")[0]
            match verb.upper():
                case "EHLO":
                    if await self._pass(line, Moment.EHLO):
                        line.say(self._greeting(line))
                case "STARTTLS" if self.tls is not None:
                    if await self._pass(line, Moment.STARTTLS):
                        line.say(b"220 2.0.0 go on\r\n")
                        await line.start_tls(self.tls)
                case "AUTH" if self.auth:
                    if await self._pass(line, Moment.AUTH):
                        line.say(b"235 2.7.0 welcome\r\n")
                case "MAIL" if sender:
                    line.say(b"503 5.5.1 nested MAIL\r\n")
                case "MAIL":
                    if await self._pass(line, Moment.MAIL, given):
                        sender = given
                        await self._answer(line, b"250 2.1.0 ok\r\n")
                case "RCPT" if not sender:
                    line.say(b"503 5.5.1 no sender\r\n")
                case "RCPT":
                    self.recipients[sender] = given
                    if await self._pass(line, Moment.RCPT, sender):
                        recipient = given
                        await self._answer(line, b"250 2.1.5 ok\r\n")
                case "DATA" if not recipient:
                    line.say(b"503 5.5.1 no recipient\r\n")
                case "DATA":
                    if await self._pass(line, Moment.DATA, sender):
                        await self._answer(line, b"354 go on\r\n")
                        await self._message(line, sender, recipient)
                        sender = ""
                    recipient = ""
                case "RSET":
                    sender = recipient = ""
                    line.say(b"250 2.0.0 ok\r\n")
                case "QUIT":
                    line.say(b"221 2.0.0 bye\r\n")
                    await line.finish()
                case _:
                    line.say(b"500 5.5.2 what?\r\n")

    def _greeting(self, line: _Line) -> bytes:
        secured = line.transport.get_extra_info("ssl_object") is not None
        offered = ["relay.example", "8BITMIME", "ENHANCEDSTATUSCODES"]
        offered += ["PIPELINING"] * self.pipelining + ["SMTPUTF8"] * self.smtputf8
        offered += ["STARTTLS"] * (self.tls is not None and not secured)
        offered += ["AUTH PLAIN"] * self.auth
        lines = [f"250-{one}" for one in offered[:-1]] + [f"250 {offered[-1]}"]
        return "".join(f"{one}\r\n" for one in lines).encode()

    async def _answer(self, line: _Line, reply: bytes) -> None:
        """Answer a command of a transaction, as one who breaks PIPELINING does."""
        behind = len(line.heard)
        line.say(reply)
        if self.breaks is Break.AFTER_EACH_REPLY:
            line.heard.clear()
        if self.breaks is Break.REFUSED and behind:
            for _ in range(line.heard.count(b"\n")):
                line.say(b"503 5.5.1 one at a time\r\n")
            line.heard.clear()

    async def _message(self, line: _Line, sender: str, recipient: str) -> None:
        while len(line.heard) < _BODY_BEGUN and b"\r\n.\r\n" not in line.heard:
            await line.more()
        spoken = not await self._pass(line, Moment.BODY, sender)
        content = await line.until(b"\r\n.\r\n")
        if spoken:
            # It has answered already, and reads the rest only to throw it away.
            return
        if not await self._pass(line, Moment.DOT, sender):
            return
        await self._slot()
        if self.thinks_s is not None:
            await asyncio.sleep(self.thinks_s(recipient))
        found = _MESSAGE_ID.search(content)
        taken = Accepted(
            recipient,
            found[1].decode() if found else "",
            asyncio.get_running_loop().time(),
            hashlib.sha256(sender.encode() + content).digest(),
        )
        self.accepted.append(taken)
        if await self._pass(line, Moment.ACCEPTED, sender):
            taken.answered = True
            if self.breaks is Break.BEHIND_THE_DOT:
                line.heard.clear()
            await self._answer(line, b"250 2.0.0 kept\r\n")
        await self._pass(line, Moment.BETWEEN, sender)

    async def _slot(self) -> None:
        """Wait for this message's turn, where it takes so many a second."""
        if self.per_second:
            now = asyncio.get_running_loop().time()
            self._next_slot = max(self._next_slot, now) + 1 / self.per_second
            await asyncio.sleep(self._next_slot - now)

    async def _pass(self, line: _Line, moment: Moment, sender: str = "") -> bool:
        """Come to this moment; True where nothing goes wrong there."""
        if self.watch is not None:
            self.watch(moment, self)
        if self.fault is None or self.fault.moment is not moment or not self._strikes(sender):
            return True
        match self.fault.kind:
            case Kind.FIN:
                await line.finish()
            case Kind.RST:
                line.drop()
            case Kind.STALL:
                line.transport.pause_reading()
                await asyncio.Event().wait()
            case Kind.CLOSING:
                line.say(_WORDS[Kind.CLOSING])
                await line.finish()
            case kind:
                line.say(_WORDS[kind])
        return False

    def _strikes(self, sender: str) -> bool:
        assert self.fault is not None
        if self.strikes >= self.fault.times or sender in self._passed:
            return False
        if self.fault.moment not in OF_THE_SESSION:
            self._passed.add(sender)
            if len(self._passed) <= self.fault.spared:
                return False
            self.struck.append(sender)
        self.strikes += 1
        return True
