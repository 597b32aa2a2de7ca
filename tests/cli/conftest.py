"""The command line, typed in the folder of a site."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailer import clock
from mailer.cli import main
from mailer.database import connect
from tests.conftest import CONFIG, make_config
from tests.delivery.desk import Desk, furnish
from tests.staff.conftest import cheap_hashes

__all__ = ["cheap_hashes"]


@dataclass(frozen=True)
class Answer:
    """What a command wrote: the answer, and its remarks."""

    answer: str
    remarks: str


class _Terminal(io.StringIO):
    """Standard input, with a person or a pipe at its other end."""

    def __init__(self, typed: str, *, person: bool) -> None:
        super().__init__(typed)
        self._person = person

    def isatty(self) -> bool:
        return self._person


@dataclass
class Shell:
    """Types commands in `folder`, in this process, as the console script runs them."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def run(self, *words: str, status: int = 0, typed: str = "", person: bool = False) -> Answer:
        """Run a command to its end; its exit status is asserted."""
        with self.monkeypatch.context() as patch:
            patch.chdir(self.folder)
            patch.setattr(sys, "argv", ["mailer", *words])
            patch.setattr(sys, "stdin", _Terminal(typed, person=person))
            with pytest.raises(SystemExit) as ended:
                main()
        said = Answer(*self.capsys.readouterr())
        assert (ended.value.code or 0) == status, said
        return said

    def say(self, *words: str, **more: Any) -> str:
        """What a command answers."""
        return self.run(*words, **more).answer

    def json(self, *words: str, **more: Any) -> Any:
        return json.loads(self.say(*words, "--json", **more))

    def refusal(self, *words: str, status: int = 2, **more: Any) -> str:
        """The one sentence that a command refuses with."""
        said = self.run(*words, status=status, **more)
        assert said.answer == ""
        assert said.remarks.startswith("mailer: ")
        assert said.remarks.count("\n") == 1
        assert said.remarks.endswith((".\n", "?\n"))
        return said.remarks.removeprefix("mailer: ").rstrip("\n")


@pytest.fixture
def empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    """A shell in a folder without anything."""
    monkeypatch.delenv("MAILER_CONFIG", raising=False)
    folder = tmp_path / "site"
    folder.mkdir()
    return Shell(folder, monkeypatch, capsys)


@pytest.fixture
def shell(empty: Shell, database_url: str) -> Shell:
    """A shell in the folder of a site on a fresh database with the sample issues."""
    (empty.folder / "config.toml").write_text(CONFIG.format(url=database_url, port=9))
    with closing(connect(database_url)) as database:
        furnish(database, make_config(empty.folder, database_url))
    return empty


@pytest.fixture
def desk(shell: Shell, database_url: str) -> Iterator[Desk]:
    """The same site, seen from inside."""
    with closing(connect(database_url)) as database:
        yield Desk(database, make_config(shell.folder, database_url))


@pytest.fixture
def in_days() -> Callable[[float], str]:
    """A moment so many days from now, as `--at` takes it."""
    return lambda days: (clock.now() + timedelta(days=days)).isoformat()
