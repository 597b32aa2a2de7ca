"""Imports at the desk: an uploaded file is looked at, run, and watched, and may be stopped.

1. `receive` keeps a file; the import is `looking`.
2. `carry_on` takes one import that has something to be done, for as long as its lease holds. It
   first reads the whole file and counts what would become of each row: the import is `looked`. A
   file that is no CSV has `failed`, with the reason.
3. Whoever looks at that states the ground and lets it run (`run_import`): the import is `waiting`.
4. `carry_on` brings chunks in. A chunk, its refusals and how far it is are one transaction, so that
   whoever goes on after a kill begins behind the last one. `stop_import` ends it before its next
   chunk.
5. When it is over, the file goes; refused rows stay for `REFUSALS_LAST`.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, delete, exists, insert, or_, select, update
from sqlalchemy.orm import Session

from mailer import audit
from mailer.audience import csv_file
from mailer.audience.apply import Act, apply, foresee
from mailer.audience.csv_row import Refusal, read_row
from mailer.audience.draft import Draft
from mailer.audience.import_desk import COUNTS, REFUSALS_KEPT, ImportStatus, status_of
from mailer.audience.importing import ROWS_AT_ONCE, chunks
from mailer.audience.models import ImportPartRow, ImportRefusalRow, ImportRow
from mailer.audience.subscription import Event
from mailer.audience.uploading import clear, uploaded
from mailer.clock import today
from mailer.database import Database, Turns
from mailer.errors import WrongInput
from mailer.sentence import Sentence, parts_of

LEASE = timedelta(seconds=60)
LOOKED_LASTS = timedelta(days=7)
REFUSALS_LAST = timedelta(days=30)
BROKE_OFF = timedelta(days=1)

_AT_WORK = ("looking", "waiting", "running")


def carry_on(
    database: Database,
    zone: ZoneInfo,
    clock: Callable[[], datetime],
    *,
    only: int | None = None,
    ended: Callable[[], bool] = lambda: False,
    rows_at_once: int = ROWS_AT_ONCE,
) -> bool:
    """Do what is to be done about one import, until `ended()`; False where there is none.

    `only` names the one that it is to be.
    """
    _clear_away_files(database)
    runner = secrets.token_hex(8)
    claimed = _claim(database, runner, clock(), only)
    if claimed is None:
        return False
    work = _Work(database, claimed, runner, zone, clock, ended, rows_at_once)
    try:
        if claimed.state == "looking":
            work.look()
        else:
            work.bring_in()
    except _Lost:
        return True
    except WrongInput as error:
        work.fail(error.said)
    return True


def forget_old(database: Database, now: datetime) -> None:
    """Let go of files that nobody ran, of uploads that broke off, and of old refusals."""
    with database.write() as session:
        old = or_(
            and_(ImportRow.state == "looked", ImportRow.started_at < now - LOOKED_LASTS),
            and_(
                or_(
                    ImportRow.state == "uploading",
                    # A command's, that was killed.
                    and_(ImportRow.state == "running", ImportRow.octets == 0),
                ),
                ImportRow.started_at < now - BROKE_OFF,
            ),
        )
        session.execute(update(ImportRow).where(old).values(state="stopped", finished_at=now))
        session.execute(
            delete(ImportRefusalRow).where(
                ImportRefusalRow.import_id.in_(
                    select(ImportRow.id).where(ImportRow.finished_at < now - REFUSALS_LAST)
                )
            )
        )
    _clear_away_files(database)


class _Lost(Exception):
    """Somebody stopped the import, or another process has it; nothing of this chunk is kept."""


class _Work:
    """One import in the hands of one process."""

    def __init__(
        self,
        database: Database,
        status: ImportStatus,
        runner: str,
        zone: ZoneInfo,
        clock: Callable[[], datetime],
        ended: Callable[[], bool],
        rows_at_once: int,
    ) -> None:
        self._database = database
        self._status = status
        self._runner = runner
        self._clock = clock
        self._ended = ended
        self._at_once = rows_at_once
        assert status.publication_id is not None
        self._act = Act(
            publication_id=status.publication_id,
            event=Event.IMPORTED,
            method="import",
            ground="",
            now=status.started_at,
            day=today(zone, status.started_at),
            import_id=status.id,
        )

    def look(self) -> None:
        """Count what would become of each row; always from the beginning."""
        counts: Counter[str] = Counter()
        seen: set[int] = set()
        for rows in self._chunks(after=0):
            drafts = [row for row in rows if isinstance(row, Draft)]
            new = [draft for draft in drafts if hash(draft.address.mailbox) not in seen]
            seen.update(hash(draft.address.mailbox) for draft in new)
            with self._database.read() as session:
                counts.update(foresee(session, new, self._act))
            # The same address again: what it says comes to the reader that the first one made.
            counts["unchanged"] += len(drafts) - len(new)
            counts["rejected"] += len(rows) - len(drafts)
            with self._database.write() as session:
                self._tell(session, {**_counted(counts), "rows": counts.total()})
        if not counts.total():
            raise WrongInput("The file is empty below its header: it names columns and no reader.")
        with self._database.write() as session:
            self._tell(session, {"state": "looked", "lease_until": None})

    def bring_in(self) -> None:
        """Bring the rows in, from behind those that are in already."""
        done = self._status.done
        kept = self._status.rejected
        turns = Turns(self._database)
        for rows in self._chunks(after=done):
            drafts = [row for row in rows if isinstance(row, Draft)]
            refused = [row for row in rows if isinstance(row, Refusal)]
            with turns.write() as session:
                counts = Counter[str](apply(session, drafts, self._act))
                counts["rejected"] = len(refused)
                if kept < REFUSALS_KEPT:
                    self._keep(session, refused[: REFUSALS_KEPT - kept])
                kept += len(refused)
                self._add(session, counts)
        with self._database.write() as session:
            at = self._clock()
            self._tell(session, {"state": "done", "finished_at": at, "lease_until": None})
            self._record(session, at)
        clear(self._database, self._status.id)

    def fail(self, reason: str) -> None:
        """Say why the file cannot be taken, and let go of it."""
        at = self._clock()
        with self._database.write() as session:
            self._tell(
                session,
                {
                    "state": "failed",
                    "finished_at": at,
                    "problem": parts_of(reason),
                    "lease_until": None,
                },
            )
        clear(self._database, self._status.id)

    def _chunks(self, after: int) -> Iterator[list[Draft | Refusal]]:
        """The rows behind the first `after`; the lease is given back where the process ends."""
        file = csv_file.begin(uploaded(self._database, self._status.id, self._status.file_name))
        rows = (read_row(file.columns, line, cells) for line, cells in csv_file.rows(file))
        next(islice(rows, after, after), None)
        for chunk in chunks(rows, self._at_once):
            if self._ended():
                with self._database.write() as session:
                    self._tell(session, {"lease_until": None})
                raise _Lost
            yield chunk

    def _keep(self, session: Session, refused: list[Refusal]) -> None:
        if refused:
            session.execute(
                insert(ImportRefusalRow),
                [
                    {
                        "import_id": self._status.id,
                        "line": row.line,
                        "value": row.value,
                        "reason": parts_of(row.reason),
                    }
                    for row in refused
                ],
            )

    def _add(self, session: Session, counts: Counter[str]) -> None:
        grown = {name: getattr(ImportRow, name) + counts[name] for name in COUNTS}
        self._tell(session, {**grown, "lease_until": self._clock() + LEASE})

    def _tell(self, session: Session, values: dict[str, object]) -> None:
        """Raises _Lost where the import is no longer this process's."""
        mine = (
            ImportRow.id == self._status.id,
            ImportRow.runner == self._runner,
            ImportRow.state.in_(_AT_WORK),
        )
        values.setdefault("lease_until", self._clock() + LEASE)
        told = update(ImportRow).where(*mine).values(values).returning(ImportRow.id)
        if session.execute(told.execution_options(synchronize_session=False)).first() is None:
            raise _Lost

    def _record(self, session: Session, at: datetime) -> None:
        row = session.get_one(ImportRow, self._status.id, populate_existing=True)
        audit.record(
            session,
            at,
            row.operator,
            f"publication {row.publication_id}",
            Sentence(
                "imported readers: {rows} rows, {created} created, {updated} updated, "
                "{unchanged} unchanged, {rejected} rejected, {suppressed} suppressed",
                rows=row.rows,
                **{count: getattr(row, count) for count in COUNTS},
            ),
        )


def _claim(database: Database, runner: str, now: datetime, only: int | None) -> ImportStatus | None:
    """Take the oldest import that has something to be done and is in nobody's hands."""
    free = or_(ImportRow.lease_until.is_(None), ImportRow.lease_until < now)
    due: ColumnElement[bool] = and_(ImportRow.state.in_(_AT_WORK), ImportRow.octets > 0, free)
    if only is not None:
        due = and_(due, ImportRow.id == only)
    with database.read() as session:
        found = session.scalar(select(ImportRow.id).where(due).order_by(ImportRow.id).limit(1))
    if found is None:
        return None
    with database.write() as session:
        taken = session.execute(
            update(ImportRow)
            .where(ImportRow.id == found, due)
            .values(runner=runner, lease_until=now + LEASE)
            .returning(ImportRow.id)
            .execution_options(synchronize_session=False)
        ).first()
        if taken is None:
            return None
        begun = update(ImportRow).where(ImportRow.id == found, ImportRow.state == "waiting")
        session.execute(begun.values(state="running").execution_options(synchronize_session=False))
        return status_of(session.get_one(ImportRow, found, populate_existing=True))


def _clear_away_files(database: Database) -> None:
    """Let go of the files of imports that are over, however that came."""
    over = ImportRow.state.in_(("done", "stopped", "failed"))
    with database.read() as session:
        theirs = exists().where(ImportPartRow.import_id == ImportRow.id)
        left = session.scalars(select(ImportRow.id).where(over, ImportRow.octets > 0, theirs)).all()
    for import_id in left:
        clear(database, import_id)


def _counted(counts: Counter[str]) -> dict[str, object]:
    return {name: counts[name] for name in COUNTS}
