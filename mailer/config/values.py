"""The kinds of values that keys have, each with what makes it wrong."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

_DURATION = re.compile(r"([0-9]+)\s*(ms|s|m|h|d|days?)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "day": 86400, "days": 86400}
_CENTURY_S = 36_525 * 86_400

# The same characters as `letter` takes in links, mailboxes and Message-IDs, so that what it would
# refuse in the middle of a mailing is refused at the start.
LINK = re.compile(r"https?://[!#-;=?-~]+")
_ATOM = r"[^\s\x00-\x20\x7f-\x9f<>()\[\]\\,;:@\"]+"
ADDRESS = re.compile(f"{_ATOM}@{_ATOM}")
_MAILBOX = re.compile(rf"""\s*(?:"(?:[^"\\]|\\.)*"|[^"]*)\s*<\s*{_ATOM}@{_ATOM}\s*>\s*""")
# C0, DEL, C1, the line ends of Unicode, and surrogates, which have no UTF-8.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL_AMID_LINES = re.compile(rf"(?![\t\r\n]){_CONTROL.pattern}")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
DOMAIN = re.compile(r"[A-Za-z0-9.-]+")
# RFC 5321 section 4.1.1.1: a domain, or an address in brackets.
HELO = re.compile(r"[A-Za-z0-9._-]+|\[[A-Za-z0-9.:]+\]")


def parse_duration(text: object) -> timedelta:
    """Read "90s", "5m", "48h" or "30 days".

    Raises:
        ValueError: not a number and one of the units ms, s, m, h, d; or more than a century.
    """
    if isinstance(text, timedelta):
        return text
    match = _DURATION.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError('a span of time is a number and a unit, like "60s", "5m", "48h", "30d"')
    seconds = int(match[1]) * _SECONDS[match[2]]
    if seconds > _CENTURY_S:
        raise ValueError("a span of time has a hundred years at most")
    return timedelta(seconds=seconds)


def _header_safe(text: object) -> object:
    if isinstance(text, str) and _CONTROL.search(text):
        raise ValueError("a line break or control character cannot stand here")
    return text


def _printable(text: object) -> object:
    if isinstance(text, str) and _CONTROL_AMID_LINES.search(text):
        raise ValueError("a control character cannot stand here")
    return text


def _path(text: object) -> object:
    return Path(text) if isinstance(text, str) else text


def _colour(text: str) -> str:
    if not _COLOUR.fullmatch(text):
        raise ValueError('write a colour like "#1F4E79"')
    return text


def http_url(text: str) -> str:
    """The whole address of a site, without a closing slash.

    Raises:
        ValueError: it is none, or more than one.
    """
    parts = urlsplit(text)
    more = parts.port == 0 or "@" in parts.netloc or parts.query or parts.fragment
    if not LINK.fullmatch(text) or not parts.hostname or more:
        raise ValueError(
            'write the whole address of the site in plain ASCII, like "https://updates.example.org"'
        )
    return text.rstrip("/")


def _mailbox(text: str) -> str:
    if not ADDRESS.fullmatch(text.strip()) and not _MAILBOX.fullmatch(text):
        raise ValueError('write an address, like "PSG Updates <updates@psg.example>"')
    if not text.rpartition("@")[0].rpartition("<")[2].isascii():
        # RFC 6531: every relay on a letter's way would have to know SMTPUTF8.
        raise ValueError("write what stands before the @ in plain ASCII")
    return text


def _number(value: object) -> object:
    """A whole number where a number is wanted, which TOML sets apart; true and false are none."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


FilePath = Annotated[Path, BeforeValidator(_path)]
Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(str)]
Line = Annotated[str, BeforeValidator(_header_safe)]
MailboxLine = Annotated[Line, AfterValidator(_mailbox)]
SecretKey = Annotated[str, Field(min_length=32)]
Colour = Annotated[str, AfterValidator(_colour)]
Lines = Annotated[str, BeforeValidator(_printable)]
Port = Annotated[int, Field(ge=1, le=65535)]
Rate = Annotated[float, BeforeValidator(_number), Field(gt=0, le=10_000_000)]
