"""The letter's panel, publications and pages as Chromium shows them: live, and without scripts."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import expect

from mailer import clock, publication, staff
from mailer.config import Config
from mailer.database import Database, connect, upgrade
from mailer.publication import Welcome
from mailer.web import create_app
from tests.browser import chromium as running
from tests.conftest import NOW, make_config
from tests.services import free_port
from tests.web.conftest import NETWORK, fill
from tests.web.desk.conftest import PASSWORD

pytestmark = pytest.mark.long

PAGES = {
    "letter": "/desk/issues/{issue}/letter",
    "look": "/desk/publications/updates/look",
    "welcome": "/desk/publications/updates/welcome/en",
}


@dataclass(frozen=True)
class Running:
    """A desk that runs, with an owner who is signed in."""

    url: str
    database: Database
    secret: str
    issue: int
    first_item: int
    page: int

    def open(self, chromium: Any, path: str, **context: Any) -> Any:
        opened = chromium.new_context(**context)
        opened.add_cookies([{"name": "mailer-desk", "value": self.secret, "url": self.url}])
        page = opened.new_page()
        page.set_default_timeout(20_000)
        page.goto(self.url + path.format(issue=self.issue, page=self.page))
        return page


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("desk")
    port = free_port()
    config: Config = make_config(folder, f"sqlite:///{folder}/mailer.db")
    database = connect(config.database.url)
    upgrade(config.database.url, database.engine)
    fill(database, config, NOW)
    with database.write() as session:
        account = staff.add(session, "owner@psg.example", "owner", PASSWORD, clock.now(), "test")
        secret = staff.begin(session, account.id, network=NETWORK, agent="test", now=clock.now())
        page = publication.create_page(session, "A page", "Its text.", NOW, "test")
        publication.edit_page(session, page.id, 1, "A page", "Another text.", NOW, "test")
        letter = Welcome(1, "en", "Welcome", "We write rarely.", active=True)
        publication.change_welcome(session, letter, NOW)
        issue = publication.find_issue(session, 1, 120)
    server = uvicorn.Server(
        uvicorn.Config(create_app(config, database), port=port, log_level="critical")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    url = f"http://127.0.0.1:{port}"
    yield Running(url, database, secret, issue.id, issue.items[0].id, page.id)
    server.should_exit = True
    thread.join()
    database.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with running() as browser:
        yield browser


def draft(page: Any, detail: dict[str, Any]) -> None:
    """Tell the panel what is on the screen, as the composer does."""
    page.evaluate("detail => document.dispatchEvent(new CustomEvent('draft', {detail}))", detail)


def test_what_is_typed_appears_in_the_letter_and_who_has_scrolled_stays_there(
    desk: Running, chromium: Any
) -> None:
    page = desk.open(chromium, PAGES["letter"], viewport={"width": 1280, "height": 900})
    letter = page.frame_locator("[data-frame]")
    letter.get_by_text("Dear reader,").wait_for()
    frame = page.query_selector("[data-frame]").content_frame()
    frame.evaluate("scrollTo(0, 300)")
    draft(page, {"subject": "Typed", "items": [{"id": desk.first_item, "title": "Quite new"}]})
    letter.get_by_role("heading", name="Quite new").wait_for()
    page.get_by_text("Typed", exact=True).wait_for()
    assert frame.evaluate("scrollY") > 0
    # Styles of the letter hold, though the page around it allows none inline.
    ruled = letter.locator(".masthead").first.evaluate("e => getComputedStyle(e).borderTopWidth")
    assert ruled == "4px"


def test_by_night_the_letters_dark_rules_hold_by_day(desk: Running, chromium: Any) -> None:
    page = desk.open(chromium, PAGES["letter"], color_scheme="light")
    letter = page.frame_locator("[data-frame]")
    letter.get_by_text("Dear reader,").wait_for()
    page.get_by_label("Dark").check(force=True)
    expect(letter.locator("body")).to_have_css("background-color", "rgb(22, 20, 18)")
    page.get_by_label("Light").check(force=True)
    expect(letter.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")


def test_as_text_and_as_somebody(desk: Running, chromium: Any) -> None:
    page = desk.open(chromium, PAGES["letter"])
    page.get_by_label("Text", exact=True).check(force=True)
    page.locator("pre[data-text]").get_by_text("Dear reader,").wait_for()
    page.get_by_text("As another reader").click()
    page.get_by_label("Or as this reader").fill("ana@example.org")
    page.get_by_role("button", name="Ana Flores, ana@example.org").click()
    page.locator("pre[data-text]").get_by_text("Dear Ana Flores,").wait_for()


def test_a_letter_that_cannot_be_made_says_so_and_the_last_one_stays(
    desk: Running, chromium: Any
) -> None:
    page = desk.open(chromium, PAGES["letter"])
    letter = page.frame_locator("[data-frame]")
    letter.get_by_text("Dear reader,").wait_for()
    draft(page, {"subject": "{{ nobody }}"})
    page.get_by_text("The letter cannot be made yet").wait_for()
    assert letter.get_by_text("Dear reader,").is_visible()
    draft(page, {"subject": "Mended"})
    page.get_by_text("The letter cannot be made yet").wait_for(state="hidden")


def test_what_is_typed_before_the_letter_has_come_is_not_lost(desk: Running, chromium: Any) -> None:
    page = desk.open(chromium, "/desk/settings/")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    held: list[Any] = []
    page.route("**/letter.html*", lambda route: held.append(route))  # noqa: PLW0108
    page.goto(desk.url + PAGES["letter"].format(issue=desk.issue), wait_until="domcontentloaded")
    draft(page, {"subject": "Typed", "items": [{"id": desk.first_item, "title": "Quite new"}]})
    page.get_by_text("Typed", exact=True).wait_for()
    held.pop().continue_()
    letter = page.frame_locator("[data-frame]")
    letter.get_by_role("heading", name="Quite new").wait_for()
    expect(letter.locator(".masthead").first).to_have_css("border-top-width", "4px")
    assert said == []


def test_a_letter_that_could_not_be_made_at_first_has_its_styles_afterwards(
    desk: Running, chromium: Any
) -> None:
    with desk.database.write() as session:
        given = {"number": 300, "date": "2007-05-31", "subject": "{{ nobody }}"}
        issue = publication.create_issue(session, 1, given, NOW, "test")
    page = desk.open(chromium, f"/desk/issues/{issue.id}/letter")
    page.get_by_text("The letter cannot be made yet").wait_for()
    assert not page.locator("[data-paper]").is_visible()
    draft(page, {"subject": "Mended", "items": [{"title": "Quite new"}]})
    letter = page.frame_locator("[data-frame]")
    letter.get_by_role("heading", name="Quite new").wait_for()
    expect(letter.locator(".masthead").first).to_have_css("border-top-width", "4px")


def test_a_finding_leads_to_its_field_and_opens_what_it_is_folded_into(
    desk: Running, chromium: Any
) -> None:
    page = desk.open(chromium, PAGES["letter"])
    page.evaluate(
        """item => {
          const fold = document.createElement("details");
          const field = document.createElement("textarea");
          field.id = `item-${item}-body`;
          fold.append(field);
          document.querySelector("main").append(fold);
        }""",
        desk.first_item,
    )
    draft(page, {"items": [{"id": desk.first_item, "body": "[here](https://a.example/)"}]})
    finding = page.locator(f'[data-goto="item-{desk.first_item}-body"]').first
    finding.wait_for()
    finding.press("Enter")
    assert page.evaluate("document.activeElement.id") == f"item-{desk.first_item}-body"
    assert page.evaluate("document.querySelector('main > details').open")


def test_a_script_that_got_into_a_frame_would_not_run(desk: Running, chromium: Any) -> None:
    page = desk.open(chromium, PAGES["letter"])
    page.frame_locator("[data-frame]").get_by_text("Dear reader,").wait_for()
    # As if the sanitiser had failed: the frame's own policy and its sandbox stand behind it.
    page.evaluate(
        """async () => {
          const inside = document.querySelector("[data-frame]").contentDocument;
          inside.body.innerHTML = '<img onerror="parent.document.title = 1">';
          const script = inside.createElement("script");
          script.textContent = "parent.document.title = 2";
          inside.body.append(script);
          const picture = inside.querySelector("img");
          const failed = new Promise((done) => picture.addEventListener("error", done));
          picture.src = "x";
          await failed;
        }"""
    )
    assert page.title().startswith("The letter of")


def test_the_look_is_live(desk: Running, chromium: Any) -> None:
    page = desk.open(chromium, PAGES["look"], viewport={"width": 1280, "height": 900})
    letter = page.frame_locator("[data-frame]")
    page.get_by_label("Colour by day").fill("#FFFF00")
    page.get_by_text("and 4.5 is wanted").wait_for()
    page.get_by_label("Footer").fill("Charity number 1")
    letter.get_by_text("Charity number 1").wait_for()
    page.reload()
    assert letter.get_by_text("Charity number 1").count() == 0


@pytest.mark.parametrize("path", [PAGES["letter"], PAGES["look"], PAGES["welcome"]])
def test_without_scripts_the_letter_is_there_all_the_same(
    desk: Running, chromium: Any, path: str
) -> None:
    page = desk.open(chromium, path, java_script_enabled=False)
    letter = page.frame_locator("[data-frame]")
    letter.get_by_text("Dear reader,").wait_for()
    if "issues" in path:
        page.locator('input[name="width"][value="text"]').check(force=True)
        page.get_by_role("button", name="Show the letter").click()
        assert page.locator("pre[data-text]").get_by_text("Dear reader,").is_visible()
