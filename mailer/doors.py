"""Doors that open when somebody knocks: a room's names without the cost of its modules.

A command uses a few functions of a few rooms, and would wait a fifth of a second for modules that
it never calls. So a door writes its imports under `if TYPE_CHECKING:`, where type checkers and
the arrows' linter read them; `opened_by(__name__, __file__)` reads them there too, and makes each
import when its name is first used (PEP 562).
"""

import ast
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path


def opened_by(room: str, file: str) -> Callable[[str], object]:
    """The `__getattr__` of the door of `room`, whose source is `file`."""
    behind: dict[str, str] = {}

    def look_up(name: str) -> object:
        if not behind:
            behind.update(_imports(Path(file), room))
        if name not in behind:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        found = getattr(import_module(behind[name]), name)
        setattr(sys.modules[room], name, found)
        return found

    return look_up


def _imports(source: Path, room: str) -> dict[str, str]:
    """For each name that the door imports from its own room, the module that has it."""
    return {
        alias.name: node.module
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(f"{room}.")
        for alias in node.names
    }
