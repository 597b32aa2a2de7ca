"""What somebody typed is there on return: after the browser was killed by its operating system, a
minute without a network, a session that ended, and somebody else who saved the same."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Error, expect, sync_playwright

from mailer.publication import Issue
from tests.browser import CHROMIUM, FLAGS
from tests.services import missing_service
from tests.web.desk.newsroom import Newsroom, newsroom

pytestmark = pytest.mark.long

TYPED = "Typed, and never saved"
numbers = count(300)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Any]:
    if not CHROMIUM.exists():
        missing_service("Chromium (/usr/bin/chromium)")
    with sync_playwright() as opened:
        yield opened


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, playwright: Any) -> Iterator[Newsroom]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    with newsroom(tmp_path_factory.mktemp("newsroom"), browser) as opened:
        yield opened
    browser.close()


@pytest.fixture
def issue(room: Newsroom) -> Issue:
    return room.begin(next(numbers))


def fields(issue: Issue) -> dict[str, tuple[str, str]]:
    """Whatever somebody writes longer texts into: its page and its field."""
    item = f"#item-{issue.items[0].id}"
    here = f"/desk/issues/{issue.id}/"
    return {
        "item": (f"{here}?open={issue.items[0].id}", f"{item}-body"),
        "item alone": (f"{here}items/{issue.items[0].id}/", f"{item}-summary"),
        "head": (here, "#issue-preheader"),
        "page": ("/desk/pages/1/", "#body"),
        "new page": ("/desk/pages/new", "#body"),
        "welcome letter": ("/desk/publications/updates/welcome/en", "#body"),
    }


# Whether the browser's database has it.
_KEPT = """typed => new Promise((done) => {
  const request = indexedDB.open("mailer");
  request.onsuccess = () => {
    const all = request.result.transaction("drafts").objectStore("drafts").getAll();
    all.onsuccess = () => done(all.result.some((one) => JSON.stringify(one).includes(typed)));
    all.onerror = () => done(false);
    request.result.close();
  };
})"""
WHERE = ("item", "item alone", "head", "page", "new page", "welcome letter")


@contextmanager
def profile(playwright: Any, room: Newsroom, folder: Path) -> Iterator[Any]:
    """A browser of its own, whose profile is on the disk, with an owner signed in."""
    context = playwright.chromium.launch_persistent_context(
        str(folder), executable_path=CHROMIUM, args=FLAGS
    )
    context.set_default_timeout(20_000)
    room.enter(context, "olga", "owner")
    yield context
    # Of one that was killed, only Playwright's own end is left.
    with suppress(Error):
        context.close()


def kill(folder: Path) -> None:
    """End a browser as nothing lets it end by itself: the processes that have this profile."""
    for process in Path("/proc").iterdir():
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"--user-data-dir={folder}".encode() in words and not any(
            word.startswith(b"--type=") for word in words
        ):
            os.kill(int(process.name), signal.SIGKILL)


def _nothing_posted(route: Any) -> None:
    if route.request.method == "POST":
        route.abort()
    else:
        route.continue_()


def take_up(page: Any, room: Newsroom, path: str, field: str) -> None:
    """Come back to the page, and take what it offers."""
    page.goto(room.root + path)
    offered = page.locator("#kept .notice")
    assert "We kept what you typed at" in offered.inner_text()
    offered.locator("button", has_text="Compare").click()
    assert TYPED in page.locator("dialog[open]").inner_text()
    page.locator("dialog[open] button", has_text="Close").click()
    offered.locator("button", has_text="Take it").click()
    assert TYPED in page.locator(field).input_value()


@pytest.mark.parametrize("where", WHERE)
def test_a_browser_that_was_killed_has_the_text_when_it_comes_back(
    playwright: Any, room: Newsroom, issue: Issue, tmp_path: Path, where: str
) -> None:
    path, field = fields(issue)[where]
    with profile(playwright, room, tmp_path) as context:
        page = context.new_page()
        page.route("**/*", _nothing_posted)
        page.goto(room.root + path)
        page.locator(field).press_sequentially(TYPED)
        # Nothing was saved, and no time was given for what a browser does now and then.
        page.wait_for_function(_KEPT, arg=TYPED)
        kill(tmp_path)
    for lock in tmp_path.glob("Singleton*"):
        lock.unlink()
    with profile(playwright, room, tmp_path) as context:
        take_up(context.new_page(), room, path, field)


BY_BUTTON = ("page", "new page", "welcome letter")


@pytest.mark.parametrize("where", BY_BUTTON)
def test_what_is_posted_without_a_network_is_there_when_it_is_back(
    room: Newsroom, issue: Issue, where: str
) -> None:
    path, field = fields(issue)[where]
    context = room.sign_in("olga", role="owner")
    page = context.new_page()
    page.goto(room.root + path)
    page.locator(field).press_sequentially(TYPED)
    if where == "new page":
        page.fill("#title", "Contact")
    context.set_offline(True)
    with page.expect_event("requestfailed"):
        page.locator("form[data-keep] button").first.click(no_wait_after=True)
    context.set_offline(False)
    take_up(page, room, path, field)
    context.close()


@pytest.mark.parametrize("where", ["item", "item alone", "head"])
def test_a_minute_without_a_network_ends_with_everything_saved(
    room: Newsroom, issue: Issue, where: str
) -> None:
    path, field = fields(issue)[where]
    context = room.sign_in("olga", role="owner")
    page = context.new_page()
    page.clock.install()
    page.goto(room.root + path)
    context.set_offline(True)
    page.locator(field).press_sequentially(TYPED)
    for _ in range(6):
        page.clock.run_for(10_000)
        expect(page.locator("#save-state")).to_contain_text("No connection")
    page.locator(field).press_sequentially(", for a minute")
    context.set_offline(False)
    page.clock.run_for(10_000)
    expect(page.locator("#save-state")).to_contain_text("Saved ")
    page.reload()
    assert f"{TYPED}, for a minute" in page.locator(field).input_value()
    assert page.locator("#kept .notice").count() == 0
    context.close()


@pytest.mark.parametrize("where", WHERE)
def test_what_is_typed_without_a_session_is_there_behind_sign_in(
    room: Newsroom, issue: Issue, where: str
) -> None:
    path, field = fields(issue)[where]
    context = room.sign_in("olga", role="owner")
    page = context.new_page()
    page.goto(room.root + path)
    room.sign_out("olga")
    page.locator(field).press_sequentially(TYPED)
    if where in BY_BUTTON:
        if where == "new page":
            page.fill("#title", "Contact")
        page.locator("form[data-keep] button").first.click()
        page.get_by_text("What you typed is kept").wait_for()
    else:
        link = page.locator("#kept a", has_text="sign in")
        link.wait_for()
        assert link.get_attribute("href").endswith(f"?next={quote(path.split('?')[0], safe='')}")
    room.enter(context, "olga", "owner")
    take_up(page, room, path, field)
    context.close()


def test_what_was_saved_is_not_offered_again(room: Newsroom) -> None:
    context = room.sign_in("olga", role="owner")
    page = context.new_page()
    page.goto(f"{room.root}/desk/pages/new")
    page.fill("#title", "Contact")
    page.fill("#body", "Write to us.  \n\n")
    page.locator("form[data-keep] button").first.click()
    page.get_by_text("stands on the site").first.wait_for()
    for path in (page.url, f"{room.root}/desk/pages/new", page.url):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert page.locator("#kept .notice").count() == 0, path
    context.close()


def test_of_two_who_write_one_page_the_second_has_both_texts(room: Newsroom, issue: Issue) -> None:
    for where in ("page", "welcome letter"):
        path, field = fields(issue)[where]
        contexts = [room.sign_in(name, role="owner") for name in ("olga", "omar")]
        pages = [context.new_page() for context in contexts]
        for page, words in zip(pages, ("Olga's words", "Omar's words"), strict=True):
            page.goto(room.root + path)
            if where == "welcome letter":
                page.fill("#subject", "Welcome")
            page.fill(field, words)
        for page in pages:
            page.locator("form[data-keep] button").first.click()
        pages[1].get_by_text("Below is what you typed").wait_for()
        assert "Olga's words" in pages[1].inner_text("main .theirs")
        assert pages[1].input_value(field) == "Omar's words"
        # Even now, before it is saved at last, it outlives the browser.
        pages[1].wait_for_function(_KEPT, arg="Omar's words")
        for context in contexts:
            context.close()
