"""Files of readers that were uploaded at the desk: kept in pieces until their import is over.

The pieces lie compressed in the database. So nothing of a file's name ever becomes a path, no copy
of it is left on any disk, and whichever process goes on with the import can read it.
"""

import io
import zlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import PureWindowsPath

from sqlalchemy import delete, insert, select, update

from mailer.audience.csv_file import ENCODING, ERRORS, Source
from mailer.audience.fields import line_of
from mailer.audience.models import ImportPartRow, ImportRow
from mailer.database import Database
from mailer.errors import WrongInput
from mailer.sentence import Sentence

LARGEST = 200 * 1024 * 1024
PIECE = 256 * 1024

_NAME_SHOWN = 100
_CLEARED_AT_ONCE = 8


def receive(
    database: Database,
    file_name: str,
    pieces: Iterable[bytes],
    *,
    publication_id: int,
    operator: str,
    now: datetime,
) -> int:
    """Keep an uploaded file to be looked at; the id of its import.

    Raises:
        WrongInput: it is empty, or larger than `LARGEST`. Nothing is kept.
    """
    with database.write() as session:
        added = insert(ImportRow).values(
            file_name=clean_name(file_name),
            operator=line_of("operator", operator),
            ground="",
            started_at=now,
            publication_id=publication_id,
            state="uploading",
        )
        import_id = session.execute(added.returning(ImportRow.id)).scalar_one()
    octets = 0
    try:
        for number, piece in enumerate(pieces):
            octets += len(piece)
            if octets > LARGEST:
                raise WrongInput(
                    Sentence(
                        "The file is larger than {limit} MB; divide it, and import one after the "
                        "other.",
                        limit=LARGEST // 1024**2,
                    )
                )
            packed = zlib.compress(piece, 1)
            with database.write() as session:
                session.execute(
                    insert(ImportPartRow).values(import_id=import_id, number=number, packed=packed)
                )
        if not octets:
            raise WrongInput("The file is empty.")
    except BaseException:
        clear(database, import_id)
        with database.write() as session:
            session.execute(delete(ImportRow).where(ImportRow.id == import_id))
        raise
    with database.write() as session:
        session.execute(
            update(ImportRow)
            .where(ImportRow.id == import_id)
            .values(state="looking", octets=octets)
        )
    return import_id


def clean_name(file_name: str) -> str:
    """A file's name without any folder, fit to be shown: it is never used as a path."""
    name = "".join(c if c.isprintable() else " " for c in PureWindowsPath(file_name).name)
    return " ".join(name.split()).strip(".")[:_NAME_SHOWN] or "readers.csv"


def uploaded(database: Database, import_id: int, file_name: str) -> Source:
    """An uploaded file, to be read like any other."""

    def open_it() -> io.TextIOWrapper:
        pieces = io.BufferedReader(_Pieces(database, import_id), PIECE)
        return io.TextIOWrapper(pieces, encoding=ENCODING, errors=ERRORS, newline="")

    return Source(file_name, open_it)


def clear(database: Database, import_id: int) -> None:
    """Forget an uploaded file, a few pieces at a time."""
    some = select(ImportPartRow.number).where(ImportPartRow.import_id == import_id)
    while True:
        with database.write() as session:
            numbers = session.scalars(some.limit(_CLEARED_AT_ONCE)).all()
            session.execute(
                delete(ImportPartRow).where(
                    ImportPartRow.import_id == import_id, ImportPartRow.number.in_(numbers)
                )
            )
        if not numbers:
            return


class _Pieces(io.RawIOBase):
    """The octets of an uploaded file, a piece at a time; no transaction stays open between them."""

    def __init__(self, database: Database, import_id: int) -> None:
        super().__init__()
        self._database = database
        self._import_id = import_id
        self._number = 0
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = memoryview(self._next())
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)

    def _next(self) -> bytes:
        with self._database.read() as session:
            packed = session.scalar(
                select(ImportPartRow.packed).where(
                    ImportPartRow.import_id == self._import_id,
                    ImportPartRow.number == self._number,
                )
            )
        self._number += 1
        return zlib.decompress(packed) if packed is not None else b""
