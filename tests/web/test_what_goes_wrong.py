"""Errors are pages in words, links cannot be forged, and looking changes nothing."""

import string
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from starlette.responses import HTMLResponse

from mailer import delivery
from mailer.config import Config
from mailer.database import Database, connect, load_models
from mailer.publication import find_issue
from mailer.tokens import Purpose
from mailer.web import create_app
from mailer.web.site import Site
from tests.conftest import make_config
from tests.web.conftest import Ana, TestClient, in_a_week, long_ago

BASE64URL = string.ascii_letters + string.digits + "-_"


def everything(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.engine.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table))]
            for table in load_models().sorted_tables
        }


def send_120(database: Database, config: Config, now: datetime) -> int:
    """Begin a mailing of Update 120; the id of its HTML letter."""
    from mailer.delivery.models import CompiledLetterRow

    with database.write() as session:
        issue = find_issue(session, 1, 120)
        delivery.schedule(session, config, issue, now, now, "test")
    assert len(delivery.start_due(database, config, now)) == 1
    with database.read() as session:
        return session.scalars(
            select(CompiledLetterRow.id).where(CompiledLetterRow.variant.like("%html%"))
        ).one()


def test_looking_changes_nothing(
    client: TestClient, ana: Ana, database: Database, config: Config, now: datetime
) -> None:
    letter = send_120(database, config, now)
    before = everything(database)
    links = [
        f"/letter/{ana.signer.link(Purpose.LETTER, ana.id, letter)}",
        *(ana.unsubscribe, ana.preferences, ana.confirm),
        *("/", "/updates/120/", "/subscribe/", "/readyz"),
    ]
    for link in links[:-1]:
        assert client.get(link).status_code == 200, link
        head = client.head(link)
        assert (head.status_code, head.text) == (200, ""), link
    assert client.get(f"{ana.unsubscribe}?List-Unsubscribe=One-Click").status_code == 200
    assert everything(database) == before


def test_a_letter_in_the_browser(
    client: TestClient, ana: Ana, database: Database, config: Config, now: datetime
) -> None:
    letter = send_120(database, config, now)
    response = client.get(f"/letter/{ana.signer.link(Purpose.LETTER, ana.id, letter)}")
    assert "Ana Flores" in response.text
    assert "Government signs a pact on water" in response.text
    assert "style-src 'unsafe-inline'" in response.headers["content-security-policy"]
    assert response.headers["cache-control"] == "no-store"
    missing = client.get(f"/letter/{ana.signer.link(Purpose.LETTER, ana.id, 999)}")
    assert missing.status_code == 404


def test_any_changed_character_of_a_link_is_a_404(
    client: TestClient, ana: Ana, database: Database
) -> None:
    before = everything(database)
    token = ana.link(Purpose.UNSUBSCRIBE)
    for at, character in enumerate(token):
        other = BASE64URL[(BASE64URL.index(character) + 1 + at) % 64]
        path = f"/unsubscribe/{token[:at]}{other}{token[at + 1 :]}"
        assert client.get(path).status_code == 404
        assert client.post(path).status_code == 404
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
        for at in range(len(token)):
            for slash in ("/", "%2F"):
                path = f"/unsubscribe/{token[:at]}{slash}{token[at + 1 :]}"
                assert client.request(method, path).status_code == 404, (method, path)
        for path in ("/confirm/", "/letter/x", f"/letter/{token}", "/preferences/a/b/"):
            assert client.request(method, path).status_code == 404, (method, path)
    for path in (f"/unsubscribe/{token}A", f"/unsubscribe/{token[:-1]}", f"/unsubscribe/{token}/",
                 f"/unsubscribe/{token}=", "/unsubscribe/%00", "/unsubscribe/é"):  # fmt: skip
        assert client.get(path).status_code == 404
    assert everything(database) == before


def test_a_link_serves_its_own_purpose_only(client: TestClient, ana: Ana) -> None:
    routes = {
        Purpose.CONFIRM: "/confirm/",
        Purpose.PREFERENCES: "/preferences/",
        Purpose.UNSUBSCRIBE: "/unsubscribe/",
        Purpose.LETTER: "/letter/",
    }
    for made_for in Purpose:
        token = ana.link(made_for, in_a_week())
        for purpose, route in routes.items():
            if purpose is not made_for:
                assert client.get(route + token).status_code == 404
                assert client.post(route + token).status_code == 404
                assert client.delete(route + token).status_code == 404


NOT_HERE = (
    *("/nothing/", "/updates/999/", "/updates/0120/", "/updates/x/", "/updates/120/nothing/"),
    *(f"/updates/{'9' * 5000}/", f"/{'x' * 5000}/", "/a%00b/", "/pages/%00/", "/updates/120/%FF/"),
    *("/pages/nothing/", "/nothing/feed.xml", "/.git/config", "/static/../config.toml"),
    *("/static/logo", "/docs", "/openapi.json", "/%2e%2e/"),
)


def test_what_does_not_exist_is_a_page_in_words(client: TestClient, ana: Ana) -> None:
    for path in NOT_HERE:
        response = client.get(path, follow_redirects=True)
        assert response.status_code == 404, path
        assert "<h1>There is no such page</h1>" in response.text
        assert 'href="/pages/aims/"' in response.text


def test_a_wrong_method_is_refused(client: TestClient, ana: Ana) -> None:
    response = client.post("/updates/")
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert client.delete(ana.unsubscribe).status_code == 405
    letter = f"/letter/{ana.signer.link(Purpose.LETTER, ana.id, 1)}"
    too_old = f"/confirm/{ana.link(Purpose.CONFIRM, long_ago())}"
    assert client.post(letter).status_code == client.put(too_old).status_code == 405
    assert client.post("/subscribe").status_code in (404, 405)


NO_FORMS = (
    (b"email=" + b"x" * 70_000, 413),
    (b"&".join([b"a=b"] * 1000), 400),
    (b"\xff\xfe\x00=\x00", 422),
    (b"email=%00%ff%fe", 422),
    (b"email=tom%0d%0aBcc:x@example.org", 422),
)


def test_a_body_that_is_no_form_is_refused(
    client: TestClient, ana: Ana, database: Database
) -> None:
    before = everything(database)
    for body, status in NO_FORMS:
        response = client.post("/subscribe/", content=body)
        assert response.status_code == status, body[:30]
        assert "<h1>" in response.text
    assert everything(database) == before


def test_every_page_is_guarded(client: TestClient, ana: Ana) -> None:
    for path in ("/", "/subscribe/", "/nothing/", "/feed.xml", "/healthz", ana.unsubscribe):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
        assert headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in headers
    assert client.get("/").headers["referrer-policy"] == "same-origin"
    for path in (ana.unsubscribe, ana.preferences, ana.confirm, "/letter/x", "/confirm/x"):
        headers = client.get(path, headers={"Cookie": "session=stolen"}).headers
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert "noindex" in headers["x-robots-tag"]


def test_a_database_that_is_away_is_said_without_its_words(tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/away"
    away = connect(url)
    client = TestClient(create_app(make_config(tmp_path, url), away), follow_redirects=False)
    response = client.get("/")
    assert response.status_code == 503
    assert "Our database does not answer" in response.text
    assert "SELECT" not in response.text
    assert "127.0.0.1" not in response.text


def test_a_bug_is_a_page_without_a_traceback(
    app: FastAPI, ana: Ana, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr("mailer.web.archive.find_page", broken)
    client = TestClient(app, raise_server_exceptions=False)
    response = client.get("/pages/aims/")
    assert response.status_code == 500
    assert "The fault is ours" in response.text
    assert "secret" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"


def test_nothing_stays_half_done(
    app: FastAPI, ana: Ana, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("mailer.delivery.enqueue", broken)
    before = everything(database)
    client = TestClient(app, raise_server_exceptions=False)
    assert client.post("/subscribe/", data={"email": "tom@example.org"}).status_code == 200
    assert everything(database) == before


def test_a_site_below_a_path_links_below_it(
    database: Database, ana: Ana, tmp_path: Path, database_url: str
) -> None:
    config = make_config(tmp_path, database_url)
    site = config.site.model_copy(update={"url": "https://psg.example/news"})
    app = create_app(config.model_copy(update={"site": site}), database)
    client = TestClient(app, follow_redirects=False)
    # A proxy may hand the path on whole, or without the site's own part.
    for path in ("/news/updates/120/", "/updates/120/"):
        page = client.get(path).text
        assert 'href="/news/pages/aims/"' in page
        assert 'href="/news/static/style-' in page
        assert 'action="/news/subscribe/"' in page
        assert 'href="https://psg.example/news/updates/120/"' in page
    for path in ("/news/updates", "/updates", "/news?from=letter"):
        assert client.get(path).status_code == 308
    assert client.get("/news/updates").headers["location"] == "/news/updates/"
    assert client.get("/news?from=letter").headers["location"] == "/news/?from=letter"
    assert client.get("/newspaper").status_code == 404
    assert client.get(f"/news{ana.unsubscribe}").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["", "/news"])
def test_a_bug_behind_a_link_is_guarded_like_the_link(
    database: Database,
    ana: Ana,
    tmp_path: Path,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("mailer.web.choices.opened", broken)
    config = make_config(tmp_path, database_url)
    site = config.site.model_copy(update={"url": f"https://psg.example{path}"})
    app = create_app(config.model_copy(update={"site": site}), database)
    response = TestClient(app, raise_server_exceptions=False).get(f"{path}{ana.unsubscribe}")
    assert response.status_code == 500
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"


def test_no_page_is_made_while_its_handler_keeps_others_from_writing(
    client: TestClient, ana: Ana, elsewhere: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(site: Site, *values: Any, **named: Any) -> HTMLResponse:
        # On SQLite this waits in vain where another transaction writes.
        with elsewhere.write() as session:
            session.connection()
            return page(site, *values, **named)

    page = Site.page
    monkeypatch.setattr(Site, "page", made)
    too_old = f"/preferences/{ana.link(Purpose.PREFERENCES, long_ago())}"
    for path, fields, status in (
        ("/subscribe/", {"email": "tom@example.org"}, 200),
        (ana.preferences, {"do": "save", "shown": "1", "get": "1"}, 200),
        (ana.preferences, {"do": "save", "language": "no language"}, 422),
        (ana.preferences, {}, 200),
        (too_old, {}, 200),
        (ana.unsubscribe, {}, 200),
        (ana.confirm, {}, 200),
        (ana.preferences, {"do": "leave"}, 200),
    ):
        assert client.post(path, data=fields).status_code == status, (path, fields)


def test_importing_the_door_is_light() -> None:
    import subprocess
    import sys

    code = "import sys, mailer.web; print([m for m in ('fastapi', 'jinja2') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
