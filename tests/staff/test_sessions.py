"""Sessions: begun with a fresh secret, seen, ended; over after a while in any case."""

import hashlib
from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import func, select, text

from mailer import audit, staff
from mailer.database import Database
from mailer.errors import NotFound
from mailer.staff import Account, SignedIn
from mailer.staff.models import SessionRow
from tests.conftest import NOW
from tests.staff.conftest import PASSWORD, somebody

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def begin(database: Database, account: Account, now: datetime = NOW, agent: str = FIREFOX) -> str:
    with database.write() as session:
        return staff.begin(session, account.id, network="192.0.2.7", agent=agent, now=now)


def whose(database: Database, secret: str, now: datetime = NOW) -> SignedIn | None:
    with database.read() as session:
        return staff.signed_in(session, secret, now)


def certainly(database: Database, secret: str, now: datetime = NOW) -> SignedIn:
    found = whose(database, secret, now)
    assert found is not None
    return found


def test_whoever_has_the_secret_is_signed_in(database: Database, ana: Account) -> None:
    tom = somebody(database, "tom@psg.example", "writer")
    first, second = begin(database, ana), begin(database, tom)
    assert certainly(database, first).account == ana
    assert certainly(database, second).account == tom
    for foreign in ("", first[:-1], first + "A", first.swapcase(), "\0", "ü" * 43, "x" * 10_000):
        assert whose(database, foreign) is None


def test_the_database_does_not_know_the_secret(database: Database, ana: Account) -> None:
    secret = begin(database, ana)
    with database.read() as session:
        kept = session.execute(text("SELECT * FROM staff_sessions")).one()
        log = session.execute(text("SELECT * FROM audit")).all()
    assert secret not in repr((kept, log))
    with database.read() as session:
        hashed = session.scalar(select(SessionRow.secret_hash))
    assert hashed == hashlib.sha256(secret.encode()).digest()


def test_each_sign_in_has_its_own_secret_and_token(database: Database, ana: Account) -> None:
    first, second = begin(database, ana), begin(database, ana)
    assert first != second
    tokens = {certainly(database, secret).csrf for secret in (first, second)}
    assert len(tokens) == 2
    assert not tokens & {first, second}
    assert certainly(database, first).csrf == certainly(database, first, NOW + DAY).csrf


@pytest.mark.parametrize(
    ("visits", "at", "stands"),
    [
        ([], 13.9, True),
        ([], 14, False),
        ([10, 20], 33.9, True),
        ([10, 20], 34, False),
        ([12, 24, 36, 48, 60, 72, 84], 89.9, True),
        ([12, 24, 36, 48, 60, 72, 84], 90, False),
    ],
)
def test_a_session_ends_by_itself(
    database: Database, ana: Account, visits: list[float], at: float, stands: bool
) -> None:
    secret = begin(database, ana)
    for day in visits:
        found = certainly(database, secret, NOW + day * DAY)
        assert found.stale
        with database.write() as session:
            staff.seen(session, found.session_id, NOW + day * DAY)
    assert (whose(database, secret, NOW + at * DAY) is not None) == stands


def test_a_visit_is_noted_every_five_minutes(database: Database, ana: Account) -> None:
    secret = begin(database, ana)
    assert not certainly(database, secret, NOW + 4 * MINUTE).stale
    found = certainly(database, secret, NOW + 5 * MINUTE)
    assert found.stale
    with database.write() as session:
        staff.seen(session, found.session_id, NOW + 5 * MINUTE)
        staff.seen(session, found.session_id, NOW + 2 * MINUTE)
    assert not certainly(database, secret, NOW + 9 * MINUTE).stale
    assert certainly(database, secret, NOW + 10 * MINUTE).stale


def test_looking_writes_nothing(database: Database, ana: Account) -> None:
    secret = begin(database, ana)
    with database.read() as session:
        staff.signed_in(session, secret, NOW + DAY)
        assert not session.new
        assert not session.dirty
        assert session.scalar(select(SessionRow.seen_at)) == NOW


def test_sessions_are_shown_in_words(database: Database, ana: Account) -> None:
    begin(database, somebody(database, "tom@psg.example", "writer"))
    old = begin(database, ana, NOW - DAY, agent="curl/8")
    begin(database, ana, NOW - 20 * DAY)
    here = certainly(database, begin(database, ana))
    with database.read() as session:
        first, second = staff.sessions(session, ana.id, NOW, this=here.session_id)
    assert (first.device, first.network, first.since, first.this) == (
        "Firefox on Linux",
        "192.0.2.7",
        NOW,
        True,
    )
    assert (second.device, second.seen_at, second.this) == ("an unknown browser", NOW - DAY, False)
    assert second.id == certainly(database, old).session_id


def test_one_ends_one_s_own_sessions_and_nobody_else_s(database: Database, ana: Account) -> None:
    tom = somebody(database, "tom@psg.example", "writer")
    foreign, here, there = begin(database, tom), begin(database, ana), begin(database, ana)
    other = certainly(database, foreign).session_id
    with pytest.raises(NotFound), database.write() as session:
        staff.end(session, ana.id, other, NOW)
    with database.write() as session:
        staff.end(session, ana.id, certainly(database, there).session_id, NOW)
    assert [whose(database, s) is None for s in (foreign, here, there)] == [False, False, True]
    with database.write() as session:
        staff.sign_out(session, ana.id, certainly(database, here).session_id, NOW)
        staff.sign_out(session, ana.id, other, NOW)
    assert [whose(database, s) is None for s in (foreign, here)] == [False, True]


def test_all_others_end(database: Database, ana: Account) -> None:
    foreign = begin(database, somebody(database, "tom@psg.example", "writer"))
    here, *others = (begin(database, ana) for _ in range(3))
    with database.write() as session:
        assert staff.end_others(session, ana.id, certainly(database, here).session_id, NOW) == 2
    assert whose(database, here)
    assert whose(database, foreign)
    assert not any(whose(database, secret) for secret in others)


def test_a_new_password_ends_all_sessions_but_the_one_it_was_set_in(
    database: Database, ana: Account
) -> None:
    here, there = begin(database, ana), begin(database, ana)
    keep = certainly(database, here).session_id
    with database.write() as session:
        staff.set_password(session, ana.mailbox, "battery staple", NOW, "test", keep=keep)
    assert [whose(database, secret) is None for secret in (here, there)] == [False, True]
    with database.write() as session:
        staff.set_password(session, ana.mailbox, "battery stable", NOW, "test")
    assert whose(database, here) is None


def test_who_is_removed_is_signed_out_and_stays_so_when_brought_back(
    database: Database, ana: Account
) -> None:
    tom = somebody(database, "tom@psg.example", "writer")
    secret = begin(database, tom)
    with database.write() as session:
        staff.remove(session, tom.mailbox, NOW, "test")
    assert whose(database, secret) is None
    somebody(database, "tom@psg.example", "writer")
    assert whose(database, secret) is None


def test_what_is_over_is_forgotten_at_the_next_sign_in(database: Database, ana: Account) -> None:
    begin(database, ana, NOW - 14 * DAY)
    begin(database, ana)
    with database.read() as session:
        assert session.scalar(select(func.count(SessionRow.id))) == 1


def test_an_agent_of_any_length_is_taken(database: Database, ana: Account) -> None:
    assert whose(database, begin(database, ana, agent="Firefox/1\0" * 10_000))


def test_the_log_tells_of_sign_ins(database: Database, ana: Account) -> None:
    begin(database, ana)
    with database.read() as session:
        newest = audit.entries(session)[0]
    assert (newest.actor, newest.subject) == (f"staff {ana.id}", f"account {ana.id}")
    assert newest.words == "signed in with Firefox on Linux"


class Browsers(RuleBasedStateMachine):
    """Two people sign in, come back, end sessions; who is signed in is what a plain list says."""

    database: Database
    people: tuple[Account, Account]

    @initialize()
    def nobody(self) -> None:
        self.now = NOW
        self.open: dict[str, tuple[int, datetime, datetime]] = {}
        self.closed: set[str] = set()
        with self.database.write() as session:
            session.execute(text("DELETE FROM staff_sessions"))

    @rule(who=st.sampled_from([0, 1]))
    def sign_in(self, who: int) -> None:
        self.open[begin(self.database, self.people[who], self.now)] = (who, self.now, self.now)

    @rule(days=st.sampled_from([0.01, 1, 13, 14, 30]))
    def wait(self, days: float) -> None:
        self.now += days * DAY
        for secret, (_, since, seen) in list(self.open.items()):
            if self.now - seen >= 14 * DAY or self.now - since >= 90 * DAY:
                self._close(secret)

    @rule(pick=st.integers(0))
    def come_back(self, pick: int) -> None:
        if secret := self._one(pick):
            found = certainly(self.database, secret, self.now)
            with self.database.write() as session:
                staff.seen(session, found.session_id, self.now)
            who, since, _ = self.open[secret]
            self.open[secret] = (who, since, self.now)

    @rule(pick=st.integers(0))
    def end_others(self, pick: int) -> None:
        if secret := self._one(pick):
            found = certainly(self.database, secret, self.now)
            with self.database.write() as session:
                staff.end_others(session, found.account.id, found.session_id, self.now)
            for other in [s for s in self.open if s != secret and self._owner(s, secret)]:
                self._close(other)

    @rule(who=st.sampled_from([0, 1]))
    def new_password(self, who: int) -> None:
        mailbox = self.people[who].mailbox
        with self.database.write() as session:
            staff.set_password(session, mailbox, PASSWORD, self.now, "test")
        for secret in [s for s, (owner, _, _) in self.open.items() if owner == who]:
            self._close(secret)

    @invariant()
    def everybody_is_who_they_are(self) -> None:
        for secret, (who, _, _) in getattr(self, "open", {}).items():
            found = certainly(self.database, secret, self.now)
            assert found.account.id == self.people[who].id
        for secret in getattr(self, "closed", ()):
            assert whose(self.database, secret, self.now) is None

    def _one(self, pick: int) -> str | None:
        secrets = list(self.open)
        return secrets[pick % len(secrets)] if secrets else None

    def _owner(self, one: str, other: str) -> bool:
        return self.open[one][0] == self.open[other][0]

    def _close(self, secret: str) -> None:
        del self.open[secret]
        self.closed.add(secret)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_whatever_two_people_do_each_session_is_theirs(database: Database, ana: Account) -> None:
    class Here(Browsers):
        pass

    Here.database = database
    Here.people = (ana, somebody(database, "tom@psg.example", "writer"))
    run = Here.TestCase
    run.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
    run().runTest()
