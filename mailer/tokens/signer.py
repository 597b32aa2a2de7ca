"""Keys, and what is signed with them."""

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime

from mailer.tokens import links
from mailer.tokens.links import BadToken, Claim, ExpiredToken, Purpose

VERP_ID_BYTES = 7
VERP_MAC_BYTES = 8
VERP_CHARACTERS = (VERP_ID_BYTES + VERP_MAC_BYTES) * 8 // 5


class _Key:
    """One secret, from which a key for each use is derived."""

    def __init__(self, secret: str) -> None:
        self.link = hmac.digest(secret.encode(), b"mailer link v1", "sha256")
        self.verp = hmac.digest(secret.encode(), b"mailer verp v1", "sha256")
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
        body = links.pack(Claim(purpose, subscriber, subject, expires), self._key.id)
        return links.encode(body + _mac(self._key.link, body, links.MAC_BYTES))

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
            key.id == key_id and hmac.compare_digest(_mac(key.link, body, links.MAC_BYTES), mac)
            for key in self._keys
        ):
            raise BadToken("This link is not one of ours.")
        if claim.expires is not None and claim.expires < now:
            raise ExpiredToken(claim)
        return claim

    def verp(self, delivery: int) -> str:
        """The token, 24 characters of lower-case base32, that names a delivery in MAIL FROM."""
        body = delivery.to_bytes(VERP_ID_BYTES)
        token = body + _mac(self._key.verp, body, VERP_MAC_BYTES)
        return base64.b32encode(token).decode().lower()

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
            hmac.compare_digest(_mac(key.verp, body, VERP_MAC_BYTES), mac) for key in self._keys
        ):
            raise BadToken("This envelope sender is not one of ours.")
        return int.from_bytes(body)


def _mac(key: bytes, body: bytes, size: int) -> bytes:
    return hmac.digest(key, body, "sha256")[:size]
