"""Sites to send from: made once with `mailer`'s commands, and copied for each mailing."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

MAILER = (sys.executable, "-m", "mailer")
NUMBER = 120
LARGE_DOMAINS = ("big.example", "large.example", "huge.example")
SMALL_DOMAINS = 2_000
_SENTENCE = (
    "The river of valley {item} rises in the snow and feeds three others; those who live there "
    "have asked for a say in how its water is shared, and *the law* of 1987 gives it. "
)
_SENTENCES = 21
"""Of each item's summary: three such items make a letter of 33 KB on the wire."""


def address(number: int) -> str:
    """The address of a reader: six of ten at one of three large domains, the rest at many."""
    if number % 10 < 6:
        domain = LARGE_DOMAINS[number % 3]
    else:
        domain = f"d{number * 7 % SMALL_DOMAINS}.example"
    return f"reader{number}@{domain}"


def items() -> list[tuple[str, str]]:
    """The three long items of the issue: title and summary."""
    return [
        (
            f"The water of valley {item}",
            (_SENTENCE * _SENTENCES).format(item=item).strip(),
        )
        for item in range(1, 4)
    ]


def listing() -> str:
    """An issue of three long items, as `mailer issues import` takes it."""
    return "\n\n".join(
        f"• {title}\n\n    Update {NUMBER}. 31 March 2007\n\n    {summary}"
        for title, summary in items()
    )


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class Site:
    """The folder of a site. What varies of its configuration is in the environment."""

    folder: Path
    database_url: str
    relay_port: int = 0
    connections: int = 10

    @property
    def environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("MAILER_")}
        return kept | {
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "MAILER_DATABASE__URL": self.database_url,
            "MAILER_RELAY__0__PORT": str(self.relay_port or 2525),
            "MAILER_RELAY__0__CONNECTIONS": str(self.connections),
            "MAILER_LOG__LEVEL": "warning",
        }

    def run(self, *words: str) -> str:
        """Run a command of `mailer` to its end; what it printed."""
        done = subprocess.run(
            [*MAILER, *words],
            cwd=self.folder,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"mailer {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def letter_size(self) -> int:
        """Bytes of the letter that a reader gets, with the final dot's line."""
        folder = self.folder / "rendered"
        self.run("issues", "render", str(NUMBER), "--to", str(folder), "--reader", address(0))
        (letter,) = folder.glob("**/*.eml")
        return len(letter.read_bytes()) + len(".\r\n")


def make(folder: Path, database_url: str, readers: int) -> Site:
    """Make a site with the issue and so many readers, by commands alone."""
    folder.mkdir(parents=True)
    site = Site(folder, database_url)
    if database_url.startswith("postgresql"):
        # `init` knows SQLite only; the configuration's folder is all that is wanted of it.
        sqlite = Site(folder, f"sqlite:///{folder / 'mailer.db'}")
        sqlite.run("init", "--yes")
        site.run("db", "upgrade")
    else:
        site.run("init", "--yes")
    (folder / "listing.txt").write_text(listing(), encoding="utf-8")
    site.run("issues", "import", "listing.txt")
    with (folder / "readers.csv").open("w", encoding="utf-8") as file:
        file.write("email,name\n")
        file.writelines(f"{address(number)},Reader {number}\n" for number in range(readers))
    site.run("subscribers", "import", "readers.csv", "--ground", "bench")
    return site


class OnSqlite:
    """Sites whose database is a file beside the configuration."""

    name = "sqlite"

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch / "sqlite"

    def make(self, readers: int) -> Site:
        folder = self._scratch / f"{readers}"
        return make(folder, f"sqlite:///{folder / 'mailer.db'}", readers)

    @contextmanager
    def copy(self, site: Site) -> Iterator[Site]:
        """A fresh copy, thrown away at the end of the block."""
        folder = self._scratch / "copy"
        shutil.copytree(site.folder, folder)
        os.sync()
        try:
            yield Site(folder, f"sqlite:///{folder / 'mailer.db'}")
        finally:
            shutil.rmtree(folder)


class OnPostgresql:
    """Sites in databases of one server, which is as durable as it is by default."""

    name = "postgresql"

    def __init__(self, scratch: Path, server: str) -> None:
        self._scratch, self._server = scratch / "postgresql", server

    def make(self, readers: int) -> Site:
        name = f"readers_{readers}"
        site = make(self._scratch / name, f"{self._server}/{name}", readers)
        self._execute(name, "VACUUM ANALYZE")
        return site

    @contextmanager
    def copy(self, site: Site) -> Iterator[Site]:
        """A fresh copy, thrown away at the end of the block."""
        template = site.database_url.rpartition("/")[2]
        self._execute("postgres", f"CREATE DATABASE copy TEMPLATE {template}")
        self._execute("postgres", "CHECKPOINT")
        try:
            yield Site(site.folder, f"{self._server}/copy")
        finally:
            self._execute("postgres", "DROP DATABASE copy WITH (FORCE)")

    def _execute(self, database: str, statement: str) -> None:
        with psycopg.connect(f"{self._server}/{database}", autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def postgresql(scratch: Path) -> Iterator[OnPostgresql]:
    """A server of our own in a scratch folder, with the settings it comes with."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise SystemExit("There is no PostgreSQL in /usr/lib/postgresql; leave it out.")
    binaries = found[-1].parent
    folder = scratch / "server"
    folder.mkdir()
    user: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = ["runuser", "-u", "postgres", "--"]
        shutil.chown(folder, "postgres")
        scratch.chmod(0o755)
    port = free_port()
    data = ["-D", str(folder / "data")]
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
    _quietly(
        *(*user, str(binaries / "initdb"), *data),
        *("-U", "postgres", "-A", "trust", "--encoding=UTF8"),
    )
    control = [*user, str(binaries / "pg_ctl"), *data, "-w"]
    _quietly(*control, "-o", options, "-l", str(folder / "log"), "start")
    try:
        yield OnPostgresql(scratch, f"postgresql://postgres@127.0.0.1:{port}")
    finally:
        _quietly(*control, "-m", "immediate", "stop")


def _quietly(*words: str) -> None:
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, cwd="/")
