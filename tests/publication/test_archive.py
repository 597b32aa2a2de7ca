"""Finding publications and issues, and what of them anybody may read."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

import mailer
from mailer.database import Database
from mailer.errors import NotFound, WrongInput
from mailer.publication import (
    ensure_first,
    find_issue,
    find_page,
    find_publication,
    import_listing,
    issue_by_id,
    issue_path,
    item_path,
    list_issues,
    page_path,
    parse_listing,
    public_issue,
    public_item,
    publication_by_id,
    publications,
    recent_items,
    set_public,
    version_of,
)
from mailer.publication.models import ItemRow, PublicationRow

SAMPLE = (Path(mailer.__file__).parent / "cli/demo/listing.txt").read_text(encoding="utf-8")


@pytest.fixture
def session(database: Database, now: datetime) -> Iterator[Session]:
    with database.write() as session:
        ensure_first(session, "en", now)
        listing = parse_listing(SAMPLE, "listing.txt", ["Update"])
        import_listing(session, listing, update=False, now=now, actor="command")
        yield session


def test_the_first_publication_is_made_once(database: Database, now: datetime) -> None:
    with database.write() as session:
        with pytest.raises(NotFound, match="no publication yet"):
            find_publication(session, None)
        assert ensure_first(session, "es", now)
        assert not ensure_first(session, "en", now)
        (only,) = publications(session)
    assert (only.slug, only.title, only.language) == ("updates", "Update", "es")


def test_a_publication_is_named_where_there_are_several(session: Session, now: datetime) -> None:
    only = find_publication(session, None)
    assert only == find_publication(session, "updates") == publication_by_id(session, only.id)
    with pytest.raises(NotFound, match="“news”; there is: updates"):
        find_publication(session, "news")
    session.add(PublicationRow(slug="news", title="News", language="en", created_at=now))
    session.flush()
    with pytest.raises(WrongInput, match="-p: updates, news"):
        find_publication(session, None)


def test_an_unknown_number_is_answered_with_the_newest(session: Session) -> None:
    with pytest.raises(NotFound) as refused:
        find_issue(session, find_publication(session, None).id, 999)
    assert str(refused.value) == "There is no Update 999; the newest is Update 120."
    with pytest.raises(NotFound):
        find_issue(session, find_publication(session, None).id, 10**30)
    with pytest.raises(NotFound):
        issue_by_id(session, 999)
    with pytest.raises(NotFound):
        version_of(session, 999)


def test_an_issue_and_its_items_have_paths(session: Session) -> None:
    issue = find_issue(session, find_publication(session, None).id, 120)
    assert issue_by_id(session, issue.id) == issue
    assert issue_path(issue) == "/updates/120/"
    assert item_path(issue, issue.items[1]) == "/updates/120/government-signs-a-pact-on-water/"
    assert page_path(find_page(session, "aims")) == "/pages/aims/"
    assert public_item(session, "updates", 120, issue.items[1].slug) == (issue, issue.items[1])


def test_recent_items_come_newest_first_in_portions(session: Session) -> None:
    found = recent_items(session, None, 20)
    assert [(f.issue.number, f.item.position) for f in found] == [
        (120, 1),
        (120, 2),
        (120, 3),
        (119, 1),
        (119, 2),
        (119, 3),
        (119, 4),
        (118, 1),
        (118, 2),
        (117, 1),
    ]
    assert recent_items(session, found[0].issue.publication.id, 4, 3) == found[3:7]
    assert recent_items(session, 999, 20) == ()


def test_what_is_hidden_is_in_no_archive(session: Session, now: datetime) -> None:
    issue = find_issue(session, find_publication(session, None).id, 120)
    set_public(session, issue.id, False, now)
    assert [i.number for i in list_issues(session, public_only=True)] == [119, 118, 117]
    assert len(list_issues(session)) == 4
    assert len(recent_items(session, None, 20)) == 7
    with pytest.raises(NotFound):
        public_issue(session, "updates", 120)
    with pytest.raises(NotFound):
        public_item(session, "updates", 120, issue.items[0].slug)
    set_public(session, issue.id, True, now)
    assert public_issue(session, "updates", 120) == issue
    assert version_of(session, issue.id) == 1


def test_members_items_are_in_no_archive(session: Session) -> None:
    issue = find_issue(session, find_publication(session, None).id, 120)
    session.execute(
        update(ItemRow).where(ItemRow.id == issue.items[0].id).values(members_only=True)
    )
    assert public_issue(session, "updates", 120).items == issue.items[1:]
    assert recent_items(session, None, 1)[0].item == issue.items[1]
    assert recent_items(session, None, 1)[0].issue.items == 2
    assert list_issues(session, public_only=True)[0].items == 2
    assert list_issues(session)[0].items == 3
    with pytest.raises(NotFound):
        public_item(session, "updates", 120, issue.items[0].slug)


@pytest.mark.parametrize("slug", ["", "no", "a\0b", "x" * 5000, "../aims", "Aims"])
def test_a_strange_slug_finds_nothing(session: Session, slug: str) -> None:
    with pytest.raises(NotFound):
        find_page(session, slug)
    with pytest.raises(NotFound):
        public_issue(session, slug, 120)
    with pytest.raises(NotFound):
        public_item(session, "updates", 120, slug)
