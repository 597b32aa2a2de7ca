"""Kill `mailer work` again and again in the middle of a mailing, and see that nobody is lost.

1. A site is made by `mailer`'s own commands, and its issue sent to all readers; the relay takes so
   many a second that the mailing lasts.
2. At random counts of messages, at a random moment of somebody's dialogue or some milliseconds
   after it, the process gets the signal; the first time just between a message's acceptance and
   its reply. Another process takes over. After each the tallies are compared with the ledger.
3. When the mailing is sent it is reckoned up. KILL: one double for each open connection a kill at
   most, each the same message as its first copy. TERM: none, and each ends within ten seconds.

Run: python -m bench.kills --signal KILL|TERM --database sqlite|postgresql, in the folder above
bench; --help names the options. It ends with 1 where a promise was broken.
"""

import argparse
import asyncio
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from bench.delivery.sites import NUMBER, OnPostgresql, OnSqlite, Site, address, postgresql
from bench.reckoning import Reckoning, books, copies_of, in_words, reckon
from bench.working import ENDS_WITHIN_S, is_sent, wait, working
from tests.faulty_relay import FaultyRelay, Moment

_MOMENTS = (
    *(Moment.MAIL, Moment.RCPT, Moment.DATA, Moment.BODY),
    *(Moment.DOT, Moment.ACCEPTED, Moment.BETWEEN),
)
_DELAY_S = 0.02
_NOT_THE_LAST = 0.95
"""After this share of the messages nobody is struck any more."""


@dataclass(frozen=True, slots=True)
class Strike:
    """When a signal comes: at this moment of a dialogue, once so many messages were taken."""

    count: int
    moment: Moment
    delay_s: float


def strikes(kills: int, readers: int, chance: random.Random) -> list[Strike]:
    """Moments for so many kills, spread over a mailing; the first is the worst there is."""
    counts = sorted(chance.sample(range(1, int(readers * _NOT_THE_LAST)), kills))
    found = [
        Strike(count, chance.choice(_MOMENTS), chance.choice((0.0, chance.uniform(0, _DELAY_S))))
        for count in counts
    ]
    found[0] = replace(found[0], moment=Moment.ACCEPTED, delay_s=0.0)
    return found


class Striker:
    """The relay tells it of each moment; when that of its strike has come, it sends the signal."""

    def __init__(self, number: signal.Signals) -> None:
        self.struck_at = 0.0
        self._number = number
        self._armed: tuple[subprocess.Popen[bytes], Strike] | None = None

    def arm(self, process: "subprocess.Popen[bytes]", strike: Strike) -> None:
        self._armed = (process, strike)

    def __call__(self, moment: Moment, relay: FaultyRelay) -> None:
        if self._armed is None:
            return
        process, strike = self._armed
        if moment is not strike.moment or len(relay.accepted) < strike.count:
            return
        self._armed = None
        if strike.delay_s:
            asyncio.get_running_loop().call_later(strike.delay_s, self._strike, process)
        else:
            self._strike(process)

    def _strike(self, process: "subprocess.Popen[bytes]") -> None:
        self.struck_at = time.monotonic()
        process.send_signal(self._number)


@dataclass(frozen=True, slots=True)
class Survived:
    """How a run ended; `complaints` is empty where every promise was kept."""

    reckoning: Reckoning
    slowest_s: float
    took_s: float
    complaints: tuple[str, ...]


def run(
    site: Site, readers: int, number: signal.Signals, kills: Sequence[Strike], per_second: float
) -> Survived:
    """Send the issue of `site`, whose process is struck at each of `kills`."""
    in_order = number is signal.SIGTERM
    striker = Striker(number)
    relay = FaultyRelay(per_second=per_second, watch=striker)
    complaints: list[str] = []
    slowest, began = 0.0, time.monotonic()

    def taken() -> int:
        return len(relay.accepted)

    with relay.running():
        site = replace(site, relay_port=relay.port)
        site.run("issues", "send", str(NUMBER))
        for strike in kills:
            with working(site) as process:
                striker.arm(process, strike)
                wait(lambda process=process: process.poll() is not None, taken)  # type: ignore[misc]
                took = time.monotonic() - striker.struck_at
            slowest = max(slowest, took)
            found = books(site.database_url)
            print(f"{taken():,} taken; {in_words(found.states)}", file=sys.stderr)
            if process.returncode != (0 if in_order else -number):
                complaints.append(f"a process ended with {process.returncode}")
            if in_order and took > ENDS_WITHIN_S:
                complaints.append(f"a process took {took:.1f} s to end")
            complaints += found.complaints(stopped_in_order=in_order)
        with working(site):
            wait(lambda: is_sent(site), taken, every_s=0.25)
    reckoning = reckon(
        [address(one) for one in range(readers)],
        copies_of((one.recipient, one.message_id) for one in relay.accepted),
        books(site.database_url),
    )
    complaints += reckoning.complaints(0 if in_order else site.connections * len(kills))
    return Survived(reckoning, slowest, time.monotonic() - began, tuple(complaints))


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m bench.kills", description=__doc__)
    add = parser.add_argument
    add("--signal", choices=("KILL", "TERM"), default="KILL")
    add("--database", choices=("sqlite", "postgresql"), default="sqlite")
    add("--kills", type=int, default=20)
    add("--readers", type=int, default=20_000)
    add("--connections", type=int, default=10)
    add("--per-second", type=float, default=800.0, help="messages that the relay takes")
    add("--seed", type=int, default=None, help="of the moments; a run prints its own")
    add("--scratch", type=Path, help="a folder on the disk that is to be used")
    return parser


def main() -> None:
    """Do what is asked for, and print how it ended."""
    asked = options().parse_args()
    seed = random.randrange(1 << 32) if asked.seed is None else asked.seed
    kills = strikes(asked.kills, asked.readers, random.Random(seed))
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(dir=asked.scratch, prefix="kills-"))
        kind: OnSqlite | OnPostgresql = (
            OnSqlite(Path(name))
            if asked.database == "sqlite"
            else stack.enter_context(postgresql(Path(name)))
        )
        site = replace(kind.make(asked.readers), connections=asked.connections)
        survived = run(
            site, asked.readers, signal.Signals[f"SIG{asked.signal}"], kills, asked.per_second
        )
    found = survived.reckoning
    print(
        f"{asked.kills} × SIG{asked.signal}, {asked.database}, {asked.readers:,} readers, "
        f"{asked.connections} connections, seed {seed}: {found.missing} missing, "
        f"{found.doubles} doubles, {found.unlike} of them another message, "
        f"slowest end {survived.slowest_s:.1f} s, {survived.took_s:.0f} s in all; "
        f"ledger: {in_words(found.books.states)}"
    )
    for complaint in survived.complaints:
        print(f"broken: {complaint}")
    sys.exit(1 if survived.complaints else 0)


if __name__ == "__main__":
    main()
