"""Bearer secrets: who brings one is let in. A session's stands in a cookie, a letter's in a link.

Only the SHA-256 of one stands in the database. It has 256 random bits, so that its hash needs
neither salt nor work to be safe.
"""

import hashlib
import secrets


def new_secret() -> str:
    """A fresh one, of 43 characters that may stand in a cookie and in an address."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> bytes:
    """By what it is found again."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
