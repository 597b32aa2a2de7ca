"""Passwords: what is taken for one, and argon2id hashes of them.

Whoever asks for a mailbox without an account costs the same work as for one with an account:
there is always one hash to verify against.
"""

import secrets
import threading
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from mailer.errors import WrongInput
from mailer.sentence import Sentence

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST, MOST = 12, 1000
_CHARACTERS_LEAST = 5

# Each hash takes 64 MiB: a crowd at the door shall not take all the memory there is.
_FEW = threading.BoundedSemaphore(4)


def new_password() -> str:
    """A password that nobody guesses: 120 random bits, readable aloud in four groups."""
    characters = "abcdefghjkmnpqrstuvwxyz23456789"
    groups = ("".join(secrets.choice(characters) for _ in range(6)) for _ in range(4))
    return "-".join(groups)


class Hashed(str):
    """The hash of a password that was taken."""

    __slots__ = ()


def hash_of(password: str, mailbox: str) -> Hashed:
    """The hash under which the password of this mailbox is kept.

    It takes a good part of a second, which no transaction that writes should wait for: what was
    hashed before is taken as it is.

    Raises:
        WrongInput: it is too short, too long, or guessed at once.
    """
    if isinstance(password, Hashed):
        return password
    password = _written(password)
    if len(password) < LEAST:
        raise WrongInput(Sentence("A password has {least} characters or more.", least=LEAST))
    if len(password) > MOST:
        raise WrongInput(Sentence("A password has {most} characters at most.", most=MOST))
    if len(set(password)) < _CHARACTERS_LEAST or password.casefold() == mailbox.casefold():
        raise WrongInput("That password is guessed at once; choose three or four words, or more.")
    return hash_again(password)


def hash_again(password: str) -> Hashed:
    """The hash of a password that was taken before, whatever is asked of one today."""
    with _FEW:
        return Hashed(_hasher().hash(_written(password)))


def is_right(kept: str | None, password: str) -> bool:
    """Whether `password` is the one whose hash is `kept`; None is nobody's, and takes as long."""
    from argon2.exceptions import InvalidHashError, VerificationError

    password = _written(password)
    if len(password) > MOST:
        kept, password = None, ""
    with _FEW:
        try:
            return _hasher().verify(kept or _nobodys(), password) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with less work than is asked for today."""
    return _hasher().check_needs_rehash(kept)


def _written(password: str) -> str:
    # NIST SP 800-63B section 5.1.1.2: keyboards differ in how they write one character.
    return unicodedata.normalize("NFKC", password)


def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher()


def _nobodys() -> str:
    """A hash of today's parameters that no password has."""
    hasher = _hasher()
    return _made_up(hasher.time_cost, hasher.memory_cost, hasher.parallelism, hasher.hash_len)


@lru_cache(maxsize=4)
def _made_up(time_cost: int, memory_cost: int, parallelism: int, octets: int) -> str:
    from base64 import b64encode

    salt, digest = (b64encode(secrets.token_bytes(n)).decode().rstrip("=") for n in (16, octets))
    return f"$argon2id$v=19$m={memory_cost},t={time_cost},p={parallelism}${salt}${digest}"
