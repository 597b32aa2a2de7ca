"""`--help` says what each command does, at once; and every way in is the same."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from mailer.cli.app import app
from tests.system.site import MAILER, environment

HEAVY = {
    "alembic", "apscheduler", "argon2", "asyncio", "email_validator", "fastapi", "jinja2",
    "markdown_it", "premailer", "psycopg", "pydantic", "sqlalchemy", "starlette", "structlog",
    "uvicorn",
}  # fmt: skip


def commands(group: Any, *words: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield words, group
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, *words, name)


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_helps(words: tuple[str, ...]) -> None:
    said = CliRunner().invoke(app, [*words, "--help"])
    assert said.exit_code == 0
    assert said.stdout.startswith(f"Usage: mailer {' '.join(words)}".rstrip())
    assert (COMMANDS[words].help or "").split(".")[0] in " ".join(said.stdout.split())


def test_help_loads_nothing_that_takes_time() -> None:
    script = (
        "import sys, json, atexit\n"
        "atexit.register(lambda: print(json.dumps([*sys.modules]), file=sys.stderr))\n"
        "sys.argv = ['mailer', '--help']\n"
        "from mailer.cli import main\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, env=environment())
    assert done.returncode == 0
    assert set(json.loads(done.stderr)) & HEAVY == set()


def test_the_module_is_the_command() -> None:
    done = subprocess.run([*MAILER, "--help"], capture_output=True, text=True, env=environment())
    assert done.returncode == 0
    assert "Usage: mailer " in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("no-such",), "No such command 'no-such'; `mailer --help` says"),
        (("issues", "show", "x"), "is no issue's number"),
        (("issues", "show"), "Missing argument"),
        (("issues", "show", "120", "--no-such"), "`mailer issues show --help` says"),
        (("--config",), "--config"),
        (("demo", "--port", "70000"), "65535"),
        (("issues", "show", "120", "-p", "\udcff"), "is not UTF-8"),
        (("--config", "x\ny", "issues", "list"), "x\\ny"),
        (("--config", "x" * 5000, "issues", "list"), "x…"),
    ],
)
def test_what_cannot_be_understood_is_one_sentence(words: tuple[str, ...], said: str) -> None:
    done = subprocess.run([*MAILER, *words], capture_output=True, text=True, env=environment())
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("mailer: ")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr
    assert len(done.stderr) < 1000
    assert "Traceback" not in done.stderr
