"""`mailer staff`, as it is typed."""

import re

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from mailer import clock, staff
from mailer.delivery.models import DeliveryRow, MergeValueRow
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
        (("add", "tom@psg.example", "--role", "boss"), "no role “boss”"),
        (("password", "tom@psg.example"), "no account of tom@psg.example"),
        (("remove", "tom@psg.example", "--yes"), "no account of tom@psg.example"),
        (("unlock", "tom@psg.example"), "no account of tom@psg.example"),
        (("end-sessions", "tom@psg.example"), "no account of tom@psg.example"),
        (("invite", "tom", "--role", "editor"), "no email address"),
        (("invite", "tom@psg.example", "--role", "boss"), "no role “boss”"),
    ],
)
def test_what_is_wrong_is_one_sentence(shell: Shell, words: tuple[str, ...], said: str) -> None:
    assert said in shell.refusal("staff", *words)


def test_a_short_password_is_refused(shell: Shell) -> None:
    assert "12 characters" in shell.refusal(*ADD, typed="short\n")
    assert shell.json("staff", "list") == []


def test_somebody_is_invited_by_letter(shell: Shell, desk: Desk) -> None:
    said = shell.say("staff", "invite", "Tom@psg.example", "--role", "editor")
    assert said.startswith("tom@psg.example is invited as editor")
    with desk.database.read() as session:
        (asked,) = staff.invitations(session, clock.now())
        assert session.scalar(select(DeliveryRow.address)) == asked.mailbox == "tom@psg.example"
        link = session.scalar(select(MergeValueRow.value))
    assert link is not None
    page, _, secret = link.rpartition("/")
    assert page == "http://127.0.0.1:8000/desk/invitation"
    assert asked.invited_by.startswith("command")
    with desk.database.read() as session:
        assert staff.invitation(session, secret, clock.now()) == asked
    assert asked.language == "en"
    shell.run("staff", "invite", "eva@psg.example", "--role", "writer", "--language", "es")
    assert "does not speak" in shell.refusal(
        "staff", "invite", "eva@psg.example", "--role", "writer", "--language", "qu"
    )


def test_somebody_who_was_locked_out_may_try_again(shell: Shell, desk: Desk) -> None:
    shell.run(*ADD, typed="correct horse\n")
    keys = staff.Keys(desk.config.site.secret_key)

    def enter(password: str) -> None:
        at = clock.now()
        staff.check_password(desk.database, keys, ADD[2], password, network=None, now=at)

    for _ in range(5):
        with pytest.raises(staff.NotSignedIn):
            enter("a guess")
    with pytest.raises(staff.TooOften):
        enter("correct horse")
    assert "may try to sign in again" in shell.say("staff", "unlock", ADD[2])
    enter("correct horse")


def test_somebody_who_lost_their_telephone_signs_in_with_the_password(
    shell: Shell, desk: Desk
) -> None:
    shell.run(*ADD, typed="correct horse\n")
    with desk.database.write() as session:
        session.execute(update(AccountRow).values(totp_secret="sealed"))
    shell.say("staff", "unlock", ADD[2])
    with desk.database.read() as session:
        assert staff.find(session, ADD[2]).totp
    assert "password alone" in shell.say("staff", "unlock", ADD[2], "--totp")
    with desk.database.read() as session:
        assert not staff.find(session, ADD[2]).totp


def test_somebody_is_signed_out_everywhere(shell: Shell, desk: Desk) -> None:
    shell.run(*ADD, typed="correct horse\n")
    with desk.database.write() as session:
        account = staff.find(session, ADD[2])
        secret = staff.begin(session, account.id, network=None, agent="", now=clock.now())
    assert "signed in 1 times" in shell.say("staff", "end-sessions", ADD[2])
    with desk.database.read() as session:
        assert staff.signed_in(session, secret, clock.now()) is None
