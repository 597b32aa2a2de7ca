"""Debian's Chromium, and what axe is asked in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.services import missing_service

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
]
SERIOUS = {"serious", "critical"}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@contextmanager
def chromium() -> Iterator[Any]:
    """A running browser."""
    if not CHROMIUM.exists():
        missing_service("Chromium (/usr/bin/chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def serious_faults(page: Any) -> list[str]:
    """What axe finds on the page as it is shown, if serious."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options=RULES).response
    assert found["passes"], "axe looked at nothing"
    return [
        f"{fault['id']} {fault['nodes'][0]['html']}"
        for fault in found["violations"]
        if fault["impact"] in SERIOUS
    ]
