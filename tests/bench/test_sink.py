"""The bench's own sink: whatever it says of a mailing rests on what it counts."""

import smtplib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.delivery.mailing import missed_and_doubled
from bench.delivery.relay import OurRelay, compile_program, compiler, running
from bench.delivery.smtp_source import flooded
from tests.services import missing_service

ENVELOPE = b"MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\n"
LONG = b"A line of a body.\r\n" * 40


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sink, compiled."""
    if compiler() is None:
        missing_service("a C compiler (cc)")
    folder = tmp_path_factory.mktemp("programs")
    compile_program("sink", folder)
    return folder


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "record"


@pytest.fixture
def sink(programs: Path, record: Path) -> Iterator[OurRelay]:
    with running(programs / "sink", 0, record=record) as relay:
        assert isinstance(relay, OurRelay)
        yield relay


def say(sink: OurRelay, pieces: list[bytes], replies: int) -> list[int]:
    """Say hello, then each piece in a write of its own; the codes of so many reply lines."""
    with socket.create_connection(("127.0.0.1", sink.port), 10) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = peer.makefile("rb")
        assert lines.readline().startswith(b"220")
        peer.sendall(b"HELO a.example\r\n")
        assert lines.readline().startswith(b"250")
        for piece in pieces:
            peer.sendall(piece)
        return [int(lines.readline()[:3]) for _ in range(replies)]


def test_messages_recipients_and_bytes_are_counted(sink: OurRelay, record: Path) -> None:
    letter = b"Subject: one\r\nMessage-ID: <1@a.example>\r\n\r\nA line.\r\n"
    again = letter.replace(b"<1@", b"<2@")
    with smtplib.SMTP("127.0.0.1", sink.port) as client:
        client.ehlo()
        assert {"pipelining", "8bitmime", "enhancedstatuscodes"} <= set(client.esmtp_features)
        for reader, sent in (("b", letter), ("c", letter), ("c", again)):
            client.sendmail("a@a.example", [f"{reader}@b.example"], sent)
    counts = sink.counts()
    assert counts.messages == 3
    assert counts.bytes == 3 * len(letter + b".\r\n")
    assert counts.first < counts.last
    (first, first_id), (second, second_id), (third, third_id) = (
        line.split("\t") for line in record.read_text().splitlines()
    )
    assert (first, second, third) == ("b@b.example", "c@b.example", "c@b.example")
    assert first_id == second_id != third_id
    assert missed_and_doubled(record, readers=3) == (1, 1)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 63, 64, 65, 1000, 10_000])
@pytest.mark.parametrize(
    "body",
    [
        b".\r\n",
        b"One.\r\n.\r\n",
        b"\r\n..stuffed\r\n.\n.\r.\r\r\n.\r\n",
        LONG + b".\r\n",
        LONG + b".." + LONG + b".\r\n",
    ],
)
def test_the_end_of_a_message_is_found_wherever_its_bytes_are_cut(
    sink: OurRelay, body: bytes, size: int
) -> None:
    dialogue = (ENVELOPE + body) * 2 + b"QUIT\r\n"
    pieces = [dialogue[at : at + size] for at in range(0, len(dialogue), size)]
    assert say(sink, pieces, replies=9) == [250, 250, 354, 250] * 2 + [221]
    assert sink.counts().bytes == 2 * len(body)


def test_a_dialogue_out_of_order_is_refused(sink: OurRelay) -> None:
    pieces = [b"DATA\r\n", b"RCPT TO:<b@b.example>\r\n", b"WHAT\r\n", b"QUIT\r\n"]
    assert say(sink, pieces, replies=4) == [503, 503, 500, 221]
    assert sink.counts().messages == 0


def test_a_flood_arrives_to_the_last_message(programs: Path, sink: OurRelay) -> None:
    flood = compile_program("flood", programs)
    assert flooded(flood, sink, size=33_000, messages=501) > 0
    counts = sink.counts()
    assert counts.messages == 501
    assert counts.size == pytest.approx(33_000, abs=100)
