"""Moments as people type them, and spans as they say them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.clock import in_words, now, parse_moment, today
from mailer.errors import WrongInput

LONDON = ZoneInfo("Europe/London")
AT = datetime(2007, 3, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2007-03-24 09:00", "2007-03-24T09:00"),
        ("2007-03-31 09:00", "2007-03-31T08:00"),
        (" 2007-03-31T09:00:30 ", "2007-03-31T08:00:30"),
        ("2007-03-31T09:00Z", "2007-03-31T09:00"),
        ("2007-03-31 09:00+01:00", "2007-03-31T08:00"),
        ("2007-03-31T09:00-05:00", "2007-03-31T14:00"),
        # Nothing is in doubt where an offset is given.
        ("2007-03-25T01:30+00:00", "2007-03-25T01:30"),
        ("2007-10-28T01:30+00:00", "2007-10-28T01:30"),
    ],
)
def test_a_moment_is_read(text: str, utc: str) -> None:
    moment, remark = parse_moment(text, LONDON, AT)
    assert moment == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert moment.tzinfo is UTC
    assert remark is None


@pytest.mark.parametrize("text", ["2007-03-25 01:00", "2007-03-25 01:30", "2007-03-25 01:59:59"])
def test_a_time_that_the_clocks_skip_is_refused(text: str) -> None:
    with pytest.raises(WrongInput, match=r"does not exist in Europe/London"):
        parse_moment(text, LONDON, AT)


def test_a_time_that_comes_twice_takes_the_first_and_says_so() -> None:
    moment, remark = parse_moment("2007-10-28 01:30", LONDON, AT)
    assert moment == datetime(2007, 10, 28, 0, 30, tzinfo=UTC)
    assert remark == (
        "“2007-10-28 01:30” comes twice in Europe/London that day; the first is taken."
    )
    assert parse_moment("2007-10-28 00:59", LONDON, AT)[1] is None
    assert parse_moment("2007-10-28 02:00", LONDON, AT)[1] is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not a time"),
        ("soon", "is not a time"),
        ("next week", "is not a time"),
        ("31 March 2007", "is not a time"),
        ("2007-02-30 09:00", "is not a time"),
        ("2007-03-31 25:00", "is not a time"),
        ("2007-03-31 9:00", "is not a time"),
        ("2007-03-31T09:00+99:00", "is not a time"),
        ("2007-03-31", "names a day but no time"),
        ("20070331", "names a day but no time"),
        ("2007-W13-6", "names a day but no time"),
        ("2007-03-01 08:59:59", "is in the past"),
        ("1990-01-01 09:00", "is in the past"),
        ("0001-01-01 00:00", "too far away"),
        ("0001-01-01T00:00+05:00", "too far away"),
        ("2108-01-01 09:00", "too far away"),
        ("9999-12-31T23:59-05:00", "too far away"),
    ],
)
def test_what_is_no_time_to_come_is_refused(text: str, words: str) -> None:
    with pytest.raises(WrongInput) as refused:
        parse_moment(text, LONDON, AT)
    assert words in str(refused.value)
    assert f"“{text}”" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["0001-01-01 00:00", "9999-12-31 23:59"])
@pytest.mark.parametrize("zone", ["Europe/London", "America/Lima", "Pacific/Auckland"])
def test_the_ends_of_the_calendar_are_refused_in_every_zone(text: str, zone: str) -> None:
    with pytest.raises(WrongInput, match="too far away"):
        parse_moment(text, ZoneInfo(zone), AT)


def test_this_moment_is_not_past() -> None:
    assert parse_moment("2007-03-01 09:00", LONDON, AT) == (AT, None)


# In the two days on which London's clocks change, and half a day before them.
seconds = st.integers(0, 36 * 3600)
days = st.sampled_from(["2007-03-24 12:00", "2007-10-27 12:00"]).map(datetime.fromisoformat)


@given(st.builds(lambda day, second: day + timedelta(seconds=second), days, seconds))
def test_every_local_time_is_read_as_itself_or_refused(local: datetime) -> None:
    skipped = "2007-03-25 01:00" <= local.isoformat(" ") < "2007-03-25 02:00"
    if skipped:
        with pytest.raises(WrongInput, match="does not exist"):
            parse_moment(local.isoformat(" "), LONDON, AT)
        return
    moment, remark = parse_moment(local.isoformat(" "), LONDON, AT)
    assert moment.astimezone(LONDON).replace(tzinfo=None) == local
    twice = "2007-10-28 01:00" <= local.isoformat(" ") < "2007-10-28 02:00"
    assert (remark is not None) is twice


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(), "0 seconds"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=90), "90 seconds"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=5), "5 minutes"),
        (timedelta(hours=6), "6 hours"),
        (timedelta(hours=48), "2 days"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=1, hours=1), "25 hours"),
    ],
)
def test_a_span_in_words(span: timedelta, words: str) -> None:
    assert in_words(span) == words


def test_a_day_begins_where_the_organisation_is() -> None:
    late = datetime(2007, 3, 31, 23, 30, tzinfo=UTC)
    assert today(LONDON, late) == date(2007, 4, 1)
    assert today(ZoneInfo("America/Lima"), late) == date(2007, 3, 31)


def test_now_is_in_utc() -> None:
    assert now().tzinfo is UTC
    assert now() <= now()
