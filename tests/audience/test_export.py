"""A publication's readers as CSV, and back."""

import csv
import io
from pathlib import Path

import pytest

from mailer import audience
from mailer.database import Database
from mailer.errors import WrongInput
from tests.audience.readers import csv_file, everybody, publication, reader, take_in
from tests.conftest import NOW

READERS = """email,name,greeting,member,language,tags,subscription_format,=City
Ana@example.org,'=SUM(A1),Ana and Tom,yes,es-PE,"a,b",text,+Lima
bo@bücher.example,Bo,,no,,,,
left@example.org,Left,,,,,,
'+tag@example.org,,,,,,,
"""


def exported(database: Database, publication_id: int) -> str:
    out = io.StringIO(newline="")
    audience.export_csv(database, out, publication_id, NOW.date())
    return out.getvalue()


def test_an_export_imports_to_the_same_state(database: Database, tmp_path: Path) -> None:
    update, other = publication(database), publication(database, "Other")
    take_in(database, csv_file(tmp_path, READERS), update)
    with database.write() as session:
        left = audience.find(session, "left@example.org").id
        audience.leave(session, left, update, method="link", network=None, now=NOW)
        audience.ask(
            session, "asked@example.org", publication_id=update, language="en", name="Eva",
            wording="Yes.", network=None, now=NOW,
        )  # fmt: skip
    before = everybody(database)
    text = exported(database, update)
    file = csv_file(tmp_path, text, "export.csv")
    assert take_in(database, file, update).unchanged == 5
    assert everybody(database) == before
    assert take_in(database, file, other).updated == 5
    assert exported(database, other) == text


def test_an_export_holds_no_formula_and_every_custom_field(
    database: Database, tmp_path: Path
) -> None:
    update = publication(database)
    take_in(database, csv_file(tmp_path, READERS), update)
    rows = list(csv.DictReader(io.StringIO(exported(database, update), newline="")))
    assert list(rows[0]) == [
        "email", "name", "greeting", "member", "language", "tags", "subscription_state",
        "subscription_format", "'=city",
    ]  # fmt: skip
    assert (rows[0]["name"], rows[0]["'=city"]) == ("'=SUM(A1)", "'+Lima")
    assert rows[3]["email"] == "'+tag@example.org"
    assert rows[0]["member"] == "yes"


def test_who_is_suppressed_is_exported_as_having_left(database: Database) -> None:
    update = publication(database)
    with database.write() as session:
        reader(session, "ana@example.org", update)
        audience.suppress(session, "ana@example.org", "address", "complaint", NOW)
    assert "ended" in exported(database, update)


def test_nobody_is_a_header(database: Database, tmp_path: Path) -> None:
    update = publication(database)
    file = csv_file(tmp_path, exported(database, update))
    with pytest.raises(WrongInput, match="no reader"):
        take_in(database, file, update)
