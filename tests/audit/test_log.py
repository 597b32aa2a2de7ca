"""The audit log: added to, read, and never changed."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from mailer import audit
from mailer.database import Database
from mailer.sentence import Sentence
from tests.conftest import NOW

HOUR = timedelta(hours=1)


def fill(session: Session) -> None:
    for n, (actor, subject) in enumerate(
        [
            ("staff 1", "issue 4"),
            ("staff 2", "issue 44"),
            ("command (ana)", "subscriber 9"),
            ("staff 1", "archive"),
            ("staff 12", "issue 4"),
        ]
    ):
        audit.record(session, NOW + n * HOUR, actor, subject, f"did {n}")
    session.flush()


def told(session: Session, **which: object) -> list[str]:
    return [entry.words for entry in audit.entries(session, **which)]  # type: ignore[arg-type]


def test_it_is_read_newest_first_page_by_page(database: Database) -> None:
    with database.write() as session:
        fill(session)
        pages, before = [], None
        while page := audit.entries(session, before=before, limit=2):
            pages.append([entry.words for entry in page])
            before = page[-1].id
    assert pages == [["did 4", "did 3"], ["did 2", "did 1"], ["did 0"]]


@pytest.mark.parametrize(
    ("which", "words"),
    [
        ({"actor": "staff 1"}, ["did 3", "did 0"]),
        ({"subject": "issue 4"}, ["did 4", "did 0"]),
        ({"kind": "issue"}, ["did 4", "did 1", "did 0"]),
        ({"kind": "archive"}, ["did 3"]),
        ({"kind": "issue", "actor": "staff 1"}, ["did 0"]),
        ({"until": NOW}, []),
        ({"until": NOW + 2 * HOUR}, ["did 1", "did 0"]),
        ({"until": NOW + 9 * HOUR, "kind": "subscriber"}, ["did 2"]),
    ],
)
def test_it_is_read_by_who_what_and_when(
    database: Database, which: dict[str, object], words: list[str]
) -> None:
    with database.write() as session:
        fill(session)
        assert told(session, **which) == words


def test_it_says_of_what_it_tells(database: Database) -> None:
    with database.write() as session:
        assert audit.kinds(session) == []
        fill(session)
        assert sorted(audit.kinds(session)) == ["archive", "issue", "subscriber"]


def test_a_sentence_keeps_its_parts(database: Database) -> None:
    inner = Sentence("{n} readers", n=3)
    said = Sentence("sent to {whom} at {at}", whom=inner, at=NOW)
    with database.write() as session:
        audit.record(session, NOW, "staff 1", "issue 4", said)
        audit.record(session, NOW, "staff 1", "issue 4", Sentence("with {braces}"))
        audit.record(session, NOW, "staff 1", "issue 4", "with {braces}")
    with database.read() as session:
        plain, alone, found = (entry.words for entry in audit.entries(session))
    assert isinstance(found, Sentence)
    assert found == said
    assert (found.template, found.values) == (said.template, {"whom": inner, "at": str(NOW)})
    assert isinstance(found.values["whom"], Sentence)
    assert found.values["whom"].values == {"n": 3}
    assert isinstance(alone, Sentence)
    assert alone.template == plain == "with {braces}"
    assert not isinstance(plain, Sentence)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET words = 'nothing'",
        "UPDATE audit SET actor = 'nobody' WHERE id = 1",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE id = 1",
    ],
)
def test_no_row_is_changed_or_deleted(database: Database, change: str) -> None:
    with database.write() as session:
        fill(session)
    with pytest.raises(DBAPIError, match="only added to"), database.write() as session:
        session.execute(text(change))
    with database.read() as session:
        assert told(session) == [f"did {n}" for n in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_it_is_not_truncated(database: Database) -> None:
    with pytest.raises(DBAPIError, match="only added to"), database.write() as session:
        session.execute(text("TRUNCATE audit"))
