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
from mailer.sentence import Recogniser, Sentence, shown

# RFC 5322 section 3.2.3: dot-atom.
_ATEXT = r"[A-Za-z0-9_!#$%&'*+\-/=?^`{|}~]+"
_PLAIN = re.compile(rf"({_ATEXT}(?:\.{_ATEXT})*)@([A-Za-z0-9.-]+)")
_MAX_OCTETS = 254
_SHOWN = 100

FAULTS = (
    Sentence("an email address must have an @-sign."),
    Sentence("there must be something before the @-sign."),
    Sentence("there must be something after the @-sign."),
    Sentence("an email address cannot have two periods in a row."),
    Sentence("the part after the @-sign is not valid. It should have a period."),
    Sentence("the part after the @-sign is not valid. It is not within a valid top-level domain."),
    Sentence("the part after the @-sign contains invalid characters: {characters}."),
    Sentence("the email address contains invalid characters before the @-sign: {characters}."),
    Sentence("the email address contains unsafe characters: {characters}."),
    Sentence("an email address cannot start with a period."),
    Sentence("an email address cannot have a period immediately before the @-sign."),
    Sentence("an email address cannot have a period immediately after the @-sign."),
    Sentence("an email address cannot end with a period."),
    Sentence("the email address is too long {excess}."),
    Sentence("the email address is too long before the @-sign {excess}."),
    Sentence("the email address is too long after the @-sign {excess}."),
    Sentence(
        "the part after the @-sign is a special-use or reserved name that cannot be used with "
        "email."
    ),
    Sentence("a display name and angle brackets around the email address are not permitted here."),
)
"""What email-validator says most often, in a form that can be said in other languages too."""

_known_fault = Recogniser(FAULTS)


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
        fault = _lower_first(str(error))
        beginning = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
        raise WrongInput(
            Sentence(
                "“{text}” is not an address: {reason}",
                text=shown(beginning),
                reason=_known_fault(fault) or fault,
            )
        ) from None
    assert valid.ascii_domain is not None
    domain = valid.ascii_domain.lower()
    local = unicodedata.normalize("NFC", valid.local_part.lower())
    return Address(valid.normalized, f"{local}@{domain}", domain)


def _lower_first(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
