"""Standing pages at the desk."""

import pytest

from mailer import publication
from mailer.database import Database
from tests.web.conftest import TestClient
from tests.web.desk.conftest import AtDesk, SignIn

pytestmark = [
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.usefixtures("sample"),
]


@pytest.fixture
def editor(sign_in: SignIn) -> AtDesk:
    return sign_in("editor")


def make(editor: AtDesk, title: str, body: str = "A text.") -> int:
    answer = editor.submit("/desk/pages/new", title=title, body=body)
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].split("/")[-2])


def test_a_page_is_written_and_stands_on_the_site(editor: AtDesk, client: TestClient) -> None:
    number = make(editor, "Our aims", "We *listen*.")
    assert "We <em>listen</em>." in client.get("/pages/our-aims/").text
    typed = {"version": 1, "title": "Our aims", "body": "We listen, and write."}
    assert editor.submit(f"/desk/pages/{number}/", **typed).status_code == 303
    assert "and write" in client.get("/pages/our-aims/").text
    page = editor.get(f"/desk/pages/{number}/").text
    assert "What it was" in page
    assert "We *listen*." in page


def test_who_saves_second_is_shown_both_texts(editor: AtDesk, database: Database) -> None:
    number = make(editor, "Our aims")
    editor.submit(f"/desk/pages/{number}/", version=1, title="Our aims", body="The first text.")
    second = {"version": 1, "title": "Our aims", "body": "The second text."}
    page = editor.submit(f"/desk/pages/{number}/", **second)
    assert page.status_code == 409
    assert "The first text." in page.text
    assert "The second text." in page.text
    assert 'name="version" value="2"' in page.text
    with database.read() as session:
        assert publication.page_by_id(session, number).body == "The first text."


def test_without_a_title_nothing_is_lost(editor: AtDesk) -> None:
    page = editor.submit("/desk/pages/new", title=" ", body="A long text.")
    assert page.status_code == 422
    assert '<a href="#title">' in page.text
    assert "A long text." in page.text


def test_pages_are_moved_removed_and_put_back(editor: AtDesk, client: TestClient) -> None:
    first, second = make(editor, "First page"), make(editor, "Second page")
    editor.submit(f"/desk/pages/{second}/move", up="yes")
    listed = editor.get("/desk/pages/").text
    assert listed.index("Second page") < listed.index("First page")
    editor.submit(f"/desk/pages/{first}/remove")
    assert client.get("/pages/first-page/").status_code == 404
    assert "First page" in editor.get("/desk/pages/").text
    assert editor.get(f"/desk/pages/{first}/").status_code == 404
    editor.submit(f"/desk/pages/{first}/put-back")
    assert client.get("/pages/first-page/").status_code == 200


def test_a_script_in_a_page_is_inert(editor: AtDesk, client: TestClient) -> None:
    script = "<script>alert(1)</script>"
    number = make(editor, f"T {script}", script)
    for page in (editor.get(f"/desk/pages/{number}/"), editor.get("/desk/pages/")):
        assert script not in page.text
    assert script not in client.get("/pages/t-script-alert-1-script/").text
    # A template that somebody writes is text.
    make(editor, "Sum", "{{ 7*7 }} {% raw %}")
    assert "49" not in client.get("/pages/sum/").text


@pytest.mark.parametrize("role", ["writer", "secretary", "auditor"])
def test_who_may_not_write_pages(sign_in: SignIn, role: str) -> None:
    browser = sign_in(role)
    assert browser.get("/desk/pages/").status_code == 403
    assert browser.submit("/desk/pages/new", title="T", body="").status_code == 403
    assert "/desk/pages/" not in browser.get("/desk/settings/").text
