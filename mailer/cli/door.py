"""What the commands share: the configuration, the database, and how answers are shown."""

import getpass
import json
import sys
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailer.errors import Refused

if TYPE_CHECKING:
    from mailer.config import Config
    from mailer.database import Database


class Door:
    """The configuration and the database that a command works on, opened when first asked for."""

    def __init__(self, config_path: Path | None) -> None:
        self.config_path = config_path

    @cached_property
    def config(self) -> "Config":
        from mailer.config import load

        return load(self.config_path)

    @cached_property
    def database(self) -> "Database":
        from mailer.database import open_database

        return open_database(self.config)

    def close(self) -> None:
        """Close the database, where it was opened; SQLite then leaves no log file beside it."""
        if "database" in vars(self):
            self.database.close()

    @cached_property
    def operator(self) -> str:
        """Who runs the command, for the audit log and the record of consent."""
        try:
            return f"command ({getpass.getuser()})"
        except (OSError, KeyError):
            return "command"


def show_json(answer: Any) -> None:
    """Write `answer` as JSON to standard output."""
    show(json.dumps(answer, ensure_ascii=False, indent=2))


def show(line: str = "") -> None:
    """Write a line of the answer to standard output, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def remark(line: str) -> None:
    """Write a line that is not the answer (progress, a warning) to standard error."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def show_table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows under their heads, in columns wide enough; numbers to the right."""
    for line in table_lines(heads, rows):
        show(line)


def table_lines(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """The lines of such a table."""
    cells = [[str(cell) for cell in row] for row in rows]
    right = [bool(cells) and all(row[i].isdecimal() for row in cells) for i in range(len(heads))]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    lines = []
    for row in [list(heads), *cells]:
        padded = (
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        )
        lines.append("  ".join(padded).rstrip())
    return lines


def make_sure(question: str, *, yes: bool) -> None:
    """Ask before something that cannot be undone.

    Raises:
        Refused: the answer was no, or nobody is there to ask and `--yes` was not given.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused(f"{question} Nobody is here to answer; say --yes if you mean it.")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Refused("Nothing was changed.")
