"""Where a filled database stands: a file of SQLite's, or a PostgreSQL server's folder."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mailer.database import SCHEMA
from tests.services import free_port


@dataclass(frozen=True, slots=True)
class Standing:
    """A database: its URL, its server's process, and a mark that says whether it is filled."""

    url: str
    mark: Path
    process: int | None = None

    @property
    def is_filled(self) -> bool:
        return self.mark.exists()

    def filled(self) -> None:
        self.mark.touch()


@contextmanager
def standing(kind: str, count: int, folder: Path) -> Iterator[Standing]:
    """A database for so many readers in `folder`; one that is half filled is begun again."""
    own = folder / f"{kind}-{count}-{SCHEMA}"
    mark = own / "filled"
    if not mark.exists():
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir(parents=True)
    if kind == "sqlite":
        yield Standing(f"sqlite:///{own / 'mailer.db'}", mark)
        return
    with _postgres(own) as (url, process):
        yield Standing(url, mark, process)


@contextmanager
def _postgres(folder: Path) -> Iterator[tuple[str, int]]:
    """A server with the settings it comes with, in `folder`; its database's URL, its process."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise SystemExit("There is no PostgreSQL in /usr/lib/postgresql.")
    binaries, user = found[-1].parent, []
    data, port = folder / "data", free_port()
    fresh = not data.exists()
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root; its user has to find the way to its folder.
        user = ["runuser", "-u", "postgres", "--"]
        folder.parent.chmod(0o711)
        shutil.chown(folder, "postgres")
    if fresh:
        _quietly(
            *(*user, str(binaries / "initdb"), "-D", str(data)),
            *("-U", "postgres", "-A", "trust", "--encoding=UTF8"),
        )
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
    control = (*user, str(binaries / "pg_ctl"), "-D", str(data), "-w")
    _quietly(*control, "-o", options, "-l", str(folder / "log"), "start")
    try:
        process = int((data / "postmaster.pid").read_text().splitlines()[0])
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres", process
    finally:
        _quietly(*control, "-m", "fast", "stop")


def _quietly(*words: str) -> None:
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, cwd="/")
