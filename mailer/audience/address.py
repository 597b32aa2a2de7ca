"""Addresses: which are valid, and when two are the same mailbox.

email-validator decides (RFC 5321, 5322, 6531, 5891), with nothing changed but that DNS is not
asked. It takes 40 µs, so a plain ASCII address, as nearly all are, has only its domain checked
by it, once; a test holds the two ways to the same verdict.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from mailer.errors import WrongInput

# RFC 5322 section 3.2.3: dot-atom.
_ATEXT = r"[A-Za-z0-9_!#$%&'*+\-/=?^`{|}~]+"
_PLAIN = re.compile(rf"({_ATEXT}(?:\.{_ATEXT})*)@([A-Za-z0-9.-]+)")
_MAX_OCTETS = 254
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Address:
    """A valid address.

    `address` is what mail is sent to. `mailbox` is what makes it unique (NFC, lower case, IDNA
    A-labels), and `domain` is that of the mailbox.
    """

    address: str
    mailbox: str
    domain: str


def normalise(text: str) -> Address:
    """The address that `text` is; blanks around it do not count.

    Raises:
        WrongInput: it is none; the sentence names it and the reason.
    """
    text = text.strip(" ")
    return _plain(text) or _validated(text)


def _plain(text: str) -> Address | None:
    match = _PLAIN.fullmatch(text)
    if match is None or len(text) > _MAX_OCTETS:
        return None
    local, domain = match[1], match[2].lower()
    if not _is_plain_domain(domain):
        return None
    if local.lower() in _caseless():
        local = local.lower()
    return Address(f"{local}@{domain}", f"{local.lower()}@{domain}", domain)


@lru_cache(maxsize=20_000)
def _is_plain_domain(domain: str) -> bool:
    """Whether a lower-case domain is valid and stays as it is."""
    if "xn--" in domain:
        return False
    try:
        return _validated(f"a@{domain}").address == f"a@{domain}"
    except WrongInput:
        return False


@lru_cache(maxsize=1)
def _caseless() -> frozenset[str]:
    from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES

    return frozenset(CASE_INSENSITIVE_MAILBOX_NAMES)


def _validated(text: str) -> Address:
    from email_validator import EmailNotValidError, validate_email

    try:
        valid = validate_email(text, check_deliverability=False)
    except EmailNotValidError as error:
        shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
        raise WrongInput(f"{shown!r} is not an address: {_lower_first(str(error))}") from None
    assert valid.ascii_domain is not None
    domain = valid.ascii_domain.lower()
    local = unicodedata.normalize("NFC", valid.local_part.lower())
    return Address(valid.normalized, f"{local}@{domain}", domain)


def _lower_first(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
