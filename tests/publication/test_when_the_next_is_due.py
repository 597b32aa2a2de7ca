"""Cadence: what is understood, and which date comes next."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import WrongInput
from mailer.publication import Cadence, cadence_in_words, next_date, read_cadence

DAYS = st.dates(date(1990, 1, 1), date(2100, 1, 1))
MARCH = date(2007, 3, 31)


def cadences() -> st.SearchStrategy[Cadence]:
    weekdays, many = st.integers(0, 6), st.integers(1, 24)
    by_weeks = st.builds(Cadence, weeks=many, weekday=st.none() | weekdays)
    by_months = st.one_of(
        st.builds(Cadence, months=many),
        st.builds(Cadence, months=many, day=st.integers(1, 31) | st.just(-1)),
        st.builds(Cadence, months=many, weekday=weekdays, nth=st.sampled_from([1, 2, 3, 4, -1])),
    )
    return by_weeks | by_months


@pytest.mark.parametrize(
    ("said", "stored", "words", "due"),
    [
        ("weekly on Friday", "weekly on Friday", "every week, on Friday", date(2007, 4, 6)),
        (
            "Monthly on the LAST saturday",
            "monthly on the last Saturday",
            "every month, on the last Saturday",
            date(2007, 4, 28),
        ),
        ("every 2 months", "every two months", "every 2 months", date(2007, 5, 31)),
        ("quarterly", "quarterly", "every 3 months", date(2007, 6, 30)),
        ("every month on the 3rd", "monthly on the 3rd", "every month, on day 3", date(2007, 5, 3)),
        ("yearly on the last day", "yearly on the last day", None, date(2008, 3, 31)),
        ("every 2 weeks on monday", "fortnightly on Monday", None, date(2007, 4, 16)),
    ],
)
def test_what_people_say(said: str, stored: str, words: str | None, due: date) -> None:
    cadence = read_cadence(said)
    assert str(cadence) == stored
    assert words is None or cadence_in_words(cadence) == words
    assert next_date(cadence, MARCH, MARCH) == due


@pytest.mark.parametrize("said", ["", "  ", "none", "None"])
def test_none_is_today(said: str) -> None:
    assert read_cadence(said) is None
    assert next_date(None, MARCH, date(2007, 4, 2)) == date(2007, 4, 2)
    assert cadence_in_words(None) == "no cadence"


@pytest.mark.parametrize(
    "said",
    [
        *("often", "weekly on the last Friday", "monthly on Friday", "monthly on the 32nd"),
        *("every 0 weeks", "every 25 months", "every ² weeks", "monthly on", "x" * 10_000),
    ],
)
def test_what_nobody_can_mean(said: str) -> None:
    with pytest.raises(WrongInput, match="is no cadence; say something like"):
        read_cadence(said)


def test_the_first_issue_comes_at_the_next_such_day() -> None:
    cadence = read_cadence("quarterly on the first Monday")
    assert next_date(cadence, None, date(2026, 11, 2)) == date(2026, 11, 2)
    assert next_date(cadence, None, date(2026, 11, 3)) == date(2026, 12, 7)


def test_who_was_late_once_is_not_late_for_ever() -> None:
    cadence = read_cadence("monthly on the last Saturday")
    assert next_date(cadence, date(2007, 4, 2), date(2007, 4, 2)) == date(2007, 4, 28)
    assert next_date(read_cadence("weekly on Friday"), date(2007, 4, 7), MARCH) == date(2007, 4, 13)


@given(cadences())
def test_what_is_stored_is_read_again(cadence: Cadence) -> None:
    assert read_cadence(str(cadence)) == cadence


@given(cadences(), DAYS, DAYS)
def test_the_next_is_after_the_last_and_not_past(cadence: Cadence, last: date, today: date) -> None:
    due = next_date(cadence, last, today)
    assert due > last
    assert due >= today
    # Nothing is left out: the one before would be past, or before the last issue's next place.
    longest = timedelta(days=7 * cadence.weeks + 31 * cadence.months + 31)
    assert due - max(last, today) <= longest


@given(cadences(), DAYS, DAYS)
def test_the_day_is_the_one_that_was_said(cadence: Cadence, last: date, today: date) -> None:
    for due in (next_date(cadence, last, today), next_date(cadence, None, today)):
        assert cadence.weekday is None or due.weekday() == cadence.weekday
        if cadence.nth is not None and cadence.nth > 0:
            assert (due.day - 1) // 7 == cadence.nth - 1
        if -1 in (cadence.nth, cadence.day):
            assert (due + timedelta(7 if cadence.nth else 1)).month != due.month
