"""Quoted-printable (RFC 2045 section 6.7), in the one form that needs no further care.

What comes out is its own DKIM relaxed body (RFC 6376 section 3.4.4: no runs of white space,
none at a line's end), needs no dot-stuffing (RFC 5321 section 4.5.2: no line begins with a
dot), and no mbox reader mistakes a line for a new message (RFC 2049 section 3: "From ").
Every line is at most 76 characters and ends in CRLF.

A merged value stands on lines of its own between soft line breaks, which decode to nothing:
so no value, however long, can lengthen a line of the letter.
"""

import re
from collections.abc import Iterator

_SOFT = b"=\r\n"
_ROOM = 75
_UNSAFE = re.compile(rb"[^!-<>-~ ]|(?<= ) | \Z")
_NOT_FIRST = b".F "


def needs_no_encoding(text: str) -> bool:
    """Whether `text` may stand as it is (7bit, RFC 2045 section 2.7) and keep these promises."""
    text = text.replace("=", "-")
    return quoted(text) == text.replace("\n", "\r\n").encode()


def quoted(text: str, *, before_value: bool = False) -> bytes:
    """Static `text` (lines parted by LF), to stand at a line's start.

    `before_value` says that a merged value comes next: the last line, unless it is empty,
    then ends in a soft break.
    """
    lines = text.encode().split(b"\n")
    written = b"\r\n".join(_SOFT.join(_chunks(line)) for line in lines)
    return written + _SOFT if before_value and lines[-1] else written


def quoted_value(text: str) -> bytes:
    """One merged value without line breaks, as whole lines each ending in a soft break."""
    return _softly(text.encode())


def quoted_plain(line: bytes) -> bytes:
    """The same for a value in which no character need be quoted for its own sake.

    That is: no "=", nothing beyond printable ASCII, no run of blanks, none at the end.
    """
    if not line or line[0] in _NOT_FIRST:
        return _softly(line)
    if len(line) <= _ROOM:
        return line + _SOFT
    if len(line) <= 2 * _ROOM and line[_ROOM] not in _NOT_FIRST:
        return line[:_ROOM] + _SOFT + line[_ROOM:] + _SOFT
    return _softly(line)


def _softly(line: bytes) -> bytes:
    return b"".join(chunk + _SOFT for chunk in _chunks(line) if chunk)


def _chunks(line: bytes) -> Iterator[bytes]:
    rest = _UNSAFE.sub(lambda match: b"=%02X" % match[0][0], line)
    while True:
        if rest.startswith((b".", b"From ")):
            rest = b"=%02X" % rest[0] + rest[1:]
        if len(rest) <= _ROOM:
            yield rest
            return
        # An "=XX" is not to be split: step back to before its "=".
        escape = rest.find(b"=", _ROOM - 2, _ROOM)
        end = escape if escape >= 0 else _ROOM
        yield rest[:end]
        rest = rest[end:]
