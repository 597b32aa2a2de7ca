"""Codes from a telephone (TOTP, RFC 6238): pure, but for what is random."""

import base64
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote, urlencode

STEP_S = 30
DIGITS = 6
# RFC 6238 section 5.2: one step each way for clocks that differ and thumbs that are slow.
DRIFT = 1
# RFC 4226 section 4, R6.
_SECRET_OCTETS = 20


def new_secret() -> bytes:
    """What a telephone and we share."""
    return secrets.token_bytes(_SECRET_OCTETS)


def step_at(now: datetime) -> int:
    """The number of the time step."""
    return int(now.timestamp()) // STEP_S


def code_at(secret: bytes, step: int) -> str:
    """The code of a time step."""
    from cryptography.hazmat.primitives.hashes import SHA1
    from cryptography.hazmat.primitives.twofactor.hotp import HOTP

    # SHA-1 is what every program on telephones knows; its collisions do not matter in an HMAC.
    return HOTP(secret, DIGITS, SHA1()).generate(step).decode()  # noqa: S303


def step_of(secret: bytes, code: str, now: datetime, *, used: int | None) -> int | None:
    """The step whose code this is, near now and after the last `used` one; None for none."""
    here = step_at(now)
    for step in range(here - DRIFT, here + DRIFT + 1):
        fits = hmac.compare_digest(code_at(secret, step).encode(), code.encode())
        if fits and (used is None or step > used):
            return step
    return None


def digits_of(typed: str) -> str | None:
    """The code that somebody typed, with blanks or without; None where it cannot be one."""
    digits = "".join(typed.split())
    return digits if len(digits) == DIGITS and digits.isascii() and digits.isdigit() else None


def in_groups(secret: bytes) -> str:
    """The secret as it is typed into a telephone that cannot scan."""
    text = base64.b32encode(secret).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def address_of(secret: bytes, mailbox: str, organisation: str) -> str:
    """What the picture for scanning holds: an otpauth address, as telephones read it."""
    # A colon parts the two names; there is no way to write one in them.
    issuer = organisation.replace(":", " ").strip()
    label = quote(f"{issuer}:{mailbox}", safe="@")
    shared = base64.b32encode(secret).decode()
    return (
        f"otpauth://totp/{label}?{urlencode({'secret': shared, 'issuer': issuer}, quote_via=quote)}"
    )
