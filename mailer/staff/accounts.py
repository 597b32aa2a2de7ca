"""Accounts: added, given a password, removed."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer import audit
from mailer.errors import NotFound, Refused, WrongInput
from mailer.staff.models import AccountRow
from mailer.staff.roles import ROLES

PASSWORD_LEAST = 12


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in."""

    id: int
    mailbox: str
    role: str
    name: str = ""
    language: str = "en"
    totp: bool = False


def new_password() -> str:
    """A password that nobody guesses: 120 random bits, readable aloud in four groups."""
    characters = "abcdefghjkmnpqrstuvwxyz23456789"
    groups = ("".join(secrets.choice(characters) for _ in range(6)) for _ in range(4))
    return "-".join(groups)


def add(
    session: Session, address: str, role: str, password: str, now: datetime, actor: str
) -> Account:
    """Add an account, or bring a removed one back.

    Raises:
        WrongInput: the address, the role or the password cannot be taken.
        Refused: the account exists.
    """
    if role not in ROLES:
        raise WrongInput(f"There is no role {role!r}; choose one of {', '.join(ROLES)}.")
    mailbox = mailbox_of(address)
    row = session.execute(select(AccountRow).where(AccountRow.mailbox == mailbox)).scalar()
    if row is None:
        row = AccountRow(mailbox=mailbox, role=role, password_hash=_hash(password), created_at=now)
        session.add(row)
    elif row.removed_at is None:
        raise Refused(f"{mailbox} has an account already, as {row.role}.")
    else:
        row.removed_at, row.role, row.password_hash = None, role, _hash(password)
    session.flush()
    audit.record(session, now, actor, f"account {row.id}", f"added as {role}")
    return Account(row.id, row.mailbox, row.role)


def accounts(session: Session) -> list[Account]:
    """Everybody who may sign in, by address."""
    rows = session.execute(
        select(AccountRow).where(AccountRow.removed_at.is_(None)).order_by(AccountRow.mailbox)
    ).scalars()
    return [Account(row.id, row.mailbox, row.role) for row in rows]


def set_password(session: Session, address: str, password: str, now: datetime, actor: str) -> None:
    """Give an account a new password."""
    row = _find(session, address)
    row.password_hash = _hash(password)
    audit.record(session, now, actor, f"account {row.id}", "got a new password")


def remove(session: Session, address: str, now: datetime, actor: str) -> None:
    """End an account; its row stays, so that the audit log still knows who it was.

    Raises:
        Refused: it is the last owner's.
    """
    row = _find(session, address)
    owners = [account for account in accounts(session) if account.role == "owner"]
    if [owner.id for owner in owners] == [row.id]:
        raise Refused(f"{row.mailbox} is the last owner; add another owner first.")
    row.removed_at = now
    audit.record(session, now, actor, f"account {row.id}", "removed")


def _find(session: Session, address: str) -> AccountRow:
    mailbox = mailbox_of(address)
    row = session.execute(
        select(AccountRow).where(AccountRow.mailbox == mailbox, AccountRow.removed_at.is_(None))
    ).scalar()
    if row is None:
        raise NotFound(f"There is no account of {mailbox}; `mailer staff list` shows all.")
    return row


def mailbox_of(address: str) -> str:
    """The address as its account is known by, whatever its case.

    Raises:
        WrongInput: it is none.
    """
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(address, check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise WrongInput(f"{address!r} is no email address: {error}") from None


def _hash(password: str) -> str:
    from argon2 import PasswordHasher

    if len(password) < PASSWORD_LEAST:
        raise WrongInput(f"A password has {PASSWORD_LEAST} characters or more.")
    return PasswordHasher().hash(password)
