"""How often a publication appears, and when next: "monthly on the last Saturday".

Dates are counted from the last issue, so that whoever was late once is not late for ever: its
place in the rhythm is the one nearest to its date.
"""

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from mailer.errors import WrongInput
from mailer.sentence import Sentence

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
NUMBERS = {
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
}
LONGEST = 24
"""So many weeks or months at most between two issues."""

# The names of some spaces of time, as weeks or months.
_NAMED = {
    "weekly": (1, 0),
    "fortnightly": (2, 0),
    "monthly": (0, 1),
    "quarterly": (0, 3),
    "yearly": (0, 12),
}
_EVERY = re.compile(r"every (?:(\w+) )?(week|month|year)s?")
_NTH = re.compile(r"the (first|second|third|fourth|last) (\w+)")
_DAY = re.compile(r"the (\d{1,2})(?:st|nd|rd|th)?")


@dataclass(frozen=True, slots=True)
class Cadence:
    """Every so many `weeks`, or `months`.

    `weekday` counts from Monday, 0; with `nth` it is the first, … or last (-1) of its month.
    `day` is a day of the month, -1 its last. Without either the day is that of the last issue.
    """

    weeks: int = 0
    months: int = 0
    weekday: int | None = None
    nth: int | None = None
    day: int | None = None

    def __str__(self) -> str:
        """As it is stored, and read again by `read_cadence`."""
        return f"{_space(self)}{_which_day(self)}"


def read_cadence(text: str) -> Cadence | None:
    """What "monthly on the last Saturday" says; None where nothing does.

    Raises:
        WrongInput: it is not understood.
    """
    words = " ".join(text.lower().split())
    if words in {"", "none"}:
        return None
    space, _, on = words.partition(" on ")
    weeks, months = _NAMED.get(space) or _every(space) or (0, 0)
    found = _with_day(weeks, months, on) if 0 < weeks + months <= LONGEST else None
    if found is None:
        raise WrongInput(
            Sentence(
                "“{text}” is no cadence; say something like “weekly on Friday”, “monthly on the "
                "last Saturday”, “every two months on the 15th” or “quarterly”.",
                text=text[:80],
            )
        )
    return found


def next_date(cadence: Cadence | None, last: date | None, today: date) -> date:
    """When the next issue is due: after the last one, and not before today.

    Without a cadence it is today.
    """
    if cadence is None:
        return today
    return (_by_weeks if cadence.weeks else _by_months)(cadence, last, today)


def cadence_in_words(cadence: Cadence | None) -> Sentence:
    """For people, to be said in their language."""
    if cadence is None:
        return Sentence("no cadence")
    many = cadence.weeks or cadence.months
    every = _every_week(many) if cadence.weeks else _every_month(many)
    if cadence.day == -1:
        return Sentence("{every}, on the last day", every=every)
    if cadence.day is not None:
        return Sentence("{every}, on day {day}", every=every, day=cadence.day)
    if cadence.weekday is None:
        return every
    weekday = _SAID_WEEKDAYS[cadence.weekday]
    if cadence.nth is None:
        return Sentence("{every}, on {weekday}", every=every, weekday=weekday)
    return Sentence(_SAID_NTH[cadence.nth], every=every, weekday=weekday)


def _every_week(many: int) -> Sentence:
    return Sentence("every week") if many == 1 else Sentence("every {n} weeks", n=many)


def _every_month(many: int) -> Sentence:
    return Sentence("every month") if many == 1 else Sentence("every {n} months", n=many)


_SAID_WEEKDAYS = (
    *(Sentence("Monday"), Sentence("Tuesday"), Sentence("Wednesday"), Sentence("Thursday")),
    *(Sentence("Friday"), Sentence("Saturday"), Sentence("Sunday")),
)
_SAID_NTH: Mapping[int, Sentence] = {
    1: Sentence("{every}, on the first {weekday}"),
    2: Sentence("{every}, on the second {weekday}"),
    3: Sentence("{every}, on the third {weekday}"),
    4: Sentence("{every}, on the fourth {weekday}"),
    -1: Sentence("{every}, on the last {weekday}"),
}


def _every(words: str) -> tuple[int, int] | None:
    """The weeks and months of "every two months"."""
    found = _EVERY.fullmatch(words)
    if found is None:
        return None
    said, unit = found.groups()
    many = 1 if said is None else NUMBERS.get(said, 0)
    if said and said.isascii() and said.isdecimal() and len(said) < 4:
        many = int(said)
    return (many, 0) if unit == "week" else (0, many * (12 if unit == "year" else 1))


def _with_day(weeks: int, months: int, on: str) -> Cadence | None:
    weekdays = [name.lower() for name in WEEKDAYS]
    if not on:
        return Cadence(weeks, months)
    if on in weekdays and weeks:
        return Cadence(weeks, weekday=weekdays.index(on))
    if weeks:
        return None
    if on == "the last day":
        return Cadence(months=months, day=-1)
    if (nth := _NTH.fullmatch(on)) and nth[2] in weekdays:
        return Cadence(months=months, weekday=weekdays.index(nth[2]), nth=ORDINALS[nth[1]])
    if (day := _DAY.fullmatch(on)) and 1 <= int(day[1]) <= 31:
        return Cadence(months=months, day=int(day[1]))
    return None


def _space(cadence: Cadence) -> str:
    known = {space: name for name, space in _NAMED.items()}
    space = (cadence.weeks, cadence.months)
    if space in known:
        return known[space]
    spelt = {many: word for word, many in NUMBERS.items()}
    many = cadence.weeks or cadence.months
    return f"every {spelt.get(many, many)} {'weeks' if cadence.weeks else 'months'}"


def _which_day(cadence: Cadence) -> str:
    if cadence.day is not None:
        return " on the last day" if cadence.day == -1 else f" on the {_ordinal(cadence.day)}"
    if cadence.weekday is None:
        return ""
    weekday = WEEKDAYS[cadence.weekday]
    if cadence.nth is None:
        return f" on {weekday}"
    return f" on the {next(word for word, n in ORDINALS.items() if n == cadence.nth)} {weekday}"


def _ordinal(day: int) -> str:
    teens = 10 < day % 100 < 14
    return f"{day}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


def _by_weeks(cadence: Cadence, last: date | None, today: date) -> date:
    if last is None:
        ahead = 0 if cadence.weekday is None else (cadence.weekday - today.weekday()) % 7
        return today + timedelta(ahead)
    if cadence.weekday is not None:
        # The weekday nearest to the last issue's date: three days before it at most, or after.
        last += timedelta((cadence.weekday - last.weekday() + 3) % 7 - 3)
    step = 7 * cadence.weeks
    return last + timedelta(step * max(1, -((last - today).days // step)))


def _by_months(cadence: Cadence, last: date | None, today: date) -> date:
    this_month = _month(today)
    if last is None:
        due = _in_month(cadence, this_month, today.day)
        return due if due >= today else _in_month(cadence, this_month + 1, today.day)
    at = _month(last)
    place = min(
        (at, at - 1, at + 1), key=lambda month: abs(_in_month(cadence, month, last.day) - last)
    )
    place += cadence.months * max(1, (this_month - place) // cadence.months)
    due = _in_month(cadence, place, last.day)
    return due if due >= today else _in_month(cadence, place + cadence.months, last.day)


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _in_month(cadence: Cadence, month: int, otherwise: int) -> date:
    """The day of the cadence in a month; `otherwise` is the day of one that names none."""
    year, month = divmod(month, 12)
    first, days = calendar.monthrange(year, month + 1)
    if cadence.weekday is not None and cadence.nth is not None:
        day = (cadence.weekday - first) % 7 + 1
        day += 7 * ((days - day) // 7 if cadence.nth == -1 else cadence.nth - 1)
    else:
        day = days if cadence.day == -1 else min(cadence.day or otherwise, days)
    return date(year, month + 1, day)
