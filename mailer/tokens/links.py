"""The bytes of a link's token.

    version 1 | key id 2 | purpose 1 | first id 8 | second id 4 | expires 4 | MAC 16

36 bytes are 48 characters of base64url without padding and without spare bits, so that no two
spellings mean the same token. All numbers are big-endian; `expires` is in seconds since 1970,
0 for never.
"""

import base64
import binascii
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

from mailer.errors import NotFound

VERSION = 1
MAC_BYTES = 16
BODY = struct.Struct(">BHBQII")
ID_BYTES = 8
_ID_AT = 4
TOKEN_BYTES = BODY.size + MAC_BYTES


class Purpose(IntEnum):
    """What a link is for; a token for one purpose is refused for every other."""

    CONFIRM = 1
    PREFERENCES = 2
    UNSUBSCRIBE = 3
    LETTER = 4
    ADDRESS = 5


class BadToken(NotFound):
    """The token is not one of ours, not for this purpose, or was changed."""


class ExpiredToken(BadToken):
    """The token is ours, and its time is over; `claim` says what it said."""

    def __init__(self, claim: "Claim") -> None:
        super().__init__("This link is too old.")
        self.claim = claim


@dataclass(frozen=True, slots=True)
class Claim:
    """What a token says.

    `subscriber` is 0 where the letter went to a bare address (a test). `subject` is the
    publication's id, for `Purpose.LETTER` that of the compiled letter, for `Purpose.ADDRESS` that
    of the change of address.
    """

    purpose: Purpose
    subscriber: int
    subject: int
    expires: datetime | None = None


def around_subscriber(
    purpose: Purpose, subject: int, expires: datetime | None, key_id: int
) -> tuple[bytes, bytes]:
    """The signed part of a token, before the subscriber's `ID_BYTES` and behind them."""
    until = int(expires.timestamp()) if expires else 0
    body = BODY.pack(VERSION, key_id, purpose, 0, subject, until)
    return body[:_ID_AT], body[_ID_AT + ID_BYTES :]


def unpack(body: bytes) -> tuple[Claim, int]:
    """The claim and the key id in the signed part of a token whose MAC is still to be checked."""
    version, key_id, purpose, subscriber, subject, expires = BODY.unpack(body)
    if version != VERSION or purpose not in set(Purpose):
        raise BadToken("This link is not one of ours.")
    moment = datetime.fromtimestamp(expires, UTC) if expires else None
    return Claim(Purpose(purpose), subscriber, subject, moment), key_id


def encode(token: bytes) -> str:
    return base64.urlsafe_b64encode(token).decode()


def decode(text: str) -> bytes:
    """The bytes of a token, refused where its spelling is not the only one (RFC 4648 3.5)."""
    try:
        token = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadToken("This link is not one of ours.") from None
    if len(token) != TOKEN_BYTES or encode(token) != text:
        raise BadToken("This link is not one of ours.")
    return token
