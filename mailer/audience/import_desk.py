"""Imports at the desk, as staff see them: how each stands, what was refused, run it, stop it.

The work itself is in `import_runs`.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer.audience import csv_file
from mailer.audience.csv_row import Refusal
from mailer.audience.fields import ground_of
from mailer.audience.models import ImportRefusalRow, ImportRow
from mailer.audience.uploading import uploaded
from mailer.database import Database
from mailer.errors import NotFound, Refused, WrongInput
from mailer.sentence import Sentence, of_parts

COUNTS = ("created", "updated", "unchanged", "rejected", "suppressed")
REFUSALS_KEPT = 20_000

_OPEN = ("looking", "looked", "waiting", "running")
_SAMPLE = 5


@dataclass(frozen=True, slots=True)
class ImportStatus:
    """How an import stands. Of one that is `looked`, the counts are what would become of it."""

    id: int
    state: str
    file_name: str
    operator: str
    ground: str
    publication_id: int | None
    started_at: datetime
    finished_at: datetime | None
    octets: int
    rows: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    suppressed: int
    problem: Sentence | None

    @property
    def done(self) -> int:
        """The rows that are counted."""
        return sum(getattr(self, count) for count in COUNTS)

    @property
    def is_open(self) -> bool:
        """Whether anything is still to be done about it."""
        return self.state in _OPEN


def import_status(session: Session, import_id: int) -> ImportStatus:
    """How the import of this id stands.

    Raises:
        NotFound: there is none.
    """
    row = session.get(ImportRow, import_id, populate_existing=True)
    if row is None or row.state == "uploading":
        raise NotFound("There is no such import.")
    return status_of(row)


def imports(session: Session, limit: int = 20) -> list[ImportStatus]:
    """The last imports, the newest first."""
    rows = session.scalars(
        select(ImportRow)
        .where(ImportRow.state != "uploading")
        .order_by(ImportRow.id.desc())
        .limit(limit)
    )
    return [status_of(row) for row in rows]


def import_refusals(session: Session, import_id: int, limit: int = REFUSALS_KEPT) -> list[Refusal]:
    """The refused rows of an import, by line."""
    rows = session.scalars(
        select(ImportRefusalRow)
        .where(ImportRefusalRow.import_id == import_id)
        .order_by(ImportRefusalRow.line)
        .limit(limit)
    )
    return [Refusal(row.line, row.value, of_parts(row.reason)) for row in rows]


def first_rows(database: Database, status: ImportStatus) -> tuple[tuple[str, ...], list[list[str]]]:
    """The columns of an uploaded file, and its first few rows; nothing where it is gone."""
    try:
        file = csv_file.begin(uploaded(database, status.id, status.file_name))
        rows = [cells for _, cells in islice(csv_file.rows(file), _SAMPLE)]
    except WrongInput:
        return (), []
    return file.columns, rows


def run_import(session: Session, import_id: int, ground: str, now: datetime) -> None:
    """Let an import that was looked at begin.

    Raises:
        WrongInput: no ground is stated, or it is too long.
        Refused: it runs already, or is over.
    """
    ground = ground_of(ground)
    if not ground:
        raise WrongInput("Say on what ground these readers get letters: where and how they agreed.")
    begun = session.execute(
        update(ImportRow)
        .where(ImportRow.id == import_id, ImportRow.state == "looked")
        .values(
            state="waiting", ground=ground, started_at=now, **dict.fromkeys(COUNTS, 0), runner=""
        )
        .returning(ImportRow.id)
    )
    if begun.first() is None:
        raise Refused("This import runs already, or is over.")


def stop_import(session: Session, import_id: int, now: datetime) -> None:
    """End an import before its next chunk; what came in stays.

    Raises:
        Refused: it is over.
    """
    stopped = session.execute(
        update(ImportRow)
        .where(ImportRow.id == import_id, ImportRow.state.in_(_OPEN))
        .values(state="stopped", finished_at=now, lease_until=None)
        .returning(ImportRow.id)
    )
    if stopped.first() is None:
        raise Refused("This import is over already.")


def status_of(row: ImportRow) -> ImportStatus:
    return ImportStatus(
        **{
            name: getattr(row, name)
            for name in (
                *("id", "state", "file_name", "operator", "ground", "publication_id"),
                *("started_at", "finished_at", "octets", "rows", *COUNTS),
            )
        },
        problem=of_parts(row.problem) if row.problem else None,
    )
