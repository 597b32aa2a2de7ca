"""Doors: who is in one room knows of another only what its `__init__` hands out.

`mailer.<room>` may be imported, and from it what stands in its `__all__`; `mailer.<room>.<module>`
may not. The database loads the rooms' tables by name, which is no import. Behind its own door a
room is free.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path("mailer")


def past_doors(package: Path) -> Iterator[str]:
    """Each import past another room's door, as "file:line: what it reaches for"."""
    rooms = {path.parent.name: exported(path) for path in package.glob("*/__init__.py")}
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package).parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for source, name in imported(node, ("mailer", *inside[:-1])):
                room, *further = (*source.split("."), name)[1:]
                if room == inside[0] or room not in rooms:
                    continue
                # `from mailer.room import name`, where the room hands that name out.
                handed_out = len(further) == 1 and further[0] in rooms[room]
                if not handed_out and any(further):
                    yield f"{'/'.join(inside)}:{getattr(node, 'lineno', 0)}: {source} {name}"


def imported(node: ast.AST, within: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """What of Mailer a statement in the package `within` imports: module, and name from it."""
    if isinstance(node, ast.Import):
        # Without a name: this imports modules only, never what a door hands out.
        yield from (
            (alias.name, "") for alias in node.names if f"{alias.name}.".startswith("mailer.")
        )
    elif isinstance(node, ast.ImportFrom):
        above = within[: len(within) - node.level + 1] if node.level else ()
        source = ".".join((*above, *filter(None, [node.module])))
        if f"{source}.".startswith("mailer."):
            yield from ((source, alias.name) for alias in node.names)


def exported(door: Path) -> set[str]:
    """What a room's `__all__` names."""
    for node in ast.parse(door.read_text(encoding="utf-8")).body:
        target = (
            node.targets[0]
            if isinstance(node, ast.Assign)
            else node.target
            if isinstance(node, ast.AnnAssign)
            else None
        )
        if isinstance(target, ast.Name) and target.id == "__all__":
            assert isinstance(node, ast.Assign | ast.AnnAssign)
            return set(ast.literal_eval(node.value or ast.List([])))
    raise AssertionError(f"{door} has no __all__")


def test_nobody_reaches_past_a_door() -> None:
    assert list(past_doors(PACKAGE)) == []


@pytest.mark.parametrize(
    "line",
    [
        "from mailer.audience.models import SubscriberRow",
        "from mailer.audience import models",
        "from mailer.audience import erasing",
        "import mailer.audience.erasing",
        "from ..audience import models",
        "def f():\n    from mailer.audience.erasing import erase",
        "if TYPE_CHECKING:\n    from mailer.audience.address import Address",
    ],
)
def test_reaching_past_a_door_is_seen(tmp_path: Path, line: str) -> None:
    package = tmp_path / "mailer"
    for room, names in (("audience", "['erase']"), ("delivery", "[]")):
        (package / room).mkdir(parents=True)
        (package / room / "__init__.py").write_text(f"__all__ = {names}\n")
    spoilt = package / "delivery" / "claim.py"
    spoilt.write_text("from mailer.audience import erase\nfrom mailer.delivery import states\n")
    assert list(past_doors(package)) == []
    spoilt.write_text(line + "\n")
    assert len(list(past_doors(package))) == 1


def test_every_door_hands_out_what_it_says() -> None:
    from importlib import import_module

    for door in PACKAGE.glob("*/__init__.py"):
        room = import_module(f"mailer.{door.parent.name}")
        assert room.__doc__, f"{door} tells no story"
        assert [name for name in room.__all__ if not hasattr(room, name)] == []
