"""Who takes an editor's path, how, and what they have in hand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from mailer.web.catalogue import catalogue_of, languages
from tests.conftest import NOW
from tests.publication.test_pictures import drawn
from tests.system.editors_path.hands import PATIENCE_MS, Hand, Mouse
from tests.system.editors_path.mailer import Running
from tests.web.desk.conftest import Phone

LOCALES = {"en": "en-GB", "es": "es-ES"}
WORD = (
    "<html xmlns:o='urn:schemas-microsoft-com:office:office'><body><p class=MsoNormal "
    "style='margin:0'><b>Three</b> districts<o:p></o:p></p><p class=MsoNormal>have "
    "<i>voted</i>.</p><script>alert(1)</script></body></html>"
)


@dataclass(frozen=True)
class Way:
    """One way of taking the path."""

    hand: type[Hand] = Mouse
    language: str = "en"
    scripts: bool = True


@dataclass
class Story:
    """The editor and the owner at their browsers, and the Mailer that runs."""

    way: Way
    mailer: Running
    chromium: Any
    folder: Path
    editor: Hand
    owner: Hand
    phone: Phone = field(default_factory=lambda: Phone(b""))
    due: datetime = NOW
    """When it is to go out."""

    @property
    def language(self) -> str:
        """The language, as it calls itself."""
        return languages()[self.way.language]

    @property
    def picture(self) -> Path:
        file = self.folder / "harvest.png"
        file.write_bytes(drawn(size=(640, 400)))
        return file

    def copy_from_word(self) -> None:
        """Have in the clipboard what Word puts there."""
        page = self.chromium.new_page()
        page.set_content("<p>A document</p>")
        page.evaluate(
            """html => document.addEventListener("copy", event => {
              event.clipboardData.setData("text/html", html);
              event.clipboardData.setData("text/plain", "Three districts\\n\\nhave voted.");
              event.preventDefault();
            })""",
            WORD,
        )
        page.keyboard.press("Control+C")
        page.close()


@contextmanager
def beginning(way: Way, mailer: Running, chromium: Any, folder: Path) -> Iterator[Story]:
    """The story before its first step: two browsers, nobody signed in."""
    contexts = [
        chromium.new_context(
            locale=LOCALES[way.language],
            java_script_enabled=way.scripts,
            viewport={"width": 1280, "height": 900},
        )
        for _ in ("editor", "owner")
    ]
    hands = []
    said: list[str] = []
    for context in contexts:
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
        hands.append(way.hand(page, catalogue_of(way.language), way.scripts))
    yield Story(way, mailer, chromium, folder, *hands)
    for context in contexts:
        context.close()
    assert said == [], said


Step = Callable[[Story], None]
