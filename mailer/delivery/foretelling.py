"""To whom an issue would go if it were sent now, in figures.

1. The readers are counted by group (`audience.count_groups`), and so are those that are suppressed.
   Of a short list that is done at once; of a long one `count_readers` does it apart and keeps the
   figures, which say since when they are true.
2. What each group would get is the rule of `variants`, which needs no database.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from mailer import audience
from mailer.audience import Group
from mailer.clock import today
from mailer.config import Config
from mailer.database import Database
from mailer.delivery import figures
from mailer.delivery.variants import variant_for
from mailer.publication import Issue


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many readers get an issue, and who does not and why.

    `languages` and `formats` are those of the letters, the most frequent first. Who gets nothing
    has an active subscription: the issue has none of the topics that they chose
    (`no_topic`), has only items for members (`for_members`), or their address is suppressed.
    """

    readers: int
    members: int
    languages: tuple[tuple[str, int], ...]
    formats: tuple[tuple[str, int], ...]
    no_topic: int
    for_members: int
    suppressed: int
    counted_at: datetime

    @property
    def no_item(self) -> int:
        return self.no_topic + self.for_members


def forecast(session: Session, config: Config, issue: Issue, now: datetime) -> Forecast | None:
    """To whom the issue would go; None where the list is too long to count in passing, and nobody
    has counted it (`count_readers`)."""
    publication_id = issue.publication.id
    most = figures.AT_ONCE + 1
    if audience.next_readers(session, publication_id, 0, most)[0] < most:
        day = today(config.organisation.zone, now)
        return foretell(issue, *_count(session, publication_id, day), now)
    kept = figures.kept(session, _name(publication_id))
    if kept is None:
        return None
    groups, suppressed = ({audience.group_of(key): n for key, n in of} for of in kept.content)
    return foretell(issue, groups, suppressed, kept.counted_at)


def count_readers(database: Database, config: Config, publication_id: int, now: datetime) -> None:
    """Count a publication's readers, however long that takes, and keep the figures."""
    with database.read() as session:
        day = today(config.organisation.zone, now)
        counted = _count(session, publication_id, day)
    content = [[[group.key, n] for group, n in of.items()] for of in counted]
    with database.write() as session:
        figures.keep(session, _name(publication_id), content, now)


def foretell(
    issue: Issue, groups: Mapping[Group, int], suppressed: Mapping[Group, int], at: datetime
) -> Forecast:
    """The forecast for readers of whom so many are in each group, and so many suppressed."""
    languages: Counter[str] = Counter()
    formats: Counter[str] = Counter()
    nothing: Counter[bool] = Counter()
    members = 0
    for group, count in groups.items():
        left = count - suppressed.get(group, 0)
        if left <= 0:
            continue
        variant = variant_for(issue, group)
        if variant is None:
            nothing[_lacks_topics(issue, group)] += left
            continue
        languages[variant.language] += left
        formats[variant.format] += left
        members += left if group.is_member else 0
    return Forecast(
        languages.total(),
        members,
        tuple(languages.most_common()),
        tuple(formats.most_common()),
        nothing[True],
        nothing[False],
        sum(suppressed.values()),
        at,
    )


def _lacks_topics(issue: Issue, group: Group) -> bool:
    """Whether the issue has nothing for this group since it has none of their topics."""
    return group.topics is not None and not any(item.topic in group.topics for item in issue.items)


def _count(
    session: Session, publication_id: int, day: date
) -> tuple[dict[Group, int], dict[Group, int]]:
    return (
        audience.count_groups(session, publication_id, day),
        audience.count_suppressed(session, publication_id, day),
    )


def _name(publication_id: int) -> str:
    return f"readers {publication_id}"
