"""A new editor is invited, writes Update 121, and sends it: in Chromium, with a Mailer that runs.

The path is the same each time (`editors_path.steps`): by mouse, by keyboard alone, in Spanish, and
without JavaScript.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import chromium as running_browser
from tests.sink import Sink
from tests.system.editors_path.foreign import english_on
from tests.system.editors_path.hands import Keyboard
from tests.system.editors_path.mailer import running
from tests.system.editors_path.steps import STEPS
from tests.system.editors_path.story import Way, beginning


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with running_browser() as browser:
        yield browser


def walk(way: Way, chromium: Any, folder: Path, sink: Sink) -> None:
    """Take all steps."""
    with (
        running(folder, sink, way.language) as mailer,
        beginning(way, mailer, chromium, folder) as story,
    ):
        for step in STEPS:
            step(story)
        # Whoever looks for English on pages in Spanish would find it.
        found = english_on(story.editor.page, "es")
        assert bool(found) == (way.language == "en")


def test_by_mouse(chromium: Any, tmp_path: Path, sink: Sink) -> None:
    walk(Way(), chromium, tmp_path, sink)


@pytest.mark.long
def test_by_keyboard_alone(chromium: Any, tmp_path: Path, sink: Sink) -> None:
    walk(Way(hand=Keyboard), chromium, tmp_path, sink)


@pytest.mark.long
def test_in_spanish(chromium: Any, tmp_path: Path, sink: Sink) -> None:
    walk(Way(language="es"), chromium, tmp_path, sink)


@pytest.mark.long
def test_without_javascript(chromium: Any, tmp_path: Path, sink: Sink) -> None:
    walk(Way(scripts=False), chromium, tmp_path, sink)
