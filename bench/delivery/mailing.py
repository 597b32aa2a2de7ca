"""One mailing, done by `mailer` processes and watched from outside."""

import json
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bench.delivery.relay import Relay
from bench.delivery.sites import MAILER, NUMBER, Site

WATCH_S = 0.1
STUCK_S = 60.0
"""So long without a message, and the mailing is given up."""
ENDS_WITHIN_S = 15.0
STATUS_EVERY_S = 0.25


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen: rate, wait for the first message, memory, the slowest status."""

    messages: int
    rate: float
    size: float
    first_after_s: float
    peak_mb: float
    status_ms: float | None


def send(
    site: Site,
    relay: Relay,
    *,
    readers: int,
    workers: int,
    ask_status: bool,
    at_most_s: float,
) -> Watched:
    """Send the issue to all readers, or for `at_most_s` seconds from the first message on.

    Raises:
        SystemExit: messages were lost or doubled, or none came any more.
    """
    answers: list[float] = []
    with ExitStack() as stack:
        working = [stack.enter_context(_working(site)) for _ in range(workers)]
        if ask_status:
            stack.enter_context(_asking(site, answers))
        site.run("issues", "send", str(NUMBER))
        complete = _watch(relay, readers, at_most_s)
        peak = max(_peak_mb(process.pid) for process in working)
        counts = relay.counts()
        status = _settled(site, readers) if complete else _status(site)
    started = datetime.fromisoformat(str(status["started_at"])).timestamp()
    if complete and not counts.messages == status["sent"] == readers:
        raise SystemExit(
            f"{readers} readers, {status['sent']} sent by the ledger, "
            f"{counts.messages} messages at the relay."
        )
    return Watched(
        messages=counts.messages,
        rate=counts.rate,
        size=counts.size,
        first_after_s=counts.first_at - started,
        peak_mb=peak,
        status_ms=max(answers) * 1000 if answers else None,
    )


def missed_and_doubled(record: Path, readers: int) -> tuple[int, int]:
    """How many readers got nothing, and how many messages were too many, by a relay's record."""
    got = Counter(line.split("\t")[0] for line in record.read_text().splitlines())
    return readers - len(got), sum(got.values()) - len(got)


@contextmanager
def _working(site: Site) -> "Iterator[subprocess.Popen[bytes]]":
    process = subprocess.Popen([*MAILER, "work"], cwd=site.folder, env=site.environment)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _watch(relay: Relay, readers: int, at_most_s: float) -> bool:
    """Wait until all is there; False where the time was up before."""
    seen, moved = 0, time.monotonic()
    while True:
        counts, now = relay.counts(), time.monotonic()
        if counts.messages >= readers:
            return True
        if counts.messages and now - counts.first > at_most_s:
            return False
        if counts.messages > seen:
            seen, moved = counts.messages, now
        elif now - moved > STUCK_S:
            raise SystemExit(f"No message for {STUCK_S:.0f} s, after {seen} of {readers}.")
        time.sleep(WATCH_S)


def _settled(site: Site, readers: int) -> dict[str, object]:
    """The status, once the ledger has recorded what the relay has accepted."""
    until = time.monotonic() + STUCK_S
    while True:
        status = _status(site)
        if status["sent"] == readers or time.monotonic() > until:
            return status


def _status(site: Site) -> dict[str, object]:
    told: dict[str, object] = json.loads(site.run("issues", "status", str(NUMBER), "--json"))
    return told


def _peak_mb(process: int) -> float:
    told = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"^VmHWM:\s+(\d+) kB", told, re.MULTILINE)
    return int(found[1]) / 1000 if found else 0.0


@contextmanager
def _asking(site: Site, answers: list[float]) -> Iterator[None]:
    """Ask for the status all the time, as a page would, on a connection of its own."""
    from mailer import delivery, publication
    from mailer.clock import now
    from mailer.database import connect

    enough = threading.Event()

    def ask() -> None:
        with closing(connect(site.database_url)) as database:
            with database.read() as session:
                series = publication.find_publication(session, None)
                issue = publication.find_issue(session, series.id, NUMBER)
            while not enough.wait(STATUS_EVERY_S):
                began = time.perf_counter()
                with database.read() as session:
                    delivery.status_of(session, issue.id, issue.kind, now())
                answers.append(time.perf_counter() - began)

    thread = threading.Thread(target=ask, name="asking")
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()
    # The first answer also opens the connection and compiles the statement.
    del answers[:1]
