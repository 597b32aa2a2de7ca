"""Leaving: by one click of the mail program, by the button, for good."""

from sqlalchemy import select

from mailer import audience, clock
from mailer.audience.models import ConsentRow
from mailer.database import Database
from mailer.tokens import Purpose
from tests.web.conftest import Ana, TestClient


def standing(database: Database, ana: Ana) -> bool:
    with database.read() as session:
        return any(c.subscribed for c in audience.choices(session, ana.id).subscriptions)


def how(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(ConsentRow.method).where(ConsentRow.event == "left")))


def test_the_page_names_the_mailbox_in_part_and_has_one_button(
    client: TestClient, ana: Ana, database: Database
) -> None:
    page = client.get(ana.unsubscribe).text
    assert "a…@example.org" in page
    assert "na@example.org" not in page
    assert "Ana Flores" not in page
    assert page.count("<button") == 1
    assert standing(database, ana)


def test_the_button_ends_it_at_once(client: TestClient, ana: Ana, database: Database) -> None:
    response = client.post(ana.unsubscribe)
    assert response.status_code == 200
    assert "You have left the Update" in response.text
    assert not standing(database, ana)
    assert client.post(ana.unsubscribe).status_code == 200
    assert how(database) == ["link"]


ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def test_one_click_posted_urlencoded(client: TestClient, ana: Ana, database: Database) -> None:
    assert client.post(ana.unsubscribe, data=ONE_CLICK).status_code == 200
    assert not standing(database, ana)
    assert how(database) == ["one-click"]


def test_one_click_posted_as_multipart(client: TestClient, ana: Ana, database: Database) -> None:
    files = {name: (None, value) for name, value in ONE_CLICK.items()}
    response = client.post(ana.unsubscribe, files=files)
    assert response.request.headers["content-type"].startswith("multipart/form-data")
    assert response.status_code == 200
    assert not standing(database, ana)
    assert how(database) == ["one-click"]


BODIES = (
    (b"\xff\x00%zz&&&=", "application/x-www-form-urlencoded"),
    (b"--cut", "multipart/form-data; boundary=other"),
    (b"{", "application/json"),
    (b"x" * 300_000, "multipart/form-data"),
    (b"&".join([b"a=b"] * 5000), "application/x-www-form-urlencoded"),
    (b"", "text/plain; charset=nonsense"),
)


def test_whatever_stands_in_the_body_it_is_leaving(
    client: TestClient, ana: Ana, database: Database
) -> None:
    for body, kind in BODIES:
        assert client.post(ana.confirm).status_code == 200
        assert standing(database, ana)
        response = client.post(ana.unsubscribe, content=body, headers={"Content-Type": kind})
        assert response.status_code == 200
        assert not standing(database, ana), kind


def test_who_was_erased_finds_nothing_kept(
    client: TestClient, ana: Ana, database: Database
) -> None:
    with database.write() as session:
        audience.erase(session, ana.id, clock.now())
    for link in (ana.unsubscribe, ana.preferences, ana.confirm):
        page = client.get(link)
        assert page.status_code == 410
        assert "Nothing is kept here" in page.text
    gone = client.post(ana.unsubscribe, data=ONE_CLICK)
    assert gone.status_code == 200
    assert "Nothing is kept here" in gone.text


def test_the_links_of_a_test_letter_change_nothing(client: TestClient, ana: Ana) -> None:
    for purpose in (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES):
        path = f"/{purpose.name.lower()}/{ana.signer.link(purpose, 0, 1)}"
        for response in (client.get(path), client.post(path)):
            assert response.status_code == 200
            assert "This was a test" in response.text


def test_a_link_that_names_no_publication_leaves_everything(
    client: TestClient, ana: Ana, database: Database
) -> None:
    path = f"/unsubscribe/{ana.signer.link(Purpose.UNSUBSCRIBE, ana.id, 0)}"
    assert "Leave everything" in client.get(path).text
    assert client.post(path).status_code == 200
    assert not standing(database, ana)
    with database.read() as session:
        assert audience.suppression_of(session, ["ana@example.org"])
