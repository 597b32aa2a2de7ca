"""Accounts: added, given a password, removed, brought back; and the last owner stays."""

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import select

from mailer import staff
from mailer.audit.models import AuditRow
from mailer.database import Database
from mailer.errors import NotFound, Refused, WrongInput
from mailer.staff.models import AccountRow
from tests.conftest import NOW

pytestmark = pytest.mark.usefixtures("cheap_hashes")

PASSWORD = "correct horse"
OTHER = "battery staple"


def add(database: Database, address: str, role: str, password: str = PASSWORD) -> staff.Account:
    with database.write() as session:
        return staff.add(session, address, role, password, NOW, "test")


def remove(database: Database, address: str) -> None:
    with database.write() as session:
        staff.remove(session, address, NOW, "test")


def everybody(database: Database) -> list[tuple[str, str]]:
    with database.read() as session:
        return [(account.mailbox, account.role) for account in staff.accounts(session)]


def hash_of(database: Database, mailbox: str) -> str:
    with database.read() as session:
        found = select(AccountRow.password_hash).where(AccountRow.mailbox == mailbox)
        return session.execute(found).scalar_one()


@pytest.mark.parametrize("role", staff.ROLES)
def test_somebody_is_added_in_each_role(database: Database, role: str) -> None:
    account = add(database, "Ana@PSG.example", role)
    assert (account.mailbox, account.role) == ("ana@psg.example", role)
    assert everybody(database) == [("ana@psg.example", role)]


def test_a_new_password_takes_the_place_of_the_former(database: Database) -> None:
    add(database, "ana@psg.example", "owner")
    with database.write() as session:
        staff.set_password(session, "ANA@psg.example", OTHER, NOW, "test")
    kept = hash_of(database, "ana@psg.example")
    assert PasswordHasher().verify(kept, OTHER)
    with pytest.raises(VerifyMismatchError):
        PasswordHasher().verify(kept, PASSWORD)


@pytest.mark.parametrize(
    ("address", "role", "password", "words"),
    [
        ("tom@psg.example", "boss", PASSWORD, "owner, editor, writer, secretary, auditor"),
        ("tom", "editor", PASSWORD, "'tom' is no email address"),
        ("tom@psg.example", "editor", "eleven char", "12 characters"),
        ("Ana@psg.example", "editor", PASSWORD, "has an account already, as owner"),
    ],
)
def test_what_cannot_be_taken_adds_nobody(
    database: Database, address: str, role: str, password: str, words: str
) -> None:
    add(database, "ana@psg.example", "owner")
    with pytest.raises(WrongInput, match=words):
        add(database, address, role, password)
    assert everybody(database) == [("ana@psg.example", "owner")]


def test_a_short_password_leaves_the_former(database: Database) -> None:
    add(database, "ana@psg.example", "owner")
    with pytest.raises(WrongInput, match="12 characters"), database.write() as session:
        staff.set_password(session, "ana@psg.example", "short", NOW, "test")
    assert PasswordHasher().verify(hash_of(database, "ana@psg.example"), PASSWORD)


def test_who_was_removed_is_nobody_until_brought_back(database: Database) -> None:
    add(database, "ana@psg.example", "owner")
    tom = add(database, "tom@psg.example", "editor")
    remove(database, "Tom@psg.example")
    assert everybody(database) == [("ana@psg.example", "owner")]
    with pytest.raises(NotFound, match="tom@psg"):
        remove(database, "tom@psg.example")
    with pytest.raises(NotFound, match="tom@psg"), database.write() as session:
        staff.set_password(session, "tom@psg.example", OTHER, NOW, "test")

    back = add(database, "tom@psg.example", "auditor", OTHER)
    assert (back.id, back.role) == (tom.id, "auditor")
    assert everybody(database) == [("ana@psg.example", "owner"), ("tom@psg.example", "auditor")]
    assert PasswordHasher().verify(hash_of(database, "tom@psg.example"), OTHER)


def test_the_last_owner_stays(database: Database) -> None:
    add(database, "ana@psg.example", "owner")
    add(database, "eve@psg.example", "editor")
    with pytest.raises(Refused, match=r"ana@psg\.example is the last owner"):
        remove(database, "ana@psg.example")
    add(database, "tom@psg.example", "owner")
    remove(database, "ana@psg.example")
    with pytest.raises(Refused, match=r"tom@psg\.example is the last owner"):
        remove(database, "tom@psg.example")
    assert everybody(database) == [("eve@psg.example", "editor"), ("tom@psg.example", "owner")]


def test_the_audit_log_knows_accounts_by_id(database: Database) -> None:
    add(database, "ana@psg.example", "owner")
    tom = add(database, "tom@psg.example", "editor")
    with database.write() as session:
        staff.set_password(session, "tom@psg.example", OTHER, NOW, "test")
    remove(database, "tom@psg.example")
    with database.read() as session:
        log = session.execute(select(AuditRow.subject, AuditRow.words).order_by(AuditRow.id)).all()
    assert [tuple(row) for row in log][1:] == [
        (f"account {tom.id}", "added as editor"),
        (f"account {tom.id}", "got a new password"),
        (f"account {tom.id}", "removed"),
    ]
