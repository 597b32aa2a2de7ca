"""Signing in with a second step: set up, used, and taken away.

The telephone's secret is sealed (`keys`); recovery codes, ten of them, are kept as hashes, and
each is good once. A new secret is lent to the page that shows it and is nobody's until a code of
it comes back: looking at the page changes nothing.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from mailer import audit
from mailer.errors import Refused, WrongInput
from mailer.sentence import Sentence
from mailer.staff import totp
from mailer.staff.accounts import Account, row_of
from mailer.staff.keys import Keys
from mailer.staff.models import AccountRow, RecoveryCodeRow, SessionRow

RECOVERY_CODES = 10
_CHARACTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 4, 4
_SET_UP_WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Offer:
    """A secret to be put into a telephone: as a picture's content, in groups to type, and `lent`
    for the form to bring back."""

    address: str
    groups: str
    lent: str


def offer(keys: Keys, account: Account, organisation: str, now: datetime) -> Offer:
    """A fresh secret for this account."""
    return _offer(keys, account, organisation, totp.new_secret(), now)


def offer_again(keys: Keys, account: Account, organisation: str, lent: str, now: datetime) -> Offer:
    """The same one once more, after a code that was not right; a fresh one where it is too old."""
    secret = _lent(keys, account.id, lent, now)
    return _offer(keys, account, organisation, secret or totp.new_secret(), now)


def _offer(keys: Keys, account: Account, organisation: str, secret: bytes, now: datetime) -> Offer:
    said = {"secret": secret.hex()}
    return Offer(
        totp.address_of(secret, account.mailbox, organisation),
        totp.in_groups(secret),
        keys.lend(f"set up {account.id}", said, now + _SET_UP_WITHIN),
    )


def _lent(keys: Keys, account_id: int, lent: str, now: datetime) -> bytes | None:
    said = keys.take_back(f"set up {account_id}", lent, now)
    return bytes.fromhex(said["secret"]) if said else None


def turn_on(
    session: Session,
    keys: Keys,
    account_id: int,
    lent: str,
    code: str,
    now: datetime,
    *,
    keep: int,
) -> tuple[str, ...]:
    """Ask for a code at each sign-in from now on; returns the recovery codes, told only here.

    The account's sessions end, all but `keep`; a former telephone and former recovery codes are
    worth nothing any more.

    Raises:
        Refused: the page was open for too long.
        WrongInput: the code is not the telephone's.
    """
    row = row_of(session, account_id)
    secret = _lent(keys, account_id, lent, now)
    if secret is None:
        raise Refused("This page was open for too long; begin again with the picture below.")
    digits = totp.digits_of(code)
    step = totp.step_of(secret, digits, now, used=None) if digits else None
    if step is None:
        raise WrongInput(
            "That is not the code that the telephone shows now. "
            "Wait for the next one, and see that the telephone’s clock is right."
        )
    row.totp_secret = keys.seal(_purpose(account_id), secret)
    row.totp_step = step
    _end_others(session, account_id, keep)
    audit.record(
        session,
        now,
        f"staff {account_id}",
        f"account {account_id}",
        Sentence("turned on two-step sign-in"),
    )
    return _new_codes(session, account_id)


def turn_off(
    session: Session, account_id: int, now: datetime, actor: str, *, keep: int | None = None
) -> None:
    """Ask for the password alone from now on; the account's sessions end, all but `keep`."""
    row = row_of(session, account_id)
    if row.totp_secret is None:
        return
    row.totp_secret, row.totp_step = None, None
    session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.account_id == account_id))
    _end_others(session, account_id, keep)
    words = Sentence("turned off two-step sign-in")
    audit.record(session, now, actor, f"account {account_id}", words)


def new_recovery_codes(session: Session, account_id: int, now: datetime) -> tuple[str, ...]:
    """Ten fresh codes, told only here; the former ones are worth nothing any more."""
    if row_of(session, account_id).totp_secret is None:
        raise Refused("There are recovery codes only where two-step sign-in is on.")
    words = Sentence("made new recovery codes")
    audit.record(session, now, f"staff {account_id}", f"account {account_id}", words)
    return _new_codes(session, account_id)


def recovery_codes_left(session: Session, account_id: int) -> int:
    """How many have not been used."""
    theirs = RecoveryCodeRow.account_id == account_id
    return session.scalar(select(func.count()).where(theirs)) or 0


def use(session: Session, keys: Keys, row: AccountRow, typed: str, now: datetime) -> bool:
    """Whether this is the telephone's code, or a recovery code; it is used up then."""
    digits = totp.digits_of(typed)
    if digits is None:
        return _use_recovery_code(session, row.id, typed, now)
    secret = keys.open(_purpose(row.id), row.totp_secret or "")
    step = totp.step_of(secret, digits, now, used=row.totp_step) if secret else None
    if secret is None or step is None:
        return False
    # Of two who bring the same code at the same moment, one has used it.
    unused = or_(AccountRow.totp_step.is_(None), AccountRow.totp_step < step)
    used = session.execute(
        update(AccountRow)
        .where(AccountRow.id == row.id, unused)
        .values(totp_step=step, totp_secret=keys.seal(_purpose(row.id), secret))
        .returning(AccountRow.id)
        .execution_options(synchronize_session=False)
    )
    return used.first() is not None


def _use_recovery_code(session: Session, account_id: int, typed: str, now: datetime) -> bool:
    used = session.execute(
        delete(RecoveryCodeRow)
        .where(
            RecoveryCodeRow.account_id == account_id,
            RecoveryCodeRow.code_hash == _hash(account_id, typed),
        )
        .returning(RecoveryCodeRow.account_id)
    ).first()
    if used is None:
        return False
    left = recovery_codes_left(session, account_id)
    words = Sentence("used a recovery code; {left} are left", left=left)
    audit.record(session, now, f"staff {account_id}", f"account {account_id}", words)
    return True


def _new_codes(session: Session, account_id: int) -> tuple[str, ...]:
    session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.account_id == account_id))
    codes = tuple(_new_code() for _ in range(RECOVERY_CODES))
    session.add_all(
        RecoveryCodeRow(account_id=account_id, code_hash=_hash(account_id, code)) for code in codes
    )
    return codes


def _new_code() -> str:
    """79 random bits, so that a hash needs no salt and no work to be safe."""
    groups = ("".join(secrets.choice(_CHARACTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def _hash(account_id: int, typed: str) -> bytes:
    code = "".join(c for c in typed.lower() if c.isalnum())
    return hashlib.sha256(f"{account_id}:{code}".encode("utf-8", "replace")).digest()


def _purpose(account_id: int) -> str:
    return f"totp {account_id}"


def _end_others(session: Session, account_id: int, keep: int | None) -> None:
    ended = delete(SessionRow).where(SessionRow.account_id == account_id)
    if keep is not None:
        ended = ended.where(SessionRow.id != keep)
    session.execute(ended)
