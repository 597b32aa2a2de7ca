"""Killed at any moment and started again: nobody is missing, doubles stay within the rule."""

import os
import signal
import subprocess
import time
from collections import defaultdict

import pytest

from tests.sink import Sink
from tests.system.site import Site, wait_for

READERS = 300
CONNECTIONS = 4
SMALL_CHUNKS = "import mailer.delivery.fan_out as fan_out; fan_out.CHUNK = 7"


class SignalAt:
    """A script for the sink: at each of these counts of letters, signal the sender.

    It strikes after a letter was accepted and before its reply, which is the worst moment.
    """

    def __init__(self, sink: Sink, number: signal.Signals, *counts: int) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self._sink = sink
        self._signal = number
        self._counts = set(counts)

    def __call__(self, stage: str, _argument: str) -> str | None:
        if stage == "accepted" and len(self._sink.recorded) in self._counts:
            self._counts.discard(len(self._sink.recorded))
            assert self.process is not None
            os.kill(self.process.pid, self._signal)
        return None


def copies(sink: Sink) -> dict[str, list[str]]:
    """The Message-IDs that each recipient got."""
    found = defaultdict(list)
    for recorded in sink.recorded:
        found[recorded.recipient].append(recorded.message()["message-id"])
    return found


def test_killed_while_sending(site: Site, sink: Sink) -> None:
    addresses = site.fill(READERS)
    kills = (1, 60, 150)
    sink.script = script = SignalAt(sink, signal.SIGKILL, *kills)
    site.run("issues", "send", "120")
    for _ in kills:
        with site.process("work") as process:
            script.process = process
            assert process.wait(60) == -signal.SIGKILL, site.log
    with site.process("work"):
        wait_for(lambda: site.state == "sent", "the mailing to be sent")
    got = copies(sink)
    assert set(got) == set(addresses)
    doubles = sum(len(ids) - 1 for ids in got.values())
    assert doubles <= len(kills) * CONNECTIONS
    assert all(len(set(ids)) == 1 for ids in got.values())
    status = site.status()
    assert status["sent"] == status["audience"] == READERS
    assert status["resent_in_doubt"] >= doubles


def test_the_same_command_typed_again_goes_on(site: Site, sink: Sink) -> None:
    addresses = site.fill(60)
    sink.script = script = SignalAt(sink, signal.SIGKILL, 10)
    with site.process("issues", "send", "120", "--wait") as process:
        script.process = process
        assert process.wait(60) == -signal.SIGKILL, site.log
    said = site.run("issues", "send", "120", status=2)
    assert "send --wait" in said
    site.run("issues", "send", "120", "--wait")
    assert set(sink.recipients) == set(addresses)
    assert len(sink.recipients) <= len(addresses) + CONNECTIONS


def test_killed_while_fanning_out(site: Site, sink: Sink) -> None:
    addresses = site.fill(READERS)
    site.run("issues", "send", "120")

    def fanned_out_in_part() -> bool:
        ((cursor, ended),) = site.query("SELECT fan_out_cursor, fanned_out_at FROM mailings")
        assert ended is None, "the fan-out ended before it could be killed"
        return bool(cursor)

    with site.process("work", before=SMALL_CHUNKS) as process:
        wait_for(fanned_out_in_part, "the fan-out to begin")
        process.kill()
    assert site.status()["status"] == "sending"
    with site.process("work", before=SMALL_CHUNKS):
        wait_for(lambda: site.state == "sent", "the mailing to be sent")
    assert site.status()["sent"] == READERS
    assert set(sink.recipients) == set(addresses)
    assert len(sink.recipients) <= READERS + CONNECTIONS


def test_stopped_in_order(site: Site, sink: Sink) -> None:
    addresses = site.fill(READERS)
    stops = (5, 90)
    sink.script = script = SignalAt(sink, signal.SIGTERM, *stops)
    site.run("issues", "send", "120")
    for _ in stops:
        with site.process("work") as process:
            script.process = process
            wait_for(lambda: "sender_ended" in site.log or process.poll() is not None, "the stop")
            began = time.monotonic()
            assert process.wait(10) == 0
            assert time.monotonic() - began < 10
        held = site.query("SELECT count(*) FROM deliveries WHERE state IN ('claimed', 'in_flight')")
        assert held == [(0,)]
        (site.folder / "process.log").write_text("")
    with site.process("work"):
        wait_for(lambda: site.state == "sent", "the mailing to be sent")
    assert sorted(sink.recipients) == sorted(addresses)
    assert site.status()["resent_in_doubt"] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_idle_process_ends_at_once(site: Site, number: signal.Signals) -> None:
    with site.process("serve") as process:
        wait_for(lambda: site.log.count("sender_started") == 1, "the sender to start")
        process.send_signal(number)
        assert process.wait(10) == 0, site.log
