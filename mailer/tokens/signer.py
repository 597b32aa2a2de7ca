"""Keys, and what is signed with them."""

import base64
import hmac
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256

from mailer.tokens import links
from mailer.tokens.links import BadToken, Claim, ExpiredToken, Purpose

VERP_ID_BYTES = 7
VERP_MAC_BYTES = 8
VERP_CHARACTERS = (VERP_ID_BYTES + VERP_MAC_BYTES) * 8 // 5


# Base32 (RFC 4648 section 6) in lower case, ten bits at a time: the library's is written for texts.
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = tuple(first + second for first in _BASE32 for second in _BASE32)
_SHIFTS = tuple(range((VERP_ID_BYTES + VERP_MAC_BYTES) * 8 - 10, -1, -10))
_BLOCK_BYTES = 64
_INNER, _OUTER = bytes(b ^ 0x36 for b in range(256)), bytes(b ^ 0x5C for b in range(256))


class Mac:
    """HMAC-SHA-256 (RFC 2104) under one key, of at most a block. The key's part of the hashes is
    done once: the library's HMAC takes three times as long over so short a text."""

    def __init__(self, key: bytes) -> None:
        block = key.ljust(_BLOCK_BYTES, b"\0")
        self._inner, self._outer = sha256(block.translate(_INNER)), sha256(block.translate(_OUTER))

    def __call__(self, body: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(body)
        outer.update(inner.digest())
        return outer.digest()


class _Key:
    """One secret, from which a key for each use is derived."""

    def __init__(self, secret: str) -> None:
        self.link = Mac(hmac.digest(secret.encode(), b"mailer link v1", "sha256"))
        self.verp = Mac(hmac.digest(secret.encode(), b"mailer verp v1", "sha256"))
        self.id = int.from_bytes(hmac.digest(secret.encode(), b"mailer key id", "sha256")[:2])


class Signer:
    """Makes and reads tokens; immutable, and safe to share between threads."""

    def __init__(self, secret_key: str, old_secret_keys: Sequence[str] = ()) -> None:
        self._key = _Key(secret_key)
        self._keys = (self._key, *map(_Key, old_secret_keys))

    def link(
        self, purpose: Purpose, subscriber: int, subject: int, expires: datetime | None = None
    ) -> str:
        """The token, 48 characters, of a link for `purpose`."""
        return self.links(purpose, subject, expires)(subscriber)

    def links(
        self, purpose: Purpose, subject: int, expires: datetime | None = None
    ) -> Callable[[int], str]:
        """What makes the same link's token for one subscriber after another."""
        before, after = links.around_subscriber(purpose, subject, expires, self._key.id)
        mac = self._key.link

        def token(subscriber: int) -> str:
            body = before + subscriber.to_bytes(links.ID_BYTES) + after
            return links.encode(body + mac(body)[: links.MAC_BYTES])

        return token

    def read(self, purpose: Purpose, token: str, now: datetime) -> Claim:
        """What a link's token says.

        Raises:
            ExpiredToken: its time is over.
            BadToken: it is not ours, was changed, or is for another purpose.
        """
        decoded = links.decode(token)
        body, mac = decoded[: -links.MAC_BYTES], decoded[-links.MAC_BYTES :]
        claim, key_id = links.unpack(body)
        if claim.purpose != purpose or not any(
            key.id == key_id and hmac.compare_digest(key.link(body)[: links.MAC_BYTES], mac)
            for key in self._keys
        ):
            raise BadToken("This link is not one of ours.")
        if claim.expires is not None and claim.expires < now:
            raise ExpiredToken(claim)
        return claim

    def verp(self, delivery: int) -> str:
        """The token, 24 characters of lower-case base32, that names a delivery in MAIL FROM."""
        body = delivery.to_bytes(VERP_ID_BYTES)
        number = int.from_bytes(body + self._key.verp(body)[:VERP_MAC_BYTES])
        return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])

    def read_verp(self, token: str) -> int:
        """The delivery that an envelope sender's token names.

        Raises:
            BadToken: not ours, or changed.
        """
        try:
            decoded = base64.b32decode(token.encode("ascii").upper())
        except ValueError:
            raise BadToken("This envelope sender is not one of ours.") from None
        body, mac = decoded[:VERP_ID_BYTES], decoded[VERP_ID_BYTES:]
        if len(token) != VERP_CHARACTERS or not any(
            hmac.compare_digest(key.verp(body)[:VERP_MAC_BYTES], mac) for key in self._keys
        ):
            raise BadToken("This envelope sender is not one of ours.")
        return int.from_bytes(body)
