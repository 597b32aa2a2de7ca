"""Passwords: hashed at full cost, and made where none is given."""

import re

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import select

from mailer import staff
from mailer.database import Database
from mailer.staff.models import AccountRow
from tests.conftest import NOW


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_password_is_kept_as_an_argon2id_hash(database: Database) -> None:
    with database.write() as session:
        staff.add(session, "ana@psg.example", "owner", "correct horse", NOW, "test")
        kept = session.execute(select(AccountRow.password_hash)).scalar_one()
    assert kept.startswith("$argon2id$")
    hasher = PasswordHasher()
    assert hasher.verify(kept, "correct horse")
    assert not hasher.check_needs_rehash(kept)
    with pytest.raises(VerifyMismatchError):
        hasher.verify(kept, "Correct horse")


def test_a_made_password_is_long_and_never_the_same() -> None:
    made = {staff.new_password() for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(r"([a-z2-9]{6}-){3}[a-z2-9]{6}", password) for password in made)
    assert not set("".join(made)) & set("il1o0")
