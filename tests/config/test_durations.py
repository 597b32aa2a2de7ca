"""Spans of time, as a person writes them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.config import parse_duration

UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    " days": timedelta(days=1),
}
CENTURY = timedelta(days=36_525)


@given(st.integers(0, 36_525), st.sampled_from(sorted(UNITS)))
def test_what_is_written_is_read(count: int, unit: str) -> None:
    assert parse_duration(f"{count}{unit}") == count * UNITS[unit]


@given(st.integers(0, CENTURY // timedelta(milliseconds=1)))
def test_a_millisecond_is_a_thousandth(count: int) -> None:
    assert parse_duration(f"{count}ms") == timedelta(milliseconds=count)


def test_some_spans() -> None:
    assert parse_duration("200ms") == timedelta(seconds=0.2)
    assert parse_duration(" 1 day ") == timedelta(days=1)
    assert parse_duration(timedelta(seconds=3)) == timedelta(seconds=3)


@pytest.mark.parametrize(
    "text",
    [
        "", "5", "m", "5 minutes", "-5m", "1.5h", "1h30m", "5M", "٣s", 60, None,
        "36526d", "999999999999999d", "9" * 5000 + "s",
    ],
)  # fmt: skip
def test_what_is_none_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"number and a unit|hundred years|digits"):
        parse_duration(text)
