"""Reading what was published: pages, feeds, the sitemap."""

import re
from datetime import datetime
from xml.etree import ElementTree

from sqlalchemy import update

from mailer.database import Database
from mailer.publication import ensure_first, import_listing, parse_listing
from mailer.publication.models import IssueRow, ItemRow, PublicationRow
from tests.web.conftest import Ana, TestClient

ATOM = {"a": "http://www.w3.org/2005/Atom"}
PACT = "/updates/120/government-signs-a-pact-on-water/"


def test_home_has_every_item_with_its_issue_and_date(client: TestClient, ana: Ana) -> None:
    page = client.get("/").text
    assert page.count('<p class="dateline" lang="en">Update 1') == 10
    assert page.index("Update 120. 31 March 2007") < page.index("Update 119. 31 January 2007")
    assert "<h1>Updates</h1>" in page
    assert f'<a href="{PACT}">Government signs a pact on water</a>' in page
    assert "1 Example Street, London" in page
    assert "<script" not in page
    for number in (119, 118, 117):
        assert f'<li><a href="/updates/{number}/">' in page
    for slug in ("aims", "historical-overview", "human-rights", "why-join"):
        assert f'<a href="/pages/{slug}/">' in page


def test_the_page_of_a_publication_an_issue_an_item(client: TestClient, ana: Ana) -> None:
    assert 'href="/updates/" aria-current="page"' in client.get("/updates/").text
    issue = client.get("/updates/120/").text
    assert "<h1>Update 120</h1>" in issue
    assert "Update 120. 31 March 2007" in issue
    assert issue.count("<h2><a href=") == 3
    item = client.get(PACT).text
    assert "<h1>Government signs a pact on water</h1>" in item
    assert '<a href="/updates/120/">Update 120. 31 March 2007</a>' in item
    assert "World Water Day brought" in item


def test_standing_pages_show_their_markdown(client: TestClient, ana: Ana) -> None:
    page = client.get("/pages/why-join/").text
    assert "<h1>Why join?</h1>" in page
    assert "<li>Hear first what is new in Peru</li>" in page
    assert "<p>Become a member</p>" in page


def test_what_is_hidden_or_for_members_is_nowhere(
    client: TestClient, ana: Ana, database: Database
) -> None:
    with database.write() as session:
        session.execute(
            update(ItemRow).where(ItemRow.slug.like("government%")).values(members_only=True)
        )
        session.execute(update(IssueRow).where(IssueRow.number == 118).values(public=False))
    for path in ("/", "/updates/", "/updates/120/", "/feed.xml", "/sitemap.xml"):
        page = client.get(path).text
        assert "pact on water" not in page.replace("-", " ")
        assert "118" not in page
    assert client.get(PACT).status_code == 404
    assert client.get("/updates/118/").status_code == 404
    assert client.get("/updates/118/more-cocaine-is-made/").status_code == 404


def test_an_item_shows_its_body_and_safe_links_only(
    client: TestClient, ana: Ana, database: Database
) -> None:
    values = {
        "title": "<b>Bold</b> & co",
        "summary": "A *short* <script>alert(1)</script> one, {{ greeting }}.",
        "body": "## More\n\n[far](javascript:alert(1)) [good](https://x.example/)",
        "link": "https://paper.example/story?a=1&b=2",
    }
    with database.write() as session:
        session.execute(update(ItemRow).where(ItemRow.slug.like("government%")).values(**values))
    page = client.get(PACT).text
    assert "<h1>&lt;b&gt;Bold&lt;/b&gt; &amp; co</h1>" in page
    assert "<em>short</em>" in page
    assert "<script" not in page
    assert 'href="javascript' not in page
    assert 'href="https://x.example/"' in page
    assert 'href="https://paper.example/story?a=1&amp;b=2"' in page
    assert "Read more at paper.example" in page
    assert "Read on: " in client.get("/updates/120/").text
    with database.write() as session:
        session.execute(update(ItemRow).values(link="javascript:alert(1)"))
    assert 'href="javascript' not in client.get(PACT).text


def test_an_archive_of_many_items_is_turned_like_pages(
    client: TestClient, database: Database, now: datetime
) -> None:
    text = "".join(
        f"• Item {n}\n\n    Update {n}. 1 May 2007\n\n    Summary {n}.\n" for n in range(1, 46)
    )
    with database.write() as session:
        ensure_first(session, "en", now)
        listing = parse_listing(text, "listing.txt", ["Update"])
        import_listing(session, listing, update=False, now=now, actor="command")
    first, second, third = (client.get(f"/updates/?page={n}").text for n in (1, 2, 3))
    assert first.count("<h2><a href=") == second.count("<h2><a href=") == 20
    assert "Item 45<" in first
    assert 'href="?page=2" rel="next"' in first
    assert 'rel="prev"' not in first
    assert 'href="./" rel="prev"' in second
    assert 'href="?page=3" rel="next"' in second
    assert third.count("<h2><a href=") == 5
    assert 'rel="next"' not in third
    for wrong in ("4", "0", "-1", "x", "9" * 30):
        assert client.get(f"/updates/?page={wrong}").status_code == 404


def test_an_empty_archive_says_so(client: TestClient, database: Database, now: datetime) -> None:
    with database.write() as session:
        ensure_first(session, "en", now)
    page = client.get("/").text
    assert "Nothing has been published here yet." in page
    assert "Get the Update" in page
    assert client.get("/feed.xml").status_code == 200


def test_several_publications_share_the_front_page(
    client: TestClient, ana: Ana, database: Database, now: datetime
) -> None:
    with database.write() as session:
        session.add(PublicationRow(slug="letters", title="Letter", language="es", created_at=now))
    home = client.get("/").text
    assert "<h1>News</h1>" in home
    assert 'href="/subscribe/"' in home
    assert "<h1>Letters</h1>" in client.get("/letters/").text
    assert client.get("/subscribe/").text.count('type="radio"') == 2


def test_the_feed_is_atom(client: TestClient, ana: Ana) -> None:
    for path in ("/feed.xml", "/updates/feed.xml"):
        response = client.get(path)
        assert response.headers["content-type"] == "application/atom+xml"
        feed = ElementTree.fromstring(response.text)
        entries = feed.findall("a:entry", ATOM)
        assert len(entries) == 10
        assert feed.findtext("a:id", "", ATOM) == f"http://127.0.0.1:8000{path}"
        # Midnight in London: summer time began on 25 March 2007.
        assert feed.findtext("a:updated", "", ATOM) == "2007-03-31T00:00:00+01:00"
        assert entries[1].findtext("a:id", "", ATOM) == f"http://127.0.0.1:8000{PACT}"
        assert entries[1].findtext("a:summary", "", ATOM).startswith("<p>World Water Day")


def test_the_sitemap_names_pages_that_stand(client: TestClient, ana: Ana) -> None:
    tree = ElementTree.fromstring(client.get("/sitemap.xml").text)
    urls = [element.text or "" for element in tree.iter() if element.tag.endswith("loc")]
    assert len(urls) == len(set(urls)) == 1 + 1 + 4 + 10 + 4
    for url in urls:
        assert client.get(url.removeprefix("http://127.0.0.1:8000")).status_code == 200


def test_every_link_of_every_public_page_stands(client: TestClient, ana: Ana) -> None:
    seen, todo = set[str](), ["/"]
    while todo:
        path = todo.pop()
        seen.add(path)
        response = client.get(path)
        assert response.status_code == 200, path
        if response.headers["content-type"].startswith("text/html"):
            found = set(re.findall(r'(?:href|src)="(/[^"#]*)', response.text))
            todo += sorted(found - seen - set(todo))
    assert PACT in seen
    assert len(seen) == 25


def test_a_page_that_did_not_change_is_not_sent_again(client: TestClient, ana: Ana) -> None:
    first = client.get("/")
    assert first.headers["cache-control"] == "no-cache"
    tag = first.headers["etag"]
    again = client.get("/", headers={"If-None-Match": f'"other", W/{tag}'})
    assert again.status_code == 304
    assert again.text == ""
    assert again.headers["etag"] == tag
    assert client.get("/updates/").headers["etag"] != tag


def test_a_forgotten_slash_is_forgiven(client: TestClient, ana: Ana) -> None:
    for path in ("/updates", "/updates/120", "/subscribe", PACT.removesuffix("/")):
        response = client.get(f"{path}?from=letter")
        assert response.status_code == 308
        assert response.headers["location"] == f"{path}/?from=letter"
        assert client.head(path).status_code == 308


def test_where_nothing_stands_no_slash_is_added(client: TestClient, ana: Ana) -> None:
    for path in (
        *("/search", "/updates/999", "/updates/120/nothing", "/pages", "/pages/nothing"),
        *(
            "/unsubscribe",
            "/updates?page=2",
            "/static",
            "http://testserver//psg.example/updates",
            "/a/b/c/d",
        ),
    ):
        assert client.get(path).status_code == 404, path
