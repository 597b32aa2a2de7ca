"""The issues of sixteen years: items with pictures, each saved many times; and standing pages."""

import hashlib
import random
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from mailer import publication
from mailer.database import Database
from mailer.publication.models import (
    IssueRow,
    ItemRow,
    OverwrittenRow,
    PageRow,
    PictureRow,
    PublicationRow,
    RevisionRow,
    WelcomeRow,
)
from mailer.publication.revisions import content_of

ISSUES, ANNOUNCEMENTS, ITEMS = 200, 5, 10
PICTURES, PICTURE_OCTETS = 150, 40_000
REVISIONS, OF_THE_NEWEST, NEWEST = 8, 60, 12
SLUG = "updates"

_TOPICS = ("", "water", "mining", "rights", "land", "debt")
_SENTENCES = (
    "The river rises in the snow; those who live below have asked for a say in its water.",
    "Their council met twice in the spring, and its minutes are open to all who ask.",
    "The company says that it will *answer in writing*, and has been given until June.",
    "Whoever wants to read the ruling finds it [with the ministry](https://ministry.example/17).",
    "Nobody was hurt, though the road was closed for two days and the market with it.",
)


def fill(database: Database, now: datetime) -> dict[int, int]:
    """Put them in; the ids of the issues by their numbers."""
    dice = random.Random(7)
    with database.write() as session:
        publication.ensure_first(session, "en", now)
        series = publication.find_publication(session, None)
        session.get_one(PublicationRow, series.id).slug = SLUG
        session.add(
            PublicationRow(slug="bulletin", title="Bulletin", language="es", created_at=now)
        )
        pictures = [_picture(session, dice, number, now) for number in range(PICTURES)]
        _pages(session, now)
        _welcomes(session, series.id, now)
        session.flush()
    ids = {}
    for number in range(1, ISSUES + ANNOUNCEMENTS + 1):
        with database.write() as session:
            row = _issue(session, series.id, number, now)
            _items(session, row, dice, pictures)
            _revisions(session, row, number, now)
            ids[number] = row.id
    return ids


def _issue(session: Session, publication_id: int, number: int, now: datetime) -> IssueRow:
    """An issue, monthly; the last numbers are announcements instead."""
    numbered = number <= ISSUES
    at = now - timedelta(days=30 * (ISSUES - number) if numbered else 45 * (number - ISSUES))
    row = IssueRow(
        publication_id=publication_id,
        kind="issue" if numbered else "announcement",
        number=number if numbered else None,
        date=at.date(),
        title=f"Update {number}" if numbered else f"The meeting of {at:%B}",
        subject=f"Update {number}: what happened this month",
        preheader="Water, mining, and a meeting in Lima",
        language="en",
        public=False,
        head_changed_by="staff 1",
        created_at=at,
        updated_at=at,
    )
    session.add(row)
    session.flush()
    return row


def _items(session: Session, row: IssueRow, dice: random.Random, pictures: list[str]) -> None:
    for position in range(ITEMS):
        topic = _TOPICS[(row.id + position) % len(_TOPICS)]
        # One in ten began with the text of an item of an earlier issue.
        earlier = row.id > 2 and position == ITEMS - 1
        session.add(
            ItemRow(
                issue_id=row.id,
                position=position,
                slug=f"item-{position}",
                title=f"What became of {topic or 'the valley'} number {row.id * ITEMS + position}",
                topic=topic,
                summary=" ".join(dice.choices(_SENTENCES, k=3)),
                body="\n\n".join(" ".join(dice.choices(_SENTENCES, k=6)) for _ in range(4)),
                link="https://news.example/article",
                picture_hash=dice.choice(pictures) if position % 3 == 0 else None,
                picture_alt="A valley, seen from above",
                members_only=position == 5,
                reused_from=(row.id - 2) * ITEMS + 1 if earlier else None,
                changed_by="staff 1",
            )
        )
    session.flush()


def _revisions(session: Session, row: IssueRow, number: int, now: datetime) -> None:
    """How often it was saved: the newest ones more often, each time a little longer."""
    content = content_of(session, row)
    times = OF_THE_NEWEST if ISSUES - NEWEST < number <= ISSUES else REVISIONS
    for version in range(1, times + 1):
        items = [
            {**item, "summary": f"{item['summary']} Saved {version}."}
            if place == version % ITEMS and version < times
            else item
            for place, item in enumerate(content["items"])
        ]
        session.add(
            RevisionRow(
                issue_id=row.id,
                version=version,
                content={**content, "items": items},
                saved_at=now - timedelta(hours=times - version),
                saved_by=f"staff {version % 8 + 1}",
            )
        )
        session.add(
            OverwrittenRow(
                issue_id=row.id,
                item_id=content["items"][version % ITEMS]["id"],
                version=version,
                content=content["items"][version % ITEMS],
                at=now,
                by="staff 1",
            )
        )
    row.version = times
    session.flush()


def _picture(session: Session, dice: random.Random, number: int, now: datetime) -> str:
    octets = dice.randbytes(PICTURE_OCTETS)
    name = hashlib.sha256(octets).hexdigest()
    at = now - timedelta(days=number)
    session.add(
        PictureRow(
            hash=name,
            media_type="image/jpeg",
            width=1200,
            height=800,
            content=octets,
            created_at=at,
        )
    )
    return name


def _pages(session: Session, now: datetime) -> None:
    for position, title in enumerate(("Aims", "Who we are", "Join", "Contact", "Privacy")):
        slug = title.lower().replace(" ", "-")
        body = "\n\n".join(_SENTENCES * 4)
        times = {"created_at": now, "updated_at": now}
        session.add(PageRow(slug=slug, title=title, body=body, position=position, **times))


def _welcomes(session: Session, publication_id: int, now: datetime) -> None:
    for language in ("en", "es"):
        session.add(
            WelcomeRow(
                publication_id=publication_id,
                language=language,
                subject="Welcome",
                body="\n\n".join(_SENTENCES),
                active=True,
                when_added=False,
                updated_at=now,
            )
        )
