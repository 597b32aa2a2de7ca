"""Accounts in Chromium: the whole path by keyboard and without scripts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from mailer import clock, delivery, staff
from mailer.config import Config
from mailer.database import Database
from tests.web.conftest import served
from tests.web.desk.conftest import PASSWORD, Phone, letters, phone_in

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("cheap_hashes")]
OWNER = "ana@psg.example"
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
                site_url=self.config.site.url,
                now=clock.now(),
                actor="test",
            )
            delivery.enqueue(session, self.config, due, clock.now())
        return self.root + letters(self.database)[-1][1]


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory, cheap_hashes: None) -> Iterator[Running]:
    """A site with an owner, an editor and an invitation."""
    with served(tmp_path_factory.mktemp("site")) as (root, config, database):
        with database.write() as session:
            staff.add(session, OWNER, "owner", PASSWORD, clock.now(), "test", name="Ana Quispe")
            long = "eva.de.los.angeles.montenegro@comunicaciones.psg.example"
            staff.add(session, long, "editor", PASSWORD, clock.now(), "staff 1")
        yield Running(root, config, database)


def fill(page: Any, **fields: str) -> None:
    """Fill in the page's form, and press its main button."""
    for name, value in fields.items():
        page.fill(f"#{name}", value)
    page.locator(f"form:has(#{next(iter(fields))}) button").click()


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
