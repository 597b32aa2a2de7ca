"""A relay that takes everything and counts it: the bench's own, or another one."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

HERE = Path(__file__).parent
PATIENCE_S = 10.0
_ASK_EVERY_S = 0.01


@dataclass(frozen=True, slots=True)
class Counts:
    """What a relay took. The first and last message by the monotonic clock and the calendar."""

    messages: int = 0
    bytes: int = 0
    first: float = 0.0
    last: float = 0.0
    first_at: float = 0.0

    @property
    def rate(self) -> float:
        """Messages a second, from the first that was accepted to the last."""
        seconds = self.last - self.first
        return (self.messages - 1) / seconds if seconds > 0 else 0.0

    @property
    def size(self) -> float:
        """Bytes of a message on the wire."""
        return self.bytes / self.messages if self.messages else 0.0


def compiler() -> str | None:
    """The C compiler of this machine."""
    return shutil.which("cc")


def compile_program(name: str, folder: Path) -> Path:
    """Compile `name`.c of this folder into `folder`; returns the program."""
    cc = compiler()
    if cc is None:
        raise SystemExit("The bench needs a C compiler, as cc; install gcc or clang.")
    program = folder / name
    subprocess.run([cc, "-O2", "-o", program, HERE / f"{name}.c"], check=True)
    return program


class OurRelay:
    """`sink`, asked by signals for what it counted."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.port = int(self._line()["port"])

    def counts(self) -> Counts:
        self._process.send_signal(signal.SIGUSR1)
        told = self._line()
        return Counts(
            messages=int(told["messages"]),
            bytes=int(told["bytes"]),
            first=told["first"],
            last=told["last"],
            first_at=told["first_at"],
        )

    def _line(self) -> dict[str, float]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            status = self._process.wait(PATIENCE_S)
            raise SystemExit(f"The sink has ended with {status}; its reason stands above.")
        told: dict[str, float] = json.loads(line)
        return told


class OtherRelay:
    """A program that takes a port, and on SIGUSR1 writes `MESSAGES BYTES` into a file.

    When messages came is known only as well as it was asked for.
    """

    def __init__(self, process: "subprocess.Popen[str]", port: int, file: Path) -> None:
        self._process, self.port, self._file = process, port, file
        self._seen = Counts()

    def counts(self) -> Counts:
        self._process.send_signal(signal.SIGUSR1)
        time.sleep(_ASK_EVERY_S)
        words = self._file.read_text().split() if self._file.exists() else []
        messages, size = (int(words[0]), int(words[1])) if len(words) == 2 else (0, 0)
        if messages > self._seen.messages:
            at, seen = time.monotonic(), self._seen
            first = (seen.first, seen.first_at) if seen.messages else (at, time.time())
            self._seen = Counts(messages, size, first[0], at, first[1])
        return replace(self._seen)


Relay = OurRelay | OtherRelay


@contextmanager
def running(
    program: Path, port: int, *, counts_in: str = "", record: Path | None = None
) -> Iterator[Relay]:
    """Run a relay on a port (ours takes a free one for 0) until the end of the block.

    `counts_in` is the environment variable that tells another relay its file; `record` is where
    ours writes who got what.
    """
    file = program.with_name(f"counts-{port}")
    file.unlink(missing_ok=True)
    environment = os.environ | ({counts_in: str(file)} if counts_in else {})
    words = [str(program), str(port), *([str(record)] if record else [])]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        if counts_in:
            _wait_for(port)
            yield OtherRelay(process, port, file)
        else:
            yield OurRelay(process)
    finally:
        process.terminate()
        process.communicate()


def _wait_for(port: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(_ASK_EVERY_S)
