"""Measure the delivery of an issue, end to end and by part; see the package's own words.

Run: python -m bench.delivery, in the folder above bench; --help names the options.
"""

import argparse
import os
import platform
import sys
import tempfile
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.delivery import mailing, relay, smtp_source
from bench.delivery.parts import parts
from bench.delivery.report import Measured, middle, table
from bench.delivery.sites import OnPostgresql, OnSqlite, Site, free_port, postgresql

MILLION, FEW = 1_000_000, 10_000


@dataclass(frozen=True, slots=True)
class Bench:
    """What all mailings share: the relay's program, and what was asked for."""

    scratch: Path
    program: Path
    asked: argparse.Namespace

    def measure(
        self,
        kind: OnSqlite | OnPostgresql,
        site: Site,
        readers: int,
        workers: int,
        connections: int,
    ) -> Measured:
        """One mailing from a fresh copy of the site, with smtp-source before and after."""
        port, record = free_port(), self.scratch / "record" if self.asked.check else None
        size = site.letter_size()
        before = self._source(size, port)
        with kind.copy(site) as copy, self._relay(port, record) as taking:
            seen = mailing.send(
                Site(copy.folder, copy.database_url, port, connections),
                taking,
                readers=readers,
                workers=workers,
                ask_status=self.asked.status or self.asked.million,
                at_most_s=self.asked.at_most,
            )
        if record is not None:
            missed, doubled = mailing.missed_and_doubled(record, readers)
            print(f"missed {missed}, doubled {doubled}", file=sys.stderr)
        return Measured(
            database=kind.name,
            workers=workers,
            connections=connections,
            readers=readers,
            rate=seen.rate,
            sources=(before, self._source(size, port)),
            first_after_s=seen.first_after_s,
            peak_mb=seen.peak_mb,
            size=seen.size,
            status_ms=seen.status_ms,
        )

    def _source(self, size: int, port: int) -> float:
        with self._relay(port) as taking:
            return smtp_source.messages_a_second(taking, size, self.asked.source)

    def _relay(self, port: int, record: Path | None = None) -> AbstractContextManager[relay.Relay]:
        return relay.running(self.program, port, counts_in=self.asked.sink_counts, record=record)


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m bench.delivery", description=__doc__)
    add = parser.add_argument
    add("--readers", type=int, default=100_000)
    add("--connections", type=int, nargs="+", default=[20, 40])
    add("--database", nargs="+", default=["sqlite"], choices=("sqlite", "postgresql"))
    add("--workers", type=int, nargs="+", default=[1], help="more than one on PostgreSQL only")
    add("--rounds", type=int, default=1, help="show the round whose ratio is in the middle")
    add("--source", type=int, default=20_000, help="messages that smtp-source sends")
    add("--status", action="store_true", help="ask how far it is meanwhile; the slowest answer")
    add("--million", action="store_true", help="a million readers on SQLite, beside 10,000")
    add("--at-most", type=float, default=float("inf"), metavar="S", help="end a mailing early")
    add("--check", action="store_true", help="see that nobody is missed or gets it twice")
    add("--sink", type=Path, help="another relay: a program that takes a port")
    add("--sink-counts", default="", metavar="VARIABLE", help="names its file of counts to it")
    add("--scratch", type=Path, help="a folder on the disk that is to be measured")
    add("--markdown", action="store_true", help="as docs/PERFORMANCE.md has it")
    add("--no-parts", action="store_true")
    return parser


def wanted(asked: argparse.Namespace) -> list[tuple[str, int, int, int]]:
    """What to measure: database, readers, workers, connections."""
    if asked.million:
        return [
            ("sqlite", readers, 1, connections)
            for connections in asked.connections
            for readers in (FEW, MILLION)
        ]
    return [
        (database, asked.readers, workers, connections)
        for database in asked.database
        for workers in asked.workers
        for connections in asked.connections
        if workers == 1 or database != "sqlite"  # where one process sends, and others wait
    ]


def main() -> None:
    """Measure what is asked for, and print it."""
    asked = options().parse_args()
    if asked.sink and not asked.sink_counts:
        raise SystemExit("--sink needs --sink-counts, or nobody knows what it took.")
    if asked.sink and asked.check:
        raise SystemExit("--check needs the bench's own sink.")
    measured: list[Measured] = []
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(dir=asked.scratch, prefix="bench-"))
        scratch = Path(name)
        program = asked.sink.resolve() if asked.sink else relay.compile_program("sink", scratch)
        bench = Bench(scratch, program, asked)
        kinds: dict[str, OnSqlite | OnPostgresql] = {"sqlite": OnSqlite(scratch)}
        if any(database == "postgresql" for database, *_ in wanted(asked)):
            kinds["postgresql"] = stack.enter_context(postgresql(scratch))
        sites: dict[tuple[str, int], Site] = {}
        for database, readers, workers, connections in wanted(asked):
            kind = kinds[database]
            if (database, readers) not in sites:
                sites[database, readers] = kind.make(readers)
            rounds = [
                bench.measure(kind, sites[database, readers], readers, workers, connections)
                for _ in range(asked.rounds)
            ]
            measured.append(middle(rounds))
            print(table(measured[-1:]).splitlines()[-1], file=sys.stderr)
        size = round(measured[0].size)
        print(
            f"{datetime.now(UTC):%d %B %Y}, {platform.system()} {platform.machine()}, "
            f"{os.cpu_count()} cores, Python {platform.python_version()}; "
            f"{size / 1000:.1f} KB a message\n"
        )
        print(table(measured, markdown=asked.markdown))
        if asked.million:
            few, million = measured[:2]
            print(f"\nrate of a million beside {FEW:,}: {million.ratio / few.ratio:.2f}")
        if not asked.no_parts:
            print()
            if asked.markdown:
                print("| part | cost |\n| --- | --: |")
            for part, figure in parts(scratch, size):
                print(f"| {part} | {figure} |" if asked.markdown else f"{part:<14}{figure}")


if __name__ == "__main__":
    main()
