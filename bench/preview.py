"""What the letter beside the composer costs: on the server, and from keystroke to shown letter.

Run: python -m bench.preview [--browser] [--items N] [--keys N]. Every keystroke changes one item
of an issue that is otherwise as it was. With --browser, a real one types into a real desk on
SQLite, and the clock stops when the letter in the frame says what was typed. Beside each figure
stands how long processors were busy for one keystroke, the browser's among them.
"""

import argparse
import os
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn

from bench.busy import busy_s
from mailer import delivery, staff
from mailer.config import Config, read_config
from mailer.database import connect, upgrade
from mailer.publication import (
    Issue,
    Typed,
    TypedItem,
    ensure_first,
    find_issue,
    import_listing,
    parse_listing,
    with_typed,
)
from mailer.web import create_app

NOW = datetime(2026, 3, 31, 9, tzinfo=UTC)
PARAGRAPH = (
    "The river rises in the snow and feeds three valleys; those who live there have asked for a "
    "say in how its water is shared, and the law gives it. Their council met twice in the spring, "
    "and its minutes are open to all who ask."
)
CONFIG = """
[organisation]
name = "Andes Society"
address = "1 Example Street, London"
[site]
url = "http://127.0.0.1:{port}"
listen = "127.0.0.1:{port}"
secret_key = "a-key-for-benches-only-0123456789abc"
[database]
url = "sqlite:///{folder}/mailer.db"
[mail]
from = "Andes Updates <updates@andes.example>"
bounce_address = "bounces@andes.example"
[[relay]]
host = "127.0.0.1"
port = 2525
security = "none"
"""
DEBOUNCE_MS = 100
"""What the page's script waits for the next key; it is part of what an editor waits for."""


def a_desk(folder: Path, items: int) -> tuple[Config, Any, Issue]:
    """A database with one issue of so many items."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = read_config(CONFIG.format(port=port, folder=folder), folder / "config.toml", {})
    database = connect(config.database.url)
    upgrade(config.database.url, database.engine)
    listing = "\n".join(
        f"• The water of valley {number}\n\n    Update 120. 31 March 2007\n\n    {PARAGRAPH}\n"
        for number in range(items)
    )
    with database.write() as session:
        ensure_first(session, "en", NOW)
        parsed = parse_listing(listing, "listing.txt", ["Update"])
        import_listing(session, parsed, update=False, now=NOW, actor="bench")
        issue = find_issue(session, 1, 120)
    assert len(issue.items) == items
    return config, database, issue


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of each keystroke by the clock, and of processors for one on average."""

    taken: list[float]
    busy: float


def times(work: Callable[[int], object], often: int) -> Times:
    """How long each run takes, after one to warm up."""
    work(-1)
    taken = []
    began = busy_s()
    for number in range(often):
        begin = time.perf_counter()
        work(number)
        taken.append((time.perf_counter() - begin) * 1000)
    return Times(taken, (busy_s() - began) * 1000 / often)


def report(what: str, times: Times) -> None:
    ordered = sorted(times.taken)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    print(
        f"{what:<50} p50 {statistics.median(ordered):6.1f} ms   p95 {p95:6.1f} ms"
        f"   busy {times.busy:6.1f} ms"
    )


def on_the_server(config: Config, issue: Issue, keys: int) -> None:
    variant = delivery.chosen_variant(issue)
    assert variant is not None

    def typed(number: int) -> Issue:
        one = TypedItem(issue.items[3].id, summary=f"{PARAGRAPH} Word {number}")
        kept = tuple(TypedItem(item.id) for item in issue.items)
        return with_typed(issue, Typed(items=(*kept[:3], one, *kept[4:])))

    shown = lambda number: delivery.preview(config, typed(number), variant, NOW)  # noqa: E731
    report("the letter of what is typed", times(shown, keys))
    report(
        "what preflight finds in it", times(lambda n: delivery.check_issue(config, typed(n)), keys)
    )


@contextmanager
def serving(config: Config, database: Any) -> Iterator[None]:
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(config, database), port=config.site.listen_port, log_level="critical"
        )
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield
    server.should_exit = True
    thread.join()


# Types into the page as the composer does: it tells the panel what is on the screen, and looks
# when the frame's letter has it.
KEYSTROKE = """
async ({items, word}) => {
  const frame = document.querySelector("[data-frame]");
  const begin = performance.now();
  document.dispatchEvent(new CustomEvent("draft", {detail: {items}}));
  while (!frame.contentDocument.body.textContent.includes(word)) {
    await new Promise(requestAnimationFrame);
    if (performance.now() - begin > 10000) return -1;
  }
  return performance.now() - begin;
}
"""


def in_a_browser(config: Config, database: Any, issue: Issue, keys: int) -> Times:
    from playwright.sync_api import sync_playwright

    with database.write() as session:
        account = staff.add(
            session, "ana@andes.example", "editor", "a-password-of-the-bench", NOW, ""
        )
        secret = staff.begin(
            session, account.id, network="127.0.0.1", agent="bench", now=datetime.now(UTC)
        )
    taken: list[float] = []
    began = 0.0
    with serving(config, database), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context()
        context.add_cookies([{"name": "mailer-desk", "value": secret, "url": config.site.url}])
        page = context.new_page()
        page.goto(f"{config.site.url}/desk/issues/{issue.id}/letter")
        for number in range(-1, keys):
            items: list[dict[str, Any]] = [{"id": item.id} for item in issue.items]
            items[3]["summary"] = f"{PARAGRAPH} Word{number}x"
            took = page.evaluate(KEYSTROKE, {"items": items, "word": f"Word{number}x"})
            assert took >= 0, "the letter never came"
            if number >= 0:
                taken.append(took)
            else:
                began = busy_s(os.getpid())
        busy = (busy_s(os.getpid()) - began) * 1000 / keys
        browser.close()
    return Times(taken, busy)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--browser", action="store_true")
    options.add_argument("--items", type=int, default=10)
    options.add_argument("--keys", type=int, default=60)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config, database, issue = a_desk(Path(folder), given.items)
        load = os.getloadavg()[0]
        print(f"an issue of {given.items} items, {given.keys} keystrokes; load {load:.1f}")
        on_the_server(config, issue, given.keys)
        if given.browser:
            taken = in_a_browser(config, database, issue, given.keys)
            report(f"from keystroke to shown letter ({DEBOUNCE_MS} ms of waiting)", taken)
        database.close()


if __name__ == "__main__":
    main()
