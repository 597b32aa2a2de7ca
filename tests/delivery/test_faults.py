"""Whatever goes wrong with a relay, at whichever moment: what the ledger says, and who got what.

Each case is a mailing to thirty readers over three connections, at which one fault strikes. All
are gone through at once and looked at one by one.
"""

import asyncio
import os
import shutil
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import trustme

from mailer.database import connect, upgrade
from tests.conftest import make_config
from tests.delivery.ordeal import (
    CONNECTIONS,
    EVERYBODY,
    Ended,
    Ordeal,
    Row,
    begin,
    go_through_all,
    impatient,
)
from tests.faulty_relay import OF_THE_SESSION, Break, Fault, Kind, Moment
from tests.services import Postgres


@dataclass(frozen=True)
class Right:
    """What may become of a delivery at whose message a fault struck."""

    states: tuple[str, ...] = ("sent",)
    tries: tuple[int, ...] = (2,)
    doubts: tuple[int, ...] = (0,)
    copies: tuple[int, ...] = (1,)


PUT_OFF = Right()
FINAL = Right(states=("failed",), tries=(1,), copies=(0,))
DOUBTFUL = Right(doubts=(1,))
TWICE = Right(doubts=(1,), copies=(2,))
UNTOUCHED = Right(tries=(1,))
NEIGHBOUR = Right(tries=(1, 2))
# The client cannot know how much of the message the relay had read when it went wrong; but the
# relay did not take it.
CUT_OFF = Right(doubts=(0, 1))
# It may hear the words before its dot, which is then kept back, or behind it, as the answer.
SPOKEN_INTO_NEVER = Right(states=("sent", "failed"), tries=(1, 2), doubts=(0, 1), copies=(0, 1))

LOST = (Kind.FIN, Kind.RST, Kind.STALL, Kind.GARBAGE, Kind.ENDLESS)


def rights(kinds: Iterable[Kind], right: Right) -> dict[Kind, Right]:
    return dict.fromkeys(kinds, right)


IN_THE_ENVELOPE = {
    **rights((*LOST, Kind.LATER, Kind.CLOSING), PUT_OFF),
    # Amid an envelope that was written ahead it may be for that, and is tried in lock-step first.
    Kind.STALL: Right(tries=(1, 2)),
    Kind.NEVER: FINAL,
}

OF_A_MESSAGE: dict[Moment, dict[Kind, Right]] = {
    Moment.MAIL: IN_THE_ENVELOPE,
    Moment.RCPT: IN_THE_ENVELOPE,
    Moment.DATA: IN_THE_ENVELOPE,
    Moment.BODY: {
        **rights((Kind.FIN, Kind.RST, Kind.CLOSING), CUT_OFF),
        # All of the message fits into the sockets: the dot is passed, and not answered.
        Kind.STALL: DOUBTFUL,
        **rights((Kind.LATER, Kind.GARBAGE, Kind.ENDLESS), CUT_OFF),
        Kind.NEVER: SPOKEN_INTO_NEVER,
    },
    Moment.DOT: {
        **rights(LOST, DOUBTFUL),
        # RFC 5321 section 3.8: a 421 is an answer; the relay did not take the message.
        **rights((Kind.LATER, Kind.CLOSING), PUT_OFF),
        Kind.NEVER: FINAL,
    },
    Moment.ACCEPTED: rights(LOST, TWICE),
    Moment.BETWEEN: rights((Kind.FIN, Kind.RST, Kind.CLOSING, Kind.GARBAGE), UNTOUCHED),
}

# A session's faults burn nobody's tries.
OF_A_SESSION: dict[Moment, tuple[Kind, ...]] = {
    moment: (Kind.FIN, Kind.RST) if moment is Moment.CONNECT else tuple(Kind)
    for moment in OF_THE_SESSION
}

# What this engine does not do yet.
NOT_YET: dict[Ordeal, str] = {}


def session_ordeal(moment: Moment, kind: Kind) -> Ordeal:
    secured = moment in (Moment.STARTTLS, Moment.AUTH)
    return Ordeal(Fault(moment, kind, times=CONNECTIONS), secured=secured)


SESSIONS = [
    session_ordeal(moment, kind) for moment, kinds in OF_A_SESSION.items() for kind in kinds
]
MESSAGES = [
    Ordeal(Fault(moment, kind), pipelining=pipelining)
    for moment, kinds in OF_A_MESSAGE.items()
    for kind in kinds
    for pipelining in (True, False)
]
BROKEN = [Ordeal(breaks=one) for one in Break]
# What the database has a part in, and some of the others.
SESSIONS_ON_POSTGRESQL = [
    session_ordeal(Moment.CONNECT, Kind.RST),
    session_ordeal(Moment.GREETING, Kind.NEVER),
    session_ordeal(Moment.AUTH, Kind.LATER),
]
MESSAGES_ON_POSTGRESQL = [
    Ordeal(Fault(moment, kind))
    for moment, kind in (
        (Moment.MAIL, Kind.LATER),
        (Moment.RCPT, Kind.NEVER),
        (Moment.DATA, Kind.FIN),
        (Moment.BODY, Kind.RST),
        (Moment.DOT, Kind.CLOSING),
        (Moment.DOT, Kind.STALL),
        (Moment.ACCEPTED, Kind.FIN),
        (Moment.ACCEPTED, Kind.RST),
        (Moment.BETWEEN, Kind.CLOSING),
    )
]

Ends = dict[tuple[str, Ordeal], Ended]


@pytest.fixture(scope="module")
def ends(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ends:
    """How every ordeal that this run asks for ended."""
    folder = tmp_path_factory.mktemp("ordeals")
    authority = trustme.CA()
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    ended: Ends = {}
    for kind, databases in (("sqlite", on_sqlite), ("postgresql", on_postgresql)):
        asked = asked_for(request, kind)
        if not asked:
            continue
        with databases(request, folder) as url_of:
            quick = [one for one in asked if not one.slow]
            found = asyncio.run(go_through_all(quick, url_of, folder, tls, ca_file))
            with impatient():
                slow = [one for one in asked if one.slow]
                found |= asyncio.run(go_through_all(slow, url_of, folder, tls, ca_file))
        ended |= {(kind, ordeal): end for ordeal, end in found.items()}
    return ended


def asked_for(request: pytest.FixtureRequest, kind: str) -> list[Ordeal]:
    """The ordeals of this module that the run is to look at."""
    found = []
    for item in request.session.items:
        if isinstance(item, pytest.Function) and item.module is request.module:
            given = item.callspec.params
            if given["kind"] == kind:
                found.append(given["ordeal"])
    return found


@contextmanager
def on_sqlite(_request: pytest.FixtureRequest, folder: Path) -> Iterator[Callable[[], str]]:
    """Copies of a database whose mailing has just begun."""
    template = folder / "template.db"
    prepare(f"sqlite:///{template}", folder)
    numbers = count(1)

    def copied() -> str:
        file = folder / f"ordeal{next(numbers)}.db"
        shutil.copy(template, file)
        return f"sqlite:///{file}"

    yield copied


@contextmanager
def on_postgresql(request: pytest.FixtureRequest, folder: Path) -> Iterator[Callable[[], str]]:
    server: Postgres = request.getfixturevalue("postgres")
    template = f"mailer_ordeal_{os.getpid()}"
    prepare(server.database(template), folder)
    names = [template]

    def copied() -> str:
        name = f"{template}_{len(names)}"
        server.copy(template, name)
        names.append(name)
        return server.database(name)

    yield copied
    for name in names:
        server.drop(name)


def prepare(url: str, folder: Path) -> None:
    with closing(connect(url)) as database:
        upgrade(url, database.engine)
        begin(database, make_config(folder, url))


def on(kind: str, ordeals: Iterable[Ordeal]) -> list[Any]:
    """The parameters of a test that looks at these ordeals."""
    return [
        pytest.param(
            kind,
            ordeal,
            id=f"{ordeal}, {kind}",
            marks=[pytest.mark.xfail(reason=NOT_YET[ordeal], strict=False)]
            if ordeal in NOT_YET
            else [],
        )
        for ordeal in ordeals
    ]


def is_right(row: Row, copies: int, right: Right) -> bool:
    return (
        row.state in right.states
        and row.tries in right.tries
        and row.doubts in right.doubts
        and copies in right.copies
    )


def require_true(end: Ended) -> None:
    """What holds whatever went wrong."""
    assert end.finished, {row.address: row for row in end.rows.values() if row.state != "sent"}
    assert sorted(end.rows) == EVERYBODY
    assert end.books.complaints(stopped_in_order=True) == []
    for address, row in end.rows.items():
        copies = end.copies.get(address, [])
        assert row.worker is None
        assert row.state in ("sent", "failed")
        assert (row.reply_code == 250) == (row.state == "sent")
        assert len({copy.message_id for copy in copies}) <= 1
        assert len({copy.digest for copy in copies}) <= 1
        # On a machine that is busy a reply may come when nobody waits for it any more.
        answered = sum(copy.answered for copy in copies)
        assert (row.state == "sent") <= answered <= (row.state == "sent") + row.doubts
        assert len(copies) <= 1 + row.doubts


@pytest.mark.parametrize(
    ("kind", "ordeal"), on("sqlite", SESSIONS) + on("postgresql", SESSIONS_ON_POSTGRESQL)
)
def test_a_relay_that_does_not_let_us_in_costs_nobody_anything(
    ends: Ends, kind: str, ordeal: Ordeal
) -> None:
    end = ends[kind, ordeal]
    require_true(end)
    assert end.strikes == CONNECTIONS
    for address, row in end.rows.items():
        assert is_right(row, len(end.copies[address]), UNTOUCHED), row


@pytest.mark.parametrize(
    ("kind", "ordeal"), on("sqlite", MESSAGES) + on("postgresql", MESSAGES_ON_POSTGRESQL)
)
def test_a_fault_at_a_message_concerns_that_message(ends: Ends, kind: str, ordeal: Ordeal) -> None:
    end = ends[kind, ordeal]
    require_true(end)
    fault = ordeal.fault
    assert fault is not None
    right = OF_A_MESSAGE[fault.moment][fault.kind]
    # Where MAIL is refused for good, the relay never hears who was meant.
    struck = end.struck | {row.address for row in end.rows.values() if row.state == "failed"}
    assert len(struck) == end.strikes == fault.times
    for address, row in end.rows.items():
        copies = len(end.copies.get(address, []))
        if address in struck:
            assert is_right(row, copies, right), row
        else:
            # Its envelope may have been on its way behind the message that was struck.
            assert is_right(row, copies, NEIGHBOUR), row


@pytest.mark.parametrize(("kind", "ordeal"), on("sqlite", BROKEN))
def test_pipelining_that_is_broken_is_noticed(ends: Ends, kind: str, ordeal: Ordeal) -> None:
    end = ends[kind, ordeal]
    require_true(end)
    for address, row in end.rows.items():
        assert row.state == "sent"
        assert row.doubts == 0
        assert len(end.copies[address]) == 1
