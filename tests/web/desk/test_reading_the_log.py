"""The log at the desk: in words, in both languages, sorted out, a page at a time."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from mailer import audit, clock, staff
from mailer.database import Database
from mailer.sentence import Sentence
from tests.web.conftest import Ana
from tests.web.desk.conftest import AtDesk, SignIn

pytestmark = [
    pytest.mark.usefixtures("cheap_hashes"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
HERE = "/desk/log/"


@pytest.fixture
def auditor(sign_in: SignIn) -> AtDesk:
    return sign_in("auditor")


def record(
    database: Database, actor: str, subject: str, words: str, at: datetime | None = None
) -> None:
    with database.write() as session:
        audit.record(session, at or clock.now(), actor, subject, words)


def rows(page: str) -> list[list[str]]:
    """Who did what to what, in each row."""
    parts = ("who", "words", "second-text what")
    cells = " ".join(f'<span class="{part}">(.*?)</span>' for part in parts)
    found = re.findall(cells, page)
    return [list(row) for row in found]


@pytest.mark.parametrize(
    ("role", "status"),
    [("owner", 200), ("auditor", 200), ("editor", 403), ("writer", 403), ("secretary", 403)],
)
def test_who_sees_the_log(sign_in: SignIn, role: str, status: int) -> None:
    browser = sign_in(role)
    assert browser.get(HERE).status_code == status
    assert ('href="/desk/log/"' in browser.get("/desk/").text) == (status == 200)


def test_the_table_of_who_may_is_kept_in_the_log_too(auditor: AtDesk) -> None:
    assert auditor.get("/desk/people/").status_code == 403


def test_it_says_who_did_what_to_what(database: Database, sample: Ana, auditor: AtDesk) -> None:
    with database.write() as session:
        staff.describe(session, auditor.account.id, "Eva", "en", clock.now(), "test")
    me = f"staff {auditor.account.id}"
    for actor, subject, words in (
        (me, "issue 1", Sentence("invited as {role}", role=Sentence("writer"))),
        ("command (root)", f"account {auditor.account.id}", "did something"),
        ("mailer", "subscriber 7", "left"),
        ("visitor", "invitation 3", "looked"),
        ("reader 9", "archive", "read"),
        ("staff 999", "issue 999", "went"),
        ("somebody else", "odd thing 1", "<b>bold</b>"),
    ):
        record(database, actor, subject, words)
    shown = rows(auditor.get(HERE).text)[:7]
    assert shown == [
        ["somebody else", "&lt;b&gt;bold&lt;/b&gt;", "odd thing 1"],
        ["staff 999", "went", "issue 999"],
        ["reader 9", "read", "the archive"],
        ["Somebody not signed in", "looked", "invitation 3"],
        ["Mailer itself", "left", "reader 7"],
        ["root, on the command line", "did something", "the account of Eva"],
        ["Eva", "invited as writer", shown[6][2]],
    ]
    assert shown[6][2].startswith("Update ")


def test_moments_publications_and_files_are_called_as_people_call_them(
    database: Database, sample: Ana, auditor: AtDesk
) -> None:
    moment = "2026-11-27T14:48:38.841968+00:00"
    record(database, "mailer", "publication 1", Sentence("scheduled for {moment}", moment=moment))
    record(database, "mailer", "import 3", Sentence("scheduled for {moment}", moment="soon"))
    first, second = rows(auditor.get(HERE).text)[:2]
    assert first == ["Mailer itself", "scheduled for soon", "file of readers 3"]
    assert second == ["Mailer itself", "scheduled for Friday 27 November at 14:48", "Update"]


def test_it_is_said_in_spanish(database: Database, auditor: AtDesk) -> None:
    with database.write() as session:
        staff.describe(session, auditor.account.id, "Eva", "es", clock.now(), "test")
    words = Sentence(
        "was {before}, and is {role} now", before=Sentence("writer"), role=Sentence("editor")
    )
    record(database, "mailer", "subscriber 7", words)
    page = auditor.get(HERE).text
    assert rows(page)[0] == [
        "El propio Mailer",
        "cambió el rol: antes autoría, ahora redacción",
        "lector 7",
    ]
    assert "Quién hizo qué" in page


def test_it_is_read_page_by_page_without_a_gap(database: Database, auditor: AtDesk) -> None:
    for n in range(120):
        record(database, "mailer", "subscriber 7", f"did {n}")
    found, path, pages = [], f"{HERE}?who=mailer", 0
    while path:
        page = auditor.get(path).text
        found += [words for _, words, _ in rows(page)]
        older = re.search(r'href="([^"]+before=\d+)"', page)
        path = older[1].replace("&amp;", "&") if older else ""
        pages += 1
    assert found == [f"did {n}" for n in range(119, -1, -1)]
    assert pages == 3


def test_it_is_sorted_out(database: Database, auditor: AtDesk) -> None:
    noon = datetime(2026, 3, 29, 12, tzinfo=UTC)
    record(database, "mailer", "issue 1", "early", noon - timedelta(days=400))
    record(
        database,
        "mailer",
        "subscriber 7",
        "late on the day",
        noon + timedelta(hours=10, minutes=59),
    )
    record(database, "mailer", "subscriber 7", "the next day", noon + timedelta(hours=11))

    def told(query: str) -> list[str]:
        return [words for _, words, _ in rows(auditor.get(f"{HERE}?{query}").text)]

    assert told("who=mailer&what=issue") == ["early"]
    # The organisation's day, in summer time, ends at 23:00 UTC.
    assert told("who=mailer&until=2026-03-29") == ["late on the day", "early"]
    assert told("what=nothing") == []
    assert "Nothing was done that fits" in auditor.get(f"{HERE}?what=nothing").text


@pytest.mark.parametrize(
    "query",
    [
        "before=x",
        "before=99999999999999999999999",
        "before=-1",
        "until=2026-02-30",
        "until=9999-12-31",
        "until=0001-01-01",
        "who=%00",
        "what=%27%3B+DROP+TABLE+audit",
        "who=" + "x" * 5000,
    ],
)
def test_whatever_stands_in_the_address_is_taken_or_left(auditor: AtDesk, query: str) -> None:
    assert auditor.get(f"{HERE}?{query}").status_code == 200
