"""Scheduled: at its time, once, whoever was there and whoever changed it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.services import free_port
from tests.sink import Sink
from tests.system.site import Site, wait_for

READERS = 20


def in_seconds(seconds: float) -> str:
    """So many seconds from now, as `--at` takes it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def other_port() -> dict[str, str]:
    return {"MAILER_SITE__LISTEN": f"127.0.0.1:{free_port()}"}


def test_two_processes_send_it_once_at_its_time(site: Site, sink: Sink) -> None:
    addresses = site.fill(READERS)
    with site.process("serve"), site.process("serve", env=other_port()):
        wait_for(lambda: site.log.count("pages_served") == 2, "both to serve")
        due = datetime.now(UTC) + timedelta(seconds=8)
        site.run("issues", "schedule", "120", "--at", due.isoformat())
        assert site.status()["status"] == "scheduled"
        assert sink.recorded == []
        wait_for(lambda: bool(sink.recorded), "the first letter")
        assert due <= datetime.now(UTC) <= due + timedelta(seconds=5)
        wait_for(lambda: site.state == "sent", "the mailing to be sent")
    assert sorted(sink.recipients) == sorted(addresses)


def test_moved_while_a_process_runs(site: Site, sink: Sink) -> None:
    site.fill(READERS)
    with site.process("work"):
        site.run("issues", "schedule", "120", "--at", in_seconds(3600))
        moved = datetime.now(UTC) + timedelta(seconds=3)
        site.run("issues", "schedule", "120", "--at", moved.isoformat())
        wait_for(lambda: bool(sink.recorded), "the first letter")
        assert moved <= datetime.now(UTC) <= moved + timedelta(seconds=5)
        wait_for(lambda: site.state == "sent", "the mailing to be sent")
    assert len(sink.recorded) == READERS


def test_late_but_not_too_late(site: Site, sink: Sink) -> None:
    site.fill(READERS)
    site.run("issues", "schedule", "120", "--at", in_seconds(3))
    wait_for(lambda: overdue(site, 0), "its time to pass")
    with site.process("work"):
        wait_for(lambda: site.state == "sent", "the mailing to be sent")
    assert len(sink.recorded) == READERS


@pytest.mark.parametrize(
    ("database_url", "then"),
    [("sqlite", "resume"), ("postgresql", "schedule")],
    indirect=["database_url"],
)
def test_too_late(tmp_path: Path, site_url: str, sink: Sink, then: str) -> None:
    site = Site(tmp_path, site_url, sink.port, '[schedule]\nlate_after = "4s"\n')
    site.fill(READERS)
    site.run("issues", "schedule", "120", "--at", in_seconds(3))
    wait_for(lambda: overdue(site, 4.5), "its time to pass by far")
    with site.process("work"):
        wait_for(lambda: site.state == "paused", "the mailing to be paused")
        status = site.status()
        assert "was due" in status["reason"]
        assert "4 seconds" in status["reason"]
        assert sink.recorded == []
        if then == "resume":
            site.run("issues", "resume", "120")
        else:
            site.run("issues", "schedule", "120", "--at", in_seconds(3))
        wait_for(lambda: site.state == "sent", "the mailing to be sent after all")
    assert len(sink.recorded) == READERS


def overdue(site: Site, seconds: float) -> bool:
    """Whether the scheduled time went by this long ago."""
    ((start_at,),) = site.query("SELECT start_at FROM mailings")
    due = datetime.fromisoformat(str(start_at)).replace(tzinfo=UTC)
    return datetime.now(UTC) > due + timedelta(seconds=seconds)
