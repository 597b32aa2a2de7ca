"""What earlier issues said, for whoever looks whether an item comes again."""

from datetime import date, datetime

from sqlalchemy import select, update

from mailer.database import Database
from mailer.letter import EarlierItem
from mailer.publication import (
    earlier_items,
    ensure_first,
    find_issue,
    import_listing,
    parse_listing,
)
from mailer.publication.models import IssueRow, ItemRow, PublicationRow

LISTING = """
• Rivers

    Update 1. 31 January 2007

    The rivers ran dry.

• Water

    Update 2. 28 February 2007

    A pact on water.

• The second item

    Update 2. 28 February 2007

    More about it.

• Later

    Update 3. 31 March 2007

    What comes after.
"""


def fill(database: Database, now: datetime) -> None:
    with database.write() as session:
        ensure_first(session, "en", now)
        listing = parse_listing(LISTING, "listing.txt", ["Update"])
        import_listing(session, listing, update=False, now=now, actor="test")


def earlier(database: Database, number: int) -> tuple[EarlierItem, ...]:
    with database.read() as session:
        return earlier_items(session, find_issue(session, 1, number))


def test_they_come_newest_first_and_never_from_later_issues(
    database: Database, now: datetime
) -> None:
    fill(database, now)
    assert earlier(database, 1) == ()
    assert earlier(database, 2) == (EarlierItem("Update 1", "Rivers", "The rivers ran dry."),)
    assert [(item.issue, item.title) for item in earlier(database, 3)] == [
        ("Update 2", "Water"),
        ("Update 2", "The second item"),
        ("Update 1", "Rivers"),
    ]


def test_of_two_issues_of_one_day_the_number_says_which_is_earlier(
    database: Database, now: datetime
) -> None:
    fill(database, now)
    with database.write() as session:
        session.execute(update(IssueRow).values(date=date(2007, 3, 31)))
    assert {item.issue for item in earlier(database, 2)} == {"Update 1"}


def test_without_a_summary_the_body_speaks(database: Database, now: datetime) -> None:
    fill(database, now)
    with database.write() as session:
        rivers = session.scalars(select(ItemRow).where(ItemRow.title == "Rivers")).one()
        rivers.summary, rivers.body = " ", "Long. " * 1000
    (item,) = earlier(database, 2)
    assert item.text == ("Long. " * 1000)[:2000]


def test_other_publications_are_left_out(database: Database, now: datetime) -> None:
    fill(database, now)
    with database.write() as session:
        other = PublicationRow(slug="news", title="News", language="en", created_at=now)
        session.add(other)
        session.flush()
        session.execute(
            update(IssueRow).where(IssueRow.number == 1).values(publication_id=other.id)
        )
    assert earlier(database, 2) == ()
