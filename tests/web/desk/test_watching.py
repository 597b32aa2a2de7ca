"""Watching a mailing: one look a second for all who watch, and lines that end in order."""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from mailer.web.desk import live as live_module
from mailer.web.desk.live import Live
from tests.web.desk.conftest import SignIn
from tests.web.desk.sending import Update120


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "EVERY_S", 0.01)


def run(what: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def within() -> None:
        await asyncio.wait_for(what(), 20)
        # Nobody is left behind.
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(within())


class Counter:
    """What is looked at: a figure that somebody else may change."""

    def __init__(self) -> None:
        self.value, self.looks = 1, 0

    def look(self) -> int:
        self.looks += 1
        return self.value


async def take(line: Any, most: int) -> list[Any]:
    seen = []
    async for one in line:
        seen.append(one)
        if len(seen) == most:
            break
    await line.aclose()
    return seen


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_what_is_new_is_told_and_nothing_twice() -> None:
    async def watch() -> None:
        counter, live = Counter(), Live()
        line = live.watch("a", counter.look)
        assert await anext(line) == 1
        counter.value = 2
        assert await anext(line) == 2
        await line.aclose()
        await settle()

    run(watch)


def test_watchers_share_one_look() -> None:
    async def watch() -> None:
        counter, live = Counter(), Live()
        others = [Counter() for _ in range(5)]
        lines = [live.watch("a", counter.look), *(live.watch("a", one.look) for one in others)]
        assert [await anext(line) for line in lines] == [1] * 6
        assert [one.looks for one in others] == [0] * 5
        for line in lines:
            await line.aclose()
        await settle()
        before = counter.looks
        await asyncio.sleep(0.05)
        assert counter.looks == before

    run(watch)


def test_a_quiet_line_has_a_heartbeat_and_ends_by_itself() -> None:
    async def watch() -> None:
        counter, live = Counter(), Live(heartbeat_s=0.02, line_s=0.1)
        seen = await take(live.watch("a", counter.look), 100)
        assert seen[:2] == [1, None]
        assert len(seen) < 10
        await settle()

    run(watch)


def test_when_the_pages_end_all_lines_end() -> None:
    async def watch() -> None:
        live = Live()
        lines = [live.watch(key, Counter().look) for key in ("a", "a", "b")]
        for line in lines:
            await anext(line)
        threading.Thread(target=live.close).start()
        for line in lines:
            assert [one async for one in line] == []
        assert [one async for one in live.watch("c", Counter().look)] == []
        await settle()

    run(watch)


def test_where_looking_fails_the_line_ends_and_the_next_one_looks_again() -> None:
    async def watch() -> None:
        live = Live()
        failing = True

        def look() -> int:
            if failing:
                raise OSError("gone")
            return 3

        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        assert [one async for one in live.watch("a", look)] == []
        failing = False
        assert await take(live.watch("a", look), 1) == [3]
        await settle()

    run(watch)


def test_of_too_many_lines_the_oldest_ends() -> None:
    async def check() -> None:
        live, counter = Live(lines=2), Counter()
        first, second, third = (live.watch("one", counter.look) for _ in range(3))
        assert [await anext(line) for line in (first, second, third)] == [1, 1, 1]
        counter.value = 2
        assert [seen async for seen in first] in ([], [2])
        assert await anext(second) == 2
        assert await anext(third) == 2
        # Whoever left makes room.
        await second.aclose()
        fourth = live.watch("one", counter.look)
        assert await anext(fourth) == 2
        counter.value = 3
        assert await anext(third) == 3
        for line in (third, fourth):
            await line.aclose()

    run(check)


def test_somebody_slow_hears_the_newest() -> None:
    async def watch() -> None:
        counter, live = Counter(), Live()
        slow, quick = live.watch("a", counter.look), live.watch("a", counter.look)
        assert [await anext(slow), await anext(quick)] == [1, 1]
        for value in (2, 3, 4):
            counter.value = value
            assert await anext(quick) == value
        assert await anext(slow) == 4
        for line in (slow, quick):
            await line.aclose()
        await settle()

    run(watch)


def test_the_desk_tells_it_in_words_and_figures(update: Update120, sign_in: SignIn) -> None:
    update.begin()
    editor = sign_in("editor")
    editor.app.state.desk_live = Live(line_s=0.5)  # type: ignore[attr-defined]
    with editor.stream("GET", f"{update.path}/progress/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        told = "".join(answer.iter_text())
    news = [json.loads(line[6:]) for line in told.splitlines() if line.startswith("data: ")]
    assert told.startswith("retry: ")
    assert (news[0]["own"]["status"], news[0]["correction"]) == ("sending", None)
    assert news[0]["own"]["sentences"][0] == "0 of 1 reader has it."
    waiting = next(row for row in news[0]["own"]["rows"] if row["key"] == "waiting")
    assert (waiting["label"], waiting["count"]) == ("Waiting", "1")
