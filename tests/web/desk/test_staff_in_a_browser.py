"""Accounts as Chromium shows them: no serious fault that axe finds, nothing wider than a phone; the
whole path by keyboard and without scripts."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn

from mailer import clock, delivery, staff
from mailer.config import Config
from mailer.database import Database, connect, upgrade
from mailer.web import create_app
from tests.browser import chromium as running
from tests.browser import serious_faults
from tests.conftest import make_config
from tests.services import free_port
from tests.web.desk.conftest import PASSWORD, Phone, letters, phone_in

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("cheap_hashes")]
OWNER, WIDTHS = "ana@psg.example", (320, 768, 1280)
NEW = "battery staple horse"


@dataclass(frozen=True)
class Running:
    """A running site, and what it runs on."""

    root: str
    config: Config
    database: Database

    def invite(self, mailbox: str) -> str:
        """Invite somebody; the link in their letter."""
        with self.database.write() as session:
            due = staff.invite(
                session,
                mailbox,
                "owner",
                language="en",
                page=f"{self.config.site.url}/desk/invitation/",
                now=clock.now(),
                actor="test",
            )
            delivery.enqueue(session, self.config, due, clock.now())
        return self.root + letters(self.database)[-1][1]


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory, cheap_hashes: None) -> Iterator[Running]:
    """A site with an owner, an editor and an invitation."""
    folder, port = tmp_path_factory.mktemp("site"), free_port()
    config = make_config(folder, f"sqlite:///{folder}/mailer.db")
    database = connect(config.database.url)
    upgrade(config.database.url, database.engine)
    with database.write() as session:
        staff.add(session, OWNER, "owner", PASSWORD, clock.now(), "test", name="Ana Quispe")
        long = "eva.de.los.angeles.montenegro@comunicaciones.psg.example"
        staff.add(session, long, "editor", PASSWORD, clock.now(), "staff 1")
    server = uvicorn.Server(
        uvicorn.Config(create_app(config, database), port=port, log_level="critical")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield Running(f"http://127.0.0.1:{port}", config, database)
    server.should_exit = True
    thread.join()
    database.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Debian's Chromium."""
    with running() as browser:
        yield browser


def faults_of(page: Any, name: str) -> list[str]:
    """What is wrong with the page as it stands, at each width."""
    faults = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            faults.append(f"{name}, {width}: too wide")
        faults += [f"{name}, {width}: {fault}" for fault in serious_faults(page)]
    return faults


def fill(page: Any, **fields: str) -> None:
    """Fill in the page's form, and press its main button."""
    for name, value in fields.items():
        page.fill(f"#{name}", value)
    page.locator(f"form:has(#{next(iter(fields))}) button").click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_fault_and_nothing_too_wide(site: Running, chromium: Any, scheme: str) -> None:
    invitation = site.invite("new@psg.example")
    with site.database.write() as session:
        keys = staff.Keys(site.config.site.secret_key)
        due = staff.forgot(session, keys, OWNER, page="/desk/reset/", now=clock.now())
    assert due is not None
    context = chromium.new_context(color_scheme=scheme)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if "CSP" in said.text else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    faults = []

    def look(path: str, name: str = "") -> None:
        if path:
            page.goto(path if path.startswith("http") else site.root + path)
        faults.extend(faults_of(page, name or path))

    look("/desk/sign-in")
    fill(page, mailbox=OWNER, password="a wrong password")
    look("", "sign-in, wrong")
    look("/desk/forgotten")
    fill(page, mailbox=OWNER)
    look("", "forgotten, asked")
    look(due.values["action_url"], "reset")
    look(invitation, "invitation")
    fill(page, name="Tom", password="aaaaaaaaaaaaaaaa")
    look("", "invitation, wrong")
    look("/desk/reset/nothing")
    page.goto(f"{site.root}/desk/sign-in")
    fill(page, mailbox=OWNER, password=PASSWORD)
    look("/desk/account/")
    look("/desk/account/two-step")
    phone = phone_in(page.content())
    fill(page, code=phone.wrong())
    look("", "two-step, wrong")
    fill(page, code=phone.code(-1))
    look("", "recovery codes")
    look("/desk/account/", "account, two steps")
    look("/desk/account/two-step", "another telephone")
    look("/desk/people/")
    look("/desk/people/invite")
    fill(page, mailbox=OWNER)
    look("", "invite, wrong")
    look("/desk/people/2/")
    look("/desk/people/2/remove")
    look("/desk/log/")
    page.goto(f"{site.root}/desk/people/1/")
    page.locator("text=Sign them out everywhere").click()
    fill(page, mailbox=OWNER, password=PASSWORD)
    look("", "code")
    fill(page, code=phone.wrong())
    look("", "code, wrong")
    fill(page, code=phone.code())
    page.wait_for_url(f"{site.root}/desk/")
    context.close()
    assert faults == []
    assert complaints == []


def walk(page: Any, site: Running, link: str, press: Any) -> Phone:
    """Accept an invitation, set up two steps, sign out, and in again with both."""
    page.goto(link)
    press(name="Tom Baker", password=NEW)
    page.wait_for_url("**/desk/account/two-step?new=yes")
    phone = phone_in(page.content())
    press(code=phone.code(-1))
    assert page.locator(".codes code").count() == 10
    codes = page.locator(".codes code").all_inner_texts()
    page.goto(f"{site.root}/desk/account/")
    page.locator("text=Sign out").first.click()
    page.wait_for_url("**/desk/sign-in")
    press(mailbox="tom@psg.example", password=NEW)
    press(code=codes[0])
    page.wait_for_url(f"{site.root}/desk/")
    return phone


def test_the_whole_path_without_scripts(site: Running, chromium: Any) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    link = site.invite("tom@psg.example")
    walk(page, site, link, lambda **fields: fill(page, **fields))
    page.goto(f"{site.root}/desk/people/")
    page.locator("text=Invite somebody").click()
    fill(page, mailbox="eva@psg.example")
    page.wait_for_url(f"{site.root}/desk/people/")
    assert "on its way to eva@psg.example" in page.content()
    context.close()


def test_the_whole_path_by_keyboard(site: Running, chromium: Any) -> None:
    page = chromium.new_page()

    def press(**fields: str) -> None:
        """Tab to each field in turn and type, then Enter; as often as it takes and no oftener."""
        for name, value in fields.items():
            for _ in range(20):
                if page.evaluate("document.activeElement.id") == name:
                    break
                page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.id") == name
            ring = "getComputedStyle(document.activeElement).outlineStyle"
            assert page.evaluate(ring) == "solid"
            page.keyboard.type(value)
        with page.expect_navigation():
            page.keyboard.press("Enter")

    link = site.invite("tom@psg.example")
    walk(page, site, link, press)
    page.close()


@pytest.mark.parametrize("path", ["/desk/account/", "/desk/people/", "/desk/people/invite"])
def test_the_focus_goes_down_the_page(site: Running, chromium: Any, path: str) -> None:
    page = chromium.new_page()
    page.goto(f"{site.root}/desk/sign-in")
    fill(page, mailbox=OWNER, password=PASSWORD)
    page.goto(site.root + path)
    order = []
    for _ in range(60):
        page.keyboard.press("Tab")
        at = page.evaluate(
            "() => { const e = document.activeElement; if (e === document.body) return null;"
            " const all = [...document.querySelectorAll('*')]; return all.indexOf(e); }"
        )
        if at is None or at in order:
            break
        order.append(at)
    assert len(order) > 8
    assert order == sorted(order)
    page.close()


def test_recovery_codes_are_copied_with_a_button(site: Running, chromium: Any) -> None:
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{site.root}/desk/sign-in")
    fill(page, mailbox=OWNER, password=PASSWORD)
    page.goto(f"{site.root}/desk/account/two-step")
    fill(page, code=phone_in(page.content()).code())
    page.locator("#copy").click()
    page.wait_for_selector("text=Copied.")
    codes = page.locator(".codes code").all_inner_texts()
    assert page.evaluate("navigator.clipboard.readText()") == "\n".join(codes)
    context.close()
