"""Database, disk and relay fail in the middle of a mailing and come back: it goes on by itself.

One `mailer work` sends to a relay that takes so many a second; it is never started anew.
"""

import resource
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.reckoning import books, copies_of, reckon
from mailer import publication
from mailer.database import connect, upgrade
from tests.conftest import NOW
from tests.faulty_relay import FaultyRelay
from tests.services import OwnPostgres, free_port, missing_service, start_postgres
from tests.system.site import Site, wait_for

READERS = 200
PER_SECOND = 60.0
CONNECTIONS = 4
FIRST_RETRY = '[pace]\nretry_first = "1s"\n'
# Seconds that something is gone: enough to be noticed everywhere, and a minute.
FOR_A_WHILE = pytest.mark.parametrize("gone_s", [3.0, pytest.param(60.0, marks=pytest.mark.long)])
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class Mailing:
    """A mailing that is being sent by a process."""

    site: Site
    relay: FaultyRelay
    readers: list[str]
    process: "subprocess.Popen[bytes]"

    def wait_until_taken(self, count: int) -> None:
        wait_for(lambda: len(self.relay.accepted) >= count, f"{count} messages")

    def require_standstill(self, seconds: float) -> None:
        """Fail where a message is taken though the ledger cannot be written."""
        time.sleep(0.5)  # what was past its dot is answered by then
        taken = len(self.relay.accepted)
        time.sleep(seconds - 0.5)
        assert len(self.relay.accepted) == taken
        assert self.process.poll() is None, self.site.log

    def require_all_sent(self, most_doubles: int) -> None:
        wait_for(lambda: self.site.state == "sent", "the mailing's end", patience_s=120)
        assert self.process.poll() is None, self.site.log
        taken = copies_of((one.recipient, one.message_id) for one in self.relay.accepted)
        found = reckon(self.readers, taken, books(self.site.url))
        assert found.complaints(most_doubles) == [], self.site.log


@contextmanager
def sending(site: Site, relay: FaultyRelay) -> Iterator[Mailing]:
    """A mailing of which some is sent."""
    readers = site.fill(READERS)
    site.run("issues", "send", "120")
    with site.process("work") as process:
        mailing = Mailing(site, relay, readers, process)
        mailing.wait_until_taken(READERS // 4)
        yield mailing


@pytest.fixture
def own_postgres() -> Iterator[OwnPostgres]:
    """A server that no other test uses."""
    with start_postgres() as server:
        if server is None:
            missing_service("PostgreSQL (initdb and pg_ctl)")
        yield server


@FOR_A_WHILE
def test_postgresql_stops_and_starts_again(
    tmp_path: Path, own_postgres: OwnPostgres, gone_s: float
) -> None:
    own_postgres.run("CREATE DATABASE site")
    url = own_postgres.database("site")
    with closing(connect(url)) as database:
        upgrade(url, database.engine)
        with database.write() as session:
            publication.ensure_first(session, "en", NOW)
    with FaultyRelay(per_second=PER_SECOND).running() as relay:
        site = Site(tmp_path, url, relay.port)
        with sending(site, relay) as mailing:
            own_postgres.stop()
            mailing.require_standstill(gone_s)
            own_postgres.start()
            mailing.require_all_sent(most_doubles=0)
    assert site.status()["resent_in_doubt"] == 0


@ON_SQLITE
@FOR_A_WHILE
def test_the_disk_is_full(tmp_path: Path, site_url: str, gone_s: float) -> None:
    """No file of the process can grow, neither the database's nor its log's."""
    with FaultyRelay(per_second=PER_SECOND).running() as relay:
        site = Site(tmp_path, site_url, relay.port)
        with sending(site, relay) as mailing:
            _, hard = resource.prlimit(mailing.process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(mailing.process.pid, resource.RLIMIT_FSIZE, (0, hard))
            mailing.require_standstill(gone_s)
            known = site.query(
                "SELECT s.address FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id"
                " WHERE d.state IN ('in_flight', 'sent')"
            )
            assert {one.recipient for one in relay.accepted} <= {address for (address,) in known}
            resource.prlimit(mailing.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
            mailing.require_all_sent(most_doubles=0)
    assert site.status()["resent_in_doubt"] == 0


@ON_SQLITE
@FOR_A_WHILE
def test_the_relay_is_down_and_comes_back(tmp_path: Path, site_url: str, gone_s: float) -> None:
    port = free_port()
    relay = FaultyRelay(per_second=PER_SECOND, port=port)
    site = Site(tmp_path, site_url, port, FIRST_RETRY)
    with ExitStack() as stack:
        with relay.running():
            mailing = stack.enter_context(sending(site, relay))
        time.sleep(gone_s)
        with relay.running():
            mailing.require_all_sent(most_doubles=CONNECTIONS)
    # Only what was on its way when the relay went has another try.
    ((tried_again,),) = site.query("SELECT count(*) FROM deliveries WHERE tries > 1")
    assert tried_again <= CONNECTIONS
