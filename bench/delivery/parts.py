"""What the engine is made of, each by itself, as far as it can be had through open doors.

Merge: `mailer.letter`, on the letter of the bench's issue. Commit: what this disk asks for one
durable commit of 20 outcomes, as plain SQLite does it, and for the bare fdatasync below it; no
engine commits more cheaply. Wire: what flood, which does nothing but send, gets into the sink.

Claim and record have no door of their own; a part that gets one is a function here, and a line
in `parts`.
"""

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from statistics import median

from bench.delivery.relay import compile_program, running
from bench.delivery.sites import items
from bench.delivery.smtp_source import flooded

GROUP = 20
_ROUNDS, _TIMES = 9, 100
_FLOOD = 100_000


def microseconds(work: Callable[[int], object], times: int = _TIMES) -> float:
    """The median of nine rounds, for each call."""
    rounds = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        for number in range(times):
            work(number)
        rounds.append((time.perf_counter() - began) / times * 1e6)
    return median(rounds)


def merge_us() -> float:
    """One reader's values put into the compiled letter."""
    from mailer.delivery.themes import ours
    from mailer.letter import (
        IssueLetter,
        Letterhead,
        LetterItem,
        Mailbox,
        MergeValues,
        Organisation,
        Variant,
        compile_letter,
    )

    site = "http://127.0.0.1:8000"
    issue = IssueLetter(
        publication="Update",
        title="Update 120",
        date=date(2007, 3, 31),
        subject="Update 120",
        preheader="Water, and who shares it.",
        language="en",
        items=tuple(
            LetterItem(title, summary, "", f"{site}/{place}/")
            for place, (title, summary) in enumerate(items())
        ),
        organisation=Organisation("Our Organisation", "1 Example Street, London", site),
        archive_url=site,
    )
    head = Letterhead(
        Mailbox("Our Updates", "updates@our.example"), datetime(2007, 3, 31, 9, tzinfo=UTC)
    )
    variant = Variant("en", "html", member=False)
    letter = compile_letter(issue, head, variant, ours("update", "letter"))
    readers = [
        MergeValues(
            to_name=f"Reader {number}",
            to_address=f"reader{number}@big.example",
            message_id=f"<{number}.x7@our.example>",
            fields={
                "greeting": f"Reader {number}",
                "unsubscribe_url": f"{site}/unsubscribe/{number:060}",
                "preferences_url": f"{site}/preferences/{number:060}",
                "letter_url": f"{site}/letter/{number:060}",
            },
        )
        for number in range(_TIMES)
    ]
    return microseconds(lambda number: letter.merge(readers[number]))


def commit_us(folder: Path) -> float:
    """One durable commit of 20 outcomes in a table like the ledger, by SQLite alone."""
    with closing(sqlite3.connect(folder / "commit.db", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE outcomes (id INTEGER PRIMARY KEY, state TEXT, reply TEXT)")
        rows = ((number, "queued", "") for number in range(GROUP * _TIMES))
        database.execute("BEGIN")
        database.executemany("INSERT INTO outcomes VALUES (?, ?, ?)", rows)
        database.execute("COMMIT")

        replies = (f"250 2.0.0 Accepted as {number}" for number in count())

        def commit(number: int) -> None:
            # Other values each time: SQLite writes, and syncs, no page that stays as it was.
            reply = next(replies)
            database.execute("BEGIN IMMEDIATE")
            database.executemany(
                "UPDATE outcomes SET state = 'sent', reply = ? WHERE id = ?",
                [(reply, number * GROUP + place) for place in range(GROUP)],
            )
            database.execute("COMMIT")

        return microseconds(commit)


def fdatasync_us(folder: Path) -> float:
    """One page of 4 KB added to a file and made durable."""
    page = os.urandom(4096)
    with (folder / "pages").open("wb", buffering=0) as file:

        def write(_number: int) -> None:
            file.write(page)
            os.fdatasync(file.fileno())

        return microseconds(write)


def wire_rate(folder: Path, size: int) -> float:
    """Messages a second that flood gets into the sink, which is the limit of both."""
    flood, sink = (compile_program(name, folder) for name in ("flood", "sink"))
    with running(sink, 0) as relay:
        return flooded(flood, relay, size, _FLOOD)


def parts(folder: Path, size: int) -> list[tuple[str, str]]:
    """Each part's name and figure."""
    commit = commit_us(folder)
    return [
        ("merge", f"{merge_us():,.1f} µs a message"),
        (f"commit of {GROUP}", f"{commit:,.0f} µs, {commit / GROUP:,.1f} µs a message"),
        ("fdatasync", f"{fdatasync_us(folder):,.0f} µs"),
        ("wire", f"{wire_rate(folder, size):,.0f} messages/s from flood"),
    ]
