"""Invitations and forgotten passwords through the pages."""

import pytest
from fastapi import FastAPI

from mailer import clock, staff
from mailer.database import Database
from tests.web.conftest import TestClient
from tests.web.desk.conftest import PASSWORD, SignIn, csrf_in, letters

pytestmark = [
    pytest.mark.usefixtures("cheap_hashes"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
NEW = "battery staple horse"


@pytest.fixture
def link(database: Database, sign_in: SignIn) -> str:
    """The link in the letter that invites Tom as an editor."""
    browser = sign_in("owner")
    fields = {"mailbox": "Tom@psg.example", "role": "editor", "language": "es"}
    assert browser.submit("/desk/people/invite", **fields).status_code == 303
    ((mailbox, link),) = letters(database)
    assert mailbox == "tom@psg.example"
    assert link.startswith("/desk/invitation/")
    return link


def accept(client: TestClient, link: str, **more: str) -> object:
    fields = {"name": "Tom Baker", "language": "en", "password": NEW, **more}
    page = client.get(link)
    return client.post(link, data={"csrf": csrf_in(page.text), **fields})


def test_who_is_invited_is_let_in_and_led_to_the_second_step(
    client: TestClient, database: Database, link: str
) -> None:
    page = client.get(link)
    assert page.status_code == 200
    assert '<html lang="es"' in page.text
    assert "tom@psg.example" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "same-origin"
    answer = accept(client, link)
    assert answer.headers["location"] == "/desk/account/two-step?new=yes"  # type: ignore[attr-defined]
    page = client.get("/desk/account/two-step?new=yes")
    assert "Welcome, Tom Baker" in page.text
    assert "Not now" in page.text
    assert client.get("/desk/people/").status_code == 403
    with database.read() as session:
        tom = staff.find(session, "tom@psg.example")
    assert (tom.name, tom.role, tom.language) == ("Tom Baker", "editor", "en")


def test_looking_at_the_link_uses_nothing_up(client: TestClient, link: str) -> None:
    for _ in range(3):
        assert client.get(link).status_code == 200
        assert client.head(link).status_code == 200
    assert accept(client, link).status_code == 303  # type: ignore[attr-defined]
    page = client.get(link)
    assert page.status_code == 404
    assert "no longer good" in page.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"password": "short"}, "12 characters or more"),
        ({"password": "x" * 1001}, "1000 characters at most"),
        ({"password": "tom@psg.example"}, "guessed at once"),
        ({"name": " "}, "Write your name"),
        ({"name": "x" * 300}, "200 characters"),
    ],
)
def test_what_cannot_be_taken_is_said_beside_it_and_the_link_stays_good(
    client: TestClient, link: str, typed: dict[str, str], said: str
) -> None:
    answer = accept(client, link, **typed)
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert said in answer.text  # type: ignore[attr-defined]
    assert NEW not in answer.text  # type: ignore[attr-defined]
    assert accept(client, link).status_code == 303  # type: ignore[attr-defined]


def test_a_name_is_shown_as_it_was_typed(client: TestClient, link: str) -> None:
    accept(client, link, name="<img src=x onerror=alert(1)>{{ 7*7 }}")
    page = client.get("/desk/account/").text
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;{{ 7*7 }}" in page


def test_the_form_of_an_invitation_has_its_token(client: TestClient, link: str) -> None:
    client.get(link)
    for token in ("", "x" * 64):
        fields = {"csrf": token, "name": "Tom", "language": "en", "password": NEW}
        assert client.post(link, data=fields).status_code == 403


def test_an_invitation_that_is_accepted_elsewhere_signs_nobody_else_in(
    app: FastAPI, client: TestClient, link: str
) -> None:
    page = client.get(link)
    accept(TestClient(app, follow_redirects=False), link)
    fields = {"csrf": csrf_in(page.text), "name": "Eve", "language": "en", "password": NEW}
    assert client.post(link, data=fields).status_code == 404
    assert "mailer-desk" not in client.cookies


def ask(client: TestClient, mailbox: str) -> object:
    page = client.get("/desk/forgotten")
    return client.post("/desk/forgotten", data={"csrf": csrf_in(page.text), "mailbox": mailbox})


def test_a_forgotten_password_is_replaced_by_letter(
    app: FastAPI, client: TestClient, database: Database, sign_in: SignIn
) -> None:
    owner = sign_in("owner")
    assert ask(client, "OWNER@psg.example").status_code == 200  # type: ignore[attr-defined]
    ((mailbox, link),) = letters(database)
    assert mailbox == "owner@psg.example"
    page = client.get(link)
    assert "owner@psg.example" in page.text
    assert client.post(link, data={"password": NEW}).status_code == 403
    token = csrf_in(page.text)
    answer = client.post(link, data={"csrf": token, "password": "short"})
    assert answer.status_code == 422
    answer = client.post(link, data={"csrf": token, "password": NEW})
    assert answer.headers["location"] == "/desk/sign-in"
    assert "Your new password is set" in client.get("/desk/sign-in").text
    assert owner.get("/desk/").status_code == 303
    assert client.get(link).status_code == 404
    token = csrf_in(client.get("/desk/sign-in").text)
    fields = {"csrf": token, "mailbox": "owner@psg.example"}
    assert client.post("/desk/sign-in", data={**fields, "password": PASSWORD}).status_code == 422
    assert client.post("/desk/sign-in", data={**fields, "password": NEW}).status_code == 303


def test_the_page_says_the_same_whether_somebody_is_known_or_not(
    client: TestClient, database: Database, sign_in: SignIn
) -> None:
    sign_in("owner")
    mailboxes = ("owner@psg.example", "nobody@psg.example", "<script>", "")
    pages = [ask(client, mailbox).text for mailbox in mailboxes]  # type: ignore[attr-defined]
    assert len(letters(database)) == 1
    assert pages[0].replace("owner@", "nobody@") == pages[1]
    assert all("letter with a link is on its way" in page for page in pages)
    assert "<script>" not in pages[2]


def test_whoever_asks_for_very_many_waits(
    client: TestClient, database: Database, sign_in: SignIn
) -> None:
    sign_in("owner")
    statuses = [ask(client, f"{n}@psg.example").status_code for n in range(31)]  # type: ignore[attr-defined]
    assert statuses == [200] * 30 + [429]
    assert letters(database) == []


def test_nobody_has_their_mailbox_filled(
    client: TestClient, database: Database, sign_in: SignIn
) -> None:
    sign_in("owner")
    for _ in range(6):
        assert ask(client, "owner@psg.example").status_code == 200  # type: ignore[attr-defined]
    assert len(letters(database)) == 3


def test_who_was_removed_finds_a_link_that_is_no_longer_good(
    app: FastAPI, client: TestClient, database: Database, sign_in: SignIn
) -> None:
    sign_in("owner")
    writer = sign_in("writer")
    ask(client, "writer@psg.example")
    ((_, link),) = letters(database)
    with database.write() as session:
        staff.remove(session, "writer@psg.example", clock.now(), "test")
    assert client.get(link).status_code == 404
    assert writer.get("/desk/").status_code == 303
