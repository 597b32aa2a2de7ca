"""Signing in and out through the pages: in one step or two, slowed down, never into a session that
somebody else knows."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from mailer import clock, staff
from mailer.config import Config
from mailer.database import Database
from mailer.staff.models import SessionRow
from mailer.web import create_app
from tests.web.conftest import NETWORK, TestClient
from tests.web.desk.conftest import (
    PASSWORD,
    Phone,
    at_desk,
    csrf_in,
    field_in,
    phone_in,
)

pytestmark = [
    pytest.mark.usefixtures("cheap_hashes"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
SIGN_IN, CODE = "/desk/sign-in", "/desk/sign-in/code"
MAILBOX = "owner@psg.example"
COOKIE = "mailer-desk"


@pytest.fixture
def owner(database: Database) -> staff.Account:
    """An owner who signs in with the password alone."""
    with database.write() as session:
        return staff.add(session, MAILBOX, "owner", PASSWORD, clock.now(), "test")


@pytest.fixture
def phone(app: FastAPI, database: Database, owner: staff.Account) -> Phone:
    """The owner's telephone, once two-step sign-in is on; the code of this moment is used up."""
    browser = at_desk(app, database, owner)
    page = browser.get("/desk/account/two-step").text
    phone = phone_in(page)
    # A step before, so that the present one is still good.
    answer = browser.submit(
        "/desk/account/two-step", lent=field_in(page, "lent"), code=phone.code(-1)
    )
    assert answer.status_code == 200
    return phone


def enter(client: TestClient, password: str = PASSWORD, **more: str) -> Any:
    token = csrf_in(client.get(SIGN_IN).text)
    fields = {"csrf": token, "mailbox": MAILBOX, "password": password, **more}
    return client.post(SIGN_IN, data=fields)


def give(client: TestClient, page: str, code: str) -> Any:
    hidden = {name: field_in(page, name) for name in ("csrf", "between", "there")}
    return client.post(CODE, data={**hidden, "code": code})


def test_a_password_leads_to_the_overview(client: TestClient, owner: staff.Account) -> None:
    answer = enter(client)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/")
    page = client.get("/desk/")
    assert page.status_code == 200
    assert MAILBOX in page.text
    assert "Make it two steps" in page.text
    assert "Make it two steps" not in client.get("/desk/").text


@pytest.mark.parametrize(
    ("there", "led"),
    [("/desk/log/", "/desk/log/"), ("https://evil.example/", "/desk/"), ("//evil", "/desk/")],
)
def test_whoever_is_led_to_sign_in_gets_where_they_wanted(
    client: TestClient, owner: staff.Account, there: str, led: str
) -> None:
    assert enter(client, there=there).headers["location"] == led


def test_the_cookie_is_for_us_alone(client: TestClient, owner: staff.Account) -> None:
    set_ones = enter(client).headers.get_list("set-cookie")
    (cookie,) = (one.lower() for one in set_ones if one.startswith(f"{COOKIE}="))
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_no_cookie_from_before_is_the_session(
    app: FastAPI, client: TestClient, owner: staff.Account
) -> None:
    planted = "planted" + "x" * 36
    client.cookies.set(COOKIE, planted, domain="testserver.local", path="/")
    before = client.get(SIGN_IN)
    marked = client.cookies["mailer-desk-before"]
    answer = enter(client)
    secret = client.cookies[COOKIE]
    assert secret not in (planted, marked)
    assert "mailer-desk-before" not in client.cookies
    assert csrf_in(client.get("/desk/account/").text) != csrf_in(before.text)
    # Whoever planted it, or saw what was there before, is nobody.
    for known in (planted, marked):
        stranger = TestClient(app, follow_redirects=False)
        stranger.cookies.set(COOKIE, known)
        assert stranger.get("/desk/").status_code == 303
    assert answer.status_code == 303


def test_each_sign_in_is_a_session_of_its_own_and_ends_the_one_before(
    app: FastAPI, client: TestClient, owner: staff.Account
) -> None:
    enter(client)
    first, token = client.cookies[COOKIE], csrf_in(client.get("/desk/account/").text)
    again = {"csrf": token, "mailbox": MAILBOX, "password": PASSWORD}
    assert client.post(SIGN_IN, data=again).status_code == 303
    assert client.cookies[COOKIE] != first
    other = TestClient(app, follow_redirects=False)
    other.cookies.set(COOKIE, first)
    assert other.get("/desk/").status_code == 303


def test_signing_out_ends_it_for_whoever_has_the_cookie(
    app: FastAPI, client: TestClient, owner: staff.Account
) -> None:
    enter(client)
    secret = client.cookies[COOKIE]
    token = csrf_in(client.get("/desk/account/").text)
    assert client.post("/desk/sign-out", data={"csrf": token}).headers["location"] == SIGN_IN
    assert COOKIE not in client.cookies
    other = TestClient(app, follow_redirects=False)
    other.cookies.set(COOKIE, secret)
    assert other.get("/desk/").status_code == 303


def test_a_wrong_password_says_the_same_of_everybody_and_is_not_shown(
    client: TestClient, owner: staff.Account
) -> None:
    pages = set()
    for mailbox in (MAILBOX, "nobody@psg.example", "<script>alert(1)</script>"):
        answer = enter(client, "a wrong password", mailbox=mailbox)
        assert answer.status_code == 422
        assert "do not belong together" in answer.text
        assert "a wrong password" not in answer.text
        assert "<script>alert" not in answer.text
        pages.add(answer.text.count("notice"))
    assert len(pages) == 1


@pytest.mark.parametrize("mailbox", [MAILBOX, "nobody@psg.example"])
def test_guessing_passwords_is_slowed_down(
    client: TestClient, owner: staff.Account, mailbox: str
) -> None:
    statuses = [enter(client, f"guess {n}", mailbox=mailbox).status_code for n in range(6)]
    assert statuses == [422] * 5 + [429]
    answer = enter(client, mailbox=mailbox)
    assert answer.status_code == 429
    assert "Wait for a minute" in answer.text
    assert COOKIE not in client.cookies


def test_a_code_is_asked_for_where_there_are_two_steps(
    client: TestClient, database: Database, owner: staff.Account, phone: Phone
) -> None:
    page = enter(client, there="/desk/log/")
    assert page.status_code == 200
    assert "one-time-code" in page.text
    assert COOKIE not in client.cookies
    assert client.get("/desk/").status_code == 303
    answer = give(client, page.text, phone.code())
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/log/")
    assert client.get("/desk/log/").status_code == 200
    assert "password alone" not in client.get("/desk/log/").text


def test_a_code_is_good_once(client: TestClient, app: FastAPI, owner: Any, phone: Phone) -> None:
    code = phone.code()
    assert give(client, enter(client).text, code).status_code == 303
    other = TestClient(app, follow_redirects=False)
    answer = give(other, enter(other).text, code)
    assert answer.status_code == 422
    assert "used before" in answer.text


def test_guessing_codes_is_slowed_down(client: TestClient, owner: Any, phone: Phone) -> None:
    page = enter(client).text
    statuses = [give(client, page, phone.wrong()).status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]
    # Neither the right one nor the password again makes it any quicker.
    assert give(client, enter(client).text, phone.code()).status_code == 429
    assert COOKIE not in client.cookies


def test_a_code_without_a_password_before_it_begins_anew(
    client: TestClient, owner: Any, phone: Phone
) -> None:
    token = csrf_in(client.get(SIGN_IN).text)
    for between in ("", "made up", "A" * 200):
        fields = {"csrf": token, "between": between, "code": phone.code()}
        answer = client.post(CODE, data=fields)
        assert answer.status_code == 422
        assert "took too long" in answer.text
        assert 'name="password"' in answer.text
    assert client.get(CODE).headers["location"] == SIGN_IN


def test_what_was_typed_is_offered_again_behind_both_steps(
    app: FastAPI, database: Database, owner: staff.Account, phone: Phone
) -> None:
    browser = at_desk(app, database, owner)
    with database.write() as session:
        staff.end_all(session, owner.id, clock.now(), "test")
    typed = 'Tom & "Ana"\r\nand more'
    page = browser.submit("/desk/account/", name=typed, language="en")
    assert page.status_code == 401
    fields = {name: field_in(page.text, name) for name in ("csrf", "kept", "there")}
    page = browser.post(SIGN_IN, data={**fields, "mailbox": MAILBOX, "password": PASSWORD})
    fields = {name: field_in(page.text, name) for name in ("csrf", "kept", "there", "between")}
    page = browser.post(CODE, data={**fields, "code": phone.code()})
    assert page.status_code == 200
    assert 'action="/desk/account/"' in page.text
    assert "Tom &amp; &#34;Ana&#34;" in page.text
    token = csrf_in(page.text)
    answer = browser.post("/desk/account/", data={"csrf": token, "name": typed, "language": "en"})
    assert answer.status_code == 303
    assert "Tom &amp; &#34;Ana&#34; and more" in browser.get("/desk/account/").text


def test_no_password_is_kept_with_what_was_typed(
    app: FastAPI, database: Database, owner: staff.Account
) -> None:
    browser = at_desk(app, database, owner)
    with database.write() as session:
        staff.end_all(session, owner.id, clock.now(), "test")
    for path in ("password", "recovery-codes", "two-step/off"):
        fields = {
            "present": PASSWORD,
            "password": "battery staple",
            "codes": PASSWORD,
            "off": PASSWORD,
        }
        page = browser.submit(f"/desk/account/{path}", **fields)
        assert page.status_code == 401
        assert PASSWORD not in page.text
        assert "battery staple" not in page.text


@pytest.mark.parametrize("path", [SIGN_IN, CODE, "/desk/forgotten"])
@pytest.mark.parametrize("token", ["", "x" * 64])
def test_forms_of_visitors_have_their_token(client: TestClient, path: str, token: str) -> None:
    client.get(SIGN_IN)
    assert client.post(path, data={"csrf": token, "mailbox": MAILBOX}).status_code == 403


def test_the_desk_speaks_as_the_browser_and_then_as_the_account_does(
    client: TestClient, database: Database, owner: staff.Account
) -> None:
    page = client.get(SIGN_IN, headers={"accept-language": "es-PE,es;q=0.9"}).text
    assert '<html lang="es"' in page
    assert "Olvidé mi contraseña" in page
    with database.write() as session:
        staff.describe(session, owner.id, "Ana", "es", clock.now(), "test")
    enter(client)
    assert '<html lang="es"' in client.get("/desk/account/").text


# Where everybody signs in with two steps


@pytest.fixture
def strict(database: Database, config: Config) -> FastAPI:
    """A site whose configuration asks everybody for two steps."""
    asked = config.staff.model_copy(update={"require_totp": True})
    return create_app(config.model_copy(update={"staff": asked}), database)


def test_whoever_has_one_step_sets_up_the_second_before_anything_else(
    strict: FastAPI, database: Database, owner: staff.Account
) -> None:
    client = TestClient(strict, follow_redirects=False, client=(NETWORK, 50_000))
    assert enter(client).headers["location"] == "/desk/account/two-step"
    for path in ("/desk/", "/desk/people/", "/desk/log/"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/desk/account/two-step")
    told = client.get("/desk/", headers={"accept": "application/json"})
    assert told.status_code == 403
    page = client.get("/desk/account/two-step").text
    assert "Everybody here signs in with two steps" in page
    assert "Not now" not in page
    fields = {"csrf": csrf_in(page), "lent": field_in(page, "lent"), "code": phone_in(page).code()}
    assert "recovery codes" in client.post("/desk/account/two-step", data=fields).text
    assert client.get("/desk/people/").status_code == 200


def test_nobody_turns_it_off_there(
    strict: FastAPI, database: Database, owner: staff.Account, phone: Phone
) -> None:
    browser = at_desk(strict, database, owner)
    assert "two-step/off" not in browser.get("/desk/account/").text
    answer = browser.submit("/desk/account/two-step/off", off=PASSWORD)
    assert answer.status_code == 422
    with database.read() as session:
        assert staff.account(session, owner.id).totp


def test_a_request_after_some_minutes_is_noted(
    app: FastAPI, database: Database, owner: staff.Account
) -> None:
    browser = at_desk(app, database, owner)
    with database.write() as session:
        row = session.scalars(select(SessionRow)).one()
        row.seen_at = seen = row.seen_at - timedelta(minutes=5)
    assert browser.get("/desk/account/").status_code == 200
    with database.read() as session:
        assert session.scalars(select(SessionRow.seen_at)).one() > seen
