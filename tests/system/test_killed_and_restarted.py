"""Killed at any moment and started again: nobody is missing, doubles stay within the rule."""

import os
import signal
import subprocess
import time

import pytest

from bench.reckoning import Reckoning, books, copies_of, reckon
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


def reckoned(site: Site, sink: Sink, addresses: list[str]) -> Reckoning:
    taken = [(one.recipient, one.message()["message-id"]) for one in sink.recorded]
    return reckon(addresses, copies_of(taken), books(site.url))


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
    found = reckoned(site, sink, addresses)
    assert found.complaints(most_doubles=len(kills) * CONNECTIONS) == []
    # Each kill struck between a message's acceptance and its reply.
    assert found.doubles >= len(kills)
    status = site.status()
    assert status["sent"] == status["audience"] == READERS
    assert status["resent_in_doubt"] >= found.doubles


def test_the_same_command_typed_again_goes_on(site: Site, sink: Sink) -> None:
    addresses = site.fill(60)
    sink.script = script = SignalAt(sink, signal.SIGKILL, 10)
    with site.process("issues", "send", "120", "--wait") as process:
        script.process = process
        assert process.wait(60) == -signal.SIGKILL, site.log
    said = site.run("issues", "send", "120", status=2)
    assert "send --wait" in said
    site.run("issues", "send", "120", "--wait")
    assert reckoned(site, sink, addresses).complaints(most_doubles=CONNECTIONS) == []


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
    assert reckoned(site, sink, addresses).complaints(most_doubles=CONNECTIONS) == []


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
        assert books(site.url).complaints(stopped_in_order=True) == []
        (site.folder / "process.log").write_text("")
    with site.process("work"):
        wait_for(lambda: site.state == "sent", "the mailing to be sent")
    assert reckoned(site, sink, addresses).complaints(most_doubles=0) == []
    assert site.status()["resent_in_doubt"] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_idle_process_ends_at_once(site: Site, number: signal.Signals) -> None:
    with site.process("serve") as process:
        wait_for(lambda: site.log.count("sender_started") == 1, "the sender to start")
        process.send_signal(number)
        assert process.wait(10) == 0, site.log
