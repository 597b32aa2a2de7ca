"""Who works here: invited, given a role, signed out, removed; by owners alone."""

import pytest
from fastapi import FastAPI

from mailer import audit, clock, staff
from mailer.database import Database
from tests.web.conftest import TestClient
from tests.web.desk.conftest import PASSWORD, AtDesk, SignIn, csrf_in, letters

pytestmark = [
    pytest.mark.usefixtures("cheap_hashes"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
HERE = "/desk/people/"


@pytest.fixture
def owner(sign_in: SignIn) -> AtDesk:
    return sign_in("owner")


@pytest.fixture
def tom(sign_in: SignIn) -> AtDesk:
    """An editor, in his own browser."""
    return sign_in("editor", "tom@psg.example")


def page_of(person: AtDesk) -> str:
    return f"{HERE}{person.account.id}/"


def test_everybody_is_listed_with_what_they_are(owner: AtDesk, tom: AtDesk) -> None:
    page = owner.get(HERE).text
    assert "2 people work here" in page
    for said in ("owner@psg.example", "tom@psg.example", "editor", "Password alone"):
        assert said in page
    assert "Nobody is invited" in page


def test_somebody_is_invited_again_and_not_after_all(owner: AtDesk, database: Database) -> None:
    fields = {"mailbox": "new@psg.example", "role": "writer", "language": "en"}
    answer = owner.submit(f"{HERE}invite", **fields)
    assert answer.headers["location"] == HERE
    page = owner.get(HERE).text
    assert "on its way to new@psg.example" in page
    with database.read() as session:
        (asked,) = staff.invitations(session, clock.now())
    assert owner.submit(f"{HERE}invitations/{asked.id}/again").status_code == 303
    (_, first), (_, second) = letters(database)
    visitor = TestClient(owner.app, follow_redirects=False)
    assert [visitor.get(link).status_code for link in (first, second)] == [404, 200]
    assert owner.submit(f"{HERE}invitations/{asked.id}/withdraw").status_code == 303
    assert visitor.get(second).status_code == 404
    assert owner.submit(f"{HERE}invitations/{asked.id}/withdraw").status_code == 404
    assert owner.submit(f"{HERE}invitations/{asked.id}/again").status_code == 404


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"mailbox": "tom@psg.example"}, "has an account already"),
        ({"mailbox": "new"}, "no email address"),
        ({"mailbox": "<script>alert(1)</script>"}, "no email address"),
        ({"role": "boss"}, "no role"),
        ({"role": ""}, "no role"),
        ({"language": "tlh"}, "does not speak"),
    ],
)
def test_what_cannot_be_taken_is_said_and_nobody_is_invited(
    owner: AtDesk, tom: AtDesk, database: Database, typed: dict[str, str], said: str
) -> None:
    fields = {"mailbox": "new@psg.example", "role": "writer", "language": "en", **typed}
    answer = owner.submit(f"{HERE}invite", **fields)
    assert answer.status_code == 422
    assert said in answer.text
    assert "<script>alert" not in answer.text
    assert letters(database) == []


def test_a_new_role_holds_at_the_next_click(owner: AtDesk, tom: AtDesk) -> None:
    assert tom.get(HERE).status_code == 403
    answer = owner.submit(f"{page_of(tom)}role", role="owner")
    assert answer.headers["location"] == page_of(tom)
    assert "tom@psg.example works here as owner now" in owner.get(page_of(tom)).text
    assert tom.get(HERE).status_code == 200
    owner.submit(f"{page_of(tom)}role", role="writer")
    assert tom.get(HERE).status_code == 403


def test_the_last_owner_stays(owner: AtDesk, tom: AtDesk, database: Database) -> None:
    for path, fields in (("role", {"role": "writer"}), ("remove", {})):
        answer = owner.submit(f"{page_of(owner)}{path}", **fields)
        assert answer.status_code == 422
        assert "is the last owner" in answer.text
    with database.read() as session:
        assert staff.account(session, owner.account.id).role == "owner"
    assert owner.get(HERE).status_code == 200


def test_an_owner_who_steps_down_is_led_away_from_here(owner: AtDesk, tom: AtDesk) -> None:
    owner.submit(f"{page_of(tom)}role", role="owner")
    answer = owner.submit(f"{page_of(owner)}role", role="writer")
    assert answer.headers["location"] == "/desk/"
    assert owner.get("/desk/").status_code == 200
    assert owner.get(HERE).status_code == 403


def test_removing_says_first_what_will_be_gone(
    owner: AtDesk, tom: AtDesk, database: Database
) -> None:
    page = owner.get(f"{page_of(tom)}remove")
    assert "tom@psg.example is signed out at once" in page.text
    assert tom.get("/desk/").status_code == 200
    assert owner.submit(f"{page_of(tom)}remove").headers["location"] == HERE
    assert tom.get("/desk/").status_code == 303
    assert "1 person works here" in owner.get(HERE).text
    for path in ("", "remove"):
        assert owner.get(f"{page_of(tom)}{path}").status_code == 404
    for path in ("remove", "role", "end-sessions", "unlock", "two-step-off"):
        assert owner.submit(f"{page_of(tom)}{path}", role="writer").status_code == 404


def test_an_owner_who_removes_themselves_is_out(owner: AtDesk, tom: AtDesk) -> None:
    owner.submit(f"{page_of(tom)}role", role="owner")
    answer = owner.submit(f"{page_of(owner)}remove")
    assert answer.headers["location"] == "/desk/sign-in"
    assert owner.get("/desk/").status_code == 303


def test_somebody_is_signed_out_everywhere(owner: AtDesk, tom: AtDesk) -> None:
    assert owner.submit(f"{page_of(tom)}end-sessions").status_code == 303
    assert tom.get("/desk/").status_code == 303
    assert owner.get("/desk/").status_code == 200
    assert owner.submit(f"{page_of(owner)}end-sessions").headers["location"] == "/desk/sign-in"
    assert owner.get("/desk/").status_code == 303


def test_somebody_who_was_locked_out_may_try_again(
    owner: AtDesk, tom: AtDesk, client: TestClient
) -> None:
    def enter(password: str) -> int:
        token = csrf_in(client.get("/desk/sign-in").text)
        fields = {"csrf": token, "mailbox": "tom@psg.example", "password": password}
        return client.post("/desk/sign-in", data=fields).status_code

    assert [enter("a guess") for _ in range(6)] == [422] * 5 + [429]
    assert owner.submit(f"{page_of(tom)}unlock").status_code == 303
    assert enter(PASSWORD) == 303


def test_somebody_who_lost_their_telephone_begins_anew(
    owner: AtDesk, tom: AtDesk, database: Database
) -> None:
    keys = staff.Keys("0" * 32)
    assert "They lost telephone" not in owner.get(page_of(tom)).text
    with database.write() as session:
        from mailer.staff.models import AccountRow

        row = session.get(AccountRow, tom.account.id)
        assert row is not None
        row.totp_secret = keys.seal("totp", b"secret")
    assert "They lost telephone" in owner.get(page_of(tom)).text
    assert owner.submit(f"{page_of(tom)}two-step-off").status_code == 303
    with database.read() as session:
        assert not staff.account(session, tom.account.id).totp
    assert tom.get("/desk/").status_code == 303


def test_what_was_done_is_in_the_log_under_the_name_of_who_did_it(
    owner: AtDesk, tom: AtDesk, database: Database
) -> None:
    owner.submit(f"{page_of(tom)}role", role="writer")
    owner.submit(f"{page_of(tom)}end-sessions")
    owner.submit(f"{page_of(tom)}remove")
    with database.read() as session:
        told = audit.entries(session, subject=f"account {tom.account.id}")[:3]
    assert {entry.actor for entry in told} == {f"staff {owner.account.id}"}
    assert [entry.words for entry in told] == [
        "removed",
        "signed out everywhere",
        "was editor, and is writer now",
    ]


@pytest.mark.parametrize("role", sorted(set(staff.ROLES) - {"owner"}))
def test_nobody_but_an_owner_sees_or_changes_who_works_here(
    sign_in: SignIn, owner: AtDesk, role: str
) -> None:
    browser = sign_in(role, "other@psg.example")
    for path in (HERE, f"{HERE}invite", page_of(owner), f"{page_of(owner)}remove"):
        assert browser.get(path).status_code == 403
    forms = ("role", "remove", "end-sessions", "unlock", "two-step-off")
    for path in (f"{HERE}invite", *(f"{page_of(owner)}{form}" for form in forms)):
        assert browser.submit(path, role="owner", mailbox="x@psg.example").status_code == 403
    assert 'href="/desk/people/"' not in browser.get("/desk/").text
    assert owner.get("/desk/").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["invite", "invitations/1/again", "invitations/1/withdraw"]
    + [f"1/{form}" for form in ("role", "remove", "end-sessions", "unlock", "two-step-off")],
)
def test_each_form_has_its_token(app: FastAPI, owner: AtDesk, path: str) -> None:
    for token in ("", "x" * 64):
        fields = {"csrf": token, "role": "writer", "mailbox": "x@psg.example"}
        assert owner.post(f"{HERE}{path}", data=fields).status_code == 403
    foreign = {"sec-fetch-site": "cross-site"}
    fields = {"csrf": owner.csrf, "role": "writer", "mailbox": "x@psg.example"}
    assert owner.post(f"{HERE}{path}", data=fields, headers=foreign).status_code == 403


@pytest.mark.parametrize("number", ["0", "-1", "x", "999", "9999999999", "9" * 20, "%00"])
def test_whoever_does_not_exist_has_no_page(owner: AtDesk, number: str) -> None:
    assert owner.get(f"{HERE}{number}/").status_code == 404
    assert owner.submit(f"{HERE}{number}/remove").status_code == 404
    assert owner.submit(f"{HERE}invitations/{number}/again").status_code == 404
    assert owner.submit(f"/desk/account/sessions/{number}/end").status_code == 404
