"""When a delivery is tried again, and when it is given up."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mailer.delivery.retry import JITTER, LONGEST, RELAY_PAUSE_LONGEST, next_try, relay_pause

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


@given(tries, firsts, chances, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_it_is_given_up_where_the_next_try_would_be_too_late(
    number: int, first: timedelta, chance: float, left: timedelta
) -> None:
    at = next_try(number, NOW, first, NOW + left, chance).at
    wanted = delay(number, first, chance)
    assert at == (NOW + wanted if wanted <= left else None)


def test_a_relay_rests_longer_each_time_up_to_ten_minutes() -> None:
    seconds = [relay_pause(n, timedelta(seconds=30)).total_seconds() for n in range(1, 8)]
    assert seconds == [30, 60, 120, 240, 480, 600, 600]


@given(tries, firsts)
def test_a_relay_never_rests_less_than_at_first(failures: int, first: timedelta) -> None:
    assert first <= relay_pause(failures, first) <= max(first, RELAY_PAUSE_LONGEST)
