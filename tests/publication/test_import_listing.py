"""Importing a back catalogue: once, again, and with changes, on both databases."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import mailer
from mailer.audit.models import AuditRow
from mailer.database import Database
from mailer.errors import Refused
from mailer.publication import (
    ImportedListing,
    ensure_first,
    find_issue,
    find_publication,
    import_listing,
    list_issues,
    pages,
    parse_listing,
)
from mailer.publication.models import RevisionRow

SAMPLE = (Path(mailer.__file__).parent / "cli/demo/listing.txt").read_text(encoding="utf-8")
NOTHING_NEW = ImportedListing(unchanged=14)


@pytest.fixture
def session(database: Database, now: datetime) -> Iterator[Session]:
    with database.write() as session:
        ensure_first(session, "en", now)
        yield session


def take(session: Session, text: str, now: datetime, *, update: bool = False) -> ImportedListing:
    listing = parse_listing(text, "listing.txt", ["Update"])
    return import_listing(session, listing, update=update, now=now, actor="command")


def revisions(session: Session) -> int:
    return session.scalar(select(func.count(RevisionRow.id))) or 0


def test_a_listing_becomes_public_drafts_and_pages(session: Session, now: datetime) -> None:
    assert take(session, SAMPLE, now) == ImportedListing(
        issues_created=4, items_created=10, pages_created=4
    )
    assert [(i.number, str(i.date), i.title, i.public, i.items) for i in list_issues(session)] == [
        (120, "2007-03-31", "Update 120", True, 3),
        (119, "2007-01-31", "Update 119", True, 4),
        (118, "2006-11-30", "Update 118", True, 2),
        (117, "2006-09-30", "Update 117", True, 1),
    ]
    issue = find_issue(session, find_publication(session, None).id, 118)
    assert issue.subject == "Update 118. 30 November 2006"
    assert (issue.language, issue.version, issue.kind) == ("en", 1, "issue")
    assert [(item.position, item.slug, item.members_only) for item in issue.items] == [
        (1, "more-cocaine-is-made", False),
        (2, "urgent-action-for-two-environmental-campaigners", False),
    ]
    assert issue.items[0].summary in SAMPLE
    assert [(p.slug, p.position) for p in pages(session)] == [
        ("aims", 1),
        ("historical-overview", 2),
        ("human-rights", 3),
        ("why-join", 4),
    ]
    assert revisions(session) == 8
    assert session.scalars(select(AuditRow.words)).one() == (
        "imported listing.txt: 4 issues, 10 items, 4 pages"
    )


def test_importing_again_changes_nothing(session: Session, now: datetime) -> None:
    take(session, SAMPLE, now)
    assert take(session, SAMPLE, now) == NOTHING_NEW
    assert revisions(session) == 8
    assert session.scalar(select(func.count(AuditRow.id))) == 1


def test_a_listing_of_fewer_things_takes_nothing_away(session: Session, now: datetime) -> None:
    take(session, SAMPLE, now)
    assert take(session, SAMPLE[: SAMPLE.index("  • Government")], now).unchanged == 1
    assert len(list_issues(session)) == 4


def test_new_things_are_added_behind_the_known(session: Session, now: datetime) -> None:
    _head, tail = SAMPLE.split("  • Aims")
    take(session, "  • Aims" + tail, now)
    added = "• New\n\n    Update 118. 30 November 2006\n\n    News.\n\n" + SAMPLE
    assert take(session, added, now) == ImportedListing(
        issues_created=4, items_created=11, unchanged=4
    )
    again = "• Newer\n\n    Update 118. 30 November 2006\n\n    News!\n\n" + added
    assert take(session, again, now) == ImportedListing(items_created=1, unchanged=15)
    issue = find_issue(session, find_publication(session, None).id, 118)
    assert [item.title for item in issue.items][::3] == ["New", "Newer"]
    assert issue.version == 2


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (
            "still going up, says",
            "going down, says",
            (
                "listing.txt:43: “More cocaine is made” of Update 118: its summary is "
                "“… of cocaine in Peru is still going up, says the National …” here and "
                "“… of cocaine in Peru is going down, says the National Drug …” in the listing"
            ),
        ),
        (
            "More cocaine is made",
            "Cocaine is up",
            (
                "listing.txt:43: “More cocaine is made” of Update 118: its title is "
                "“More cocaine is made” here and “Cocaine is up” in the listing"
            ),
        ),
        (
            "Update 117. 30 September 2006",
            "Update 117. 29 September 2006",
            (
                "listing.txt:55: Update 117 is dated 30 September 2006 here and "
                "29 September 2006 in the listing"
            ),
        ),
        (
            "Hear first",
            "Hear at once",
            (
                "listing.txt:73: the page “Why join?”: its body is "
                "“- Hear first what is new in Peru - Understand the …” here and "
                "“- Hear at once what is new in Peru - Understand the …” in the listing"
            ),
        ),
    ],
)
def test_a_listing_that_says_otherwise_is_refused_unless_told(
    database: Database, now: datetime, before: str, after: str, sentence: str
) -> None:
    changed = SAMPLE.replace(before, after)
    with database.write() as session:
        ensure_first(session, "en", now)
        take(session, SAMPLE, now)
    with database.read() as session:
        stood = [find_issue(session, 1, number) for number in range(117, 121)]
    with pytest.raises(Refused) as refused, database.write() as session:
        take(session, changed, now)
    assert str(refused.value) == (
        f"{sentence}; nothing was imported; --update takes what the listing says."
    )
    with database.read() as session:
        assert [find_issue(session, 1, number) for number in range(117, 121)] == stood
    with database.write() as session:
        done = take(session, changed, now, update=True)
        assert done.items_updated + done.issues_updated + done.pages_updated == 1
        assert revisions(session) == 9
        assert take(session, changed, now) == NOTHING_NEW


def test_a_corrected_title_keeps_its_slug(session: Session, now: datetime) -> None:
    take(session, SAMPLE, now)
    changed = SAMPLE.replace("More cocaine is made", "Cocaine is up")
    take(session, changed, now, update=True)
    item = find_issue(session, find_publication(session, None).id, 118).items[0]
    assert (item.title, item.slug) == ("Cocaine is up", "more-cocaine-is-made")


def test_a_corrected_date_reaches_the_subject(session: Session, now: datetime) -> None:
    take(session, SAMPLE, now)
    changed = SAMPLE.replace("30 September 2006", "29 September 2006")
    take(session, changed, now, update=True)
    issue = find_issue(session, find_publication(session, None).id, 117)
    assert issue.subject == "Update 117. 29 September 2006"
    assert (str(issue.date), issue.version) == ("2006-09-29", 2)


def test_several_differences_are_counted(session: Session, now: datetime) -> None:
    take(session, SAMPLE, now)
    with pytest.raises(Refused, match=r"\(and 2 more differences\)"):
        take(session, SAMPLE.replace("30 November 2006\n\n    ", "30 November 2006\n\n    X")
             .replace("Authoritarian", "Harsh"), now)  # fmt: skip


def test_titles_that_give_the_same_slug_get_their_own(session: Session, now: datetime) -> None:
    text = "".join(
        f"• Peru{mark}\n\n    Update 1. 1 May 2007\n\n    Summary {mark}.\n" for mark in "!?"
    )
    take(session, text, now)
    assert take(session, text, now).unchanged == 2
    issue = find_issue(session, find_publication(session, None).id, 1)
    assert [item.slug for item in issue.items] == ["peru", "peru-2"]
