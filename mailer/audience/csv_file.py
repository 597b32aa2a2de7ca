"""A CSV file of readers, read line by line, however long it is; and one of refused rows.

RFC 4180, and what spreadsheets write: any line end, a byte order mark, and semicolons or tabs
for commas. The text is UTF-8. A file that is not such a thing is refused as a whole, before
anything is done with it.
"""

import csv
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from mailer.audience.csv_row import Refusal, harmless, read_header
from mailer.errors import Failed, WrongInput
from mailer.sentence import Sentence, shown

_LINE_LIMIT = 1_000_000
# For the whole process, as the csv module has it: else a long cell ends the reading of its file.
csv.field_size_limit(_LINE_LIMIT)
_DELIMITERS = (",", ";", "\t")
ENCODING, ERRORS = "utf-8-sig", "surrogateescape"
# What the latter makes of bytes that are not UTF-8.
_NOT_UTF8 = re.compile(r"[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class Source:
    """Where the text of a file comes from: its name in sentences, and how to open it anew."""

    name: str
    open: Callable[[], TextIO]


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file that was read to its end and found to be CSV: its columns, and how many rows."""

    source: Source
    delimiter: str
    columns: tuple[str, ...]
    rows: int


def check(path: Path) -> CsvFile:
    """Read the whole file at `path` once, and say what it is.

    Raises:
        WrongInput: there is no such file, it is empty, not UTF-8, no CSV, or has no column
            `email`; the sentence names the file and, where there is one, the line.
    """
    _refuse_odd_name(path)
    head = begin(Source(str(path), lambda: _open(path)))
    return replace(head, rows=sum(1 for _ in rows(head)))


def begin(source: Source) -> CsvFile:
    """Read a file's header alone: its columns, and no rows yet.

    Raises:
        WrongInput: as `check`, as far as the header shows it.
    """
    names, delimiter = _columns(source)
    return CsvFile(source, delimiter, names, 0)


def rows(file: CsvFile) -> Iterator[tuple[int, list[str]]]:
    """The rows after the header, each with the line on which it begins; blank ones left out."""
    records = _records(file.source, file.delimiter)
    next(records, None)
    return records


def _refuse_odd_name(path: Path) -> None:
    """Raises WrongInput where the name could be neither recorded nor shown."""
    if _NOT_UTF8.search(str(path)):
        raise WrongInput(
            Sentence(
                "The name “{file}” is not UTF-8; rename that file or folder.", file=shown(str(path))
            )
        )


def _columns(source: Source) -> tuple[tuple[str, ...], str]:
    """The columns, and what separates them: a comma, unless only another gives a column email."""
    refused: Sentence | None = None
    for delimiter in _DELIMITERS:
        header = next(_records(source, delimiter), None)
        if header is None:
            raise WrongInput(
                Sentence(
                    "{file} is empty; its first line must name the columns, one of them email.",
                    file=source.name,
                )
            )
        line, cells = header
        try:
            return read_header(cells), delimiter
        except WrongInput as error:
            refused = refused or Sentence(
                "{file}, line {line}: {reason}", file=source.name, line=line, reason=error.said
            )
    assert refused is not None
    raise WrongInput(refused)


def _records(source: Source, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    lines = _Lines(_lines(source))
    reader = csv.reader(lines, delimiter=delimiter)
    begins = 1
    try:
        for cells in reader:
            if lines.ended:
                raise WrongInput(
                    Sentence(
                        "{file}, line {line}: a quotation mark opens here and is never "
                        "closed; close it, or remove it.",
                        file=source.name,
                        line=begins,
                    )
                )
            if any(cell and not cell.isspace() for cell in cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise WrongInput(
            Sentence(
                "{file}, line {line}: this is no CSV ({reason}).",
                file=source.name,
                line=begins,
                reason=error,
            )
        ) from None


class _Lines:
    """An iterator that remembers having ended.

    The csv module asks for a further line only in the middle of a quoted cell; a record that it
    still gives after the last line is one whose quotation mark was never closed.
    """

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines, None)
        if line is None:
            self.ended = True
            raise StopIteration
        return line


def _open(path: Path) -> TextIO:
    if path.exists() and not path.is_file():
        raise WrongInput(Sentence("{file} is not a file; name a CSV file.", file=path))
    return path.open(encoding=ENCODING, errors=ERRORS, newline="")


def _lines(source: Source) -> Iterator[str]:
    path = source.name
    try:
        with source.open() as file:
            number = 0
            while line := file.readline(_LINE_LIMIT):
                number += 1
                if "\0" in line or (not line.isascii() and _NOT_UTF8.search(line)):
                    raise WrongInput(
                        Sentence(
                            "{file}, line {line}: this is not UTF-8 text; save it as “CSV UTF-8”, "
                            "and import that.",
                            file=path,
                            line=number,
                        )
                    )
                if len(line) >= _LINE_LIMIT:
                    raise WrongInput(
                        Sentence(
                            "{file}, line {line}: no line of a CSV is so long.",
                            file=path,
                            line=number,
                        )
                    )
                yield line
    except FileNotFoundError:
        raise WrongInput(Sentence("There is no file {file}.", file=path)) from None
    except OSError as error:
        raise WrongInput(
            Sentence("{file} cannot be read: {reason}.", file=path, reason=error.strerror)
        ) from None


class RejectsFile(AbstractContextManager["RejectsFile"]):
    """Where refused rows are told: line, refused value, reason. Made when the first one comes.

    It holds addresses, so nobody but its owner may read it.
    """

    HEADER = ("line", "value", "reason")

    def __init__(self, path: Path, source: Path) -> None:
        """Raises WrongInput where no such file could be made."""
        _refuse_odd_name(path)
        if not path.parent.is_dir():
            raise WrongInput(
                Sentence("There is no folder {folder} for the rejects file.", folder=path.parent)
            )
        if path.exists() and (not path.is_file() or path.samefile(source)):
            raise WrongInput(
                Sentence(
                    "{file} cannot be the rejects file; name another with --rejects.", file=path
                )
            )
        if path.exists() and not _is_rejects_file(path):
            raise WrongInput(
                Sentence(
                    "{file} holds something else, which rejects would replace; "
                    "name another with --rejects.",
                    file=path,
                )
            )
        self._path = path
        self._file: TextIO | None = None

    @property
    def written(self) -> Path | None:
        """The file, if any row was refused."""
        return self._path if self._file is not None else None

    def add(self, refusals: Sequence[Refusal]) -> None:
        """Raises Failed where the file cannot be written."""
        if not refusals:
            return
        try:
            if self._file is None:
                self._file = os.fdopen(
                    _private(self._path),
                    "w",
                    encoding="utf-8",
                    errors="backslashreplace",
                    newline="",
                )
                csv.writer(self._file).writerow(self.HEADER)
            csv.writer(self._file).writerows(
                (row.line, harmless(row.value), harmless(row.reason)) for row in refusals
            )
            self._file.flush()
        except OSError as error:
            raise Failed(
                Sentence(
                    "The rejects file {file} cannot be written: {reason}; name "
                    "another with --rejects and import again.",
                    file=self._path,
                    reason=error.strerror,
                )
            ) from None

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()


def _is_rejects_file(path: Path) -> bool:
    """Whether the file is empty, or of an import before this one."""
    header = ",".join(RejectsFile.HEADER).encode()
    try:
        with path.open("rb") as file:
            return file.read(len(header)) in (b"", header)
    except OSError:
        return False


def _private(path: Path) -> int:
    """A descriptor of an empty file that nobody else may read, even if it stood open to all."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(descriptor, 0o600)
    return descriptor
