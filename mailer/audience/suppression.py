"""Addresses and domains that get no mail, known by keyed hashes only.

The hash is HMAC-SHA-256 over the mailbox or the domain, under a random key that is made when it
is first needed and never rotated: whoever reads the table alone cannot test an address against
it, and an erased reader's address can still be kept from being mailed again.
"""

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from mailer.audience.address import normalise
from mailer.audience.models import AudienceKeyRow, SubscriberRow, SuppressionRow
from mailer.database import upsert
from mailer.errors import Refused, WrongInput
from mailer.sentence import Sentence, shown

Scope = Literal["address", "domain"]
Reason = Literal["left", "bounce", "erased", "complaint", "staff"]

STRENGTH: dict[str, int] = {word: rank for rank, word in enumerate(get_args(Reason))}
"""A stronger reason replaces a weaker one, and never the other way round."""

LIFTED_BY_CONFIRMING = frozenset({"left", "bounce", "erased"})
"""What the reader's own confirmation undoes; the rest only staff can lift."""

LIFTED_BY_STAFF = frozenset({"bounce", "complaint", "staff"})
"""What staff may undo: leaving and erasure are the reader's own word, and theirs to take back."""

_WORDS = {
    "left": Sentence("suppressed: left"),
    "bounce": Sentence("suppressed: bounce"),
    "erased": Sentence("suppressed: erased"),
    "complaint": Sentence("suppressed: complaint"),
    "staff": Sentence("suppressed: staff"),
}
_DOMAINS_WORDS = {
    reason: Sentence("{reason} (its domain)", reason=words) for reason, words in _WORDS.items()
}

_KEY_PURPOSE = "suppression"
# Well below what either database takes as parameters of one statement.
_KEYS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Suppression:
    """Why an address gets no mail: by itself, or by its whole domain."""

    reason: str
    scope: str

    @property
    def lifted_by_confirming(self) -> bool:
        return self.scope == "address" and self.reason in LIFTED_BY_CONFIRMING

    @property
    def words(self) -> Sentence:
        return _WORDS[self.reason] if self.scope == "address" else _DOMAINS_WORDS[self.reason]


def suppress(
    session: Session, address_or_domain: str, scope: Scope, reason: Reason, now: datetime
) -> None:
    """Mail nothing more to an address, or to a whole domain.

    A reason that stands and is as strong or stronger is kept.

    Raises:
        WrongInput: it is no address, or no domain.
    """
    name = _normalised(address_or_domain, scope)
    key = hash_of(_made_secret(session), name)
    added = upsert(session, SuppressionRow).values(key=key, scope=scope, reason=reason, at=now)
    weaker = [word for word, rank in STRENGTH.items() if rank < STRENGTH[reason]]
    session.execute(
        added.on_conflict_do_update(
            index_elements=[SuppressionRow.key],
            set_={"reason": reason, "at": now},
            where=SuppressionRow.reason.in_(weaker),
        )
    )
    if scope == "address":
        mark(session, name)
        return
    unmarked = update(SubscriberRow).where(
        SubscriberRow.domain == name, SubscriberRow.suppressed == ""
    )
    session.execute(
        unmarked.values(suppressed=reason).execution_options(synchronize_session="fetch")
    )


def mark(session: Session, mailbox: str) -> None:
    """Let lists show of the reader with this mailbox whether it is suppressed."""
    found = suppression_of(session, [mailbox]).get(mailbox)
    session.execute(
        update(SubscriberRow)
        .where(SubscriberRow.mailbox == mailbox)
        .values(suppressed=found.reason if found else "")
        .execution_options(synchronize_session="fetch")
    )


def suppression_of(session: Session, mailboxes: Iterable[str]) -> dict[str, Suppression]:
    """Which of these mailboxes (as `normalise` gives them) are suppressed, and why."""
    secret = _secret(session)
    if secret is None:
        return {}
    names: dict[str, str] = {}
    wanted = list(mailboxes)
    for mailbox in wanted:
        names[mailbox] = names[_domain(mailbox)] = ""
    keys = {hash_of(secret, name): name for name in names}
    found: dict[str, Suppression] = {}
    ordered = list(keys)
    for start in range(0, len(ordered), _KEYS_AT_ONCE):
        rows = session.execute(
            select(SuppressionRow.key, SuppressionRow.reason, SuppressionRow.scope).where(
                SuppressionRow.key.in_(ordered[start : start + _KEYS_AT_ONCE])
            )
        )
        found.update((keys[key], Suppression(reason, scope)) for key, reason, scope in rows)
    if not found:
        return {}
    both = ((mailbox, found.get(mailbox), found.get(_domain(mailbox))) for mailbox in wanted)
    return {mailbox: max(filter(None, pair), key=_standing) for mailbox, *pair in both if any(pair)}


def lift(session: Session, mailbox: str) -> bool:
    """Undo what a confirmation undoes for this mailbox; True where there was something."""
    return _lift(session, mailbox, LIFTED_BY_CONFIRMING)


def lift_by_staff(session: Session, mailbox: str) -> None:
    """Undo what staff may undo for this mailbox.

    Raises:
        Refused: nothing is to be undone, or only its reader, or nobody for this mailbox alone, may.
    """
    found = suppression_of(session, [mailbox]).get(mailbox)
    if found is None:
        raise Refused("This address is not suppressed.")
    if found.scope == "domain":
        raise Refused("The whole domain is suppressed, and not this address alone.")
    if not _lift(session, mailbox, LIFTED_BY_STAFF):
        raise Refused(
            "Only the reader can undo this: they left for good, or had themselves erased. "
            "They can subscribe again on the site."
        )


def _lift(session: Session, mailbox: str, reasons: frozenset[str]) -> bool:
    secret = _secret(session)
    if secret is None:
        return False
    lifted = session.execute(
        delete(SuppressionRow).where(
            SuppressionRow.key == hash_of(secret, mailbox), SuppressionRow.reason.in_(reasons)
        )
    )
    if lifted.rowcount:  # type: ignore[attr-defined]
        mark(session, mailbox)
        return True
    return False


def _standing(suppression: Suppression) -> tuple[bool, int]:
    return not suppression.lifted_by_confirming, STRENGTH[suppression.reason]


def _normalised(text: str, scope: Scope) -> str:
    if scope == "address":
        return normalise(text).mailbox
    try:
        return normalise(f"postmaster@{text}").domain
    except WrongInput:
        raise WrongInput(
            Sentence("“{text}” is not a domain; write it like example.org.", text=shown(text))
        ) from None


def _domain(mailbox: str) -> str:
    return mailbox.rpartition("@")[2]


def hash_of(secret: bytes, name: str) -> str:
    return hmac.digest(secret, name.encode(), "sha256").hex()


def _secret(session: Session) -> bytes | None:
    return session.scalar(
        select(AudienceKeyRow.secret).where(AudienceKeyRow.purpose == _KEY_PURPOSE)
    )


def _made_secret(session: Session) -> bytes:
    """The key, made now if there is none; of two that make it at once, one key stands."""
    found = _secret(session)
    if found is None:
        made = upsert(session, AudienceKeyRow).values(
            purpose=_KEY_PURPOSE, secret=secrets.token_bytes(32)
        )
        session.execute(made.on_conflict_do_nothing())
        found = _secret(session)
    assert found is not None
    return found
