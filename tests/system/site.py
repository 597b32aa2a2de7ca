"""A site in a scratch folder, driven as an operator would: commands, processes, signals."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from mailer import audience, publication
from mailer.database import connect
from tests.conftest import CONFIG, NOW
from tests.services import free_port

MAILER = [sys.executable, "-m", "mailer"]
LISTING = Path("mailer/cli/demo/listing.txt").resolve()
PATIENCE_S = 60.0


@dataclass
class Site:
    """The folder of a site, whose database is at `url` and whose relay listens on `relay_port`."""

    folder: Path
    url: str
    relay_port: int
    more: str = ""

    def __post_init__(self) -> None:
        config = CONFIG.format(url=self.url, port=self.relay_port) + self.more
        config = config.replace("127.0.0.1:8000", f"127.0.0.1:{free_port()}")
        (self.folder / "config.toml").write_text(config)

    def run(self, *arguments: str, status: int = 0) -> str:
        """Run a command to its end and return what it printed; its exit status is asserted."""
        done = subprocess.run(
            [*MAILER, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            env=environment(),
        )
        said = done.stdout + done.stderr
        assert done.returncode == status, said
        assert "Traceback" not in said, said
        return done.stdout if status == 0 else said

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json"))

    def fill(self, readers: int) -> list[str]:
        """Import the sample listing and so many readers; returns their addresses.

        It calls the rooms and not the commands, which would take seconds for each test.
        """
        addresses = [f"reader{number}@example.org" for number in range(readers)]
        rows = "".join(f"{address},Reader {n}\n" for n, address in enumerate(addresses))
        (self.folder / "readers.csv").write_text(f"email,name\n{rows}")
        with closing(connect(self.url)) as database:
            with database.write() as session:
                listing = publication.read_listing(LISTING, ["Update"])
                publication.import_listing(session, listing, update=False, now=NOW, actor="test")
                series = publication.find_publication(session, None)
            audience.import_csv(
                database,
                self.folder / "readers.csv",
                publication_id=series.id,
                ground="test",
                operator="test",
                now=NOW,
            )
        return addresses

    def status(self, number: int = 120) -> dict[str, Any]:
        found: dict[str, Any] = self.json("issues", "status", str(number))
        return found

    @property
    def state(self) -> str:
        """The status of the one mailing, asked of the database, which is quick."""
        rows = self.query("SELECT status FROM mailings")
        return str(rows[0][0]) if rows else "draft"

    def query(self, statement: str) -> list[Any]:
        """Rows of the site's database, asked for beside the processes that work on it."""
        with closing(connect(self.url)) as database, database.read() as session:
            return list(session.execute(text(statement)).all())

    @contextmanager
    def process(
        self, *arguments: str, before: str = "", env: dict[str, str] | None = None
    ) -> Iterator["subprocess.Popen[bytes]"]:
        """Run a command beside the test; it is killed at the end of the block if it still runs.

        `before` is Python that runs in the process before the command.
        """
        script = (
            f"import sys; sys.argv[0] = 'mailer'; {before}\nfrom mailer.cli import main; main()"
        )
        log = (self.folder / "process.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-c", script, *arguments],
            cwd=self.folder,
            stdout=log,
            stderr=log,
            env=environment() | (env or {}),
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()
            log.close()

    @property
    def log(self) -> str:
        return (self.folder / "process.log").read_text()


def environment() -> dict[str, str]:
    """The environment without configuration of its own, and with this checkout's code."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MAILER_")}
    return kept | {"PYTHONPATH": str(Path.cwd())}


def wait_for(condition: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait until the condition holds; fail with `what` where it does not come true in time."""
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        time.sleep(0.01)
