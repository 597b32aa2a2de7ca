"""The ledger's pen: outcomes, and what is about to pass its final dot, in one durable transaction.

1. Outcomes are written where this worker holds the delivery still; whoever freed it knows better.
2. What enters flight is marked so, where this worker holds it; the others must not be sent.
3. The tallies of the mailings move with that.

It is written for each group of messages that had replies in the same instant, tens of thousands
of times for a large mailing: hence the databases' own SQL, on a line that is kept open.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from mailer.database import Database, Line, WaitingLine
from mailer.delivery.record import Outcome
from mailer.delivery.states import QUEUED
from mailer.delivery.tally import COUNTED, COUNTED_STATES, Changes, moved

# Its reader was erased meanwhile, and a reply may repeat the address: hence the CASE.
_SQLITE_OUTCOME = """
UPDATE deliveries
SET state = ?, reason = CASE reason WHEN 'erased' THEN '' ELSE ? END, due_at = ?, tries = ?,
    doubts = ?, reply_code = ?, finished_at = ?, fault = ?, worker = NULL, lease_until = NULL
WHERE id = ? AND worker = ? AND state IN ('claimed', 'in_flight')
"""
_SQLITE_ENTER = """
UPDATE deliveries SET state = 'in_flight' WHERE id = ? AND worker = ? AND state = 'claimed'
"""
_SQLITE_IN_FLIGHT = """
SELECT state FROM deliveries WHERE id = ? AND worker = ? AND state = 'in_flight'
"""
_SQLITE_TALLY = f"""
INSERT INTO tallies (mailing_id, worker, {", ".join(COUNTED)})
VALUES (?, ?, {", ".join("?" for _ in COUNTED)})
ON CONFLICT (mailing_id, worker) DO UPDATE
SET {", ".join(f"{name} = {name} + excluded.{name}" for name in COUNTED)}
"""  # noqa: S608 -- names of ours

_POSTGRES_GROUP = f"""
WITH outcome AS (
    UPDATE deliveries AS d
    SET state = o.state, reason = CASE d.reason WHEN 'erased' THEN '' ELSE o.reason END,
        due_at = o.due_at, tries = o.tries, doubts = o.doubts, reply_code = o.reply_code,
        finished_at = o.finished_at, fault = o.fault, worker = NULL, lease_until = NULL
    FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(reasons)s::text[],
                %(dues)s::timestamptz[], %(tries)s::int[], %(doubts)s::int[], %(codes)s::int[],
                %(finished)s::timestamptz[], %(faults)s::text[], %(doubted)s::int[])
         AS o (id, state, reason, due_at, tries, doubts, reply_code, finished_at, fault, doubted)
    WHERE d.id = o.id AND d.worker = %(worker)s AND d.state IN ('claimed', 'in_flight')
    RETURNING d.mailing_id, d.state, o.doubted
), told AS (
    INSERT INTO tallies (mailing_id, worker, {", ".join(COUNTED_STATES)}, doubts)
    SELECT mailing_id, %(worker)s,
           {", ".join(f"count(*) FILTER (WHERE state = '{name}')" for name in COUNTED_STATES)},
           sum(doubted)
    FROM outcome GROUP BY mailing_id
    ON CONFLICT (mailing_id, worker) DO UPDATE
    SET {
    ", ".join(f"{name} = tallies.{name} + excluded.{name}" for name in (*COUNTED_STATES, "doubts"))
}
)
UPDATE deliveries SET state = 'in_flight'
WHERE id = ANY(%(entering)s::bigint[]) AND worker = %(worker)s AND state = 'claimed'
RETURNING id
"""  # noqa: S608 -- names of ours
_POSTGRES_IN_FLIGHT = """
SELECT id FROM deliveries
WHERE id = ANY(%s::bigint[]) AND worker = %s AND state = 'in_flight'
"""
_STORED_LENGTH = len("2007-03-31 09:00:00.000000")


class Ledger:
    """Writes what one worker did; on one thread."""

    def __init__(self, database: Database, worker: str) -> None:
        self._line = Line(database)
        self._waiting = WaitingLine(database)
        self._worker = worker
        self._write = self._on_sqlite if database.is_sqlite else self._on_postgres
        self.elsewhere = not database.is_sqlite
        """Whether a server does the work, for which an event loop need not wait."""

    def commit(self, entering: Sequence[int], outcomes: Sequence[Outcome]) -> set[int]:
        """Write that `entering` may now pass their final dots, and what became of `outcomes`.

        Returns those of `entering` that this worker still holds; the others must not be sent. It
        may be called again with the same, where it failed: what was written then counts once.

        Raises:
            DBAPIError: the database failed; it is not known what was written.
        """
        with self._line.write() as driver:
            return self._write(driver, _entering(entering, outcomes), outcomes)

    async def commit_elsewhere(
        self, entering: Sequence[int], outcomes: Sequence[Outcome]
    ) -> set[int]:
        """The same on PostgreSQL, while the event loop goes on; one at a time."""
        enters = _entering(entering, outcomes)
        group = self._group(enters, outcomes)
        entered = {row[0] for row in await self._waiting.execute(_POSTGRES_GROUP, group)}
        if len(entered) != len(enters):
            again = await self._waiting.execute(_POSTGRES_IN_FLIGHT, (enters, self._worker))
            entered.update(row[0] for row in again)
        return entered

    def close(self) -> None:
        self._line.drop()
        self._waiting.drop()

    def _on_sqlite(
        self, driver: Any, entering: Sequence[int], outcomes: Sequence[Outcome]
    ) -> set[int]:
        # Outcomes first: one that is written again, since the reply to its COMMIT was lost, must
        # not take back what enters now.
        changes: Changes = {}
        written = 0
        if outcomes:
            written = driver.executemany(
                _SQLITE_OUTCOME, [_sqlite_row(one, self._worker) for one in outcomes]
            ).rowcount
            alike = Counter((one.mailing_id, one.state, one.doubted) for one in outcomes)
            for (mailing_id, state, doubted), times in alike.items():
                moved(changes, mailing_id, QUEUED, state, doubted, times)
        if written != len(outcomes):
            # Some were freed by others, or written before: begin anew, and look at each.
            driver.rollback()
            driver.execute("BEGIN IMMEDIATE")
            changes = {}
            for one in outcomes:
                if driver.execute(_SQLITE_OUTCOME, _sqlite_row(one, self._worker)).rowcount:
                    moved(changes, one.mailing_id, QUEUED, one.state, one.doubted)
        for mailing_id, change in changes.items():
            driver.execute(
                _SQLITE_TALLY, (mailing_id, self._worker, *(change[name] for name in COUNTED))
            )
        pairs = [(one, self._worker) for one in entering]
        if pairs and driver.executemany(_SQLITE_ENTER, pairs).rowcount != len(pairs):
            return {one for one, worker in pairs
                    if driver.execute(_SQLITE_IN_FLIGHT, (one, worker)).fetchone()}  # fmt: skip
        return set(entering)

    def _on_postgres(
        self, driver: Any, entering: Sequence[int], outcomes: Sequence[Outcome]
    ) -> set[int]:
        found = driver.execute(_POSTGRES_GROUP, self._group(entering, outcomes))
        entered = {row[0] for row in found.fetchall()}
        if len(entered) != len(entering):
            # What a former attempt entered, whose reply was lost, is in flight already.
            again = driver.execute(_POSTGRES_IN_FLIGHT, (list(entering), self._worker))
            entered.update(row[0] for row in again.fetchall())
        return entered

    def _group(self, entering: Sequence[int], outcomes: Sequence[Outcome]) -> dict[str, Any]:
        """The parameters of `_POSTGRES_GROUP`."""
        return {
            "worker": self._worker,
            "entering": list(entering),
            "ids": [one.delivery_id for one in outcomes],
            "states": [one.state for one in outcomes],
            "reasons": [one.reason for one in outcomes],
            "dues": [one.due_at for one in outcomes],
            "tries": [one.tries for one in outcomes],
            "doubts": [one.doubts for one in outcomes],
            "codes": [one.reply_code for one in outcomes],
            "finished": [one.finished_at for one in outcomes],
            "faults": [one.fault for one in outcomes],
            "doubted": [int(one.doubted) for one in outcomes],
        }


def _entering(entering: Sequence[int], outcomes: Sequence[Outcome]) -> list[int]:
    """Those that enter flight and are not over already."""
    ended = {one.delivery_id for one in outcomes}
    return [one for one in entering if one not in ended]


def _sqlite_row(outcome: Outcome, worker: str) -> tuple[Any, ...]:
    due_at = _stored(outcome.due_at)
    finished_at: str | None = due_at
    if outcome.finished_at is not outcome.due_at:
        finished_at = _stored(outcome.finished_at) if outcome.finished_at else None
    return (
        outcome.state,
        outcome.reason,
        due_at,
        outcome.tries,
        outcome.doubts,
        outcome.reply_code,
        finished_at,
        outcome.fault,
        outcome.delivery_id,
        worker,
    )


def _stored(moment: datetime) -> str:
    """As `UtcDateTime` keeps it on SQLite."""
    return moment.astimezone(UTC).isoformat(" ", "microseconds")[:_STORED_LENGTH]
