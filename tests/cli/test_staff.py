"""`mailer staff`, as it is typed."""

import re

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from mailer.staff.models import AccountRow
from tests.cli.conftest import Shell
from tests.delivery.desk import Desk

pytestmark = [
    pytest.mark.usefixtures("cheap_hashes"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
ADD = ("staff", "add", "Ana@psg.example", "--role", "owner")


def kept(desk: Desk, password: str) -> bool:
    with desk.database.read() as session:
        return PasswordHasher().verify(
            session.execute(select(AccountRow.password_hash)).scalar_one(), password
        )


def test_an_account_with_a_password_from_a_pipe(shell: Shell, desk: Desk) -> None:
    said = shell.say(*ADD, typed="correct horse\r\nand more\n")
    assert said == "ana@psg.example may work here as owner.\n"
    assert kept(desk, "correct horse")


@pytest.mark.parametrize("person", [True, False])
def test_a_password_is_made_where_nobody_gives_one(shell: Shell, desk: Desk, person: bool) -> None:
    said = shell.say(*ADD, person=person)
    (made,) = re.findall(r"^Password, shown only now: (\S+)$", said, re.MULTILINE)
    assert kept(desk, made)
    again = shell.say("staff", "password", "ana@psg.example", person=person)
    (renewed,) = re.findall(r"^Password, shown only now: (\S+)$", again, re.MULTILINE)
    assert renewed != made
    assert kept(desk, renewed)


def test_accounts_are_listed(shell: Shell) -> None:
    assert "adds the first" in shell.say("staff", "list")
    assert shell.json("staff", "list") == []
    shell.run(*ADD)
    shell.run("staff", "add", "tom@psg.example", "--role", "editor")
    assert shell.json("staff", "list") == [
        {"address": "ana@psg.example", "role": "owner"},
        {"address": "tom@psg.example", "role": "editor"},
    ]
    assert shell.say("staff", "list").splitlines() == [
        "address          role",
        "ana@psg.example  owner",
        "tom@psg.example  editor",
    ]


def test_removing_is_asked_for_and_spares_the_last_owner(shell: Shell) -> None:
    shell.run(*ADD)
    shell.run("staff", "add", "tom@psg.example", "--role", "editor")
    remove = ("staff", "remove", "tom@psg.example")
    assert "say --yes" in shell.refusal(*remove)
    no = shell.run(*remove, typed="n\n", person=True, status=2)
    assert no.remarks == (
        "End the account of tom@psg.example? [y/N] mailer: Nothing was changed.\n"
    )
    assert len(shell.json("staff", "list")) == 2
    assert "any more" in shell.say(*remove, typed="yes\n", person=True)
    assert "last owner" in shell.refusal("staff", "remove", "ana@psg.example", "--yes")
    assert len(shell.json("staff", "list")) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "tom", "--role", "editor"), "no email address"),
        (("add", "tom@psg.example", "--role", "boss"), "no role 'boss'"),
        (("password", "tom@psg.example"), "no account of tom@psg.example"),
        (("remove", "tom@psg.example", "--yes"), "no account of tom@psg.example"),
    ],
)
def test_what_is_wrong_is_one_sentence(shell: Shell, words: tuple[str, ...], said: str) -> None:
    assert said in shell.refusal("staff", *words)


def test_a_short_password_is_refused(shell: Shell) -> None:
    assert "12 characters" in shell.refusal(*ADD, typed="short\n")
    assert shell.json("staff", "list") == []
