"""Invitations and forgotten passwords: a letter, a link, once."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from mailer import audit, delivery, staff
from mailer.config import Config
from mailer.database import Database
from mailer.delivery.models import DeliveryRow
from mailer.errors import MailerError, NotFound, Refused, WrongInput
from mailer.letter import LetterDue
from mailer.staff import Account, Keys
from tests.conftest import NOW
from tests.delivery.desk import at_once
from tests.staff.conftest import PASSWORD, somebody

KEYS = Keys("0" * 32)
PAGE = "https://updates.example.org/desk/invitation/"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEW = "battery staple"


def invite(database: Database, address: str = "Tom@psg.example", role: str = "editor") -> LetterDue:
    with database.write() as session:
        return staff.invite(
            session, address, role, language="es", page=PAGE, now=NOW, actor="staff 1"
        )


def secret_in(due: LetterDue) -> str:
    url = due.values["action_url"]
    assert url.startswith(PAGE)
    return url.removeprefix(PAGE)


def accept(database: Database, secret: str, now: object = NOW, password: str = NEW) -> Account:
    with database.write() as session:
        return staff.accept(
            session,
            secret,
            name="Tom",
            password=password,
            language="en",
            now=now,  # type: ignore[arg-type]
        )


def forget(database: Database, address: str = "ana@psg.example") -> LetterDue | None:
    with database.write() as session:
        return staff.forgot(session, KEYS, address, page=PAGE, now=NOW)


def sent(due: LetterDue | None) -> LetterDue:
    assert due is not None
    return due


def reset(database: Database, secret: str, password: str = NEW, now: object = NOW) -> Account:
    with database.write() as session:
        return staff.reset(session, KEYS, secret, password, now)  # type: ignore[arg-type]


def enter(database: Database, address: str, password: str) -> int:
    given = {"network": None, "now": NOW}
    return staff.check_password(database, KEYS, address, password, **given).account_id  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("note", ["invitation", "reset"])
def test_the_letter_goes_to_the_mailbox_in_their_language(
    database: Database, config: Config, note: str, language: str, cheap_hashes: None
) -> None:
    due = LetterDue(
        kind="confirmation",
        note=note,
        subscriber_id=None,
        address="tom@psg.example",
        language=language,
        dedupe_key="a key",
        values={"action_url": f"{PAGE}abc"},
    )
    with database.write() as session:
        assert delivery.enqueue(session, config, due, NOW)
        assert session.scalar(select(DeliveryRow.address)) == "tom@psg.example"


def test_who_is_invited_chooses_name_and_password(database: Database, ana: Account) -> None:
    due = invite(database)
    assert (due.kind, due.note, due.address, due.language) == (
        "confirmation",
        "invitation",
        "tom@psg.example",
        "es",
    )
    with database.read() as session:
        asked = staff.invitation(session, secret_in(due), NOW)
        assert staff.invitations(session, NOW) == [asked]
        assert [one.mailbox for one in staff.accounts(session)] == [ana.mailbox]
    assert (asked.mailbox, asked.role, asked.invited_by) == ("tom@psg.example", "editor", "staff 1")
    tom = accept(database, secret_in(due))
    assert (tom.name, tom.role, tom.language, tom.totp) == ("Tom", "editor", "en", False)
    assert enter(database, "tom@psg.example", NEW) == tom.id
    with database.read() as session:
        assert staff.invitations(session, NOW) == []
        newest = audit.entries(session)[0]
    assert (newest.actor, newest.words) == (
        f"staff {tom.id}",
        "accepted the invitation, as editor",
    )


def test_an_invitation_is_accepted_once(database: Database, ana: Account) -> None:
    secret = secret_in(invite(database))
    accept(database, secret)
    with pytest.raises(NotFound, match="was used"):
        accept(database, secret)
    with pytest.raises(NotFound), database.read() as session:
        staff.invitation(session, secret, NOW)


def test_of_two_who_come_with_one_link_at_once_one_is_let_in(
    database: Database, database_url: str, ana: Account
) -> None:
    secret = secret_in(invite(database))
    came: list[str] = []

    def come(own: Database) -> None:
        try:
            came.append(accept(own, secret).mailbox)
        except MailerError:
            came.append("")

    at_once(database_url, *[come] * 3)
    assert sorted(came) == ["", "", "tom@psg.example"]


def test_what_cannot_be_taken_leaves_the_invitation_as_it_was(
    database: Database, ana: Account
) -> None:
    secret = secret_in(invite(database))
    with pytest.raises(WrongInput, match="12 characters"):
        accept(database, secret, password="short")
    assert accept(database, secret).mailbox == "tom@psg.example"


def test_an_invitation_is_good_for_seven_days(database: Database, ana: Account) -> None:
    secret = secret_in(invite(database))
    with database.read() as session:
        assert not staff.invitations(session, NOW + 6.9 * DAY)[0].over
        assert staff.invitations(session, NOW + 7 * DAY)[0].over
    with pytest.raises(NotFound, match="seven days"):
        accept(database, secret, NOW + 7 * DAY)
    accept(database, secret, NOW + 6.9 * DAY)


def test_sent_again_the_newest_letter_alone_is_good(database: Database, ana: Account) -> None:
    first = invite(database)
    with database.write() as session:
        (asked,) = staff.invitations(session, NOW)
        second = staff.invite_again(
            session, asked.id, page=PAGE, now=NOW + 8 * DAY, actor="staff 1"
        )
    assert (second.address, second.language) == (first.address, first.language)
    assert second.dedupe_key != first.dedupe_key
    with pytest.raises(NotFound):
        accept(database, secret_in(first))
    accept(database, secret_in(second), NOW + 14 * DAY)


def test_a_withdrawn_invitation_leads_nowhere(database: Database, ana: Account) -> None:
    secret = secret_in(invite(database))
    with database.write() as session:
        (asked,) = staff.invitations(session, NOW)
        staff.withdraw(session, asked.id, NOW, "staff 1")
    with pytest.raises(NotFound):
        accept(database, secret)
    with pytest.raises(NotFound), database.write() as session:
        staff.withdraw(session, asked.id, NOW, "staff 1")


@pytest.mark.parametrize(
    ("address", "role", "error"),
    [
        ("ana@psg.example", "editor", Refused),
        ("tom", "editor", WrongInput),
        ("tom@psg.example\nBcc: eve@example.org", "editor", WrongInput),
        ("tom@psg.example", "boss", WrongInput),
    ],
)
def test_who_cannot_be_invited_is_not(
    database: Database, ana: Account, address: str, role: str, error: type[MailerError]
) -> None:
    with pytest.raises(error):
        invite(database, address, role)
    with database.read() as session:
        assert staff.invitations(session, NOW) == []


def test_who_got_an_account_otherwise_needs_no_invitation(database: Database, ana: Account) -> None:
    secret = secret_in(invite(database))
    somebody(database, "tom@psg.example", "writer")
    with pytest.raises(NotFound):
        accept(database, secret)


def test_who_was_removed_is_invited_back_as_the_same_person(
    database: Database, ana: Account
) -> None:
    tom = somebody(database, "tom@psg.example", "writer")
    with database.write() as session:
        staff.remove(session, tom.mailbox, NOW, "test")
    back = accept(database, secret_in(invite(database)))
    assert (back.id, back.role) == (tom.id, "editor")


def test_no_secret_of_a_link_stands_in_the_tables_of_staff(
    database: Database, ana: Account
) -> None:
    links = [secret_in(invite(database)), secret_in(sent(forget(database)))]
    with database.read() as session:
        rows = repr(
            [
                session.execute(text(f"SELECT * FROM {table}")).all()
                for table in ("invitations", "password_resets", "audit")
            ]
        )
    assert not [link for link in links if link in rows]


@pytest.mark.parametrize("secret", ["", "x", "x" * 43, "\0", "ü" * 40, "../" * 20])
def test_a_link_that_is_none_of_ours_leads_nowhere(
    database: Database, ana: Account, secret: str
) -> None:
    invite(database)
    forget(database)
    with pytest.raises(NotFound):
        accept(database, secret)
    with pytest.raises(NotFound):
        reset(database, secret)


def test_a_link_for_one_thing_is_good_for_no_other(database: Database, ana: Account) -> None:
    with pytest.raises(NotFound):
        reset(database, secret_in(invite(database)))
    with pytest.raises(NotFound):
        accept(database, secret_in(sent(forget(database))))


def test_a_forgotten_password_is_replaced_once(database: Database, ana: Account) -> None:
    due = sent(forget(database))
    assert (due.note, due.address) == ("reset", ana.mailbox)
    with database.read() as session:
        assert staff.who_forgot(session, secret_in(due), NOW) == ana
    assert enter(database, ana.mailbox, PASSWORD) == ana.id
    reset(database, secret_in(due))
    assert enter(database, ana.mailbox, NEW) == ana.id
    with pytest.raises(NotFound, match="was used"):
        reset(database, secret_in(due), "another one of these")


def test_a_new_password_ends_all_sessions_and_all_other_links_and_keeps_two_steps(
    database: Database, ana: Account
) -> None:
    first, second = sent(forget(database)), sent(forget(database))
    with database.write() as session:
        secret = staff.begin(session, ana.id, network=None, agent="", now=NOW)
        session.execute(text("UPDATE accounts SET totp_secret = 'sealed'"))
    assert reset(database, secret_in(first)).totp
    with database.read() as session:
        assert staff.signed_in(session, secret, NOW) is None
    with pytest.raises(NotFound):
        reset(database, secret_in(second))


def test_a_link_to_a_new_password_is_good_for_an_hour(database: Database, ana: Account) -> None:
    secret = secret_in(sent(forget(database)))
    with pytest.raises(NotFound, match="an hour"):
        reset(database, secret, now=NOW + HOUR)
    reset(database, secret, now=NOW + 0.99 * HOUR)


def test_who_has_to_wait_at_the_door_comes_in_by_letter(database: Database, ana: Account) -> None:
    for _ in range(6):
        with pytest.raises(Refused):
            enter(database, ana.mailbox, "a guess")
    reset(database, secret_in(sent(forget(database))))
    assert enter(database, ana.mailbox, NEW) == ana.id


@pytest.mark.parametrize("address", ["nobody@psg.example", "tom@psg.example", "tom", "", "\0"])
def test_nothing_is_sent_to_whom_nobody_knows(
    database: Database, ana: Account, address: str
) -> None:
    tom = somebody(database, "tom@psg.example", "writer")
    with database.write() as session:
        staff.remove(session, tom.mailbox, NOW, "test")
    assert forget(database, address) is None


def test_nobody_s_mailbox_is_filled_with_letters(database: Database, ana: Account) -> None:
    assert [forget(database) is not None for _ in range(6)] == [True] * 3 + [False] * 3


def test_whoever_asks_for_many_has_to_wait(database: Database, ana: Account) -> None:
    with database.write() as session:
        for _ in range(30):
            staff.count_asking(session, KEYS, "192.0.2.7", NOW)
    with pytest.raises(staff.TooOften), database.write() as session:
        staff.count_asking(session, KEYS, "192.0.2.7", NOW)


def test_who_was_removed_meanwhile_gets_no_new_password(database: Database, ana: Account) -> None:
    somebody(database, "tom@psg.example", "writer")
    secret = secret_in(sent(forget(database, "tom@psg.example")))
    with database.write() as session:
        staff.remove(session, "tom@psg.example", NOW, "test")
    with pytest.raises(NotFound):
        reset(database, secret)
