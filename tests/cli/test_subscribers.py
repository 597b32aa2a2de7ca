"""`mailer subscribers`, as it is typed."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from sqlalchemy import select
from typer.testing import CliRunner

from mailer import audience
from mailer.audit.models import AuditRow
from mailer.cli import subscribers
from mailer.cli.door import Door
from mailer.database import Database
from mailer.errors import NotFound, Refused, WrongInput
from tests.audience.readers import everybody, publication
from tests.conftest import CONFIG, NOW

Run = Callable[..., Result]

READERS = """Email,name,member,city
ana@example.org,Ana,yes,Lima
not an address,Bad,no,Puno
tom@example.org,Tom,no,
"""


@pytest.fixture
def run(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Type a command below `mailer subscribers`, in a folder with a configuration."""
    publication(database)
    (tmp_path / "config.toml").write_text(CONFIG.format(url=database_url, port=2525))
    (tmp_path / "readers.csv").write_text(READERS)
    monkeypatch.chdir(tmp_path)
    parent = typer.Typer()
    parent.add_typer(subscribers.app, name="subscribers")

    @parent.callback()
    def _open(context: typer.Context) -> None:
        context.obj = Door(tmp_path / "config.toml")
        context.call_on_close(context.obj.database.close)

    def typed(*words: str) -> Result:
        return CliRunner().invoke(parent, ["subscribers", *words])

    return typed


def audited(database: Database) -> list[tuple[str, str]]:
    with database.read() as session:
        rows = session.execute(select(AuditRow.subject, AuditRow.words).order_by(AuditRow.id))
        return [(row.subject, row.words) for row in rows]


def test_half_characters_on_the_command_line_do_no_harm(run: Run, tmp_path: Path) -> None:
    (tmp_path / "r\udcff.csv").write_text(READERS)
    refused = run("import", "r\udcff.csv")
    assert isinstance(refused.exception, WrongInput)
    assert str(refused.exception).isprintable()
    for option in ("--ground", "--name", "--greeting"):
        refused = run("add", "ana@example.org", option, "A\udcff")
        assert f"The {option[2:]} holds something that is not UTF-8" in str(refused.exception)
    refused = run("import", "readers.csv", "--ground", "\udcff")
    assert isinstance(refused.exception, WrongInput)
    refused = run("show", "ana\udcff@example.org")
    assert isinstance(refused.exception, WrongInput)
    assert str(refused.exception).isprintable()


def test_importing_says_what_became_of_the_rows(
    run: Run, database: Database, tmp_path: Path
) -> None:
    result = run("import", "readers.csv", "--ground", "asked at our stall", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "rows": 3,
        "created": 2,
        "updated": 0,
        "unchanged": 0,
        "rejected": 1,
        "suppressed": 0,
        "rejects_file": "readers.rejects.csv",
    }
    assert "Importing: 3 of 3 rows" in result.stderr
    with (tmp_path / "readers.rejects.csv").open(newline="") as rejects:
        assert [row[:2] for row in csv.reader(rejects)] == [
            ["line", "value"], ["3", "not an address"]
        ]  # fmt: skip
    again = run("import", "readers.csv", "-p", "update", "--rejects", "other.csv")
    assert "2 unchanged" in again.stdout
    assert (tmp_path / "other.csv").exists()
    assert [subject for subject, _ in audited(database)] == ["publication 1"] * 2


def test_a_reader_is_added_shown_and_unsubscribed(run: Run, database: Database) -> None:
    added = run(
        "add", "Ana@example.org", "--name", "Ana", "--greeting", "Ana and Tom", "--member",
        "--language", "es", "--ground", "phoned",
    )  # fmt: skip
    assert added.stdout == "Ana@example.org reads Update from now on.\n"
    assert "already" in run("add", "ana@example.org").stdout
    shown: dict[str, Any] = json.loads(run("show", "ANA@example.org", "--json").stdout)
    assert (shown["address"], shown["name"], shown["member"]) == ("Ana@example.org", "Ana", True)
    assert shown["consents"][0]["ground"].endswith("phoned")
    assert shown["subscriptions"][0]["state"] == "active"
    told = run("show", "ana@example.org").stdout
    assert "greeting: Ana and Tom" in told
    assert "was added to Update by staff" in told
    assert "any more" in run("unsubscribe", "ana@example.org").stdout
    assert "nothing changed" in run("unsubscribe", "ana@example.org", "-p", "update").stdout
    assert "gets nothing" in run("unsubscribe", "ana@example.org", "--all").stdout
    assert "suppressed: left" in run("show", "ana@example.org").stdout
    log = audited(database)
    assert [words for _, words in log] == [
        "added a reader",
        "unsubscribed from Update",
        "unsubscribed from everything",
    ]
    assert {subject for subject, _ in log} == {f"subscriber {shown['id']}"}


def test_the_words_that_were_agreed_to_are_shown(run: Run, database: Database) -> None:
    run("add", "ana@example.org")
    wording = audience.Wording("You asked for Update. Yes.", "en")
    with database.write() as session:
        ana = audience.find(session, "ana@example.org")
        audience.leave(session, ana.id, 1, method="link", network=None, now=NOW)
        audience.confirm(session, ana.id, 1, wording=wording, network=None, now=NOW)
    assert (
        "\n                  shown: You asked for Update. Yes.\n"
        in run("show", "ana@example.org").stdout
    )


def test_an_export_goes_to_standard_output(run: Run) -> None:
    run("import", "readers.csv")
    result = run("export")
    rows = list(csv.DictReader(io.StringIO(result.stdout_bytes.decode(), newline="")))
    assert [(row["email"], row["member"], row["city"]) for row in rows] == [
        ("ana@example.org", "yes", "Lima"),
        ("tom@example.org", "no", ""),
    ]


def test_erasing_is_asked_for_twice_or_meant(run: Run, database: Database) -> None:
    run("import", "readers.csv")
    refused = run("erase", "ana@example.org")
    assert isinstance(refused.exception, Refused)
    assert "ana@example.org" in run("export").stdout
    erased = run("erase", "ana@example.org", "--yes")
    assert erased.exit_code == 0
    assert "ana" not in run("export").stdout
    assert not [words for _, words in audited(database) if "@" in words]
    assert isinstance(run("show", "ana@example.org").exception, NotFound)
    again = run("import", "readers.csv", "--json")
    assert json.loads(again.stdout)["suppressed"] == 1


WRONG = (
    ("import", "missing.csv"),
    ("import", "empty.csv"),
    ("import", "names.csv"),
    ("import", "noise.csv"),
    ("import", "."),
    ("import", "readers.csv", "-p", "no-such"),
    ("import", "readers.csv", "--rejects", "no-such/rejects.csv"),
    ("import", "readers.csv", "--ground", "x" * 2001),
    ("add", "ana@example.org", "--ground", "x" * 2001),
    ("add", "ana"),
    ("add", "ana@example.org\nBcc: all@example.org"),
    ("add", "ana@example.org", "-p", "no-such"),
    ("add", "ana@example.org", "--language", "Spanish, please"),
    ("show", "nobody@example.org"),
    ("show", "nobody"),
    ("unsubscribe", "nobody@example.org"),
    ("unsubscribe", "nobody@example.org", "--all", "-p", "update"),
    ("erase", "nobody@example.org", "--yes"),
    ("export", "-p", "no-such"),
)


def test_wrong_input_is_one_sentence_and_leaves_nothing(
    run: Run, database: Database, tmp_path: Path
) -> None:
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "names.csv").write_text("name\nAna\n")
    (tmp_path / "noise.csv").write_bytes(bytes(range(255, -1, -1)) * 50)
    before = sorted(tmp_path.glob("*.csv"))
    for words in WRONG:
        result = run(*words)
        assert isinstance(result.exception, WrongInput), words
        assert result.exception.exit_status == 2
        assert "\n" not in str(result.exception)
        assert str(result.exception).endswith("."), words
        assert result.stdout == ""
    assert everybody(database) == []
    assert audited(database) == []
    assert sorted(tmp_path.glob("*.csv")) == before
