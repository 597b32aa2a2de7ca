"""What the site's secret key is to staff: TOTP secrets are sealed under it, tries marked with it.

Somebody with a copy of the database alone has no secret of anybody's telephone, and no list of
what was typed at the door. A key of `[site] old_secret_keys` still opens what it sealed.
"""

import base64
import binascii
import hmac
import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

_NONCE = 12
_KEY_USE = b"mailer staff seal v1"
_MARK_USE = b"mailer staff mark v1"


class Keys:
    """Made once from the site's keys; immutable, and safe to share between threads."""

    def __init__(self, secret_key: str, old_secret_keys: Sequence[str] = ()) -> None:
        self._seals = [
            hmac.digest(key.encode(), _KEY_USE, "sha256") for key in (secret_key, *old_secret_keys)
        ]
        self._marks = hmac.digest(secret_key.encode(), _MARK_USE, "sha256")

    def seal(self, purpose: str, plain: bytes) -> str:
        """`plain` under AES-256-GCM, to be opened for the same purpose alone."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        # NIST SP 800-38D section 8.2.2: random nonces are good for 2³² messages under one key.
        nonce = secrets.token_bytes(_NONCE)
        sealed = AESGCM(self._seals[0]).encrypt(nonce, plain, purpose.encode())
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, purpose: str, sealed: str) -> bytes | None:
        """What was sealed for this purpose; None where it was not, or was changed."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            whole = base64.urlsafe_b64decode(sealed.encode("ascii"))
        except (UnicodeEncodeError, binascii.Error):
            return None
        if len(whole) <= _NONCE:
            return None
        for key in self._seals:
            try:
                return AESGCM(key).decrypt(whole[:_NONCE], whole[_NONCE:], purpose.encode())
            except InvalidTag:
                continue
        return None

    def lend(self, purpose: str, said: dict[str, Any], until: datetime) -> str:
        """Something for a form to bring back by then; it cannot be read or changed on the way."""
        body = json.dumps({"said": said, "until": until.timestamp()})
        return self.seal(purpose, body.encode())

    def take_back(self, purpose: str, lent: str, now: datetime) -> dict[str, Any] | None:
        """What was lent; None where it is too late, or was not lent for this."""
        body = self.open(purpose, lent)
        if body is None:
            return None
        found = json.loads(body)
        late = now.timestamp() >= found["until"]
        said: dict[str, Any] = found["said"]
        return None if late else said

    def mark(self, kind: str, who: str) -> bytes:
        """By what the tries of somebody are counted."""
        return hmac.digest(self._marks, f"{kind}:{who}".encode("utf-8", "replace"), "sha256")


SOON = timedelta(minutes=10)
"""How long a form may take between two steps."""
