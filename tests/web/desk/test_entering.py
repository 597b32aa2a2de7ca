"""Entering the desk: who may, from where, and what happens to what somebody typed meanwhile."""

import re
from urllib.parse import unquote

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from mailer import staff
from mailer.database import Database
from mailer.staff import ROLES
from mailer.web.desk.entry import ENTRIES
from mailer.web.desk.posted import Posted
from mailer.web.desk.refusing import keep, kept_again, leads_to_desk
from mailer.web.desk.routes import ROUTERS
from tests.web.conftest import TestClient
from tests.web.desk.conftest import SignIn, csrf_in

FOREIGN = {"sec-fetch-site": "cross-site"}


def routes() -> list[tuple[str, APIRoute]]:
    """Every route below /desk/, by method."""
    return [
        (method, route)
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and route.path.startswith("/desk/")
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]


def address(route: APIRoute) -> str:
    return re.sub(r"\{[^}]*\}", "1", route.path)


def test_every_route_of_the_desk_has_its_entry(app: FastAPI) -> None:
    assert routes()
    assert [route.path for _, route in routes() if route.endpoint not in ENTRIES] == []


def test_nobody_enters_without_signing_in(app: FastAPI, client: TestClient) -> None:
    for method, route in routes():
        if ENTRIES[route.endpoint].act is None:
            continue
        answer = client.request(method, address(route))
        there = answer.headers.get("location", "")
        led = answer.status_code == 303 and there.startswith("/desk/sign-in?next=")
        assert led or answer.status_code == 401, f"{method} {route.path}: {answer.status_code}"


@pytest.mark.parametrize("role", sorted(ROLES))
def test_no_role_does_what_the_table_does_not_give_it(
    app: FastAPI, sign_in: SignIn, role: str
) -> None:
    browser = sign_in(role)
    for method, route in routes():
        act = ENTRIES[route.endpoint].act
        if act is None or staff.may(role, act):
            continue
        answer = browser.request(method, address(route), data={"csrf": browser.csrf})
        assert answer.status_code == 403, f"{role}: {method} {route.path}: {answer.status_code}"
        assert "Your role does not include this" in answer.text


def test_nothing_is_done_without_the_token_of_the_session(app: FastAPI, sign_in: SignIn) -> None:
    browser, other = sign_in("owner"), sign_in("owner", "second@psg.example")
    for method, route in routes():
        if method != "POST" or ENTRIES[route.endpoint].act is None:
            continue
        for token in ("", "x" * 64, other.csrf):
            answer = browser.post(address(route), data={"csrf": token})
            assert answer.status_code == 403, f"{route.path} with {token!r}"
            assert "open for too long" in answer.text
        answer = browser.post(address(route), data={"csrf": browser.csrf}, headers=FOREIGN)
        assert answer.status_code == 403, f"{route.path} from elsewhere"
        answer = browser.post(
            address(route), data={"csrf": browser.csrf}, headers={"origin": "https://evil.example"}
        )
        assert answer.status_code == 403, f"{route.path} from another origin"


def test_a_visitors_forms_are_held_to_their_own_cookie(app: FastAPI, client: TestClient) -> None:
    token = csrf_in(client.get("/desk/sign-in").text)
    stranger = TestClient(app, follow_redirects=False)
    fields = {"csrf": token, "mailbox": "a@psg.example", "password": "x"}
    assert stranger.post("/desk/sign-in", data=fields).status_code == 403
    assert client.post("/desk/sign-in", data=fields).status_code == 422


def test_who_is_led_to_sign_in_comes_back(client: TestClient, sign_in: SignIn) -> None:
    there = client.get("/desk/?page=2").headers["location"]
    assert unquote(there).endswith("?next=/desk/?page=2")
    answer = sign_in("writer").get(there)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/?page=2")


def test_a_forgotten_slash_leads_to_the_page(client: TestClient, sign_in: SignIn) -> None:
    answer = client.get("/desk")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/sign-in?next=%2Fdesk")
    browser = sign_in("owner")
    for path in ("/desk", "/desk/people"):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (308, f"{path}/")
    assert sign_in("writer").get("/desk/people").status_code == 403


def test_where_nothing_stands_the_desk_says_so_itself(client: TestClient, sign_in: SignIn) -> None:
    for path in ("/desk/nothing", "/desk/nothing/", "/desk/issues/x/y/z"):
        there = client.get(path).headers["location"]
        assert there.startswith("/desk/sign-in?next="), path
        answer = sign_in("writer", f"{len(path)}@psg.example").get(path)
        assert answer.status_code == 404
        assert "There is no such page at the desk." in answer.text
        assert ">Sign out<" in answer.text


def test_the_navigation_leads_to_pages_that_stand(sign_in: SignIn) -> None:
    browser = sign_in("owner")
    bar = browser.get("/desk/").text.partition("<main")[0]
    paths = re.findall(r'<a href="(/desk/[^"]*)"', bar)
    assert len(paths) >= 3
    assert {path: browser.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)


@pytest.mark.parametrize(
    "there", ["https://evil.example/", "//evil.example", "/desk//evil.example", "/updates/", ""]
)
def test_nobody_is_led_away_from_the_desk(sign_in: SignIn, there: str) -> None:
    answer = sign_in("writer").get("/desk/sign-in", params={"next": there})
    assert answer.headers["location"] == "/desk/"


def test_what_was_typed_comes_along_to_sign_in(client: TestClient) -> None:
    answer = client.post("/desk/sign-out", data={"text": 'A "line"\r\nand <b>another</b>'})
    assert answer.status_code == 401
    assert "What you typed is kept" in answer.text
    assert "&#34;text&#34;" in answer.text


def test_what_another_site_posts_does_not_come_along(client: TestClient) -> None:
    answer = client.post("/desk/sign-out", data={"text": "planted"}, headers=FOREIGN)
    assert answer.status_code == 401
    assert "planted" not in answer.text


def test_what_is_kept_goes_nowhere_but_to_the_desk() -> None:
    form = Posted({"text": ["a\nb", "c"], "csrf": ["t"]})
    assert kept_again(keep("/desk/x", form)) == ("/desk/x", [("text", "a\nb"), ("text", "c")])
    for broken in ("", "{", "[]", keep("/updates/", form), keep("//evil.example/desk/", form)):
        assert kept_again(broken) is None
    assert not leads_to_desk("/desk/\\evil")


def test_a_script_is_told_in_its_own_way(client: TestClient) -> None:
    answer = client.post("/desk/sign-out", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["signed_out"]) == (401, True)


def test_too_much_is_not_read(sign_in: SignIn) -> None:
    browser = sign_in("owner")
    answer = browser.post("/desk/sign-out", data={"csrf": browser.csrf, "text": "x" * 5_000_000})
    assert answer.status_code == 413
    assert "too large" in answer.text


def test_a_session_that_ended_is_over(database: Database, sign_in: SignIn) -> None:
    browser = sign_in("owner")
    assert browser.get("/desk/sign-in").headers["location"] == "/desk/"
    assert browser.submit("/desk/sign-out").headers["location"] == "/desk/sign-in"
    assert browser.get("/desk/sign-in").status_code == 200


def test_pages_of_the_desk_are_kept_nowhere_and_run_our_scripts_alone(client: TestClient) -> None:
    policies = set()
    for _ in range(2):
        page = client.get("/desk/sign-in")
        assert page.headers["cache-control"] == "no-store"
        policy = page.headers["content-security-policy"]
        assert re.search(r"script-src 'nonce-[\w-]{20,}';", policy)
        assert "unsafe" not in policy
        policies.add(policy)
    assert len(policies) == 2
