"""The clock: the one place that asks the machine for the time.

Rules take `now` as an argument; only doors and engines read it here. Everything is an aware
UTC `datetime`; what people see is turned into the organisation's zone at the door.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from mailer.errors import WrongInput
from mailer.sentence import Sentence, shown

# Years; near the ends of the calendar a moment has no local time in every zone.
_CENTURY = 100


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def today(zone: ZoneInfo, at: datetime | None = None) -> date:
    """The civil date in `zone` at the moment `at` (default: now)."""
    return (at or now()).astimezone(zone).date()


def parse_moment(text: str, zone: ZoneInfo, at: datetime) -> tuple[datetime, str | None]:
    """Read a moment that a person typed and return it in UTC, with a remark or None.

    `text` is ISO 8601, with `T` or a space between date and time; without an offset it is
    local time in `zone`. A local time that the clocks skip is refused; one that they repeat
    takes the first and the remark says so. A moment before `at` is refused.

    Raises:
        WrongInput: no time, a time that does not exist, one in the past or a century away.
    """
    remark = None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise WrongInput(
            Sentence(
                "“{text}” is not a time; write it like 2026-03-31 09:00 "
                "({zone} time) or 2026-03-31T09:00+01:00.",
                text=shown(text),
                zone=zone.key,
            )
        ) from None
    if len(text.strip()) <= 10:
        raise WrongInput(
            Sentence(
                "“{text}” names a day but no time; write it like {day} 09:00.",
                text=shown(text),
                day=text.strip(),
            )
        )
    if abs(moment.year - at.year) > _CENTURY:
        raise WrongInput(
            Sentence("“{text}” is too far away to be a time for sending.", text=shown(text))
        )
    if moment.tzinfo is None:
        local = moment.replace(tzinfo=zone, fold=0)
        if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
            raise WrongInput(
                Sentence(
                    "“{text}” does not exist in {zone}: the clocks go forward "
                    "then; choose a time before or after the change.",
                    text=shown(text),
                    zone=zone.key,
                )
            )
        if local.utcoffset() != moment.replace(tzinfo=zone, fold=1).utcoffset():
            remark = Sentence(
                "“{text}” comes twice in {zone} that day; the first is taken.",
                text=shown(text),
                zone=zone.key,
            )
        moment = local
    moment = moment.astimezone(UTC)
    if moment < at:
        raise WrongInput(
            Sentence(
                "“{text}” is in the past; choose a time to come, or send at once.", text=shown(text)
            )
        )
    return moment, remark


SPANS = (
    (86_400, Sentence("1 day"), Sentence("{count} days")),
    (3600, Sentence("1 hour"), Sentence("{count} hours")),
    (60, Sentence("1 minute"), Sentence("{count} minutes")),
    (1, Sentence("1 second"), Sentence("{count} seconds")),
)
"""Seconds, and how one and many of so many are said."""


def in_words(span: timedelta) -> Sentence:
    """A span of time as a person says it: "5 minutes", "6 hours", "2 days"."""
    seconds = int(span.total_seconds())
    size, one, many = next(
        row for row in SPANS if row[0] == 1 or (seconds >= row[0] and seconds % row[0] == 0)
    )
    return one if seconds == size else Sentence(many.template, count=seconds // size)
