"""Replies out of octets, however they come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.delivery.disposition import Reply
from mailer.delivery.replies import Malformed, ReplyReader

LINES = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"]), max_size=40)
REPLIES = st.builds(
    Reply, st.integers(200, 599), st.lists(LINES, min_size=1, max_size=4).map(tuple)
)


def written(reply: Reply) -> bytes:
    *more, last = reply.lines
    lines = [f"{reply.code}-{line}" for line in more] + [f"{reply.code} {last}"]
    return "".join(f"{line}\r\n" for line in lines).encode()


@given(st.lists(REPLIES, max_size=6), st.integers(1, 50))
def test_replies_come_whole_whatever_pieces_they_come_in(replies: list[Reply], size: int) -> None:
    reader, octets = ReplyReader(), b"".join(map(written, replies))
    found = []
    for start in range(0, len(octets), size):
        found += reader.feed(octets[start : start + size])
    assert found == replies
    assert not reader.amid


def test_a_code_alone_is_a_reply() -> None:
    assert ReplyReader().feed(b"250\r\n") == [Reply(250, ("",))]


@pytest.mark.parametrize(
    "octets",
    [
        b"hello\r\n",
        b"99 no\r\n",
        b"199 no\r\n",
        b"600 no\r\n",
        b"250-one\r\n251 other\r\n",
        b"250?what\r\n",
        b"\r\n",
        b"250 " + b"x" * 5000,
        b"250 " + b"x" * 5000 + b"\r\n",
        b"250-more\r\n" * 300,
    ],
)
def test_what_is_no_reply_is_refused(octets: bytes) -> None:
    with pytest.raises(Malformed):
        ReplyReader().feed(octets)


def test_what_cannot_be_printed_is_blanked() -> None:
    assert ReplyReader().feed(b"250 a\x00b\x1b[31m\r\n") == [Reply(250, ("a b [31m",))]


@given(st.binary(max_size=200))
def test_whatever_comes_it_is_replies_or_malformed(octets: bytes) -> None:
    reader = ReplyReader()
    try:
        replies = reader.feed(octets)
    except Malformed:
        return
    assert all(200 <= reply.code <= 599 for reply in replies)


def test_what_came_whole_before_counts() -> None:
    """An acceptance with rubbish behind it is an acceptance."""
    with pytest.raises(Malformed) as caught:
        ReplyReader().feed(b"250 2.0.0 kept\r\n\xff what?\r\n")
    assert caught.value.before == (Reply(250, ("2.0.0 kept",)),)
