"""Hands at the desk: what somebody does with a page, by mouse or by keyboard alone.

Whatever is looked for is looked for by the words that stand on the page, in the language of
whoever looks: a button by its name, a field by its label. `within` names a part of the page.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from mailer.web.catalogue import Catalogue
from tests.system.editors_path.foreign import english_on

PATIENCE_MS = 45_000
HOPS = 150
"""Whoever has not come to a place after so many presses of the Tab key does not get there."""

_WHERE = """target => {
  const at = document.activeElement;
  if (at === target) return "here";
  const way = at.compareDocumentPosition(target);
  return way & Node.DOCUMENT_POSITION_PRECEDING && at !== document.body ? "before" : "behind";
}"""
_SHOWS = """async target => {
  // What scrolls smoothly, or fades in, is waited for.
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  const drawn = target.type === "radio" || target.type === "checkbox"
    ? [target, target.nextElementSibling, target.closest("label")] : [target];
  const ring = drawn.some(one => {
    const style = one && getComputedStyle(one);
    return style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  });
  const box = target.getBoundingClientRect();
  const seen = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return target.matches(":focus-visible") && ring && seen ? "" :
    `ring ${ring}, seen ${seen}, ${target.outerHTML.slice(0, 200)}`;
}"""


class Hand(ABC):
    """Somebody at a page of their browser."""

    keys_alone = False

    def __init__(self, page: Any, catalogue: Catalogue, scripts: bool = True) -> None:
        self.page = page
        self.catalogue = catalogue
        self.scripts = scripts

    def say(self, template: str, **values: object) -> str:
        """The words of the page for an English text."""
        said = self.catalogue.say(template, **values)
        assert self.catalogue.language == "en" or said != template.format(**values), said
        return said

    def arrives(self, heading: str, **values: object) -> None:
        """The page has come that says what it is."""
        h1 = self.page.locator("h1")
        expect(h1).to_have_text(self.say(heading, **values), timeout=PATIENCE_MS)
        if self.catalogue.language != "en":
            assert english_on(self.page, self.catalogue.language) == []
        self.page.wait_for_load_state()

    def sees(self, words: str, within: Any = None, **values: object) -> None:
        """These words can be read."""
        place = within or self.page.locator("main")
        said = self.say(words, **values)
        expect(place).to_contain_text(said, use_inner_text=True, timeout=PATIENCE_MS)

    def reads(self, words: str) -> None:
        """These words, which are nobody's of the desk, can be read."""
        place = self.page.locator("main")
        expect(place).to_contain_text(words, use_inner_text=True, timeout=PATIENCE_MS)

    def named(self, words: str, within: Any = None, **values: object) -> Any:
        """The link or button of that name; what follows a colon says which of several it is."""
        return self._called(self.say(words, **values), within)

    def _called(self, said: str, within: Any = None) -> Any:
        place = within or self.page
        name = re.compile(rf"^{re.escape(said)}( ?:.*)?$")
        return place.get_by_role("link", name=name).or_(place.get_by_role("button", name=name))

    def press(self, words: str, within: Any = None, **values: object) -> None:
        self.act(self.named(words, within, **values))

    def follow(self, words: str, within: Any = None) -> None:
        """Press what bears these very words: a title that somebody wrote."""
        self.act(self._called(words, within))

    def write(self, label: str, text: str, within: Any = None) -> None:
        self.type(self.field(label, within), text)

    def field(self, label: str, within: Any = None, **values: object) -> Any:
        return (within or self.page).get_by_label(self.say(label, **values), exact=True)

    def tick(self, words: str, within: Any = None, **values: object) -> None:
        """Tick a box, or choose one of several, by how its words begin."""
        name = re.compile(f"^{re.escape(self.say(words, **values))}")
        place = within or self.page
        self.check(place.get_by_role("radio", name=name).or_(
            place.get_by_role("checkbox", name=name)
        ))  # fmt: skip

    @abstractmethod
    def act(self, target: Any) -> None:
        """Press a link, a button or a fold."""

    @abstractmethod
    def type(self, field: Any, text: str) -> None:
        """Put `text` in place of what the field has."""

    @abstractmethod
    def go_into(self, field: Any) -> None:
        """Have the field take what is typed."""

    @abstractmethod
    def check(self, target: Any) -> None: ...

    @abstractmethod
    def select(self, label: str, option: str) -> None:
        """Choose an option by its words."""

    @abstractmethod
    def date(self, field: Any, day: str) -> None:
        """Give a day ("2026-11-25") or a time ("09:00")."""

    @abstractmethod
    def move_up(self, item: Any) -> None:
        """Bring an item of the composer before the one above it."""

    def choose_file(self, field: Any, file: Path) -> None:
        """Choose a file in the window that the browser opens."""
        with self.page.expect_file_chooser() as opened:
            self.open_files(field)
        opened.value.set_files(file)

    def open_files(self, field: Any) -> None:
        self.act(field)

    def paste(self, field: Any) -> None:
        """Paste what was copied elsewhere."""
        self.go_into(field)
        self.page.keyboard.press("Control+V")


class Mouse(Hand):
    """By mouse, and the keyboard for letters."""

    def act(self, target: Any) -> None:
        target.click()

    def type(self, field: Any, text: str) -> None:
        field.click()
        field.fill(text)

    def go_into(self, field: Any) -> None:
        field.click()

    def check(self, target: Any) -> None:
        target.click()
        expect(target).to_be_checked()

    def select(self, label: str, option: str) -> None:
        self.field(label).select_option(label=option)

    def date(self, field: Any, day: str) -> None:
        field.fill(day)

    def move_up(self, item: Any) -> None:
        if not self.scripts:
            self.press("Move up", item)
            return
        above = item.locator("xpath=preceding-sibling::li[1]")
        above.scroll_into_view_if_needed()
        item.locator("[data-handle]").drag_to(above, target_position={"x": 20, "y": 4})


def as_typed(value: str) -> tuple[str, str]:
    """The keys of a date or a time of day, in the two orders that a user's country may have."""
    if "-" in value:
        year, month, day = value.split("-")
        return day + month + year, month + day + year
    hour, minute = value.split(":")
    return hour + minute, f"{(int(hour) + 11) % 12 + 1:02}{minute}{'P' if int(hour) > 11 else 'A'}"


class Keyboard(Hand):
    """By keyboard alone: Tab, Enter, Space, arrows and letters. Where it stops is seen."""

    keys_alone = True

    def reach(self, target: Any) -> None:
        """Go to `target` with the Tab key, forwards or back; the ring around it is seen."""
        target.wait_for()
        expect(target).to_be_enabled()
        self._hop(lambda: str(target.evaluate(_WHERE)), target)
        assert target.evaluate(_SHOWS) == ""

    def _hop(self, where: Callable[[], str], target: Any) -> None:
        for _ in range(HOPS):
            place = where()
            if place == "here":
                return
            self.page.keyboard.press("Tab" if place == "behind" else "Shift+Tab")
        raise AssertionError(f"the Tab key does not lead to {target}")

    def act(self, target: Any) -> None:
        self.reach(target)
        self.page.keyboard.press("Enter")

    def type(self, field: Any, text: str) -> None:
        self.reach(field)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def go_into(self, field: Any) -> None:
        self.reach(field)

    def check(self, target: Any) -> None:
        if target.get_attribute("type") == "checkbox":
            self.reach(target)
            self.page.keyboard.press("Space")
        elif not target.is_checked():
            # Of several the one that is chosen takes the Tab key, and arrows lead on.
            name = target.get_attribute("name")
            self.reach(self.page.locator(f"input[type=radio][name={name}]:checked"))
            for _ in range(10):
                if target.is_checked():
                    break
                self.page.keyboard.press("ArrowDown")
        expect(target).to_be_checked()

    def select(self, label: str, option: str) -> None:
        field = self.field(label)
        self.reach(field)
        self.page.keyboard.type(option)
        expect(field.locator("option:checked")).to_have_text(option)

    def date(self, field: Any, day: str) -> None:
        self.reach(field)
        for typed in as_typed(day):
            self.page.keyboard.type(typed)
            if field.input_value() == day:
                return
            self.page.keyboard.press("ArrowLeft")
            self.page.keyboard.press("ArrowLeft")
        raise AssertionError(f"{day} cannot be typed: {field.input_value()}")

    def move_up(self, item: Any) -> None:
        handle = item.locator("[data-handle]")
        self.reach(handle)
        self.page.keyboard.press("Alt+ArrowUp")

    def open_files(self, field: Any) -> None:
        self.reach(field)
        self.page.keyboard.press("Space")
