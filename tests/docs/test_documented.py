"""The documents say what the code does: every key, command, route, state, check and field.

Where one of these fails, the code has something that no document tells, or a document tells of
something that is gone.
"""

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
from fastapi.routing import iter_route_contexts
from typer.testing import CliRunner

from mailer.cli.app import app as command_line
from mailer.cli.doctor import Diagnosis
from mailer.config import Config, read_config
from mailer.config.load import _SECRETS_FROM_FILES
from mailer.database import Database, load_models
from mailer.delivery import states
from mailer.letter.preflight import CHECKS
from mailer.web import create_app
from tests.conftest import CONFIG
from tests.delivery.desk import Desk
from tests.web.conftest import fill

EXAMPLE = Path("config.example.toml").read_text(encoding="utf-8")
DOCUMENTS = {
    str(path): path.read_text(encoding="utf-8")
    for path in (
        *map(Path, ("README.md", "CHANGELOG.md", "config.example.toml")),
        *sorted(Path("docs").glob("*.md")),
    )
}
ARCHITECTURE, OPERATORS, EDITORS, API = (
    DOCUMENTS[f"docs/{name}.md"] for name in ("ARCHITECTURE", "operators", "editors", "api")
)


def table(text: str) -> dict[str, str]:
    """The rows of a document's tables: what the first cell names → the rest of the row."""
    return dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", text, re.MULTILINE))


# The configuration


def first(section: Any) -> Any:
    """A section of the configuration, or the first of several such."""
    return section[0] if isinstance(section, list | tuple) else section


def keys(model: Any = Config, within: str = "") -> dict[tuple[str, str], Any]:
    """Every key of the model, by its section and its name in the file."""
    found = {}
    for name, field in model.model_fields.items():
        kind: Any = next(iter(get_args(field.annotation)), field.annotation)
        if hasattr(kind, "model_fields"):
            found |= keys(kind, f"{within}.{name}".strip("."))
        if within:
            found[within, field.alias or name] = field
    return found


def section(tree: Any, path: str) -> Any:
    """What stands at `path`, of a file or of a configuration; {} where nothing does."""
    for name in path.split("."):
        tree = tree.get(name, {}) if isinstance(tree, dict) else getattr(tree, name)
        tree = first(tree)
    return tree


STANDS = tomllib.loads(EXAMPLE)
# A key behind a # without a blank shows its default; "# key = …" is prose.
SHOWN = tomllib.loads(re.sub(r"^#(?=[a-z_]+ = |\[)", "", EXAMPLE, flags=re.MULTILINE))


def test_the_example_has_every_key_and_no_other() -> None:
    sections = {*SHOWN, *(where for where, _ in keys())}
    assert {(where, key) for where in sections for key in section(SHOWN, where)} == set(keys())


def test_the_example_is_a_complete_configuration(tmp_path: Path) -> None:
    config = read_config(EXAMPLE, tmp_path / "config.toml", {})
    assert config.database.url == f"sqlite:///{tmp_path / 'mailer.db'}"


def test_what_the_example_shows_behind_a_hash_is_the_default() -> None:
    shown = Config.model_validate(SHOWN)
    for (where, key), field in keys().items():
        needed = field.is_required() or where == "pace.domain" or key == "domain"
        if not needed and key not in section(STANDS, where) and field.default is not None:
            assert getattr(section(shown, where), key) == field.default, key


def test_the_example_explains_each_key() -> None:
    for before, line in pairwise(EXAMPLE.splitlines()):
        if re.match(r"#?[a-z_]+ = ", line):
            assert re.match(r"# .+\.$", before), line


def test_the_example_names_each_secret_that_may_be_in_a_file() -> None:
    for section, key in _SECRETS_FROM_FILES:
        assert f"{section}.{key}" in EXAMPLE
        assert f"\n# {key} = " in EXAMPLE


# The commands


def commands(group: Any, *words: str) -> Iterator[tuple[str, Any]]:
    """Every command below `group`, with the words that call it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *words, name)
        else:
            yield " ".join((*words, name)), command


COMMANDS = dict(commands(typer.main.get_command(command_line), "mailer"))


def options(command: Any) -> set[str]:
    return {
        option
        for parameter in command.params
        if parameter.param_type_name == "option"
        for option in (*parameter.opts, *parameter.secondary_opts)
    }


def test_every_command_is_documented_and_no_other() -> None:
    documented = {
        " ".join(re.findall(r"^[a-z -]+", row)[0].split()): told
        for row, told in table(OPERATORS).items()
        if row.startswith("mailer ")
    }
    assert set(documented) == set(COMMANDS)
    for words, command in COMMANDS.items():
        told = set(re.findall(r"--?[a-z-]+", documented[words]))
        assert told == options(command), words


def typed() -> Iterator[tuple[str, str]]:
    """Each command that a document lets somebody type, with the document's name."""
    for name, text in DOCUMENTS.items():
        for line in re.findall(r"^ +(mailer .+)$|`(mailer [a-z][^`]*)`", text, re.MULTILINE):
            yield name, "".join(line)


def test_what_is_to_be_typed_exists() -> None:
    seen = 0
    for document, line in typed():
        words = shlex.split(line.replace("…", "").replace("[", "").replace("]", ""))
        if words[1] in ("--config", "COMMAND"):
            continue
        name = " ".join(words[:3]) if " ".join(words[:3]) in COMMANDS else " ".join(words[:2])
        group = any(known.startswith(f"{name} ") for known in COMMANDS)
        assert name in COMMANDS or (group and len(words) == 2), f"{document}: {line}"
        given = {word for word in words if re.match(r"--?[a-z]", word)}
        if name in COMMANDS:
            assert given <= options(COMMANDS[name]), f"{document}: {line}"
        seen += 1
    assert seen > len(COMMANDS)


# The pages


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_route_is_documented_and_no_other(database: Database, config: Config) -> None:
    app = create_app(config, database)
    stand = {route.path for route in iter_route_contexts(app.routes)}
    # An address without its last slash leads to the page, and is none itself.
    paths = {re.sub(r":int}", "}", path) for path in stand if f"{path}/" not in stand}
    documented = re.findall(r"^\| `(/[^`]*)` \|", OPERATORS, re.MULTILINE)
    assert set(documented) == paths
    assert len(documented) == len(set(documented))


# The house


def test_the_ledgers_states_mean_what_the_code_says() -> None:
    assert states.__doc__ is not None
    told = dict(re.findall(r"^([a-z_]+) +([a-z].*)$", states.__doc__, re.MULTILINE))
    told = {state: told[state] for state in states.STATES}
    documented = {row: words for row, words in table(ARCHITECTURE).items() if row in told}
    assert documented == told


def test_every_room_is_in_the_picture() -> None:
    rooms = {path.parent.name for path in Path("mailer").glob("*/__init__.py")}
    for room in rooms | {"clock", "errors"}:
        assert re.search(rf"^\*\*`{room}`\*\* ", ARCHITECTURE, re.MULTILINE), room


def test_every_table_is_documented() -> None:
    assert set(load_models().tables) <= set(table(ARCHITECTURE))


def test_every_module_that_is_named_stands() -> None:
    for name in set(re.findall(r"`([a-z_/]+/[a-z_]+\.py)`", ARCHITECTURE)):
        assert Path("mailer", name.removeprefix("mailer/")).is_file(), name


# Preflight


def test_every_check_is_documented_and_no_other() -> None:
    (what_is_checked,) = re.findall(
        r"### What is checked\n(.*?)\n##? ", f"{EDITORS}\n# ", re.DOTALL
    )
    assert set(table(what_is_checked)) == set(CHECKS)


# JSON


def documented_fields(command: str) -> set[str]:
    """The fields that docs/api.md names under a command: in tables, and in "`a`, `b` as above"."""
    (told,) = re.findall(rf"^## {command}\n(.*?)(?=^## |\Z)", API, re.MULTILINE | re.DOTALL)
    above = re.findall(r"One object: (.*?) as above, and (`[a-z]+`)", told, re.DOTALL)
    return set(table(told)) | set(re.findall(r"`([a-z_]+)`", " ".join(sum(above, ()))))


def fields_in(answer: Any) -> set[str]:
    """Every name of a field in `answer`, also inside."""
    if isinstance(answer, list):
        return set().union(*map(fields_in, answer))
    if isinstance(answer, dict):
        inside = (value for name, value in answer.items() if name != "custom_fields")
        return set(answer).union(*map(fields_in, inside))
    return set()


READERS = "email,name,town\nana@example.org,Ana,Lima\nnobody,,\n"
JSON_COMMANDS = {
    "mailer issues list": "issues list",
    "mailer issues show": "issues show 120",
    "mailer issues check": "issues check 120",
    "mailer issues status": "issues status 120 --details",
    "mailer issues doubts": "issues doubts 120",
    "mailer deliveries": "deliveries ana@example.org",
    "mailer subscribers import": "subscribers import readers.csv",
    "mailer subscribers show": "subscribers show ana@example.org",
    "mailer staff list": "staff list",
}


def test_every_command_with_json_is_documented() -> None:
    speaking = {words for words, command in COMMANDS.items() if "--json" in options(command)}
    assert speaking == {*JSON_COMMANDS, "mailer doctor"}
    assert {*re.findall(r"^## (.+)$", API, re.MULTILINE)} == speaking


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_json_field_is_documented_and_no_other(
    database: Database,
    database_url: str,
    config: Config,
    now: datetime,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(database, config, now)
    # Without a postal address, preflight has something to say.
    text = CONFIG.format(url=database_url, port=2525).replace("1 Example Street, London", "")
    (tmp_path / "config.toml").write_text(text)
    (tmp_path / "readers.csv").write_text(READERS)
    monkeypatch.chdir(tmp_path)
    desk = Desk(database, config)
    desk.subscribe("tom@example.org")
    desk.send(now)
    desk.put([1], state="deferred")
    desk.put([2], state="in_doubt")
    runner = CliRunner()
    account = ["staff", "add", "owner@psg.example", "--role", "owner"]
    assert runner.invoke(command_line, account, input="a long password\n").exit_code == 0
    for words, line in JSON_COMMANDS.items():
        said = runner.invoke(command_line, [*line.split(), "--json"]).stdout
        assert fields_in(json.loads(said)) == documented_fields(words), words


def test_what_doctor_says_as_json_is_documented() -> None:
    assert {field.name for field in fields(Diagnosis)} == documented_fields("mailer doctor")


# All of them


def test_links_lead_somewhere() -> None:
    for name, text in DOCUMENTS.items():
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", text):
            path = Path(name).parent / target if target else Path(name)
            assert path.is_file(), f"{name}: {target}"
            if anchor:
                heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
                slugs = [re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads]
                assert anchor in slugs, f"{name}: {target}#{anchor}"


ELSEWHERE = re.compile(
    r"(?<![\w.])/(?:work|root|home|tmp|Users|opt/venv)/"
    r"|pypi\.|pythonhosted|npmjs|docker\.io|ghcr\.|github\.|gitlab|bitbucket|jira|"
    r"(?i:issue|ticket) #[0-9]|\blocalhost:[0-9]"
)


def test_no_document_speaks_of_another_place() -> None:
    for name, text in DOCUMENTS.items():
        assert not ELSEWHERE.search(text), name


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_no_lock_file_names_a_host(lock: str) -> None:
    assert "://" not in Path(lock).read_text(encoding="utf-8")
