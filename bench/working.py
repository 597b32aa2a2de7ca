"""`mailer work` as a process beside the bench, and waiting until a mailing has moved on."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from sqlalchemy import text

from bench.delivery.sites import MAILER, Site

ENDS_WITHIN_S = 10.0
STUCK_S = 120.0
"""So long without a message, and a run is given up."""
_ASK_EVERY_S = 0.02
_STATUS = text("SELECT status FROM mailings")


@contextmanager
def working(site: Site) -> Iterator["subprocess.Popen[bytes]"]:
    """A `mailer work` of the site; told to end with the block, where it has not ended before."""
    process = subprocess.Popen([*MAILER, "work"], cwd=site.folder, env=site.environment)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(2 * ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait(
    condition: Callable[[], bool], taken: Callable[[], int], every_s: float = _ASK_EVERY_S
) -> None:
    """Wait until the condition holds.

    Raises:
        SystemExit: it did not come true, and the relay takes no message any more.
    """
    seen, moved = taken(), time.monotonic()
    while not condition():
        if taken() > seen:
            seen, moved = taken(), time.monotonic()
        elif time.monotonic() - moved > STUCK_S:
            raise SystemExit(f"No message for {STUCK_S:.0f} s, after {seen}.")
        time.sleep(every_s)


def is_sent(site: Site) -> bool:
    """Whether the one mailing of the site is sent, by its database."""
    from mailer.database import connect

    with closing(connect(site.database_url)) as database, database.read() as session:
        return session.scalars(_STATUS).all() == ["sent"]
