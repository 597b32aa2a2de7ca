"""Invitations: a letter whose link leads to a new account, for seven days, once."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mailer import audit
from mailer.errors import NotFound
from mailer.letter import LetterDue
from mailer.sentence import Sentence
from mailer.staff.accounts import (
    Account,
    known_role,
    language_of,
    mailbox_of,
    put,
    require_new,
)
from mailer.staff.models import InvitationRow
from mailer.staff.roles import ROLE_NAMES

LASTS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Invitation:
    """Somebody who was asked to work here; `over` where the link is too old."""

    id: int
    mailbox: str
    role: str
    language: str
    invited_by: str
    invited_at: datetime
    over: bool


def invite(
    session: Session,
    address: str,
    role: str,
    *,
    language: str,
    page: str,
    now: datetime,
    actor: str,
) -> LetterDue:
    """Ask somebody to work here, or ask them again: the newest letter's link alone is good.

    The link is `page`, a whole address, with a secret behind it.

    Raises:
        WrongInput: no address, no such role, or the desk does not speak the language.
        Refused: they have an account.
    """
    known_role(role)
    mailbox, language = mailbox_of(address), language_of(language)
    require_new(session, mailbox)
    row = session.scalar(select(InvitationRow).where(InvitationRow.mailbox == mailbox))
    if row is None:
        row = InvitationRow(mailbox=mailbox)
        session.add(row)
    secret = secrets.token_urlsafe(32)
    row.role, row.language = role, language
    row.secret_hash = _digest(secret)
    row.invited_by, row.invited_at, row.expires_at = actor, now, now + LASTS
    session.flush()
    words = Sentence("invited as {role}", role=ROLE_NAMES[role])
    audit.record(session, now, actor, f"invitation {row.id}", words)
    return LetterDue(
        kind="confirmation",
        note="invitation",
        subscriber_id=None,
        address=mailbox,
        language=language,
        dedupe_key=f"invitation {row.id} {row.secret_hash.hex()[:32]}",
        values={"action_url": page + secret},
    )


def invite_again(
    session: Session, invitation_id: int, *, page: str, now: datetime, actor: str
) -> LetterDue:
    """Send the letter once more, with a fresh link for seven days.

    Raises:
        NotFound: the invitation is gone.
        Refused: they have an account by now.
    """
    row = _row(session, invitation_id)
    return invite(
        session,
        row.mailbox,
        row.role,
        language=row.language,
        page=page,
        now=now,
        actor=actor,
    )


def withdraw(session: Session, invitation_id: int, now: datetime, actor: str) -> None:
    """Have the letter's link lead nowhere.

    Raises:
        NotFound: the invitation is gone.
    """
    session.delete(_row(session, invitation_id))
    words = Sentence("withdrew the invitation")
    audit.record(session, now, actor, f"invitation {invitation_id}", words)


def invitations(session: Session, now: datetime) -> list[Invitation]:
    """Everybody who was invited and has not come, by address."""
    rows = session.scalars(select(InvitationRow).order_by(InvitationRow.mailbox))
    return [_invitation(row, now) for row in rows]


def invitation(session: Session, secret: str, now: datetime) -> Invitation:
    """The invitation whose link this is.

    Raises:
        NotFound: the link is too old, was used, or is none of ours.
    """
    return _invitation(_row_of(session, secret, now), now)


def accept(
    session: Session,
    secret: str,
    *,
    name: str,
    password: str,
    language: str,
    now: datetime,
) -> Account:
    """Make the account that somebody was invited to; the link is used up.

    Raises:
        NotFound: the link is too old, was used, or is none of ours.
        WrongInput: the name, the password or the language cannot be taken.
        Refused: they have an account by now.
    """
    row = _row_of(session, secret, now)
    mailbox, role = row.mailbox, row.role
    # Of two who come with one link at the same moment, one finds it here.
    used = delete(InvitationRow).where(InvitationRow.secret_hash == _digest(secret))
    if session.execute(used.returning(InvitationRow.id)).first() is None:
        raise _no_good()
    account = put(session, mailbox, role, password, now, name=name, language=language)
    words = Sentence("accepted the invitation, as {role}", role=ROLE_NAMES[account.role])
    audit.record(session, now, f"staff {account.id}", f"account {account.id}", words)
    return account


def _row(session: Session, invitation_id: int) -> InvitationRow:
    row = session.get(InvitationRow, invitation_id)
    if row is None:
        raise NotFound("That invitation is gone: it was accepted or withdrawn.")
    return row


def _row_of(session: Session, secret: str, now: datetime) -> InvitationRow:
    row = session.scalar(
        select(InvitationRow).where(
            InvitationRow.secret_hash == _digest(secret), InvitationRow.expires_at > now
        )
    )
    if row is None:
        raise _no_good()
    return row


def _no_good() -> NotFound:
    return NotFound(
        "This invitation is no longer good: it was used, withdrawn, replaced by a newer letter, or "
        "is older than seven days. Ask whoever invited you to send it again."
    )


def _invitation(row: InvitationRow, now: datetime) -> Invitation:
    return Invitation(
        row.id,
        row.mailbox,
        row.role,
        row.language,
        row.invited_by,
        row.invited_at,
        row.expires_at <= now,
    )


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
