"""One's own account at the desk."""

import re

import pytest
from fastapi import FastAPI

from mailer import audit, clock, staff
from mailer.database import Database
from tests.web.conftest import TestClient
from tests.web.desk.conftest import (
    PASSWORD,
    AtDesk,
    Phone,
    SignIn,
    at_desk,
    field_in,
    phone_in,
)

pytestmark = [
    pytest.mark.usefixtures("cheap_hashes"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
HERE, SET_UP = "/desk/account/", "/desk/account/two-step"
NEW = "battery staple horse"


@pytest.fixture
def browser(sign_in: SignIn) -> AtDesk:
    """A writer's: every role has an account of its own."""
    return sign_in("writer")


def turn_on(browser: AtDesk, steps: int = -1, **more: str) -> tuple[Phone, str]:
    page = browser.get(SET_UP).text
    phone = phone_in(page)
    fields = {"lent": field_in(page, "lent"), "code": phone.code(steps), **more}
    answer = browser.submit(SET_UP, **fields)
    assert answer.status_code == 200, answer.text
    return phone, answer.text


def codes_in(page: str) -> list[str]:
    return re.findall(r"<code>([a-z2-9-]+)</code>", page)


@pytest.mark.parametrize("role", sorted(staff.ROLES))
def test_everybody_sees_their_own(sign_in: SignIn, role: str) -> None:
    page = sign_in(role).get(HERE)
    assert page.status_code == 200
    assert f"{role}@psg.example" in page.text


def test_name_and_language_are_changed(browser: AtDesk) -> None:
    assert browser.submit(HERE, name="María-José O'Neill", language="es").status_code == 303
    page = browser.get(HERE).text
    assert "María-José O&#39;Neill" in page
    assert "Guardado." in page
    assert '<html lang="es"' in page


@pytest.mark.parametrize(
    "typed", [{"name": "x" * 201, "language": "en"}, {"name": "Ana", "language": "tlh"}]
)
def test_what_cannot_be_taken_is_shown_again(browser: AtDesk, typed: dict[str, str]) -> None:
    answer = browser.submit(HERE, **typed)
    assert answer.status_code == 422
    assert typed["name"] in answer.text
    assert typed["name"] not in browser.get(HERE).text


def test_a_new_password_takes_the_present_one_and_ends_other_sessions(
    app: FastAPI, database: Database, browser: AtDesk
) -> None:
    other = at_desk(app, database, browser.account)
    path = "/desk/account/password"
    for present, password, said in (
        ("a wrong one", NEW, "not your present password"),
        (PASSWORD, "short", "12 characters"),
        ("", NEW, "not your present password"),
    ):
        answer = browser.submit(path, present=present, password=password)
        assert answer.status_code == 422
        assert said in answer.text
        assert NEW not in answer.text
    assert other.get("/desk/").status_code == 200
    assert browser.submit(path, present=PASSWORD, password=NEW).status_code == 303
    assert "signed out everywhere else" in browser.get(HERE).text
    assert other.get("/desk/").status_code == 303
    assert browser.submit(path, present=PASSWORD, password=NEW).status_code == 422


def test_guessing_the_present_password_is_slowed_down(browser: AtDesk) -> None:
    path = "/desk/account/password"
    statuses = [
        browser.submit(path, present=f"guess {n}", password=NEW).status_code for n in range(6)
    ]
    assert statuses == [422] * 5 + [429]
    assert browser.submit(path, present=PASSWORD, password=NEW).status_code == 429


def test_two_step_sign_in_is_set_up_with_a_picture_or_a_key(browser: AtDesk) -> None:
    page = browser.get(SET_UP)
    assert "<svg" in page.text
    assert 'href="otpauth://totp/Peru%20Support%20Group%3Awriter@psg.example?secret=' in page.text
    phone = phone_in(page.text)
    lent = field_in(page.text, "lent")
    assert phone.secret.hex() not in lent
    wrong = browser.submit(SET_UP, lent=lent, code=phone.wrong())
    assert wrong.status_code == 422
    assert phone_in(wrong.text) == phone
    again = field_in(wrong.text, "lent")
    shown = browser.submit(SET_UP, lent=again, code=f" {phone.code()[:3]} {phone.code()[3:]} ")
    assert shown.status_code == 200
    assert shown.headers["cache-control"] == "no-store"
    assert len(set(codes_in(shown.text))) == 10
    page = browser.get(HERE).text
    assert "10 recovery codes are left" in page
    assert not set(codes_in(shown.text)) & set(codes_in(page))


def test_looking_at_the_set_up_changes_nothing(database: Database, browser: AtDesk) -> None:
    keys = {phone_in(browser.get(SET_UP).text).secret for _ in range(3)}
    assert len(keys) == 3
    with database.read() as session:
        assert not staff.account(session, browser.account.id).totp


def test_a_key_that_was_not_lent_to_this_account_is_refused(
    sign_in: SignIn, browser: AtDesk
) -> None:
    page = sign_in("editor").get(SET_UP).text
    answer = browser.submit(SET_UP, lent=field_in(page, "lent"), code=phone_in(page).code())
    assert answer.status_code == 422
    assert phone_in(answer.text) != phone_in(page)


def test_another_telephone_takes_the_present_password(browser: AtDesk) -> None:
    former, _ = turn_on(browser)
    page = browser.get(SET_UP).text
    assert 'name="present"' in page
    phone, lent = phone_in(page), field_in(page, "lent")
    for present in ({}, {"present": "a wrong one"}):
        answer = browser.submit(SET_UP, lent=lent, code=phone.code(), **present)
        assert answer.status_code == 422
        assert "not your present password" in answer.text
    answer = browser.submit(SET_UP, lent=lent, code=phone.code(), present=PASSWORD)
    assert len(codes_in(answer.text)) == 10
    assert former != phone


def test_new_recovery_codes_take_the_present_password(browser: AtDesk) -> None:
    _, page = turn_on(browser)
    path = "/desk/account/recovery-codes"
    assert browser.submit(path, codes="a wrong one").status_code == 422
    answer = browser.submit(path, codes=PASSWORD)
    assert answer.status_code == 200
    assert len(codes_in(answer.text)) == 10
    assert not set(codes_in(answer.text)) & set(codes_in(page))


def test_recovery_codes_are_refused_where_there_is_one_step(browser: AtDesk) -> None:
    assert browser.submit("/desk/account/recovery-codes", codes=PASSWORD).status_code == 422


def test_it_is_turned_off_with_the_present_password(database: Database, browser: AtDesk) -> None:
    turn_on(browser)
    path = "/desk/account/two-step/off"
    assert browser.submit(path, off="a wrong one").status_code == 422
    with database.read() as session:
        assert staff.account(session, browser.account.id).totp
    assert browser.submit(path, off=PASSWORD).status_code == 303
    with database.read() as session:
        assert not staff.account(session, browser.account.id).totp


def test_sessions_are_seen_and_ended(app: FastAPI, database: Database, browser: AtDesk) -> None:
    phone = at_desk(app, database, browser.account)
    laptop = at_desk(app, database, browser.account)
    page = browser.get(HERE).text
    ids = re.findall(r"sessions/(\d+)/end", page)
    assert len(ids) == 2
    assert "192.0.2.7" in page
    assert browser.submit(f"/desk/account/sessions/{ids[0]}/end").status_code == 303
    assert sorted(one.get("/desk/").status_code for one in (phone, laptop)) == [200, 303]
    assert browser.submit("/desk/account/sessions/end-others").status_code == 303
    assert [one.get("/desk/").status_code for one in (phone, laptop)] == [303, 303]
    assert browser.get("/desk/").status_code == 200
    assert browser.submit(f"/desk/account/sessions/{ids[0]}/end").status_code == 404


def test_nobody_ends_the_session_of_another(
    database: Database, sign_in: SignIn, browser: AtDesk
) -> None:
    owner = sign_in("owner")
    with database.read() as session:
        (theirs,) = staff.sessions(session, owner.account.id, clock.now())
    assert browser.submit(f"/desk/account/sessions/{theirs.id}/end").status_code == 404
    assert owner.get("/desk/").status_code == 200


def test_a_browser_is_shown_as_text_whatever_it_calls_itself(
    app: FastAPI, database: Database, browser: AtDesk
) -> None:
    with database.write() as session:
        agent = "<script>alert(1)</script> Firefox/1 (Linux)"
        staff.begin(session, browser.account.id, network=None, agent=agent, now=clock.now())
    page = browser.get(HERE).text
    assert "Firefox on Linux" in page
    assert "<script>alert" not in page


def test_the_log_tells_what_was_done_and_no_secret(database: Database, browser: AtDesk) -> None:
    phone, page = turn_on(browser)
    browser.submit("/desk/account/recovery-codes", codes=PASSWORD)
    browser.submit("/desk/account/password", present=PASSWORD, password=NEW)
    browser.submit("/desk/account/two-step/off", off=NEW)
    with database.read() as session:
        told = [entry.words for entry in audit.entries(session)][:4]
        whole = repr(audit.entries(session))
    assert told == [
        "turned off two-step sign-in",
        "got a new password",
        "made new recovery codes",
        "turned on two-step sign-in",
    ]
    for secret in (PASSWORD, NEW, phone.secret.hex(), *codes_in(page)):
        assert secret not in whole


@pytest.mark.parametrize(
    "path",
    [
        HERE,
        SET_UP,
        "/desk/account/password",
        "/desk/account/two-step/off",
        "/desk/account/recovery-codes",
        "/desk/account/sessions/end-others",
        "/desk/account/sessions/1/end",
    ],
)
def test_each_form_has_its_token(client: TestClient, browser: AtDesk, path: str) -> None:
    fields = {"name": "Eve", "language": "en", "present": PASSWORD, "off": PASSWORD}
    assert browser.post(path, data=fields).status_code == 403
    assert client.post(path, data=fields).status_code == 401
