"""Every page as Chromium shows it: no serious fault that axe finds, nothing wider than a phone.

At 320 and 1280 px, light and dark (WCAG 2.2 AA, and 1.4.10 for the width).
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailer.letter import READABLE, contrast
from mailer.tokens import Purpose
from mailer.web.look import stylesheet
from tests.browser import serious_faults
from tests.conftest import NOW, make_config
from tests.web.conftest import Ana, fill, long_ago, served


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Ana]]:
    """A running site on SQLite, and its reader."""
    with served(tmp_path_factory.mktemp("site")) as (root, config, database):
        yield root, fill(database, config, NOW)


def pages_of(ana: Ana) -> dict[str, str]:
    return {
        "archive": "/",
        "issue": "/updates/120/",
        "item": "/updates/120/government-signs-a-pact-on-water/",
        "page": "/pages/why-join/",
        "subscribe": "/subscribe/",
        "confirm": ana.confirm,
        "preferences": ana.preferences,
        "too old": f"/preferences/{ana.link(Purpose.PREFERENCES, long_ago())}",
        "unsubscribe": ana.unsubscribe,
        "not found": "/nothing/",
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_fault_and_nothing_too_wide(
    site: tuple[str, Ana], chromium: Any, scheme: str
) -> None:
    root, ana = site
    asked: list[str] = []
    context = chromium.new_context(color_scheme=scheme)
    browser_page = context.new_page()
    browser_page.on("request", lambda request: asked.append(request.url))
    browser_page.on("console", lambda message: asked.append(f"console: {message.text}"))
    faults = []
    for name, path in pages_of(ana).items():
        browser_page.goto(root + path)
        for width in (320, 1280):
            browser_page.set_viewport_size({"width": width, "height": 800})
            wide = browser_page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                faults.append(f"{name} at {width}: {wide} px wide")
            faults += [f"{name} at {width}: {fault}" for fault in serious_faults(browser_page)]
    context.close()
    assert faults == []
    # A page of an error is logged by the browser as such; nothing else is said or loaded.
    said = [line for line in asked if not line.startswith(root)]
    assert [line for line in said if "status of 4" not in line] == []


def test_a_wrong_address_is_met_by_keyboard_alone(site: tuple[str, Ana], chromium: Any) -> None:
    root, _ = site
    context = chromium.new_context(java_script_enabled=True)
    page = context.new_page()
    page.goto(f"{root}/subscribe/")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the text"
    assert page.locator(":focus").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("tom")
    page.keyboard.press("Enter")
    assert page.locator("[role=alert] a").inner_text().startswith("“tom” is no email address")
    page.locator("[role=alert] a").press("Enter")
    assert page.locator("#email").evaluate("e => e.matches(':target')")
    assert page.locator("#email").input_value() == "tom"
    context.close()


def test_controls_are_large_enough(site: tuple[str, Ana], chromium: Any) -> None:
    root, ana = site
    context = chromium.new_context(viewport={"width": 320, "height": 800})
    page = context.new_page()
    for path in ("/", ana.preferences):
        page.goto(root + path)
        low = page.evaluate(
            "[...document.querySelectorAll('button, select, nav a, .numbers a, .choice,"
            " input:not([type=hidden], [type=radio], [type=checkbox])')]"
            ".filter(e => e.getBoundingClientRect().height < 44).map(e => e.outerHTML)"
        )
        assert low == []
    context.close()


@pytest.mark.parametrize("colour", ["#1F4E79", "#FFEE00", "#777777", "#C0392B"])
def test_whatever_the_accent_it_is_read_on_its_own_tint(colour: str) -> None:
    given = {"accent": colour, "accent_dark": colour}
    organisation = make_config(Path("/")).organisation.model_copy(update=given)
    found = re.findall(r"--accent: (#\w+);.*?--tint: (#\w+);", stylesheet(organisation))
    assert len(found) == 2
    for accent, tint in found:
        assert contrast(accent, tint) >= READABLE
