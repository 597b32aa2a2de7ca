"""Readers in Chromium: by keyboard, without scripts, and an import whose progress is watched."""

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn

from mailer import audience, clock, staff
from mailer.database import Database, connect, upgrade
from mailer.web import create_app
from tests.browser import chromium as running
from tests.conftest import NOW, make_config
from tests.services import free_port
from tests.web.conftest import fill
from tests.web.desk.conftest import PASSWORD, at_desk

pytestmark = pytest.mark.long

FILE = "email,name,city\n" + "".join(f"r{n}@psg.example,Reader {n},Lima\n" for n in range(30))


@dataclass(frozen=True)
class Site:
    root: str
    database: Database
    secret: str
    ana: int
    suppressed: int

    def import_file(self, text: str, *, run: bool = False) -> int:
        one = audience.receive(
            self.database, "readers.csv", [text.encode()], publication_id=1, operator="staff 1",
            now=clock.now(),
        )  # fmt: skip
        self.carry_on()
        if run:
            with self.database.write() as session:
                audience.run_import(session, one, "asked at our stall", clock.now())
        return one

    def carry_on(self) -> None:
        config = make_config(self.database.sqlite_file.parent)
        audience.carry_on(self.database, config.organisation.zone, clock.now)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("desk")
    port = free_port()
    config = make_config(folder, f"sqlite:///{folder}/mailer.db")
    database = connect(config.database.url)
    upgrade(config.database.url, database.engine)
    ana = fill(database, config, NOW)
    with database.write() as session:
        account = staff.add(session, "maria@psg.example", "owner", PASSWORD, clock.now(), "test")
        audience.ask_new_address(session, ana.id, "ana@new.example", clock.now())
        tom = audience.add(
            session, "a.very.long.address.of.somebody@a-long-domain.example", publication_id=1,
            operator="x", now=clock.now(), name="Tom Núñez",
        ).subscriber_id  # fmt: skip
        found = audience.by_id(session, tom)
        audience.suppress(session, found.address.address, "address", "complaint", clock.now())
    app = create_app(config, database)
    secret = at_desk(app, database, account).cookies["mailer-desk"]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield Site(f"http://127.0.0.1:{port}", database, secret, ana.id, tom)
    server.should_exit = True
    thread.join()
    database.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with running() as browser:
        yield browser


def entered(chromium: Any, site: Site, **options: Any) -> Any:
    context = chromium.new_context(**options)
    context.add_cookies([{"name": "mailer-desk", "value": site.secret, "url": site.root}])
    return context


def test_an_imports_progress_comes_by_script(site: Site, chromium: Any) -> None:
    one = site.import_file(FILE, run=True)
    context = entered(chromium, site)
    page = context.new_page()
    page.goto(f"{site.root}/desk/readers/import/{one}/")
    assert "begins in a moment" in page.inner_text("#far")
    site.carry_on()
    page.get_by_text("All 30 rows are done.").wait_for()
    assert page.query_selector("progress") is None
    context.close()


def test_without_scripts_a_file_is_imported_and_a_reader_erased(site: Site, chromium: Any) -> None:
    context = entered(chromium, site, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.root}/desk/readers/")
    page.click("text=Import a file")
    page.set_input_files(
        "#file",
        {"name": "new.csv", "mimeType": "text/csv", "buffer": b"email\nzoila@psg.example\n"},
    )
    page.click("text=Look at the file")
    page.fill("#ground", "asked at our stall")
    page.click("text=Import these readers")
    site.carry_on()
    page.reload()
    assert "1 row is done" in page.inner_text(".says")
    page.goto(f"{site.root}/desk/readers/")
    page.fill("#words", "zoi")
    page.press("#words", "Enter")
    page.click("text=zoila@psg.example")
    page.click("summary:has-text('Unsubscribe from Update')")
    page.fill(".rows form input[name=ground]", "by telephone")
    page.click("button:text-is('Unsubscribe')")
    assert "left Update by staff: by telephone" in page.inner_text("main")
    page.click("text=Erase this reader")
    page.check("#sure")
    page.click("button:text-is('Erase')")
    assert re.search(r"reader \d+, without name", page.inner_text("main"))
    context.close()


def test_by_keyboard_alone_a_reader_is_found_and_changed(site: Site, chromium: Any) -> None:
    context = entered(chromium, site)
    page = context.new_page()
    page.goto(f"{site.root}/desk/readers/")
    page.focus("#words")
    page.keyboard.type("flor")
    page.keyboard.press("Enter")
    page.wait_for_url("**words=flor**")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "ana@example.org":
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/desk/readers/{site.ana}/")
    page.focus("text=Change")
    page.keyboard.press("Enter")
    page.wait_for_url("**/change")
    page.focus("#greeting")
    page.keyboard.type("Ana and Tom")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/desk/readers/{site.ana}/")
    assert "Ana and Tom" in page.inner_text("main")
    context.close()
