"""The public archive: what was published, newest first, and the standing pages."""

import re
from datetime import date, datetime, time
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from mailer.errors import NotFound
from mailer.publication import (
    Publication,
    find_page,
    list_issues,
    pages,
    public_issue,
    public_item,
    public_publication,
    publications,
    recent_items,
)
from mailer.web.routing import look_only
from mailer.web.site import Site, TheSite, for_anybody

PORTION = 20
ASIDE = 12
FEED = 30
LARGEST_SITEMAP = 40_000

router = APIRouter()

PageNumber = Annotated[int, Query(ge=1, le=100_000)]


@look_only(router, "/")
def home(request: Request, site: TheSite, page: PageNumber = 1) -> Response:
    """What all publications have published."""
    with site.database.read() as session:
        return for_anybody(request, _recent(site, session, None, page))


@look_only(router, "/{publication}/")
def publication_page(
    request: Request, site: TheSite, publication: str, page: PageNumber = 1
) -> Response:
    """What one publication has published."""
    with site.database.read() as session:
        found = public_publication(session, publication)
        return for_anybody(request, _recent(site, session, found, page))


@look_only(router, "/pages/{slug}/")
def standing_page(request: Request, site: TheSite, slug: str) -> Response:
    """One standing page."""
    with site.database.read() as session:
        page = find_page(session, slug)
        return for_anybody(request, site.page("page", session, page=page))


@look_only(router, "/{publication}/{number}/")
def issue_page(request: Request, site: TheSite, publication: str, number: str) -> Response:
    """One issue with all its items."""
    with site.database.read() as session:
        issue = public_issue(session, publication, _number(number))
        aside = _aside(session, issue.publication, issue.id)
        return for_anybody(request, site.page("issue", session, issue=issue, **aside))


@look_only(router, "/{publication}/{number}/{item}/")
def item_page(
    request: Request, site: TheSite, publication: str, number: str, item: str
) -> Response:
    """One item."""
    with site.database.read() as session:
        issue, found = public_item(session, publication, _number(number), item)
        aside = _aside(session, issue.publication, None)
        page = site.page("item", session, issue=issue, item=found, **aside)
        return for_anybody(request, page)


@look_only(router, "/feed.xml")
def feed(request: Request, site: TheSite) -> Response:
    """The newest items of all publications, as Atom (RFC 4287)."""
    with site.database.read() as session:
        return for_anybody(request, _feed(site, session, None))


@look_only(router, "/{publication}/feed.xml")
def publication_feed(request: Request, site: TheSite, publication: str) -> Response:
    """The newest items of one publication, as Atom."""
    with site.database.read() as session:
        found = public_publication(session, publication)
        return for_anybody(request, _feed(site, session, found))


@look_only(router, "/sitemap.xml")
def sitemap(request: Request, site: TheSite) -> Response:
    """Every public page, for search engines."""
    with site.database.read() as session:
        document = site.document(
            "sitemap.xml.j2",
            "application/xml",
            publications=publications(session),
            issues=list_issues(session, public_only=True),
            entries=recent_items(session, None, LARGEST_SITEMAP),
            pages=pages(session),
        )
        return for_anybody(request, document)


def _recent(site: Site, session: Session, of: Publication | None, page: int) -> Response:
    """A portion of the newest items; where there is one publication only, home is its page."""
    known = publications(session)
    shown = of or (known[0] if len(known) == 1 else None)
    offset = (page - 1) * PORTION
    entries = recent_items(session, of.id if of else None, PORTION + 1, offset)
    if page > 1 and not entries:
        raise NotFound("There is no such page here.")
    newest = entries[0].issue.id if entries and page == 1 else None
    return site.page(
        "archive",
        session,
        entries=entries[:PORTION],
        shown=shown,
        at_home=of is None,
        newer=page - 1,
        older=page + 1 if len(entries) > PORTION else 0,
        **_aside(session, shown, newest),
    )


def _aside(session: Session, of: Publication | None, but: int | None) -> dict[str, Any]:
    """What stands beside: the form for `of`, and its other issues."""
    issues = list_issues(session, of.id if of else None, public_only=True)
    others = [issue for issue in issues if issue.id != but and issue.number is not None]
    return {"get": of, "other_issues": others[:ASIDE]}


def _number(text: str) -> int:
    if not re.fullmatch(r"0|[1-9][0-9]{0,9}", text):
        raise NotFound("There is no such page here.")
    return int(text)


def _feed(site: Site, session: Session, of: Publication | None) -> Response:
    entries = recent_items(session, of.id if of else None, FEED)

    def moment(day: date) -> str:
        """RFC 3339: the beginning of a civil date in the organisation's zone."""
        return datetime.combine(day, time(), site.config.organisation.zone).isoformat()

    return site.document(
        "feed.xml.j2",
        "application/atom+xml",
        of=of,
        path=f"/{of.slug}/feed.xml" if of else "/feed.xml",
        entries=entries,
        moment=moment,
        updated=moment(entries[0].issue.date) if entries else "1970-01-01T00:00:00Z",
    )
