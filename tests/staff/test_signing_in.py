"""Signing in: a password, and a code where there are two steps; whoever guesses learns nothing."""

import base64
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import argon2
import pytest
from sqlalchemy import select, text

from mailer import audit, staff
from mailer.database import Database
from mailer.errors import MailerError, Refused, WrongInput
from mailer.staff import Account, Keys, NotSignedIn, Passed, TooLate, TooOften, totp
from mailer.staff.models import AccountRow
from tests.conftest import NOW
from tests.delivery.desk import at_once
from tests.staff.conftest import PASSWORD, somebody

KEYS = Keys("0" * 32)
NETWORK = "192.0.2.7"
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def enter(
    database: Database,
    password: str = PASSWORD,
    address: str = "ana@psg.example",
    now: datetime = NOW,
    network: str | None = None,
    keys: Keys = KEYS,
) -> Passed:
    return staff.check_password(database, keys, address, password, network=network, now=now)


def give(
    database: Database, between: str, code: str, now: datetime = NOW, keys: Keys = KEYS
) -> int:
    return staff.check_code(database, keys, between, code, network=None, now=now)


def two_steps(database: Database, account: Account, now: datetime) -> tuple[bytes, tuple[str, ...]]:
    """The account's telephone, and its recovery codes; the code of `now` is used up."""
    offered = staff.offer(KEYS, account, "PSG", now)
    secret = re.sub(r"\s", "", offered.groups)
    octets = base64.b32decode(secret)
    code = totp.code_at(octets, totp.step_at(now))
    with database.write() as session:
        codes = staff.turn_on(session, KEYS, account.id, offered.lent, code, now, keep=0)
    return octets, codes


@pytest.fixture
def phone(database: Database, ana: Account) -> Callable[[datetime], str]:
    """Ana's telephone, set up an hour ago: its code at a moment."""
    secret, _ = two_steps(database, ana, NOW - 60 * MINUTE)
    return lambda now: totp.code_at(secret, totp.step_at(now))


def between(database: Database, now: datetime = NOW) -> str:
    lent = enter(database, now=now).between
    assert lent is not None
    return lent


def refusal(attempt: Callable[[], object]) -> tuple[type[MailerError], str]:
    with pytest.raises(MailerError) as error:
        attempt()
    return type(error.value), str(error.value)


# The password


def test_the_right_password_is_enough_where_there_is_one_step(
    database: Database, ana: Account
) -> None:
    assert enter(database) == Passed(ana.id, None)
    assert enter(database, address=" ANA@psg.EXAMPLE ") == Passed(ana.id, None)


@pytest.mark.parametrize("password", ["", "Correct horse", PASSWORD + " ", PASSWORD * 100])
def test_a_wrong_password_is_wrong(database: Database, ana: Account, password: str) -> None:
    with pytest.raises(NotSignedIn):
        enter(database, password)


def test_a_password_is_the_same_from_any_keyboard(database: Database, ana: Account) -> None:
    with database.write() as session:
        staff.set_password(session, ana.mailbox, "cafe\u0301 con leche", NOW, "test")
    assert enter(database, "caf\u00e9 con leche").account_id == ana.id


@pytest.mark.parametrize("password", ["x" * 1001, "aaaaaaaaaaaaaaaa", "ana@psg.example"])
def test_some_passwords_are_not_taken(database: Database, ana: Account, password: str) -> None:
    with pytest.raises(WrongInput), database.write() as session:
        staff.set_password(session, ana.mailbox, password, NOW, "test")
    assert enter(database).account_id == ana.id


def test_a_long_password_is_taken(database: Database, ana: Account) -> None:
    long = "correct horse battery staple " * 34
    with database.write() as session:
        staff.set_password(session, ana.mailbox, long, NOW, "test")
    assert enter(database, long).account_id == ana.id


def test_an_unknown_mailbox_is_answered_with_the_same_words_and_the_same_work(
    database: Database, ana: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    tom = somebody(database, "tom@psg.example", "writer")
    with database.write() as session:
        staff.remove(session, tom.mailbox, NOW, "test")
    work: list[int] = []
    hasher = argon2.PasswordHasher()

    verify = type(hasher).verify

    def counted(self: argon2.PasswordHasher, kept: str, password: str) -> bool:
        cost = argon2.extract_parameters(kept)
        work.append(cost.time_cost * cost.memory_cost)
        return verify(self, kept, password)

    monkeypatch.setattr(type(hasher), "verify", counted)
    asked = ["ana@psg.example", "nobody@psg.example", "tom@psg.example", "no address", "\0", ""]
    said = {refusal(lambda a=address: enter(database, "a guess at it", a)) for address in asked}  # type: ignore[misc]
    said |= {refusal(lambda: enter(database, "x" * 2000))}
    assert len(said) == 1
    assert len(work) == len(asked) + 1
    assert len(set(work)) == 1


def test_an_unknown_mailbox_has_to_wait_like_a_known_one(database: Database, ana: Account) -> None:
    for address in ("ana@psg.example", "nobody@psg.example"):
        said = [refusal(lambda a=address: enter(database, "a guess", a)) for _ in range(6)]  # type: ignore[misc]
        assert [kind for kind, _ in said] == [NotSignedIn] * 5 + [TooOften]


def test_who_has_to_wait_is_refused_with_the_right_password_too(
    database: Database, ana: Account
) -> None:
    for _ in range(5):
        refusal(lambda: enter(database, "a guess"))
    with pytest.raises(TooOften) as error:
        enter(database)
    assert error.value.wait == 30 * SECOND
    assert enter(database, now=NOW + 30 * SECOND).account_id == ana.id
    assert enter(database, now=NOW + 30 * SECOND).account_id == ana.id


def test_a_wait_outlives_a_restart(database: Database, database_url: str, ana: Account) -> None:
    for _ in range(5):
        refusal(lambda: enter(database, "a guess"))
    kinds: list[type] = []
    at_once(database_url, lambda own: kinds.append(refusal(lambda: enter(own))[0]))
    assert kinds == [TooOften]


def test_guesses_at_once_are_slowed_down_like_one_after_the_other(
    database: Database, database_url: str, ana: Account
) -> None:
    kinds: list[type] = []

    def guess(own: Database) -> None:
        kinds.extend(refusal(lambda: enter(own, "a guess"))[0] for _ in range(4))

    at_once(database_url, *[guess] * 4)
    assert len(kinds) == 16
    assert kinds.count(NotSignedIn) == 5


def test_an_operator_lets_somebody_try_again(database: Database, ana: Account) -> None:
    for _ in range(5):
        refusal(lambda: enter(database, "a guess"))
    with database.write() as session:
        staff.unlock(session, KEYS, ana.mailbox, NOW, "test")
    assert enter(database).account_id == ana.id


def test_a_hash_of_former_days_is_made_anew(
    database: Database, ana: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.read() as session:
        before = session.scalar(select(AccountRow.password_hash))
    costly = partial(argon2.PasswordHasher, time_cost=2, memory_cost=16, parallelism=1)
    monkeypatch.setattr("argon2.PasswordHasher", costly)
    with pytest.raises(NotSignedIn):
        enter(database, "a guess")
    with database.read() as session:
        assert session.scalar(select(AccountRow.password_hash)) == before
    enter(database)
    with database.read() as session:
        after = session.scalar(select(AccountRow.password_hash))
    assert after is not None
    assert not costly().check_needs_rehash(after)
    assert enter(database).account_id == ana.id


def test_who_was_removed_does_not_sign_in(database: Database, ana: Account) -> None:
    tom = somebody(database, "tom@psg.example", "writer")
    with database.write() as session:
        staff.remove(session, tom.mailbox, NOW, "test")
    with pytest.raises(NotSignedIn):
        enter(database, address=tom.mailbox)


# The code


def test_where_there_are_two_steps_the_password_is_no_session(
    database: Database, ana: Account, phone: Callable[[datetime], str]
) -> None:
    lent = between(database)
    with database.read() as session:
        assert staff.signed_in(session, lent, NOW) is None
    assert give(database, lent, phone(NOW)) == ana.id


def test_a_code_is_used_once(
    database: Database, ana: Account, phone: Callable[[datetime], str]
) -> None:
    code = phone(NOW)
    assert give(database, between(database), code) == ana.id
    for lent in (between(database), between(database, NOW + 10 * SECOND)):
        with pytest.raises(NotSignedIn, match="used before"):
            give(database, lent, code, NOW + 10 * SECOND)
    assert give(database, between(database), phone(NOW + 30 * SECOND), NOW + 30 * SECOND) == ana.id


def test_the_code_that_turned_it_on_is_used_up(database: Database, ana: Account) -> None:
    secret, _ = two_steps(database, ana, NOW)
    with pytest.raises(NotSignedIn):
        give(database, between(database), totp.code_at(secret, totp.step_at(NOW)))


def test_of_two_who_bring_the_same_code_at_once_one_is_let_in(
    database: Database, database_url: str, ana: Account, phone: Callable[[datetime], str]
) -> None:
    lent, code = between(database), phone(NOW)
    entered: list[int] = []

    def bring(own: Database) -> None:
        try:
            entered.append(give(own, lent, code))
        except NotSignedIn:
            entered.append(0)

    at_once(database_url, *[bring] * 4)
    assert sorted(entered) == [0, 0, 0, ana.id]


def test_guessing_codes_is_slowed_down_and_the_password_does_not_help(
    database: Database, ana: Account, phone: Callable[[datetime], str]
) -> None:
    wrong = f"{(int(phone(NOW)) + 500_000) % 1_000_000:06}"
    kinds = [refusal(lambda: give(database, between(database), wrong))[0] for _ in range(7)]
    assert kinds == [NotSignedIn] * 5 + [TooOften] * 2
    with pytest.raises(TooOften):
        give(database, between(database), phone(NOW))
    later = NOW + 30 * SECOND
    assert give(database, between(database, later), phone(later), later) == ana.id


@pytest.mark.parametrize("code", ["", "12345", "abcdef", "x" * 10_000, "\0", "ü", "1234567"])
def test_what_is_no_code_is_not_right(
    database: Database, ana: Account, phone: Callable[[datetime], str], code: str
) -> None:
    with pytest.raises(NotSignedIn):
        give(database, between(database), code)


@pytest.mark.parametrize("minutes", [10, 600])
def test_a_code_that_comes_too_late_asks_for_the_password_again(
    database: Database, phone: Callable[[datetime], str], minutes: int
) -> None:
    lent, later = between(database), NOW + minutes * MINUTE
    with pytest.raises(TooLate):
        give(database, lent, phone(later), later)


def test_what_somebody_made_up_is_not_between(
    database: Database, ana: Account, phone: Callable[[datetime], str]
) -> None:
    other = Keys("1" * 32).lend("between password and code", {"account": ana.id}, NOW + MINUTE)
    setting_up = staff.offer(KEYS, ana, "PSG", NOW).lent
    for lent in ("", "x", other, setting_up, between(database)[:-4] + "AAAA"):
        with pytest.raises(TooLate):
            give(database, lent, phone(NOW))


def test_a_new_password_ends_what_the_former_one_began(
    database: Database, ana: Account, phone: Callable[[datetime], str]
) -> None:
    lent = between(database)
    with database.write() as session:
        staff.set_password(session, ana.mailbox, "battery staple", NOW, "test")
    with pytest.raises(TooLate):
        give(database, lent, phone(NOW))


def test_a_recovery_code_is_good_once_however_it_is_typed(database: Database, ana: Account) -> None:
    _, codes = two_steps(database, ana, NOW)
    assert len(set(codes)) == staff.RECOVERY_CODES == 10
    typed = (codes[0], codes[1].upper(), codes[2].replace("-", " "), codes[3].replace("-", ""))
    for code in typed:
        assert give(database, between(database), code) == ana.id
        with pytest.raises(NotSignedIn):
            give(database, between(database), code)
    with database.read() as session:
        assert staff.recovery_codes_left(session, ana.id) == 6
        newest = next(e for e in audit.entries(session) if "recovery" in e.words)
    assert newest.words == "used a recovery code; 6 are left"


def test_recovery_codes_are_good_for_their_owner_alone(database: Database, ana: Account) -> None:
    tom = somebody(database, "tom@psg.example", "writer")
    _, codes = two_steps(database, ana, NOW)
    two_steps(database, tom, NOW)
    lent = enter(database, address=tom.mailbox).between
    assert lent is not None
    with pytest.raises(NotSignedIn):
        give(database, lent, codes[0])


def test_new_recovery_codes_take_the_place_of_the_former(database: Database, ana: Account) -> None:
    _, former = two_steps(database, ana, NOW)
    with database.write() as session:
        codes = staff.new_recovery_codes(session, ana.id, NOW)
    assert not set(codes) & set(former)
    with pytest.raises(NotSignedIn):
        give(database, between(database), former[0])
    assert give(database, between(database), codes[0]) == ana.id


def test_the_database_alone_has_no_secret_and_no_code(database: Database, ana: Account) -> None:
    secret, codes = two_steps(database, ana, NOW)
    give(database, between(database), codes[0])
    refusal(lambda: enter(database, "my other password"))
    with database.read() as session:
        whole = " ".join(
            repr(session.execute(text(f"SELECT * FROM {table}")).all())
            for table in ("accounts", "recovery_codes", "audit", "sign_in_tries", "staff_sessions")
        )
    groups = totp.in_groups(secret).replace(" ", "")
    for told in (PASSWORD, "my other password", secret.hex(), groups, repr(secret)[2:-1], *codes):
        assert told not in whole


def test_a_former_key_of_the_site_still_opens_the_telephones_secret(
    database: Database, ana: Account, phone: Callable[[datetime], str]
) -> None:
    rotated = Keys("1" * 32, ["0" * 32])
    lent = enter(database, keys=rotated).between
    assert lent is not None
    assert give(database, lent, phone(NOW), keys=rotated) == ana.id
    # From then on it is sealed under the new one, and the former may go.
    later = NOW + MINUTE
    alone = Keys("1" * 32)
    lent = enter(database, now=later, keys=alone).between
    assert lent is not None
    assert give(database, lent, phone(later), later, alone) == ana.id


def test_a_lost_key_lets_nobody_in_but_with_a_recovery_code(
    database: Database, ana: Account
) -> None:
    secret, codes = two_steps(database, ana, NOW - MINUTE)
    lost = Keys("9" * 32)
    lent = enter(database, keys=lost).between
    assert lent is not None
    with pytest.raises(NotSignedIn):
        give(database, lent, totp.code_at(secret, totp.step_at(NOW)), keys=lost)
    assert give(database, lent, codes[0], keys=lost) == ana.id


# Setting it up


def test_it_is_on_when_a_code_came_back(database: Database, ana: Account) -> None:
    offered = staff.offer(KEYS, ana, "PSG", NOW)
    with pytest.raises(WrongInput, match="not the code"), database.write() as session:
        staff.turn_on(session, KEYS, ana.id, offered.lent, "000000", NOW, keep=0)
    assert enter(database) == Passed(ana.id, None)
    again = staff.offer_again(KEYS, ana, "PSG", offered.lent, NOW)
    assert (again.groups, again.address) == (offered.groups, offered.address)
    two_steps(database, ana, NOW)
    assert enter(database).between is not None


def test_a_secret_lent_to_one_is_nothing_to_another(database: Database, ana: Account) -> None:
    tom = somebody(database, "tom@psg.example", "writer")
    lent = staff.offer(KEYS, tom, "PSG", NOW).lent
    for given, now in (
        (lent, NOW),
        ("", NOW),
        (staff.offer(KEYS, ana, "PSG", NOW).lent, NOW + 61 * MINUTE),
    ):
        with pytest.raises(Refused, match="too long"), database.write() as session:
            staff.turn_on(session, KEYS, ana.id, given, "000000", now, keep=0)


def begin(database: Database, account: Account) -> tuple[str, int]:
    with database.write() as session:
        secret = staff.begin(session, account.id, network=None, agent="", now=NOW)
    with database.read() as session:
        found = staff.signed_in(session, secret, NOW)
    assert found is not None
    return secret, found.session_id


def test_turning_it_on_or_off_ends_the_other_sessions(database: Database, ana: Account) -> None:
    (here, keep), (there, _) = begin(database, ana), begin(database, ana)
    offered = staff.offer(KEYS, ana, "PSG", NOW)
    octets = base64.b32decode(offered.groups.replace(" ", ""))
    code = totp.code_at(octets, totp.step_at(NOW))
    with database.write() as session:
        staff.turn_on(session, KEYS, ana.id, offered.lent, code, NOW, keep=keep)
        found = staff.signed_in(session, here, NOW)
        assert found is not None
        assert found.account.totp
        assert staff.signed_in(session, there, NOW) is None
    (there, _) = begin(database, ana)
    with database.write() as session:
        staff.turn_off(session, ana.id, NOW, "test", keep=keep)
        assert staff.signed_in(session, here, NOW)
        assert staff.signed_in(session, there, NOW) is None
        assert staff.recovery_codes_left(session, ana.id) == 0
    assert enter(database) == Passed(ana.id, None)


def test_who_is_brought_back_begins_with_one_step(database: Database, ana: Account) -> None:
    tom = somebody(database, "tom@psg.example", "writer")
    two_steps(database, tom, NOW)
    with database.write() as session:
        staff.remove(session, tom.mailbox, NOW, "test")
    somebody(database, "tom@psg.example", "writer")
    assert enter(database, address=tom.mailbox) == Passed(tom.id, None)
    with database.read() as session:
        assert staff.recovery_codes_left(session, tom.id) == 0


# Once more, before something that matters


def test_who_is_signed_in_says_their_password_again(database: Database, ana: Account) -> None:
    def confirm(password: str) -> None:
        staff.confirm_password(database, KEYS, ana.id, password, network=None, now=NOW)

    confirm(PASSWORD)
    kinds = [refusal(lambda: confirm("a guess"))[0] for _ in range(6)]
    assert kinds == [NotSignedIn] * 5 + [TooOften]
    with pytest.raises(TooOften):
        confirm(PASSWORD)


def test_guesses_from_outside_keep_nobody_from_their_own_account(
    database: Database, ana: Account
) -> None:
    for _ in range(6):
        refusal(lambda: enter(database, "a guess"))
    staff.confirm_password(database, KEYS, ana.id, PASSWORD, network=None, now=NOW)


def test_the_log_tells_once_that_somebody_was_tried(database: Database, ana: Account) -> None:
    for n in range(9):
        refusal(lambda n=n: enter(database, "a guess", now=NOW + n * SECOND))  # type: ignore[misc]
    refusal(lambda: enter(database, "a guess", "nobody@psg.example"))
    with database.read() as session:
        told = [e for e in audit.entries(session) if e.actor == "visitor"]
    assert [(e.subject, e.words) for e in told] == [
        (f"account {ana.id}", "tried in vain 5 times; has to wait now")
    ]


def test_a_wait_is_told_in_minutes() -> None:
    assert "for a minute" in str(TooOften(SECOND))
    assert "for a minute" in str(TooOften(60 * SECOND))
    assert "2 minutes" in str(TooOften(61 * SECOND))
    assert "60 minutes" in str(TooOften(60 * MINUTE))
