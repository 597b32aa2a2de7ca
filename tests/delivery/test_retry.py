"""When a delivery is tried again, and when it is given up."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.delivery.disposition import Disposition, Fault, Verdict
from mailer.delivery.retry import (
    BREATH,
    DEFERRALS_THAT_TELL,
    DOMAIN_REST_LONGEST,
    JITTER,
    LONGEST,
    RELAY_PAUSE_LONGEST,
    SILENCE,
    DomainRest,
    next_try,
    relay_pause,
)

NOW = datetime(2007, 3, 31, 9, tzinfo=UTC)
NEVER = NOW + timedelta(days=10_000)
FIRST = timedelta(minutes=5)

tries = st.integers(1, 100_000)
chances = st.floats(0, 1)
firsts = st.timedeltas(timedelta(milliseconds=100), timedelta(days=2))


def delay(number: int, first: timedelta = FIRST, chance: float = 0.5) -> timedelta:
    at = next_try(number, NOW, first, NEVER, chance).at
    assert at is not None
    return at - NOW


def test_it_doubles_up_to_four_hours() -> None:
    minutes = [delay(number) / timedelta(minutes=1) for number in range(1, 10)]
    assert minutes == [5, 10, 20, 40, 80, 160, 240, 240, 240]


@given(tries, firsts, chances)
def test_jitter_moves_a_delay_by_a_fifth_at_most(
    number: int, first: timedelta, chance: float
) -> None:
    plain, moved = delay(number, first), delay(number, first, chance)
    tick = timedelta(microseconds=1)
    assert plain * (1 - JITTER) - tick <= moved <= plain * (1 + JITTER) + tick


@given(tries, firsts)
def test_it_never_shrinks_nor_passes_the_longest(number: int, first: timedelta) -> None:
    assert first <= delay(number, first) <= delay(number + 1, first) <= max(LONGEST, first)


lefts = st.timedeltas(timedelta(0), timedelta(days=3))


@given(tries, firsts, chances, lefts)
def test_it_comes_in_time_or_once_more_before_the_end_or_not_at_all(
    number: int, first: timedelta, chance: float, left: timedelta
) -> None:
    at = next_try(number, NOW, first, NOW + left, chance).at
    wanted = delay(number, first, chance)
    if wanted <= left:
        assert at == NOW + wanted
    elif left < 2 * first:
        assert at is None
    else:
        assert at is not None
        tick = timedelta(microseconds=1)
        assert first / 2 - tick <= NOW + left - at <= first + tick
        assert at - NOW >= first - tick


@given(tries, firsts, chances, lefts, chances)
def test_the_last_try_is_the_last(
    number: int, first: timedelta, chance: float, left: timedelta, again: float
) -> None:
    until = NOW + left
    at = next_try(number, NOW, first, until, chance).at
    if at is not None and delay(number, first, chance) > left:
        assert next_try(number + 1, at, first, until, again).at is None


def test_a_letter_with_a_deadline_is_tried_to_the_end() -> None:
    until = NOW + timedelta(hours=9)
    now, minutes = NOW, []
    for number in range(1, 100):
        at = next_try(number, now, FIRST, until, 0.5).at
        if at is None:
            break
        minutes.append((at - NOW) / timedelta(minutes=1))
        now = at
    assert minutes == [5, 15, 35, 75, 155, 315, 536.25]


def test_a_relay_rests_longer_each_time_up_to_ten_minutes() -> None:
    seconds = [relay_pause(n, timedelta(seconds=30)).total_seconds() for n in range(1, 8)]
    assert seconds == [30, 60, 120, 240, 480, 600, 600]


@given(tries, firsts)
def test_a_relay_never_rests_less_than_at_first(failures: int, first: timedelta) -> None:
    assert first <= relay_pause(failures, first) <= max(first, RELAY_PAUSE_LONGEST)


def test_a_relay_that_wants_a_breath_rests_for_seconds() -> None:
    assert [relay_pause(n, BREATH).total_seconds() for n in range(1, 5)] == [1, 2, 4, 8]


SENT = Disposition(Verdict.SENT, "250", 250)
LATER = Disposition(Verdict.DEFERRED, "451", 451, Fault.RELAY)
FULL = Disposition(Verdict.DEFERRED, "452", 452, Fault.MAILBOX)
GREYLISTED = Disposition(Verdict.DEFERRED, "450", 450, Fault.POLICY)
TOO_FAST = Disposition(Verdict.THROTTLED, "421", 421, Fault.RELAY)
REFUSED = Disposition(Verdict.FAILED, "550", 550, Fault.MAILBOX)
LOST = Disposition(Verdict.SOON, "lost")
CLOSED = Disposition(Verdict.SOON, "421", 421, Fault.RELAY)
IN_DOUBT = Disposition(Verdict.DEFERRED, "in doubt")
OURS = Disposition(Verdict.FAILED, "no such merge field")
SHUT = Disposition(Verdict.RELAY, "no login", 535, Fault.RELAY)
MINUTE = timedelta(minutes=1)


def told(
    *replies: Disposition, stands: DomainRest | None = None, at: datetime = NOW, number: int = 1
) -> DomainRest:
    stands = stands or DomainRest()
    for reply in replies:
        stands = stands.after(reply, number, at, FIRST, 0.5)
    return stands


TIRED = told(*[LATER] * DEFERRALS_THAT_TELL)


def test_a_domain_that_keeps_deferring_rests() -> None:
    assert told(*[LATER] * (DEFERRALS_THAT_TELL - 1)).until is None
    assert TIRED.until == NOW + FIRST
    assert TIRED.resting(NOW)
    assert TIRED.resting(NOW + FIRST - timedelta(microseconds=1))
    assert not TIRED.resting(NOW + FIRST)
    assert not DomainRest().resting(NOW)


def test_it_rests_longer_after_each_try_up_to_an_hour() -> None:
    stands, minutes = TIRED, []
    for _ in range(6):
        assert stands.until is not None
        at = stands.until
        stands = told(LATER, stands=stands, at=at)
        assert stands.until is not None
        minutes.append((stands.until - at) / MINUTE)
    assert minutes == [10, 20, 40, 60, 60, 60]


@pytest.mark.parametrize("answer", [SENT, REFUSED])
def test_a_domain_that_answers_again_is_as_good_as_new(answer: Disposition) -> None:
    assert told(*[LATER] * 4, answer) == DomainRest()
    assert told(answer, stands=TIRED, at=NOW + FIRST) == DomainRest()


@pytest.mark.parametrize("reply", [FULL, LOST, CLOSED, IN_DOUBT, OURS, SHUT, GREYLISTED])
def test_what_says_nothing_of_the_domain_changes_nothing(reply: Disposition) -> None:
    almost = told(*[LATER] * (DEFERRALS_THAT_TELL - 1))
    assert told(*[reply] * 50) == DomainRest()
    assert told(reply, stands=almost) == almost


def test_a_domain_that_greylists_again_and_again_rests() -> None:
    assert told(*[GREYLISTED] * DEFERRALS_THAT_TELL, number=2).resting(NOW)


@pytest.mark.parametrize("reply", [SENT, REFUSED, LATER, FULL, LOST])
def test_replies_that_were_on_their_way_change_nothing(reply: Disposition) -> None:
    assert told(*[reply] * 20, stands=TIRED, at=NOW + MINUTE) == TIRED


def test_too_fast_means_silence_at_once() -> None:
    stands = told(TOO_FAST)
    assert stands.until == NOW + SILENCE
    assert told(TOO_FAST, stands=stands, at=NOW + MINUTE).until == NOW + MINUTE + SILENCE
    assert told(TOO_FAST, stands=TIRED).until == NOW + SILENCE
    assert told(SENT, stands=stands, at=NOW + SILENCE) == DomainRest()


def test_too_fast_again_and_again_means_longer_silence() -> None:
    stands = DomainRest(deferrals=9, rests=2)
    assert told(TOO_FAST, stands=stands).until == NOW + 20 * MINUTE


replies = st.sampled_from([SENT, LATER, FULL, GREYLISTED, TOO_FAST, REFUSED, LOST, SHUT])


@given(st.lists(st.tuples(replies, tries, st.timedeltas(timedelta(0), 2 * MINUTE), chances)))
def test_no_rest_is_longer_than_an_hour_and_a_fifth(
    story: list[tuple[Disposition, int, timedelta, float]],
) -> None:
    stands, now = DomainRest(), NOW
    for reply, number, passed, chance in story:
        now += passed
        before, stands = stands, stands.after(reply, number, now, FIRST, chance)
        if before.resting(now):
            assert stands.resting(now)
        if stands.until is not None:
            assert stands.until - now <= DOMAIN_REST_LONGEST * (1 + JITTER)
