"""A bucket lets through what its rate allows, and no more, in whatever order it is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.delivery.bucket import TokenBucket

rates = st.floats(0.01, 1000)
bursts = st.integers(1, 20)
steps = st.lists(st.tuples(st.floats(0, 5), st.booleans()), min_size=1, max_size=60)


@given(rates, bursts, steps)
def test_no_window_has_more_than_burst_and_rate(
    rate: float, burst: int, steps: list[tuple[float, bool]]
) -> None:
    bucket, now, slots = TokenBucket(rate, burst), 1000.0, []
    for step, goes in steps:
        now += step
        slot = bucket.reserve(now)
        assert slot >= now
        if goes:
            slots.append(slot)
        else:
            bucket.give_back(slot)
    slots.sort()
    for first, begins in enumerate(slots):
        for last in range(first, len(slots)):
            assert last - first + 1 <= burst + rate * (slots[last] - begins) + 1e-6


@given(rates, bursts)
def test_a_clock_that_stands_still_adds_nothing(rate: float, burst: int) -> None:
    bucket = TokenBucket(rate, burst)
    slots = [bucket.reserve(7.0) for _ in range(burst + 50)]
    assert slots[:burst] == [7.0] * burst
    expected = [7.0 + number / rate for number in range(1, 51)]
    assert slots[burst:] == pytest.approx(expected)


def test_a_million_later_it_has_not_drifted() -> None:
    bucket = TokenBucket(3.0)
    for _ in range(1_000_000):
        last = bucket.reserve(0.0)
    assert last == pytest.approx(999_999 / 3, abs=1e-6)


def test_to_ask_takes_nothing() -> None:
    bucket = TokenBucket(1.0)
    assert [bucket.next_at(5.0), bucket.next_at(5.0), bucket.reserve(5.0)] == [5.0] * 3
    assert bucket.next_at(5.0) == 6.0


def test_what_was_given_back_goes_to_the_next() -> None:
    bucket = TokenBucket(1.0)
    slots = [bucket.reserve(0.0) for _ in range(3)]
    bucket.give_back(slots[1])
    assert [bucket.reserve(0.0), bucket.reserve(0.0)] == [1.0, 3.0]
    bucket.give_back(1.0)
    assert bucket.reserve(2.0) == 4.0


def test_another_rate_holds_from_now_on() -> None:
    bucket = TokenBucket(2.0)
    assert [bucket.reserve(0.0) for _ in range(3)] == [0.0, 0.5, 1.0]
    bucket.change(1.0, 1, 0.0)
    assert bucket.reserve(0.0) == pytest.approx(3.0)
    assert bucket.reserve(0.0) == pytest.approx(4.0)


@pytest.mark.parametrize(("rate", "burst"), [(0.0, 1), (1.0, 0)])
def test_it_must_let_something_through(rate: float, burst: int) -> None:
    with pytest.raises(ValueError, match="rate"):
        TokenBucket(rate, burst)
