"""The database commits, and the reply is lost on the way: the ledger stays true, nobody strands."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError, OperationalError

from mailer import clock
from mailer.delivery import recover
from mailer.delivery import sender as sender_module
from mailer.delivery.ledger import Ledger
from mailer.delivery.models import DeliveryRow
from tests.conftest import NOW
from tests.delivery.desk import LEASE, Desk, address
from tests.delivery.test_sender import EVERYBODY, is_sent, run_until, set_up, status
from tests.sink import Sink


class Loses:
    """Loses the reply to every COMMIT of a transaction that held a statement with `word`."""

    def __init__(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.word = ""
        self.times = 0
        self._seen = ""
        dialect = desk.database.engine.dialect
        do_commit, execute = dialect.do_commit, dialect.do_execute
        many = dialect.do_executemany
        error = sqlite3.OperationalError if desk.database.is_sqlite else psycopg.OperationalError

        def committing(connection: Any) -> None:
            do_commit(connection)
            seen, self._seen = self._seen, ""
            if self.word and self.word in seen and self.times > 0:
                self.times -= 1
                raise error("the reply was lost")

        def noting(run: Callable[..., Any]) -> Callable[..., Any]:
            def noted(cursor: Any, statement: str, *more: Any) -> Any:
                self._seen += statement
                return run(cursor, statement, *more)

            return noted

        written, elsewhere = Ledger.commit, Ledger.commit_elsewhere

        def lost_with(outcomes: Any) -> None:
            if outcomes and self.word in ("outcomes", "RETURNING") and self.times > 0:
                self.times -= 1
                raise DBAPIError(None, None, error("the reply was lost"))

        def committed(ledger: Ledger, entering: Any, outcomes: Any) -> set[int]:
            held = written(ledger, entering, outcomes)
            lost_with(outcomes)
            return held

        async def committed_elsewhere(ledger: Ledger, entering: Any, outcomes: Any) -> set[int]:
            held = await elsewhere(ledger, entering, outcomes)
            lost_with(outcomes)
            return held

        monkeypatch.setattr(Ledger, "commit", committed)
        monkeypatch.setattr(Ledger, "commit_elsewhere", committed_elsewhere)
        monkeypatch.setattr(dialect, "do_commit", committing)
        monkeypatch.setattr(dialect, "do_execute", noting(execute))
        monkeypatch.setattr(dialect, "do_executemany", noting(many))

    def next(self, word: str, times: int = 1) -> None:
        self.word, self.times = word, times


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KEEP_S", "LOCK_S", "POLL_S"):
        monkeypatch.setattr(sender_module, name, 0.05)
    monkeypatch.setattr("mailer.delivery.book._AGAIN_AFTER", 0.1)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink().running() as running:
        yield running


@pytest.mark.parametrize(
    ("word", "doubts"),
    [("deliveries.tries, deliveries.doubts", 0), ("outcomes", 0), ("RETURNING", 0)],
    ids=["claim", "book", "any"],
)
def test_everybody_is_sent_the_letter_once_all_the_same(
    desk: Desk, sink: Sink, monkeypatch: pytest.MonkeyPatch, word: str, doubts: int
) -> None:
    desk = set_up(desk, sink.port)
    desk.subscribe(*EVERYBODY)
    mailing = desk.begin(clock.now())
    desk.fan_out(mailing, clock.now())
    loses = Loses(desk, monkeypatch)
    loses.next(word, 3)
    asyncio.run(run_until(desk, lambda: is_sent(desk), "the mailing's end"))
    assert loses.times == 0
    assert desk.states() == {"sent": len(EVERYBODY)}
    assert Counter(sink.recipients) == dict.fromkeys(EVERYBODY, 1)
    assert status(desk).resent_in_doubt == doubts


def test_what_entered_by_a_commit_that_is_tried_again_has_entered(desk: Desk) -> None:
    desk.subscribe(*map(address, range(2)))
    desk.send()
    ids = [one.delivery_id for one in desk.claim("sender-a")]
    for _ in range(2):
        assert desk.commit("sender-a", ids) == set(ids)
    assert desk.commit("sender-b", ids) == set()


@pytest.mark.parametrize("in_doubt", ["resend", "hold"])
def test_what_a_worker_does_not_know_of_is_freed(desk: Desk, in_doubt: str) -> None:
    desk.subscribe(*map(address, range(5)))
    desk.send()
    ids = [one.delivery_id for one in desk.claim("sender-a", limit=4)]
    desk.put(ids[2:], state="in_flight")
    now = NOW + timedelta(seconds=1)
    with desk.database.write() as session:
        recover.renew(session, "sender-a", [ids[0], ids[2]], now + LEASE)
        known = {ids[0], ids[2]}
        assert recover.free_unknown(session, "sender-a", known, now, in_doubt) == 2
        assert recover.free_unknown(session, "sender-b", set(), now, in_doubt) == 0
    doubtful = "in_doubt" if in_doubt == "hold" else "queued"
    assert [state for (state,) in desk.rows(DeliveryRow.state)] == [
        "claimed", "queued", "in_flight", doubtful, "queued"
    ]  # fmt: skip
    assert desk.status().resent_in_doubt == (1 if in_doubt == "resend" else 0)


def test_the_reply_is_lost_as_it_should_be_for_these_tests(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.subscribe(address(1))
    desk.send()
    Loses(desk, monkeypatch).next("deliveries.tries, deliveries.doubts")
    with pytest.raises(OperationalError):
        desk.claim("sender-a")
    assert desk.states() == {"claimed": 1}
