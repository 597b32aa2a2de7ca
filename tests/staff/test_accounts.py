"""Accounts: added, given a password, removed, brought back; and the last owner stays."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import select

from mailer import audit, staff
from mailer.audit.models import AuditRow
from mailer.database import Database
from mailer.errors import MailerError, NotFound, Refused, WrongInput
from mailer.staff.models import AccountRow
from tests.conftest import NOW
from tests.delivery.desk import at_once

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
        ("tom", "editor", PASSWORD, "“tom” is no email address"),
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


def test_one_s_name_and_language_are_one_s_own_to_choose(database: Database) -> None:
    ana = add(database, "ana@psg.example", "owner")
    assert (ana.name, ana.language, ana.called) == ("", "en", "ana@psg.example")
    with database.write() as session:
        staff.describe(session, ana.id, "  Ana\tQuispe\u202e\0 ", "es", NOW, f"staff {ana.id}")
    with database.read() as session:
        found = staff.account(session, ana.id)
    assert (found.name, found.language, found.called) == ("Ana Quispe", "es", "Ana Quispe")


@pytest.mark.parametrize(("name", "language"), [("x" * 201, "en"), ("Ana", "qu"), ("Ana", "")])
def test_what_cannot_be_a_name_or_language_changes_neither(
    database: Database, name: str, language: str
) -> None:
    ana = add(database, "ana@psg.example", "owner")
    with pytest.raises(WrongInput), database.write() as session:
        staff.describe(session, ana.id, name, language, NOW, "test")
    with database.read() as session:
        assert staff.account(session, ana.id) == ana


def test_somebody_works_here_as_something_else(database: Database) -> None:
    add(database, "ana@psg.example", "owner")
    tom = add(database, "tom@psg.example", "writer")
    with database.write() as session:
        staff.change_role(session, tom.id, "editor", NOW, "staff 1")
        staff.change_role(session, tom.id, "editor", NOW, "staff 1")
        newest, before, *_ = audit.entries(session)
    assert newest.words == "was writer, and is editor now"
    assert before.words != newest.words
    assert everybody(database)[1] == ("tom@psg.example", "editor")


def test_the_last_owner_stays_one(database: Database) -> None:
    ana = add(database, "ana@psg.example", "owner")
    with pytest.raises(Refused, match="last owner"), database.write() as session:
        staff.change_role(session, ana.id, "editor", NOW, "test")
    with pytest.raises(WrongInput, match="no role “boss”"), database.write() as session:
        staff.change_role(session, ana.id, "boss", NOW, "test")
    with database.write() as session:
        staff.change_role(session, ana.id, "owner", NOW, "test")
    assert everybody(database) == [("ana@psg.example", "owner")]


def test_two_owners_who_remove_each_other_at_once_leave_one(
    database: Database, database_url: str
) -> None:
    pair = ("ana@psg.example", "tom@psg.example")
    for address in pair:
        add(database, address, "owner")

    def away(address: str) -> Callable[[Database], None]:
        def act(own: Database) -> None:
            with suppress(MailerError):
                remove(own, address)

        return act

    at_once(database_url, *map(away, pair))
    assert len(everybody(database)) == 1


def test_everybody_who_was_ever_here_has_a_name(database: Database) -> None:
    ana = add(database, "ana@psg.example", "owner")
    tom = add(database, "tom@psg.example", "writer")
    with database.write() as session:
        staff.describe(session, tom.id, "Tom", "en", NOW, "test")
    remove(database, "tom@psg.example")
    with database.read() as session:
        assert staff.names(session) == {ana.id: "ana@psg.example", tom.id: "Tom"}
        with pytest.raises(NotFound):
            staff.account(session, tom.id)


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
