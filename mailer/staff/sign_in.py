"""Signing in.

1. `check_password` takes an address and a password. Whether there is such an account shows in
   nothing: not in what is said, not in the work that is done, not in how soon one has to wait.
2. Where the account has a second step, it returns something for the form to bring back within ten
   minutes, which is no session; `check_code` takes it, with a code of the telephone or a recovery
   code.
3. The door then has `begin` begin a session.

Hashing takes a good part of a second, and happens between two transactions. No password, code or
secret is ever told to the log.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer import audit
from mailer.database import Database
from mailer.errors import Refused, WrongInput
from mailer.sentence import Sentence
from mailer.staff import passwords, throttle, two_step
from mailer.staff.accounts import find_row, mailbox_of
from mailer.staff.keys import SOON, Keys
from mailer.staff.models import AccountRow
from mailer.staff.throttle import LIMITS, Try

_BETWEEN = "between password and code"
_LONGEST = 320


class NotSignedIn(Refused):
    """What was typed is not right; there is no saying what of it."""


class TooOften(Refused):
    """It was tried too often; `wait` is how long nothing is looked at."""

    def __init__(self, wait: timedelta) -> None:
        minutes = max(1, -(-int(wait.total_seconds()) // 60))
        if minutes == 1:
            said = Sentence("That was tried too often. Wait for a minute, then try again.")
        else:
            said = Sentence(
                "That was tried too often. Wait for {minutes} minutes, then try again.",
                minutes=minutes,
            )
        super().__init__(said)
        self.wait = wait


class TooLate(Refused):
    """The password was right, and too much time went by before the code."""


@dataclass(frozen=True, slots=True)
class Passed:
    """The password was right. Where `between` is given, a code is needed, and the form brings
    `between` back with it; where it is None, nothing else is."""

    account_id: int
    between: str | None


def check_password(
    database: Database,
    keys: Keys,
    address: str,
    password: str,
    *,
    network: str | None,
    now: datetime,
) -> Passed:
    """Whose address and password these are.

    Raises:
        NotSignedIn: nobody's.
        TooOften: one has to wait.
    """
    mailbox = _mailbox(address)
    tries = throttle.tries(keys, network, mailbox=mailbox)
    account_id, kept = _count(database, tries, mailbox, now)
    if not passwords.is_right(kept, password) or kept is None:
        _tell_when_slowed(database, tries, account_id, now)
        raise _wrong()
    fresh = passwords.hash_again(password) if passwords.is_outdated(kept) else None
    with database.write() as session:
        row = session.get(AccountRow, account_id)
        if row is None or row.removed_at is not None or row.password_hash != kept:
            raise _wrong()
        throttle.forgive(session, tries, now)
        row.password_hash = fresh or kept
        if row.totp_secret is None:
            return Passed(row.id, None)
        said = {"account": row.id, "password": _fingerprint(row)}
        return Passed(row.id, keys.lend(_BETWEEN, said, now + SOON))


def check_code(
    database: Database,
    keys: Keys,
    between: str,
    code: str,
    *,
    network: str | None,
    now: datetime,
) -> int:
    """The account whose password was right before, and whose code this is.

    Raises:
        NotSignedIn: it is not.
        TooLate: the password has to be given again.
        TooOften: one has to wait.
    """
    said = keys.take_back(_BETWEEN, between, now)
    if said is None:
        raise TooLate(Sentence("That took too long. Begin again with your password."))
    account_id: int = said["account"]
    tries = throttle.tries(keys, network, code=str(account_id))
    with database.write() as session:
        wait = throttle.count(session, tries, now)
    if wait:
        raise TooOften(wait)
    with database.write() as session:
        row = session.get(AccountRow, account_id)
        if row is None or row.removed_at is not None or _fingerprint(row) != said["password"]:
            raise TooLate(
                Sentence("Your account has changed meanwhile. Begin again with your password.")
            )
        if two_step.use(session, keys, row, code, now):
            throttle.forgive(session, tries, now)
            return account_id
    _tell_when_slowed(database, tries, account_id, now)
    raise NotSignedIn(
        Sentence("That code is not right, or was used before. Wait for the next one.")
    )


def confirm_password(
    database: Database,
    keys: Keys,
    account_id: int,
    password: str,
    *,
    network: str | None,
    now: datetime,
) -> None:
    """Make sure that whoever is signed in knows the password, before something that matters.

    Raises:
        NotSignedIn: it is not theirs.
        TooOften: one has to wait.
    """
    with database.read() as session:
        row = session.get(AccountRow, account_id)
        mailbox = row.mailbox if row else ""
    tries = throttle.tries(keys, network, own=str(account_id))
    _, kept = _count(database, tries, mailbox, now)
    if not passwords.is_right(kept, password):
        _tell_when_slowed(database, tries, account_id, now)
        raise NotSignedIn(Sentence("That is not your present password."))
    with database.write() as session:
        throttle.forgive(session, tries, now)


def unlock(session: Session, keys: Keys, address: str, now: datetime, actor: str) -> None:
    """Let somebody try again at once, whatever was tried in their name."""
    row = find_row(session, address)
    forgive_all(session, keys, row, now)
    audit.record(session, now, actor, f"account {row.id}", Sentence("may try to sign in again"))


def forgive_all(session: Session, keys: Keys, row: AccountRow, now: datetime) -> None:
    """Hold nothing against an account that was tried in its name."""
    whose = {"mailbox": row.mailbox, "letter": row.mailbox, "code": str(row.id), "own": str(row.id)}
    theirs = throttle.tries(keys, None, **whose)
    throttle.forgive(session, theirs, now)


def _count(
    database: Database, tries: list[Try], mailbox: str, now: datetime
) -> tuple[int | None, str | None]:
    """Count a try; the id and the hash of the mailbox's account, or of nobody."""
    with database.write() as session:
        wait = throttle.count(session, tries, now)
        found = session.execute(
            select(AccountRow.id, AccountRow.password_hash).where(
                AccountRow.mailbox == mailbox, AccountRow.removed_at.is_(None)
            )
        ).first()
    if wait:
        raise TooOften(wait)
    return (found.id, found.password_hash) if found else (None, None)


def _tell_when_slowed(
    database: Database, tries: list[Try], account_id: int | None, now: datetime
) -> None:
    """Put into the log that somebody has tried an account so often that it is slowed down."""
    with database.write() as session:
        for one in tries:
            limit = LIMITS[one.kind].free
            slowed = one.kind != "network" and throttle.failures(session, one) == limit
            # An unknown mailbox costs the same look, and has no account to be told of.
            if slowed and account_id is not None:
                words = Sentence("tried in vain {count} times; has to wait now", count=limit)
                audit.record(session, now, "visitor", f"account {account_id}", words)


def _wrong() -> NotSignedIn:
    return NotSignedIn(Sentence("That address and password do not belong together."))


def _mailbox(address: str) -> str:
    try:
        return mailbox_of(address)
    except WrongInput:
        # Nobody's, and still counted; what a database cannot hold is not asked of it.
        return "".join(c for c in address.lower() if c.isprintable())[:_LONGEST]


def _fingerprint(row: AccountRow) -> str:
    """What changes with the password, so that a new one ends what the former had begun."""
    return hashlib.sha256(row.password_hash.encode()).hexdigest()[:32]
