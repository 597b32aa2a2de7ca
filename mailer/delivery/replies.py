"""From octets to replies (RFC 5321 section 4.2), within bounds."""

import re
from functools import lru_cache

from mailer.delivery.disposition import Reply

# RFC 5321 section 4.2: the code, then a blank, or a hyphen where more lines follow.
_REPLY_LINE = re.compile(r"([2-5][0-9]{2})($|[ -])(.*)")
# RFC 5321 section 4.5.3.1.5 allows 512 octets a line; real servers write longer ones.
_LINE_OCTETS = 4096
_REPLY_LINES = 200


class Malformed(Exception):
    """What came is no reply; `str()` says why. `before` are the whole replies that came before."""

    before: tuple[Reply, ...] = ()


class ReplyReader:
    """Takes octets as they come, and gives whole replies."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[str] = []
        self._code = ""

    @property
    def amid(self) -> bool:
        """True where a reply has begun and not ended."""
        return bool(self._rest or self._lines)

    def feed(self, octets: bytes) -> list[Reply]:
        """The replies that end in `octets`.

        Raises:
            Malformed: a line is none of a reply's, or without end.
        """
        *lines, self._rest = (self._rest + octets).split(b"\n")
        replies: list[Reply] = []
        try:
            for line in lines:
                if not self._lines and line[3:4] == b" ":
                    replies.append(_single(line))
                elif (reply := self._more(line)) is not None:
                    replies.append(reply)
            if len(self._rest) >= _LINE_OCTETS:
                raise Malformed("a reply line without end")
        except Malformed as error:
            error.before = tuple(replies)
            raise
        return replies

    def _more(self, octets: bytes) -> Reply | None:
        line = _text(octets)
        match = _REPLY_LINE.fullmatch(line)
        if match is None or match[1] != (self._code or match[1]):
            raise Malformed(f"malformed reply: {line[:80]!r}")
        self._code = match[1]
        self._lines.append(match[3])
        if match[2] == "-":
            if len(self._lines) > _REPLY_LINES:
                raise Malformed("a reply without end")
            return None
        reply = Reply(int(self._code), tuple(self._lines))
        self._lines, self._code = [], ""
        return reply


# Servers say the same to every envelope.
@lru_cache(maxsize=128)
def _single(octets: bytes) -> Reply:
    line = _text(octets)
    match = _REPLY_LINE.fullmatch(line)
    if match is None:
        raise Malformed(f"malformed reply: {line[:80]!r}")
    return Reply(int(match[1]), (match[3],))


def _text(octets: bytes) -> str:
    if len(octets) > _LINE_OCTETS:
        raise Malformed("a reply line without end")
    line = octets.rstrip(b"\r").decode("utf-8", "replace")
    return line if line.isprintable() else "".join(c if c.isprintable() else " " for c in line)
