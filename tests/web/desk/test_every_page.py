"""Every page of the desk as Chromium shows it: no serious fault that axe finds, nothing wider than
the screen, and all that can be pressed is reached with the keyboard, in order, and seen.

Each page by day in English and by night in Spanish, at 320, 768 and 1280 px. Where
MAILER_TEST_PICTURES names a folder, a picture of each is put there, to be looked at.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from mailer.web.desk.routes import ROUTERS
from tests.browser import serious_faults
from tests.web.desk.every_page import LETTERS, NO_PAGES, PAGES, REFUSALS, Page, open_page
from tests.web.desk.whole_desk import WholeDesk, whole_desk

ALL = [page for pages in PAGES.values() for page in pages] + list(REFUSALS)
LANGUAGES = {"light": "en", "dark": "es"}
BY_DAY = ("composer, item open", "send", "progress", "people")
BY_NIGHT = ("overview", "report", "reader", "calendar")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeDesk]:
    with whole_desk(tmp_path_factory.mktemp("desk")) as desk:
        yield desk


class Eyes:
    """Browsers in one colour scheme, one for each of those who sign in."""

    def __init__(self, chromium: Any, desk: WholeDesk, scheme: str) -> None:
        self.chromium, self.desk, self.scheme = chromium, desk, scheme
        self.language = LANGUAGES[scheme]
        self.said: list[str] = []
        self._pages: dict[str, Any] = {}

    def open(self, page: Page, width: int) -> Any:
        """The page in the browser of whoever sees it."""
        if page.role not in self._pages:
            self._pages[page.role] = self._enter(page.role)
        shown = self._pages[page.role]
        shown.set_viewport_size({"width": width, "height": 900})
        status = open_page(shown, self.desk, page)
        if status != page.status:
            self.said.append(f"{page.name} came with {status}")
        return shown

    def _enter(self, role: str) -> Any:
        locale = {"en": "en-GB", "es": "es-PE"}[self.language]
        context = self.chromium.new_context(
            color_scheme=self.scheme, locale=locale, reduced_motion="reduce"
        )
        name = role if role in self.desk.secrets else f"{role} {self.language}"
        if value := self.desk.secrets.get(name):
            context.add_cookies([{"name": "mailer-desk", "value": value, "url": self.desk.root}])
        shown = context.new_page()
        shown.set_default_timeout(20_000)
        shown.on("pageerror", lambda error: self.said.append(str(error)))
        shown.on("console", self._hear)
        return shown

    def _hear(self, told: Any) -> None:
        if told.type in ("error", "warning"):
            self.said.append(told.text)

    def close(self) -> None:
        for page in self._pages.values():
            page.context.close()


def look_at(eyes: Eyes, pages: list[Page], width: int) -> list[str]:
    """What is wrong with these pages at this width."""
    faults = []
    for page in pages:
        shown = eyes.open(page, width)
        about = f"{page.name} at {width}, {eyes.scheme}"
        keep_picture(shown, about)
        faults += [f"{about}: {one}" for one in faults_of(shown, width)]
    eyes.close()
    return faults + [one for one in eyes.said if "responded with a status of 4" not in one]


def faults_of(shown: Any, width: int) -> Iterator[str]:
    yield from serious_faults(shown)
    wide = shown.evaluate("document.documentElement.scrollWidth")
    if wide > width:
        yield f"{wide} px wide"
    for cut in shown.evaluate(_CUT_OFF):
        yield f"cut off: {cut}"
    yield from faults_with_the_keyboard(shown)


def faults_with_the_keyboard(shown: Any) -> Iterator[str]:
    """What Tab leaves out, comes to too early, or shows nobody."""
    shown.evaluate(_TO_THE_TOP)
    due: list[list[Any]] = shown.evaluate(_TO_REACH)
    reached: list[int] = []
    for _ in range(len(due) + 60):
        shown.keyboard.press("Tab")
        at = shown.evaluate(_WHERE)
        if at is None or (reached and at["at"] == reached[0]):
            break
        if at["fault"] and at["at"] not in reached:
            yield f"{at['fault']}: {at['html']}"
        reached.append(at["at"])
    if reached != sorted(reached):
        yield "the focus goes up the page"
    for at, html in due:
        if at not in reached:
            yield f"Tab does not reach {html}"


def keep_picture(shown: Any, name: str) -> None:
    if folder := os.environ.get("MAILER_TEST_PICTURES"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        shown.evaluate("document.activeElement.blur()")
        file = Path(folder) / f"{name.replace(' ', '-').replace(',', '')}.png"
        shown.screenshot(path=file, full_page=True)


# What is cut off with an ellipsis is meant to be; so is a frame, which scrolls itself.
_CUT_OFF = """() => [...document.querySelectorAll("main *, header *")]
  .filter(e => e.scrollWidth > e.clientWidth + 1 &&
    !e.closest(".visually-hidden, svg, iframe, input, select, textarea"))
  .filter(e => {
    const style = getComputedStyle(e);
    return ["hidden", "clip"].includes(style.overflowX) && style.textOverflow !== "ellipsis";
  })
  .map(e => e.outerHTML.slice(0, 120))"""

_TO_THE_TOP = """() => {
  document.activeElement.blur();
  getSelection().removeAllRanges();
  scrollTo(0, 0);
  const top = Object.assign(document.createElement("span"), {tabIndex: -1});
  document.body.prepend(top);
  top.focus();
  top.remove();
}"""

_TO_REACH = """() => {
  const all = [...document.querySelectorAll("*")];
  const may = "a[href], button, input:not([type=hidden]), select, textarea, summary," +
    " [tabindex='0']";
  const others = e => e.type === "radio" && !e.checked &&
    document.querySelector(`input[name="${CSS.escape(e.name)}"]:checked`);
  const later = e => e.type === "radio" && !e.checked && [...document.getElementsByName(e.name)]
    .find(one => one.type === "radio") !== e;
  return [...document.querySelectorAll(may)]
    .filter(e => !e.disabled && e.tabIndex >= 0 && !e.closest("[inert], fieldset:disabled"))
    .filter(e => e.checkVisibility({visibilityProperty: true}) && !others(e) && !later(e))
    .map(e => [all.indexOf(e), e.outerHTML.slice(0, 120)]);
}"""

# The ring is of the focused thing itself, or of the label that stands for it.
_WHERE = """() => {
  const e = document.activeElement;
  if (e === document.body || e === document.documentElement) return null;
  const at = [...document.querySelectorAll("*")].indexOf(e);
  const seen = one => {
    const style = getComputedStyle(one), box = one.getBoundingClientRect();
    return style.outlineStyle === "solid" && parseFloat(style.outlineWidth) >= 2
      && style.opacity > 0 && box.width > 8 && box.height > 8;
  };
  const shown = [e, e.closest("label")].find(one => one && seen(one));
  let fault = "";
  if (e.tagName !== "IFRAME" && !shown) fault = "the focus is not seen";
  else if (shown) {
    const box = shown.getBoundingClientRect();
    if (box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth)
      fault = "the focus is off the screen";
  }
  return {at, fault, html: e.outerHTML.slice(0, 120)};
}"""


def test_no_page_is_left_out() -> None:
    looked = {
        route.path
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ())
    }
    stand = {path for path in looked if path.startswith("/desk/")}
    assert stand - PAGES.keys() - LETTERS - NO_PAGES == set(), "give each a page to look at"
    assert (PAGES.keys() | LETTERS | NO_PAGES) - stand == set(), "these do not stand any more"


@pytest.mark.parametrize("path", sorted(NO_PAGES))
def test_what_is_called_no_page_is_none(desk: WholeDesk, path: str) -> None:
    ids = {"issue_id": "sent", "import_id:int": "done"}
    there = re.sub(r"\{(.*?)\}", lambda name: str(desk.ids.get(ids.get(name[1], ""), "x")), path)
    there = there.replace("publications/x", "publications/updates")
    headers = {"cookie": f"mailer-desk={desk.secrets['owner en']}"}
    with httpx.stream("GET", desk.root + there, headers=headers) as answer:
        assert answer.status_code in (200, 303), answer.status_code
        assert answer.is_redirect or "html" not in answer.headers["content-type"]


@pytest.mark.parametrize(
    ("inside", "fault"),
    [
        ("<a href='#'>one</a><a href='#'>two</a>", ""),
        ("<a href='#'>one</a><a href='#' tabindex='1'>two</a>", "Tab does not reach"),
        ("<a href='#'>one</a><a href='#' style='outline: 0'>two</a>", "the focus is not seen"),
        ("<a href='#' style='position: absolute; left: -900px'>one</a>", "off the screen"),
        ("<a href='#' onfocus='two.focus()'>one</a><a href='#' id='two'>two</a>", "not reach"),
    ],
)
def test_the_keyboards_faults_are_seen(chromium: Any, inside: str, fault: str) -> None:
    page = chromium.new_page()
    page.set_content(f"<style>:focus {{outline: 3px solid}}</style>{inside}")
    found = list(faults_with_the_keyboard(page))
    page.close()
    assert bool(found) == bool(fault)
    assert not fault or any(fault in one for one in found)


@pytest.mark.parametrize(
    ("scheme", "width", "names"), [("light", 1280, BY_DAY), ("dark", 320, BY_NIGHT)]
)
def test_some_pages_at_first_sight(
    desk: WholeDesk, chromium: Any, scheme: str, width: int, names: tuple[str, ...]
) -> None:
    pages = [page for page in ALL if page.name in names]
    assert len(pages) == len(names)
    assert look_at(Eyes(chromium, desk, scheme), pages, width) == []


@pytest.mark.long
@pytest.mark.parametrize("width", [320, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_by_day_and_by_night(
    desk: WholeDesk, chromium: Any, scheme: str, width: int
) -> None:
    assert look_at(Eyes(chromium, desk, scheme), ALL, width) == []
