"""How rooms are furnished: names that say something, modules that one can read, own things only."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

LONG = 400
SAYS_WHY = re.compile(r"^Long, since .+", re.MULTILINE)
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "manager", "managers", "base", "common"}

# What makes a browser or a mail program load something, and where from.
LOADS = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed|object|use|image)\b[^>]*?
        \b(?:src|srcset|data|href|poster)\s*=\s*["']?\s*(?P<tag>(?:https?:)?//[^"'\s>]*)
      | <link\b[^>]*?\bhref\s*=\s*["']?\s*(?P<link>(?:https?:)?//[^"'\s>]*)
      | url\(\s*["']?\s*(?P<css>(?:https?:)?//[^"')\s]*)
      | @import\s+(?:url\()?["']?\s*(?P<import>(?:https?:)?//[^"')\s]*)""",
    re.IGNORECASE | re.VERBOSE,
)


def modules() -> list[Path]:
    return sorted(Path("mailer").rglob("*.py"))


def test_a_module_is_short_or_says_why_it_is_not() -> None:
    long = []
    for module in modules():
        source = module.read_text(encoding="utf-8")
        told = ast.get_docstring(ast.parse(source)) or ""
        if (lines := source.count("\n")) > LONG and not SAYS_WHY.search(told):
            long.append(f"{module} has {lines} lines")
    # Make two of it, or let a line of its docstring begin with "Long, since ".
    assert long == []


def test_a_module_is_named_after_what_it_does() -> None:
    assert [str(m) for m in modules() if {m.stem, m.parent.name} & SAYS_NOTHING] == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(module)
        for module in modules()
        if module != Path("mailer/__init__.py")
        and not ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))
    ]
    assert silent == []


# What the letter room may use besides the standard library: what renders, and nothing else.
RENDERS = {
    *(
        "jinja2",
        "markupsafe",
        "premailer",
        "cssutils",
        "cssselect",
        "lxml",
        "tinycss2",
        "css_inline",
    ),
    *("markdown_it", "mdit_py_plugins", "linkify_it", "nh3", "idna"),
}
# What of the standard library reaches out of a process, or tells what time it is.
REACHES_OUT = {
    *("asyncio", "io", "mmap", "multiprocessing", "os", "pathlib", "random", "secrets", "select"),
    *("shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile"),
    *("threading", "time", "http", "ftplib", "smtplib", "imaplib", "ctypes"),
}


def foreign(source: str) -> set[str]:
    """What a module of the letter room imports that it may not."""
    wanted = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            wanted |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            wanted.add(node.module or "")
    allowed = RENDERS | (set(sys.stdlib_module_names) - REACHES_OUT)
    return {
        name
        for name in wanted
        if not (name in ("mailer.errors", "mailer.sentence") or name.startswith("mailer.letter"))
        and (name.partition(".")[0] not in allowed or name == "urllib.request")
    }


def test_the_letter_needs_nobody_but_what_renders() -> None:
    rooms = sorted(Path("mailer/letter").rglob("*.py"))
    assert {str(one): names for one in rooms if (names := foreign(one.read_text("utf-8")))} == {}


@pytest.mark.parametrize(
    "line",
    [
        "from mailer import config",
        "import mailer.audience",
        "import sqlalchemy",
        "def f():\n    from pydantic import BaseModel",
        "import socket",
        "from urllib.request import urlopen",
        "from pathlib import Path",
        "import time",
    ],
)
def test_what_the_letter_may_not_need_is_caught(line: str) -> None:
    source = Path("mailer/letter/plain.py").read_text("utf-8")
    assert foreign(f"{source}\n{line}\n") != set()


def loads(text: str) -> Iterator[str]:
    """What `text` lets a browser load from elsewhere."""
    for found in LOADS.finditer(text):
        yield next(filter(None, found.groups()))


def test_no_template_loads_anything_from_elsewhere() -> None:
    found = {
        str(path): list(loads(path.read_text(encoding="utf-8")))
        for path in Path("templates").rglob("*")
        if path.is_file()
    }
    assert found
    assert {path: urls for path, urls in found.items() if urls} == {}


@pytest.mark.parametrize(
    "line",
    [
        '<script src="https://cdn.example/a.js"></script>',
        "<img alt='' src=//cdn.example/pixel.gif>",
        '<link rel="stylesheet" href="https://fonts.example/a.css">',
        "@import url(https://fonts.example/a.css);",
        "@import 'https://fonts.example/a.css';",
        "p { background: url( 'http://cdn.example/a.png' ) }",
    ],
)
def test_what_is_loaded_from_elsewhere_is_seen(line: str) -> None:
    assert list(loads(line))


def test_a_link_loads_nothing() -> None:
    assert list(loads('<a href="https://example.org/">there</a>')) == []


def test_no_name_at_a_door_is_a_module_behind_it() -> None:
    """The module would take the name's place as soon as somebody imports it."""
    for door in Path("mailer").glob("*/__init__.py"):
        room = import_module(f"mailer.{door.parent.name}")
        if hasattr(room, "__getattr__"):
            assert not set(room.__all__) & {module.stem for module in door.parent.glob("*.py")}
            assert all(hasattr(room, name) for name in room.__all__)
