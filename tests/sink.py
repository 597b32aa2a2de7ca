"""A recording SMTP server on loopback, that can be told to misbehave.

It runs on a thread of its own. `script` is asked before each reply with the stage ("connect",
"EHLO", "MAIL", "RCPT", "DATA", "dot", "accepted") and the command's argument, and returns

    None      the ordinary reply
    a string  this reply instead, without its line end
    DROP      nothing: the connection is closed
    STALL     nothing at all, until the client gives up
    RAW + s   the characters of s, and no line end

"accepted" is asked after a message was kept and before its 250 is written. Like strict servers
it answers 503 to a MAIL inside a transaction that was neither finished nor reset.
"""

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

DROP = "\0drop"
STALL = "\0stall"
RAW = "\0raw"
Script = Callable[[str, str], str | None]


def behave(_stage: str, _argument: str) -> str | None:
    """The script of a server in good order."""
    return None


@dataclass(frozen=True)
class Recorded:
    """A message as it came: its envelope and its bytes, dots unstuffed."""

    sender: str
    recipient: str
    content: bytes

    def message(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)


class _Closed(Exception):
    pass


@dataclass
class Sink:
    """The server; `recorded` grows as messages are accepted."""

    script: Script = behave
    extensions: tuple[str, ...] = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES")
    port: int = 0
    tls: ssl.SSLContext | None = None
    implicit_tls: bool = False
    in_pieces: bool = False
    taking: int = 1000
    """How many connections it takes at once; the others hear 421."""
    delay_s: float = 0.0
    """How long it thinks about each message."""
    pause_at: str = ""
    """The stage at which it says nothing until `go_on()`."""
    pausing: int = 0
    reads_ahead: str = "yes"
    """What becomes of commands that come before the reply to the one before them: "not" throws them
    away, "not behind a dot" does so behind a message, "out of order" answers 503."""
    recorded: list[Recorded] = field(default_factory=list)
    connections: int = 0
    most_open: int = 0
    parameters: str = ""
    _open: int = 0

    @property
    def recipients(self) -> list[str]:
        return [recorded.recipient for recorded in self.recorded]

    @contextmanager
    def running(self) -> Iterator["Sink"]:
        """Serve on `port` (0 takes a free one) until the end of the block."""
        loop = asyncio.new_event_loop()
        started = threading.Event()

        async def serve() -> None:
            self._ended = asyncio.Event()
            writers: set[asyncio.StreamWriter] = set()

            def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                # A task that is cancelled before it has begun would leave its connection open.
                writers.add(writer)
                task = loop.create_task(self._serve(reader, writer))
                task.add_done_callback(lambda _: writers.discard(writer))
                task.add_done_callback(lambda _: writer.transport.abort())

            server = await asyncio.start_server(
                accept,
                "127.0.0.1",
                self.port,
                limit=1 << 20,
                ssl=self.tls if self.implicit_tls else None,
            )
            self.port = server.sockets[0].getsockname()[1]
            started.set()
            await self._ended.wait()
            server.close()
            while others := asyncio.all_tasks() - {asyncio.current_task()}:
                for task in others:
                    task.cancel()
                await asyncio.gather(*others, return_exceptions=True)
                await asyncio.sleep(0)
            for writer in writers:
                writer.transport.abort()

        thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
        thread.start()
        started.wait()
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(self._ended.set)
            thread.join()
            loop.close()

    def go_on(self) -> None:
        """Answer everywhere, also where it paused."""
        self.pause_at = ""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open += 1
        self.most_open = max(self.most_open, self._open)
        try:
            await self._dialogue(reader, writer)
        except (_Closed, ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._open -= 1

    async def _dialogue(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender = recipient = ""
        begun = False
        if self._open > self.taking:
            await self._write(writer, "421 4.7.0 too many connections")
            return
        await self._say(writer, "connect", "", "220 sink.example ESMTP")
        while line := (await reader.readline()).decode("utf-8", "surrogateescape").strip():
            verb, _, rest = line.partition(" ")
            ahead: bytearray = reader._buffer  # type: ignore[attr-defined]
            if self.reads_ahead == "not":
                ahead.clear()
            if self.reads_ahead == "out of order" and verb.upper() == "RCPT" and ahead:
                await self._write(writer, "503 5.5.1 bad sequence of commands")
                continue
            match verb.upper():
                case "EHLO":
                    offered = ["sink.example", *self.extensions]
                    lines = [f"250-{one}" for one in offered[:-1]] + [f"250 {offered[-1]}"]
                    await self._say(writer, "EHLO", rest, "\r\n".join(lines))
                case "STARTTLS" if self.tls is not None:
                    if await self._say(writer, "STARTTLS", "", "220 2.0.0 go on"):
                        await writer.start_tls(self.tls)
                case "MAIL" if begun:
                    await self._write(writer, "503 5.5.1 nested MAIL command")
                case "MAIL":
                    sender = rest.partition("<")[2].partition(">")[0]
                    self.parameters = rest.partition("> ")[2]
                    begun = await self._say(writer, "MAIL", sender, "250 2.1.0 ok")
                case "RCPT" if not begun:
                    await self._write(writer, "503 5.5.1 no sender")
                case "RCPT":
                    asked = rest.partition("<")[2].partition(">")[0]
                    good = await self._say(writer, "RCPT", asked, "250 2.1.5 ok")
                    recipient = asked if good else ""
                case "DATA":
                    ordinary = "354 go on" if recipient else "503 5.5.1 no recipient"
                    scripted = self.script("DATA", recipient)
                    await self._write(writer, scripted or ordinary)
                    if (scripted or ordinary).startswith("354"):
                        content = await self._content(reader)
                        await self._keep(writer, Recorded(sender, recipient, content))
                        begun = False
                        if self.reads_ahead == "not behind a dot":
                            ahead.clear()
                    recipient = ""
                case "RSET":
                    begun, recipient = False, ""
                    await self._say(writer, "RSET", "", "250 2.0.0 ok")
                case "QUIT":
                    await self._say(writer, "QUIT", "", "221 2.0.0 bye")
                    return
                case _:
                    await self._say(writer, verb, rest, "500 5.5.2 what?")

    async def _content(self, reader: asyncio.StreamReader) -> bytes:
        lines = []
        while (line := await reader.readline()) != b".\r\n":
            if not line:
                raise _Closed
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    async def _keep(self, writer: asyncio.StreamWriter, recorded: Recorded) -> None:
        reply = self.script("dot", recorded.recipient)
        if reply is None and not recorded.recipient:
            reply = "554 5.5.1 no valid recipients"
        if reply is not None:
            await self._write(writer, reply)
            return
        self.recorded.append(recorded)
        await self._say(writer, "accepted", recorded.recipient, "250 2.0.0 kept")

    async def _say(
        self, writer: asyncio.StreamWriter, stage: str, argument: str, ordinary: str
    ) -> bool:
        """Write the reply; True where it was the ordinary one."""
        if stage == "accepted" and self.delay_s:
            await asyncio.sleep(self.delay_s)
        if stage == self.pause_at:
            self.pausing += 1
            while self.pause_at:
                await asyncio.sleep(0.01)
        scripted = self.script(stage, argument)
        await self._write(writer, ordinary if scripted is None else scripted)
        return scripted is None

    async def _write(self, writer: asyncio.StreamWriter, reply: str) -> None:
        if reply == DROP:
            raise _Closed
        if reply == STALL:
            await asyncio.Event().wait()
        line = reply.removeprefix(RAW) if reply.startswith(RAW) else f"{reply}\r\n"
        for piece in line if self.in_pieces else (line,):
            writer.write(piece.encode())
            await writer.drain()
            await asyncio.sleep(0)
