"""A forgotten password: a letter whose link leads to a new one, for an hour, once."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mailer import audit
from mailer.errors import NotFound, WrongInput
from mailer.letter import LetterDue
from mailer.sentence import Sentence
from mailer.staff import throttle
from mailer.staff.accounts import Account, account_of, mailbox_of, row_of, set_password
from mailer.staff.keys import Keys
from mailer.staff.models import AccountRow, ResetRow
from mailer.staff.sign_in import TooOften, forgive_all

LASTS = timedelta(hours=1)


def forgot(
    session: Session,
    keys: Keys,
    address: str,
    *,
    page: str,
    now: datetime,
) -> LetterDue | None:
    """Somebody says that they forgot the password of this address: the letter with a link.

    None where there is no such account, or where it was sent several letters lately. Whoever asked
    learns nothing of that: the page must look the same, and take as long. The link is `page`, a
    whole address, with a secret behind it.
    """
    session.execute(delete(ResetRow).where(ResetRow.expires_at <= now))
    try:
        mailbox = mailbox_of(address)
    except WrongInput:
        return None
    wait = throttle.count(session, throttle.tries(keys, None, letter=mailbox), now)
    row = session.scalar(
        select(AccountRow).where(AccountRow.mailbox == mailbox, AccountRow.removed_at.is_(None))
    )
    if row is None or wait:
        return None
    secret = secrets.token_urlsafe(32)
    digest = _digest(secret)
    session.add(ResetRow(account_id=row.id, secret_hash=digest, expires_at=now + LASTS))
    words = Sentence("asked for a new password by letter")
    audit.record(session, now, "visitor", f"account {row.id}", words)
    return LetterDue(
        kind="confirmation",
        note="reset",
        subscriber_id=None,
        address=row.mailbox,
        language=row.language,
        dedupe_key=f"reset {row.id} {digest.hex()[:32]}",
        values={"action_url": page + secret},
    )


def count_asking(session: Session, keys: Keys, network: str | None, now: datetime) -> None:
    """Count that somebody in this network asked, whoever for.

    Raises:
        TooOften: they have to wait.
    """
    if wait := throttle.count(session, throttle.tries(keys, network), now):
        raise TooOften(wait)


def who_forgot(session: Session, secret: str, now: datetime) -> Account:
    """The account that a link leads to.

    Raises:
        NotFound: the link is too old, was used, or is none of ours.
    """
    return account_of(_row_of(session, secret, now))


def reset(session: Session, keys: Keys, secret: str, password: str, now: datetime) -> Account:
    """Give the account a new password: all its sessions end, its second step stays, and nothing is
    held against it that was tried in its name.

    Raises:
        NotFound: the link is too old, was used, or is none of ours.
        WrongInput: the password cannot be taken.
    """
    row = _row_of(session, secret, now)
    # Of two who come with one link at the same moment, one finds it here.
    used = delete(ResetRow).where(ResetRow.secret_hash == _digest(secret)).returning(ResetRow.id)
    if session.execute(used).first() is None:
        raise _no_good()
    forgive_all(session, keys, row, now)
    set_password(session, row.mailbox, password, now, f"staff {row.id}")
    return account_of(row)


def _row_of(session: Session, secret: str, now: datetime) -> AccountRow:
    account_id = session.scalar(
        select(ResetRow.account_id).where(
            ResetRow.secret_hash == _digest(secret), ResetRow.expires_at > now
        )
    )
    if account_id is None:
        raise _no_good()
    return row_of(session, account_id)


def _no_good() -> NotFound:
    return NotFound(
        "This link is no longer good: it was used, or is older than an hour. Have another one sent."
    )


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
