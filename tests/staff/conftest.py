"""Passwords that cost nothing to hash, where they are not what is tested."""

from functools import partial

import pytest
from argon2 import PasswordHasher


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real hash, with the least of time and memory."""
    cheap = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("argon2.PasswordHasher", cheap)
