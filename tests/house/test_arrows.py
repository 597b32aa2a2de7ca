"""The arrows between rooms: they hold, and one drawn on purpose where none may be is caught.

The contracts stand in pyproject.toml, the picture in docs/ARCHITECTURE.md.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LINT = Path(sys.executable).with_name("lint-imports")

# Where a line is put in, the line, and the contract that it breaks, by the beginning of its name.
SPOILT = {
    "up": ("delivery/retry.py", "from mailer.web import create_app", "Arrows"),
    "up, on the ground": ("errors.py", "import mailer.clock", "Arrows"),
    "sideways": ("audience/draft.py", "from mailer import publication", "Arrows"),
    "between two doors": ("schedule/ticks.py", "from mailer.web import create_app", "Arrows"),
    "in a function": ("tokens/links.py", "def f():\n    from mailer import audit", "Arrows"),
    "for types only": (
        "audit/record.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from mailer import staff",
        "Arrows",
    ),
    "from a room on no floor": ("annexe/__init__.py", "from mailer import letter", "Arrows"),
    "membership to delivery": ("membership/__init__.py", "from mailer import delivery", "Arrows"),
    "membership to staff": ("membership/__init__.py", "from mailer import staff", "Membership"),
    "feedback to publication": (
        "feedback/__init__.py",
        "from mailer import publication",
        "Feedback",
    ),
    "delivery to staff": ("delivery/retry.py", "from mailer import staff", "Delivery"),
    "letter to configuration": ("letter/plain.py", "from mailer import config", "The letter"),
    "tokens to database": ("tokens/links.py", "from mailer import database", "Tokens"),
    "in a circle": ("delivery/states.py", "from mailer.delivery import record", "No circle"),
}


def broken(folder: Path) -> list[str]:
    """The contracts that the package in `folder` breaks."""
    run = subprocess.run(
        [LINT, "--no-logo", "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )
    found = re.findall(r"^(.+) BROKEN$", run.stdout, re.MULTILINE)
    assert bool(found) == bool(run.returncode), run.stdout + run.stderr
    return found


def test_every_arrow_is_one_that_is_drawn() -> None:
    assert broken(Path.cwd()) == []


@pytest.mark.parametrize("arrow", SPOILT)
def test_an_arrow_that_is_not_drawn_is_caught(tmp_path: Path, arrow: str) -> None:
    place, line, contract = SPOILT[arrow]
    shutil.copy("pyproject.toml", tmp_path)
    shutil.copytree("mailer", tmp_path / "mailer", ignore=shutil.ignore_patterns("__pycache__"))
    path = tmp_path / "mailer" / place
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as module:
        module.write(f"\n{line}\n")
    assert any(name.startswith(contract) for name in broken(tmp_path))
