"""Readers from a CSV file, of any length.

1. Read the whole file once: it is CSV, or it is refused as a whole and nothing has changed.
2. Record the import: file name, moment, operator, stated ground.
3. Take a chunk of rows at a time: rows → drafts and refusals (no transaction is open), drafts
   into the database in one short transaction, refusals into the rejects file.

Killed at any moment and run again, it ends in the same state: a chunk is in wholly or not at
all, and a row that is in already changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

from sqlalchemy import insert, update

from mailer.audience import csv_file
from mailer.audience.apply import Act, Outcome, apply
from mailer.audience.csv_file import CsvFile, RejectsFile
from mailer.audience.csv_row import Refusal, read_row
from mailer.audience.draft import Draft
from mailer.audience.fields import ground_of, line_of
from mailer.audience.models import ImportRow
from mailer.audience.subscription import Event
from mailer.database import Database, Turns
from mailer.errors import WrongInput
from mailer.sentence import Sentence

ROWS_AT_ONCE = 400

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What became of the rows: each is counted once, so that the five counts make `rows`."""

    rows: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    suppressed: int
    rejects_file: Path | None


def import_csv(
    database: Database,
    path: Path,
    *,
    publication_id: int,
    ground: str,
    operator: str,
    now: datetime,
    day: date | None = None,
    rejects_path: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    rows_at_once: int = ROWS_AT_ONCE,
) -> ImportOutcome:
    """Subscribe the readers in the CSV file at `path`, at once, to a publication.

    Whoever is suppressed is left alone, and whoever left stays so. `day` is the civil date from
    which new members are members (default: that of `now`). Refused rows go to `rejects_path`
    (default: `NAME.rejects.csv` in the current folder), made only when there are any. `progress`
    is called with the rows done and the rows there are.

    Raises:
        WrongInput: there is no such file, it is no CSV, or has no column `email`; or the rejects
            file cannot be where it should. Nothing was changed.
        Failed: the rejects file could not be written. What was read up to there is in.
    """
    file = csv_file.check(path)
    if file.rows == 0:
        raise WrongInput(
            Sentence("{file} is empty below its header: it names columns and no reader.", file=path)
        )
    rejects = RejectsFile(rejects_path or Path(f"{path.stem}.rejects.csv"), source=path)
    act = Act(
        publication_id=publication_id,
        event=Event.IMPORTED,
        method="import",
        ground="",
        now=now,
        day=day or now.date(),
        import_id=_begin(database, path, publication_id, ground, operator, now),
    )
    counts: Counter[str] = Counter()
    turns = Turns(database)
    with rejects:
        for chunk in chunks(_read(file), rows_at_once):
            drafts = [row for row in chunk if isinstance(row, Draft)]
            with turns.write() as session:
                counts.update(apply(session, drafts, act))
            refusals = [row for row in chunk if isinstance(row, Refusal)]
            rejects.add(refusals)
            counts["rejected"] += len(refusals)
            if progress is not None:
                progress(counts.total(), file.rows)
    with database.write() as session:
        finished = update(ImportRow).where(ImportRow.id == act.import_id)
        session.execute(
            finished.values(state="done", finished_at=now, rows=counts.total(), **_named(counts))
        )
    return ImportOutcome(
        rows=counts.total(),
        created=counts[Outcome.CREATED],
        updated=counts[Outcome.UPDATED],
        unchanged=counts[Outcome.UNCHANGED],
        rejected=counts["rejected"],
        suppressed=counts[Outcome.SUPPRESSED],
        rejects_file=rejects.written,
    )


def _begin(
    database: Database,
    path: Path,
    publication_id: int,
    ground: str,
    operator: str,
    now: datetime,
) -> int:
    with database.write() as session:
        added = insert(ImportRow).values(
            file_name=path.name,
            operator=line_of("operator", operator),
            ground=ground_of(ground),
            started_at=now,
            publication_id=publication_id,
            state="running",
        )
        return session.execute(added.returning(ImportRow.id)).scalar_one()


def _named(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in (*Outcome, "rejected")}


def _read(file: CsvFile) -> Iterator[Draft | Refusal]:
    return (read_row(file.columns, line, cells) for line, cells in csv_file.rows(file))


def chunks(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """`items` in lists of `size`."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
