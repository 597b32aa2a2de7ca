"""Passwords that cost nothing to hash, where they are not what is tested; and somebody who works
here."""

from functools import partial

import pytest
from argon2 import PasswordHasher

from mailer import staff
from mailer.database import Database
from tests.conftest import NOW

PASSWORD = "correct horse"


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real hash, with the least of time and memory."""
    cheap = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("argon2.PasswordHasher", cheap)


@pytest.fixture
def ana(database: Database, cheap_hashes: None) -> staff.Account:
    """Ana, who owns the place."""
    return somebody(database)


def somebody(
    database: Database, address: str = "ana@psg.example", role: str = "owner"
) -> staff.Account:
    """An account with the password of the tests."""
    with database.write() as session:
        return staff.add(session, address, role, PASSWORD, NOW, "test")
