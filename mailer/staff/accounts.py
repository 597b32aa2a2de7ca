"""Accounts: added, named, given a role or a password, removed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, true
from sqlalchemy.orm import Session

from mailer import audit
from mailer.errors import NotFound, Refused, WrongInput
from mailer.sentence import Sentence
from mailer.staff import passwords
from mailer.staff.models import (
    AccountRow,
    InvitationRow,
    RecoveryCodeRow,
    ResetRow,
    SessionRow,
)
from mailer.staff.roles import ROLE_NAMES, ROLES

LANGUAGES = ("en", "es")
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in; `totp` says that it takes a code as well as the password."""

    id: int
    mailbox: str
    role: str
    name: str = ""
    language: str = "en"
    totp: bool = False

    @property
    def called(self) -> str:
        """Their name, or where they have given none, their mailbox."""
        return self.name or self.mailbox


def account_of(row: AccountRow) -> Account:
    """The account that stands in this row."""
    totp = row.totp_secret is not None
    return Account(row.id, row.mailbox, row.role, row.name, row.language, totp)


def add(
    session: Session,
    address: str,
    role: str,
    password: str,
    now: datetime,
    actor: str,
    *,
    name: str = "",
    language: str = "en",
) -> Account:
    """Add an account, or bring a removed one back. Who was invited needs the letter no more.

    Raises:
        WrongInput: the address, the role, the name or the password cannot be taken.
        Refused: the account exists.
    """
    made = put(session, address, role, password, now, name=name, language=language)
    words = Sentence("added as {role}", role=ROLE_NAMES[role])
    audit.record(session, now, actor, f"account {made.id}", words)
    return made


def put(
    session: Session,
    address: str,
    role: str,
    password: str,
    now: datetime,
    *,
    name: str,
    language: str,
) -> Account:
    """What `add` does, for whoever tells the log in other words."""
    known_role(role)
    mailbox = mailbox_of(address)
    require_new(session, mailbox)
    name, language = name_of(name), language_of(language)
    kept = passwords.hash_of(password, mailbox)
    row = session.execute(select(AccountRow).where(AccountRow.mailbox == mailbox)).scalar()
    if row is None:
        row = AccountRow(mailbox=mailbox, created_at=now)
        session.add(row)
    row.removed_at, row.role, row.password_hash = None, role, kept
    row.name, row.language = name, language
    session.execute(delete(InvitationRow).where(InvitationRow.mailbox == mailbox))
    session.flush()
    return account_of(row)


def require_new(session: Session, mailbox: str) -> None:
    """Raise `Refused` where this mailbox has an account."""
    role = session.scalar(
        select(AccountRow.role).where(
            AccountRow.mailbox == mailbox, AccountRow.removed_at.is_(None)
        )
    )
    if role is not None:
        raise Refused(
            Sentence(
                "{mailbox} has an account already, as {role}.",
                mailbox=mailbox,
                role=ROLE_NAMES[role],
            )
        )


def accounts(session: Session) -> list[Account]:
    """Everybody who may sign in, by address."""
    rows = session.execute(
        select(AccountRow).where(AccountRow.removed_at.is_(None)).order_by(AccountRow.mailbox)
    ).scalars()
    return [account_of(row) for row in rows]


def account(session: Session, account_id: int) -> Account:
    """The account of this id.

    Raises:
        NotFound: there is none, or it was removed.
    """
    return account_of(row_of(session, account_id))


def find(session: Session, address: str) -> Account:
    """The account of this address.

    Raises:
        NotFound: there is none, or it was removed.
    """
    return account_of(find_row(session, address))


def names(session: Session) -> Mapping[int, str]:
    """What everybody is called who works here, or ever did, by id."""
    rows = session.execute(select(AccountRow.id, AccountRow.name, AccountRow.mailbox))
    return {row.id: row.name or row.mailbox for row in rows}


def describe(
    session: Session, account_id: int, name: str, language: str, now: datetime, actor: str
) -> None:
    """Have an account's own name and language as they say.

    Raises:
        WrongInput: the name is too long, or the desk does not speak the language.
    """
    row = row_of(session, account_id)
    wanted = name_of(name), language_of(language)
    if (row.name, row.language) != wanted:
        row.name, row.language = wanted
        words = Sentence("changed their name or language")
        audit.record(session, now, actor, f"account {row.id}", words)


def change_role(session: Session, account_id: int, role: str, now: datetime, actor: str) -> None:
    """Have somebody work here as something else.

    Raises:
        WrongInput: there is no such role.
        Refused: they are the last owner.
    """
    known_role(role)
    row = row_of(session, account_id)
    if row.role == role:
        return
    _keep_an_owner(session, row)
    words = Sentence(
        "was {before}, and is {role} now", before=ROLE_NAMES[row.role], role=ROLE_NAMES[role]
    )
    row.role = role
    audit.record(session, now, actor, f"account {row.id}", words)


def set_password(
    session: Session,
    address: str,
    password: str,
    now: datetime,
    actor: str,
    *,
    keep: int | None = None,
) -> None:
    """Give the account of this address a new password; its sessions end, all but `keep`.

    Raises:
        WrongInput: the password cannot be taken.
        NotFound: there is no such account.
    """
    row = find_row(session, address)
    row.password_hash = passwords.hash_of(password, row.mailbox)
    others = SessionRow.id != keep if keep is not None else true()
    session.execute(delete(SessionRow).where(SessionRow.account_id == row.id, others))
    session.execute(delete(ResetRow).where(ResetRow.account_id == row.id))
    audit.record(session, now, actor, f"account {row.id}", Sentence("got a new password"))


def remove(session: Session, address: str, now: datetime, actor: str) -> None:
    """End an account and its sessions; its row stays, so that the audit log still knows who it was.

    Raises:
        Refused: it is the last owner's.
    """
    row = find_row(session, address)
    _keep_an_owner(session, row)
    row.removed_at = now
    # What one signed in with is of no use any more, to anybody.
    row.password_hash, row.totp_secret, row.totp_step = "", None, None
    for secret in (SessionRow, ResetRow, RecoveryCodeRow):
        session.execute(delete(secret).where(secret.account_id == row.id))
    audit.record(session, now, actor, f"account {row.id}", Sentence("removed"))


def _keep_an_owner(session: Session, row: AccountRow) -> None:
    """Raise `Refused` where nobody but `row` is an owner."""
    if row.role != "owner":
        return
    # Two owners who remove each other at the same moment queue here.
    owners = session.scalars(
        select(AccountRow.id)
        .where(AccountRow.role == "owner", AccountRow.removed_at.is_(None))
        .order_by(AccountRow.id)
        .with_for_update()
    ).all()
    if owners == [row.id]:
        raise Refused(
            Sentence("{mailbox} is the last owner; add another owner first.", mailbox=row.mailbox)
        )


def find_row(session: Session, address: str) -> AccountRow:
    """The row of the account of this address.

    Raises:
        NotFound: there is none, or it was removed.
    """
    mailbox = mailbox_of(address)
    row = session.execute(
        select(AccountRow).where(AccountRow.mailbox == mailbox, AccountRow.removed_at.is_(None))
    ).scalar()
    if row is None:
        raise NotFound(
            Sentence(
                "There is no account of {mailbox}; `mailer staff list` shows all.", mailbox=mailbox
            )
        )
    return row


def row_of(session: Session, account_id: int) -> AccountRow:
    """The row of the account of this id, to be changed.

    Raises:
        NotFound: there is none, or it was removed.
    """
    row = session.get(AccountRow, account_id)
    if row is None or row.removed_at is not None:
        raise NotFound("There is no such account any more.")
    return row


def known_role(role: str) -> None:
    """Raise `WrongInput` where there is no such role."""
    if role not in ROLES:
        raise WrongInput(
            Sentence(
                "There is no role “{role}”; choose one of {roles}.",
                role=role,
                roles=", ".join(ROLES),
            )
        )


def mailbox_of(address: str) -> str:
    """The address as its account is known by, whatever its case.

    Raises:
        WrongInput: it is none.
    """
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(address.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise WrongInput(
            Sentence(
                "“{address}” is no email address; write it like ana@example.org.", address=address
            )
        ) from None


def name_of(name: str) -> str:
    """A name on one line.

    Raises:
        WrongInput: it is too long.
    """
    line = " ".join("".join(c for c in name if c.isprintable() or c.isspace()).split())
    if len(line) > _LONGEST_NAME:
        raise WrongInput(Sentence("A name has {most} characters at most.", most=_LONGEST_NAME))
    return line


def language_of(language: str) -> str:
    """A language that the desk speaks.

    Raises:
        WrongInput: it does not.
    """
    if language not in LANGUAGES:
        raise WrongInput(Sentence("The desk does not speak “{language}”.", language=language))
    return language
