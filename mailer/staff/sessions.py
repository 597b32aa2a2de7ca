"""Sessions: browsers that are signed in.

1. `begin` makes a fresh secret for the browser's cookie; only its SHA-256 stands in the database,
   and nothing that the browser had before is worth anything.
2. `signed_in` says whose it is. It changes nothing; where it finds the session `stale`, the door
   says `seen` in a transaction of its own.
3. A session ends after fourteen days without a visit, after ninety days in any case, and where
   somebody ends it: its row is gone then.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from mailer import audit
from mailer.errors import NotFound
from mailer.sentence import Sentence
from mailer.staff.accounts import Account, account_of
from mailer.staff.devices import device
from mailer.staff.models import AccountRow, SessionRow

IDLE = timedelta(days=14)
LONGEST = timedelta(days=90)
LOOK_EVERY = timedelta(minutes=5)
_AGENT_CHARACTERS = 300
# A secret is 43 characters; what is longer is not looked at.
_LONGEST_SECRET = 64


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose session it is. `csrf` stands in its forms; `stale` asks for `seen`."""

    account: Account
    session_id: int
    csrf: str
    stale: bool


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session in words, for whoever it belongs to; `this` is the one they look from."""

    id: int
    device: str
    network: str
    since: datetime
    seen_at: datetime
    this: bool


def begin(
    session: Session, account_id: int, *, network: str | None, agent: str, now: datetime
) -> str:
    """Begin a session; returns the secret for its cookie, which is told nowhere else."""
    _forget_over(session, now)
    secret = secrets.token_urlsafe(32)
    session.add(
        SessionRow(
            account_id=account_id,
            secret_hash=_digest(secret),
            network=network,
            agent=agent[:_AGENT_CHARACTERS].replace("\0", ""),
            created_at=now,
            seen_at=now,
        )
    )
    words = Sentence("signed in with {device}", device=device(agent))
    audit.record(session, now, f"staff {account_id}", f"account {account_id}", words)
    return secret


def signed_in(session: Session, secret: str, now: datetime) -> SignedIn | None:
    """Whose secret this is; None where the session is over, or never was."""
    if not secret or len(secret) > _LONGEST_SECRET:
        return None
    found = session.execute(
        select(SessionRow, AccountRow)
        .join(AccountRow, AccountRow.id == SessionRow.account_id)
        .where(
            SessionRow.secret_hash == _digest(secret),
            SessionRow.seen_at > now - IDLE,
            SessionRow.created_at > now - LONGEST,
            AccountRow.removed_at.is_(None),
        )
    ).first()
    if found is None:
        return None
    row, owner = found
    csrf = hmac.digest(secret.encode(), b"mailer desk csrf v1", "sha256").hex()
    return SignedIn(account_of(owner), row.id, csrf, row.seen_at <= now - LOOK_EVERY)


def seen(session: Session, session_id: int, now: datetime) -> None:
    """Note that a session was used."""
    session.execute(
        update(SessionRow)
        .where(SessionRow.id == session_id, SessionRow.seen_at < now)
        .values(seen_at=now)
    )


def sessions(
    session: Session, account_id: int, now: datetime, *, this: int | None = None
) -> list[OpenSession]:
    """Where somebody is signed in, the last used first."""
    rows = session.execute(
        select(SessionRow)
        .where(
            SessionRow.account_id == account_id,
            SessionRow.seen_at > now - IDLE,
            SessionRow.created_at > now - LONGEST,
        )
        .order_by(SessionRow.seen_at.desc(), SessionRow.id.desc())
    ).scalars()
    return [
        OpenSession(
            row.id,
            device(row.agent),
            row.network or "",
            row.created_at,
            row.seen_at,
            row.id == this,
        )
        for row in rows
    ]


def sign_out(session: Session, account_id: int, session_id: int, now: datetime) -> None:
    """End the session that somebody looks from; it may be over by now."""
    if _end(session, and_(SessionRow.account_id == account_id, SessionRow.id == session_id)):
        _told(session, account_id, f"staff {account_id}", now, Sentence("signed out"))


def end(session: Session, account_id: int, session_id: int, now: datetime) -> None:
    """End one of somebody's own sessions.

    Raises:
        NotFound: it is not theirs, or over.
    """
    if not _end(session, and_(SessionRow.account_id == account_id, SessionRow.id == session_id)):
        raise NotFound("That session is over already.")
    _told(session, account_id, f"staff {account_id}", now, Sentence("ended a session"))


def end_others(session: Session, account_id: int, keep: int, now: datetime) -> int:
    """End all of somebody's sessions but `keep`; how many there were."""
    others = and_(SessionRow.account_id == account_id, SessionRow.id != keep)
    if count := _end(session, others):
        words = Sentence("ended all other sessions")
        _told(session, account_id, f"staff {account_id}", now, words)
    return count


def end_all(session: Session, account_id: int, now: datetime, actor: str) -> int:
    """End all sessions of an account; how many there were."""
    if count := _end(session, SessionRow.account_id == account_id):
        _told(session, account_id, actor, now, Sentence("signed out everywhere"))
    return count


def _end(session: Session, which: object) -> int:
    ended = delete(SessionRow).where(which).returning(SessionRow.id)  # type: ignore[arg-type]
    return len(session.execute(ended).all())


def _told(session: Session, account_id: int, actor: str, now: datetime, words: Sentence) -> None:
    audit.record(session, now, actor, f"account {account_id}", words)


def _forget_over(session: Session, now: datetime) -> None:
    over = or_(SessionRow.seen_at <= now - IDLE, SessionRow.created_at <= now - LONGEST)
    session.execute(delete(SessionRow).where(over))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
