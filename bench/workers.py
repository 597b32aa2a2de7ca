"""Several `mailer work` share one mailing on PostgreSQL, and one of them is killed.

The relay is the bench's own (`bench/delivery/sink.c`), which writes down who got what. When a
third of the messages is there, one process gets SIGKILL; the others take over what it held when
its lease ends. Then it is reckoned up: every reader, doubles at most one for each connection of
the process that was killed, and each double the same message.

Run: python -m bench.workers, in the folder above bench; --help names the options. It ends with 1
where a promise was broken.
"""

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench.delivery import relay
from bench.delivery.sites import NUMBER, Site, address, postgresql
from bench.reckoning import Reckoning, books, copies_of, in_words, reckon
from bench.working import is_sent, wait, working

_ASK_EVERY_S = 0.25


def run(site: Site, record: Path, taking: relay.Relay, readers: int, workers: int) -> Reckoning:
    """Send the issue of `site` with so many processes, and kill one of them in the middle."""

    def taken() -> int:
        return taking.counts().messages

    with ExitStack() as stack:
        killed, *_ = [stack.enter_context(working(site)) for _ in range(workers)]
        began = time.monotonic()
        site.run("issues", "send", str(NUMBER))
        wait(lambda: taken() >= readers / 3, taken)
        killed.kill()
        print(f"killed after {taken():,} messages", file=sys.stderr)
        wait(lambda: taken() >= readers * 0.99, taken, _ASK_EVERY_S)
        print(f"{taken():,} after {time.monotonic() - began:.1f} s", file=sys.stderr)
        wait(lambda: is_sent(site), taken, _ASK_EVERY_S)
        taken()  # the relay's record is whole whenever it has told its counts
    lines = (line.split("\t") for line in record.read_text().splitlines())
    return reckon(
        [address(one) for one in range(readers)],
        copies_of((recipient, name) for recipient, name in lines),
        books(site.database_url),
    )


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m bench.workers", description=__doc__)
    add = parser.add_argument
    add("--workers", type=int, default=4)
    add("--readers", type=int, default=100_000)
    add("--connections", type=int, default=10, help="of each process")
    add("--scratch", type=Path, help="a folder on the disk that is to be used")
    return parser


def main() -> None:
    """Do what is asked for, and print how it ended."""
    asked = options().parse_args()
    with ExitStack() as stack:
        name = stack.enter_context(
            tempfile.TemporaryDirectory(dir=asked.scratch, prefix="workers-")
        )
        scratch = Path(name)
        made = stack.enter_context(postgresql(scratch)).make(asked.readers)
        record, sink = scratch / "record", relay.compile_program("sink", scratch)
        taking = stack.enter_context(relay.running(sink, 0, record=record))
        site = replace(made, relay_port=taking.port, connections=asked.connections)
        began = time.monotonic()
        found = run(site, record, taking, asked.readers, asked.workers)
        took = time.monotonic() - began
    print(
        f"{asked.workers} workers, one killed, {asked.readers:,} readers, {asked.connections} "
        f"connections each: {found.missing} missing, {found.doubles} doubles, "
        f"{took:.0f} s in all; ledger: {in_words(found.books.states)}"
    )
    complaints = found.complaints(most_doubles=asked.connections)
    for complaint in complaints:
        print(f"broken: {complaint}")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
