"""Who is signed in; for now in this process alone."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from mailer.staff.accounts import Account, accounts

_SESSIONS: dict[str, tuple[int, int]] = {}


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose session it is. `stale`: `seen` wants to be told."""

    account: Account
    session_id: int
    csrf: str
    stale: bool = False


def begin(
    _session: Session, account_id: int, *, network: str | None, agent: str, now: datetime
) -> str:
    """Begin a session; the secret is for its cookie."""
    del network, agent, now
    secret = secrets.token_urlsafe(32)
    _SESSIONS[secret] = (account_id, len(_SESSIONS) + 1)
    return secret


def signed_in(session: Session, secret: str, _now: datetime) -> SignedIn | None:
    """Whose session this secret opens."""
    account_id, session_id = _SESSIONS.get(secret, (0, 0))
    found = next((one for one in accounts(session) if one.id == account_id), None)
    csrf = hashlib.sha256(secret.encode()).hexdigest()
    return SignedIn(found, session_id, csrf) if found else None


def seen(_session: Session, _session_id: int, _now: datetime) -> None:
    """It was used just now."""


def end(_session: Session, _account_id: int, session_id: int, _now: datetime) -> None:
    """End a session."""
    for secret, (_, id_) in list(_SESSIONS.items()):
        if id_ == session_id:
            del _SESSIONS[secret]
