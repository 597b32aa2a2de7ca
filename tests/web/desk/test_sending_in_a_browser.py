"""Sending in Chromium: a mailing that really goes to a real SMTP server while its page is watched,
with scripts and without; and the minute to undo."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailer import web
from tests.browser import chromium as running
from tests.sink import Sink
from tests.web.desk.pressroom import Pressroom, pressroom, until

pytestmark = pytest.mark.long

READERS = [f"reader{number}@{'one' if number % 3 else 'two'}.example" for number in range(12)]
NO_SUCH = READERS[3]


def picky(stage: str, argument: str) -> str | None:
    return "550 5.1.1 no such user here" if (stage, argument) == ("RCPT", NO_SUCH) else None


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with running() as browser:
        yield browser


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Pressroom]:
    with Sink(picky).running() as sink, pressroom(tmp_path, sink) as room:
        room.subscribe(*READERS)
        yield room


def says(page: Any) -> str:
    return " ".join(page.locator("main").inner_text().split())


def wait_for(page: Any, words: str) -> None:
    page.wait_for_function(
        "words => document.querySelector('main').innerText.replace(/\\s+/g, ' ').includes(words)",
        arg=words,
        timeout=30_000,
    )


def test_it_goes_out_while_it_is_watched(room: Pressroom, chromium: Any) -> None:
    context, page = room.browse(chromium, room.secret("editor"))
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text))
    room.begin()
    room.sink.pause_at = "accepted"
    with room.sending():
        page.goto(f"{room.path}/progress")
        # The page is not asked for again while the figures move.
        page.evaluate("window.stillTheSame = true")
        wait_for(page, "Failed 1 no such mailbox Show")
        wait_for(page, "of 12 readers have it.")
        assert page.evaluate("window.stillTheSame")
        assert page.get_by_role("button", name="Pause").is_visible()
        room.sink.go_on()
        # It is over: now the page is another.
        wait_for(page, "Read the report")
    assert "11 of 12 readers have it." in says(page)
    assert page.locator("h1").inner_text() == "Sent"
    assert sorted(room.sink.recipients) == sorted(set(READERS) - {NO_SUCH})
    page.get_by_role("link", name="Read the report").click()
    assert "Delivered over time" in says(page)
    assert "two.example" in says(page)
    context.close()
    assert faults == []


def test_two_who_watch_cost_one_look_a_second(
    room: Pressroom, chromium: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []
    from mailer.web.desk import progress

    look = progress._look

    def counted(*arguments: Any) -> Any:
        looks.append(time.monotonic())
        return look(*arguments)

    room.begin()
    opened = [room.browse(chromium, room.secret("auditor")) for _ in range(3)]
    for _, page in opened:
        page.goto(f"{room.path}/progress")
    live = room.app.state.desk_live
    until(lambda: len(live._watched) == 1, "a line")
    monkeypatch.setattr(progress, "_look", counted)
    opened[0][1].wait_for_timeout(3300)
    assert 2 <= len(looks) <= 4
    for context, _ in opened:
        context.close()
    # Whoever has gone away is not looked for.
    until(lambda: not live._watched, "nobody watches")


def test_without_scripts_the_page_looks_again_by_itself(room: Pressroom, chromium: Any) -> None:
    context, page = room.browse(chromium, room.secret("editor"), scripts=False)
    room.begin()
    page.goto(f"{room.path}/progress")
    assert page.locator("noscript meta[http-equiv=refresh]").get_attribute("content") == "5"
    assert "This page looks again by itself" in says(page)
    with room.sending():
        until(lambda: room.status.status == "sent", "all of it")
    page.reload()
    assert "11 of 12 readers have it." in says(page)
    assert page.locator("meta[http-equiv=refresh]").count() == 0
    context.close()


def test_the_pages_end_while_somebody_watches(room: Pressroom, chromium: Any) -> None:
    context, page = room.browse(chromium, room.secret("editor"))
    room.begin()
    page.goto(f"{room.path}/progress")
    until(lambda: len(room.app.state.desk_live._watched) == 1, "a line")
    web.stop(room.app)
    room.server.should_exit = True
    began = time.monotonic()
    wait_for(page, "The connection is lost")
    assert time.monotonic() - began < 5
    context.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_minute_to_undo(room: Pressroom, chromium: Any, scripts: bool) -> None:
    context, page = room.browse(chromium, room.secret("editor"), scripts=scripts)
    page.goto(f"{room.path}/send")
    assert "Update 120 goes to 12 readers." in says(page)
    page.get_by_role("button", name="Send to 12 readers").press("Enter")
    assert re.search(r"Update 120 goes out in \d+ seconds\.", says(page))
    if scripts:
        before = says(page)
        page.wait_for_function(f"document.getElementById('countdown').innerText !== {before!r}")
    else:
        assert page.locator("noscript meta[http-equiv=refresh]").count() == 1
        page.reload()
        assert re.search(r"Update 120 goes out in \d+ seconds\.", says(page))
    with room.sending():
        page.get_by_role("button", name="Undo").press("Enter")
        assert "Update 120 is a draft again. Nothing was sent." in says(page)
    assert room.sink.recorded == []
    context.close()


def test_when_the_minute_is_over_it_goes_and_the_page_follows(
    room: Pressroom, chromium: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mailer.delivery import undoing

    monkeypatch.setattr(undoing, "GRACE", timedelta(seconds=2))
    context, page = room.browse(chromium, room.secret("editor"))
    with room.sending():
        page.goto(f"{room.path}/send")
        page.get_by_role("button", name="Send to 12 readers").dblclick()
        wait_for(page, "11 of 12 readers have it.")
    assert len(room.sink.recorded) == 11
    context.close()


def test_fields_of_a_choice_show_while_it_is_chosen(room: Pressroom, chromium: Any) -> None:
    context, page = room.browse(chromium, room.secret("editor"))
    page.goto(f"{room.path}/send")
    assert not page.get_by_label("Day").first.is_visible()
    page.get_by_label("At a time").check()
    assert page.get_by_label("Day").first.is_visible()
    context.close()
    context, page = room.browse(chromium, room.secret("writer"), scripts=False)
    page.goto(f"{room.path}/send")
    assert page.get_by_role("button", name="Send a test").is_visible()
    context.close()
