"""The letter at the desk: looked at while it is written, as anybody, and nothing of it saved."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select

from mailer import audience, publication
from mailer.database import Database
from mailer.delivery.models import MailingRow
from mailer.letter import LinkAnswer
from mailer.publication import Issue, find_issue, issue_by_id
from mailer.publication.models import RevisionRow
from tests.conftest import NOW
from tests.web.conftest import Ana
from tests.web.desk.conftest import AtDesk, SignIn

pytestmark = [
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.usefixtures("sample"),
]

JSON = {"Accept": "application/json"}
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture
def issue(database: Database, sample: Ana) -> Issue:
    with database.read() as session:
        return find_issue(session, sample.publication_id, 120)


def ask(browser: AtDesk, path: str, draft: Any = None, query: str = "") -> Any:
    answer = browser.post(
        f"{path}{query}", json=draft or {}, headers={**JSON, "X-CSRF": browser.csrf}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def preview(browser: AtDesk, issue: Issue, draft: Any = None, query: str = "") -> Any:
    return ask(browser, f"/desk/issues/{issue.id}/preview", draft, query)


def test_the_page_of_the_letter_works_without_a_script(sign_in: SignIn, issue: Issue) -> None:
    browser = sign_in("writer")
    page = browser.get(f"/desk/issues/{issue.id}/letter?width=desktop&scheme=dark&member=yes")
    assert page.status_code == 200
    query = "width=desktop&amp;scheme=dark&amp;member=yes"
    assert f'src="/desk/issues/{issue.id}/letter.html?{query}"' in page.text
    assert "of 102 KB" in page.text
    assert "Before you send" in page.text
    assert f'href="/desk/issues/{issue.id}/send">Check and send…' in page.text
    letter = browser.get(f"/desk/issues/{issue.id}/letter.html?{query.replace('&amp;', '&')}")
    assert "Dear reader," in letter.text
    assert "(min-width: 0)" in letter.text
    policy = letter.headers["content-security-policy"]
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "sandbox allow-same-origin" in policy
    assert "frame-ancestors 'self'" in policy


def test_what_is_typed_is_shown_and_nothing_is_saved(
    sign_in: SignIn, issue: Issue, database: Database
) -> None:
    with database.read() as session:
        saves = session.scalar(select(func.count()).select_from(RevisionRow))
    browser = sign_in("writer")
    draft = {
        "subject": "Typed just now, {{ name }}",
        "preheader": "And this behind it.",
        "date": "2007-05-31",
        "items": [
            {"id": issue.items[0].id, "title": "Another title"},
            {"key": "new-1", "title": "Brand new", "body": "Its *body*.", "members_only": True},
        ],
    }
    shown = preview(browser, issue, draft, "?member=yes")
    assert "Another title" in shown["html"]
    assert "Its <em>body</em>." in shown["html"]
    assert "31 May 2007" in shown["text"]
    assert shown["inbox"]["subject"] == "Typed just now, reader"
    assert shown["inbox"]["beginning"] == "And this behind it."
    assert preview(browser, issue, draft)["missing"] == (
        "1 item is for members and not in this letter."
    )
    with database.read() as session:
        assert issue_by_id(session, issue.id) == issue
        assert session.scalar(select(func.count()).select_from(RevisionRow)) == saves
        assert session.scalar(select(func.count()).select_from(MailingRow)) == 0


def test_what_the_frame_has_without_a_letter_may_become_one(
    sign_in: SignIn, issue: Issue, database: Database
) -> None:
    with database.write() as session:
        given = {"number": 300, "date": "2007-05-31", "subject": "{{ nobody }} <script>"}
        broken = publication.create_issue(session, 1, given, NOW, "test")
    browser = sign_in("writer")
    page = browser.get(f"/desk/issues/{broken.id}/letter.html")
    assert page.status_code == 200
    assert "The letter cannot be made yet" in page.text
    assert "style-src 'unsafe-inline'" in page.headers["content-security-policy"]
    assert f'src="/desk/issues/{broken.id}/letter.html' in (
        browser.get(f"/desk/issues/{broken.id}/letter").text
    )


def test_half_a_merge_field_is_said_in_words(sign_in: SignIn, issue: Issue) -> None:
    shown = preview(sign_in("writer"), issue, {"subject": "Dear {{ nam }}"})
    assert "nam" in shown["fault"]
    assert shown["html"] is None


def test_as_readers_of_each_kind(sign_in: SignIn, issue: Issue) -> None:
    browser = sign_in("writer")
    assert "Darse de baja" in preview(browser, issue, query="?language=es")["html"]
    text = preview(browser, issue, query="?form=text")
    assert text["html"] is None
    assert "Update 120" in text["text"]
    topic = {"items": [{"id": item.id, "topic": "Water"} for item in issue.items[:1]]}
    assert preview(browser, issue, topic, "?topic=Mines")["fault"]


def test_as_a_chosen_reader(sign_in: SignIn, issue: Issue, sample: Ana) -> None:
    browser = sign_in("editor")
    found = browser.get(f"/desk/issues/{issue.id}/letter/readers?asked=ana@example.org").json()
    assert found == {"readers": [{"id": sample.id, "words": "Ana Flores, ana@example.org"}]}
    assert "Dear Ana Flores," in preview(browser, issue, query=f"?reader={sample.id}")["html"]
    # Without a script the address alone leads there.
    page = browser.get(f"/desk/issues/{issue.id}/letter?asked=ANA@example.org")
    assert page.headers["location"].endswith(f"&reader={sample.id}")
    assert "As ana@example.org gets it." in browser.get(page.headers["location"]).text
    page = browser.get(f"/desk/issues/{issue.id}/letter?asked=nobody@example.org")
    assert "Nobody was found." in page.text


def test_who_may_not_see_readers_sees_none(sign_in: SignIn, issue: Issue, sample: Ana) -> None:
    browser = sign_in("writer")
    where = f"/desk/issues/{issue.id}/letter"
    assert browser.get(f"{where}/readers?asked=ana@example.org").status_code == 403
    page = browser.get(f"{where}?asked=ana@example.org")
    assert page.status_code == 200
    assert "Or as this reader" not in page.text
    for query in (f"?reader={sample.id}", f"?reader={sample.id}&member=yes"):
        assert "Ana" not in browser.get(f"{where}.html{query}").text
        assert "Ana Flores" not in preview(browser, issue, query=query)["html"]


def test_who_has_left_is_told_of(
    sign_in: SignIn, issue: Issue, sample: Ana, database: Database
) -> None:
    with database.write() as session:
        audience.leave(
            session, sample.id, sample.publication_id, method="link", network=None, now=NOW
        )
    shown = preview(sign_in("editor"), issue, query=f"?reader={sample.id}")
    assert "does not read Update" in shown["fault"]


@pytest.mark.parametrize("field", ["subject", "preheader", "title"])
def test_a_script_in_the_issue_is_inert(sign_in: SignIn, issue: Issue, field: str) -> None:
    shown = preview(sign_in("writer"), issue, {field: SCRIPT})
    assert "<script" not in shown["html"]
    assert "<img src=x" not in shown["html"]


@pytest.mark.parametrize("field", ["title", "topic", "summary", "body", "link", "picture_alt"])
def test_a_script_in_an_item_is_inert(sign_in: SignIn, issue: Issue, field: str) -> None:
    browser = sign_in("writer")
    draft = {"items": [{"id": issue.items[0].id, "members_only": True, field: SCRIPT}]}
    shown = preview(browser, issue, draft, "?member=yes")
    assert "<script" not in shown["html"]
    assert "<img src=x" not in shown["html"]
    found = ask(browser, f"/desk/issues/{issue.id}/findings", draft)["html"]
    assert "<script" not in found
    assert "<img src=x" not in found


def test_findings_lead_to_their_fields(sign_in: SignIn, issue: Issue) -> None:
    browser = sign_in("writer")
    first = issue.items[0].id
    draft = {
        "subject": "",
        "items": [{"id": first, "body": "[here](https://a.example/)"}, {"key": "new-1"}],
    }
    found = ask(browser, f"/desk/issues/{issue.id}/findings", draft)["html"]
    for opened, field in (
        ("", "issue-subject"),
        (f"?open={first}", f"item-{first}-body"),
        ("", "item-new-1-title"),
    ):
        assert f'href="/desk/issues/{issue.id}/{opened}#{field}" data-goto="{field}"' in found
    assert found.index("Must be mended") < found.index("Worth a look")


def test_what_the_publication_mends_leads_to_who_may(
    sign_in: SignIn, issue: Issue, database: Database
) -> None:
    with database.write() as session:
        publication.change_look(session, 1, 1, publication.Look(accent="#FFFF00"))
    where = f"/desk/issues/{issue.id}/letter"
    assert "/desk/publications/updates/look#accent" in sign_in("owner").get(where).text
    assert "/desk/publications/updates/" not in sign_in("writer").get(where).text


def test_links_to_private_addresses_are_not_asked(
    sign_in: SignIn, issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[object] = []

    async def connect(*to: object, **_how: object) -> None:
        connected.append(to)
        raise OSError

    monkeypatch.setattr(asyncio, "open_connection", connect)
    browser = sign_in("writer")
    urls = [
        "http://127.0.0.1:22/", "http://10.0.0.1/", "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/", "http://localhost/", "http://2130706433/", "https://192.168.0.1/",
    ]  # fmt: skip
    body = "\n\n".join(f"[The page {n}]({url})" for n, url in enumerate(urls))
    pictures = "\n\n".join(f"![A picture {n}]({url})" for n, url in enumerate(urls))
    draft = {
        "items": [{"id": issue.items[0].id, "members_only": True, "body": body + "\n\n" + pictures}]
    }
    found = ask(browser, f"/desk/issues/{issue.id}/links", draft)["html"]
    assert connected == []
    assert "it leads to a private network" in found
    assert "alive" not in found.partition("</ul>")[2]
    # With an address that anybody may have, it would have been asked.
    draft = {"items": [{"id": issue.items[0].id, "body": "[The page](https://93.184.216.34/)"}]}
    ask(browser, f"/desk/issues/{issue.id}/links", draft)
    assert connected


def test_links_are_asked_by_a_button(
    sign_in: SignIn, issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def ask_links(urls: Any) -> tuple[LinkAnswer, ...]:
        asked.extend(urls)
        return tuple(LinkAnswer(url, "dead", "there is no such page (404)") for url in urls)

    monkeypatch.setattr(publication, "ask_links", ask_links)
    browser = sign_in("writer")
    draft = {"items": [{"id": issue.items[0].id, "body": "[The law](https://law.example/)"}]}
    assert "no such page (404)" in ask(browser, f"/desk/issues/{issue.id}/links", draft)["html"]
    assert asked == ["https://law.example/"]
    page = browser.submit(f"/desk/issues/{issue.id}/links")
    assert page.status_code == 200
    assert "Before you send" in page.text


@pytest.mark.parametrize(
    "draft",
    [[], "x", {"items": 3}, {"items": ["x"]}, {"subject": 7}, {"items": [{"id": "x"}]}, 5],
)
def test_what_is_no_draft_is_refused(sign_in: SignIn, issue: Issue, draft: Any) -> None:
    browser = sign_in("writer")
    for part in ("preview", "findings", "links"):
        answer = browser.post(
            f"/desk/issues/{issue.id}/{part}",
            json=draft,
            headers={**JSON, "X-CSRF": browser.csrf},
        )
        assert answer.status_code == 400


def test_in_spanish(sign_in: SignIn, issue: Issue) -> None:
    page = sign_in("editor", language="es").get(f"/desk/issues/{issue.id}/letter")
    assert page.status_code == 200
