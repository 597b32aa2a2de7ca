"""Importing readers at the desk: upload, look, run, progress, refused rows; and hostile files."""

import re
from html import unescape

import pytest

from mailer import audience, audit, clock, staff
from mailer.audience.models import ImportPartRow, ImportRow
from mailer.config import Config
from mailer.database import Database
from mailer.schedule.ticks import bring_readers_in
from mailer.web.desk import reader_imports
from mailer.web.desk.entry import ENTRIES
from tests.audience.readers import count
from tests.web.conftest import Ana
from tests.web.desk.conftest import AtDesk, SignIn

SCRIPT = "<script>alert(1)</script>"
FILE = """email,name,City
luis@psg.example,Luis Núñez,Lima
ana@example.org,Ana Flores,Cusco
no address,,
"""


@pytest.fixture
def secretary(sign_in: SignIn, sample: Ana) -> AtDesk:
    return sign_in("secretary")


def upload(browser: AtDesk, text: str | bytes = FILE, name: str = "readers.csv", **fields: str):  # type: ignore[no-untyped-def]
    octets = text if isinstance(text, bytes) else text.encode()
    return browser.post(
        "/desk/readers/import/",
        data={"csrf": browser.csrf, "publication": "1", **fields},
        files={"file": (name, octets, "text/csv")},
    )


def test_a_file_is_looked_at_run_and_watched(
    secretary: AtDesk, database: Database, config: Config
) -> None:
    path = upload(secretary).headers["location"]
    page = secretary.get(path).text
    assert "3 rows were read; nothing has been changed yet" in page
    assert "a further field, kept under this name" in page
    assert "Luis Núñez" in page
    with database.read() as session:
        assert audience.search(session, "luis").readers == ()
    refused = secretary.submit(f"{path}run", ground="")
    assert (refused.status_code, "on what ground" in refused.text) == (422, True)
    assert secretary.submit(f"{path}run", ground="members’ list").status_code == 303
    waiting = secretary.get(path).text
    assert "It begins in a moment" in waiting
    assert '<meta http-equiv="refresh"' in waiting
    bring_readers_in(database, config)
    page = secretary.get(path).text
    assert "All 3 rows are done" in page
    assert "refresh" not in page
    assert secretary.get(f"{path}progress").json() == {
        "state": "done", "done": 3, "rows": 3, "words": "All 3 rows are done.",
    }  # fmt: skip
    with database.read() as session:
        (luis,) = audience.search(session, "luis").readers
        assert audience.story(session, luis.id, {}).happenings[0].ground == "members’ list"
        actor = f"staff {secretary.account.id}"
        words = [str(e.words) for e in audit.entries(session, actor=actor)]
        assert count(session, ImportPartRow) == 0
    assert words[0].startswith("imported readers: 3 rows, 1 created")
    assert words[1:3] == ["let an import begin", "uploaded a file of readers"]
    csv = secretary.get(f"{path}refused.csv").text
    assert csv.splitlines()[0].lstrip("\ufeff") == "line,value,reason"
    assert csv.splitlines()[1].startswith("4,no address,")


def test_why_a_row_was_refused_is_said_in_ones_own_language(
    sign_in: SignIn, sample: Ana, database: Database, config: Config
) -> None:
    browser = sign_in("secretary", language="es")
    with database.write() as session:
        staff.describe(session, browser.account.id, "Eva", "es", clock.now(), "test")
    path = upload(browser).headers["location"]
    browser.submit(f"{path}run", ground="lista de socios")
    bring_readers_in(database, config)
    page = unescape(browser.get(path).text)
    assert "«no address» no es una dirección: una dirección de correo lleva una arroba" in page
    assert "is not an address" not in page


def test_a_large_file_is_read_in_the_background(
    secretary: AtDesk, database: Database, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_imports, "LOOKED_AT_AT_ONCE", 10)
    path = upload(secretary).headers["location"]
    page = secretary.get(path).text
    assert "being read" in page
    assert f'data-progress="{path}progress"' in page
    bring_readers_in(database, config)
    assert "waits for you" in secretary.get(path).text
    assert "was read, and waits for you" in secretary.get("/desk/").text


def test_the_wrong_file_is_let_go_of(secretary: AtDesk, database: Database) -> None:
    path = upload(secretary).headers["location"]
    secretary.submit(f"{path}stop")
    assert "stopped after" in secretary.get(path).text
    assert secretary.submit(f"{path}run", ground="x").status_code == 422
    assert secretary.submit(f"{path}stop").status_code == 422
    assert secretary.get("/desk/readers/import/99/").status_code == 404
    assert secretary.get(f"/desk/readers/import/{'9' * 30}/").status_code == 404


def test_a_file_that_is_none_says_why(secretary: AtDesk) -> None:
    path = upload(secretary, "name\nAna\n", "photo.csv").headers["location"]
    page = secretary.get(path).text
    assert "no column is named email" in page
    assert "could not be imported" in secretary.get("/desk/").text


def test_no_file_no_publication_and_an_empty_file(secretary: AtDesk, database: Database) -> None:
    page = secretary.submit("/desk/readers/import/", publication=1)
    assert (page.status_code, "Choose a CSV file" in page.text) == (422, True)
    assert "The file is empty" in upload(secretary, b"").text
    assert upload(secretary, publication="99").status_code in (404, 422)
    with database.read() as session:
        assert count(session, ImportRow) == 0


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "..\\..\\boot.ini", "/tmp/x.csv", f"{SCRIPT}.csv", 'a"b.csv']
)
def test_a_hostile_file_name_is_a_name(secretary: AtDesk, database: Database, name: str) -> None:
    path = upload(secretary, name=name).headers["location"]
    with database.read() as session:
        (one,) = audience.imports(session)
    assert not {"/", "\\"} & set(one.file_name)
    assert ".." not in one.file_name
    assert "<script>" not in secretary.get(path).text
    assert "<script>" not in secretary.get("/desk/readers/import/").text


def test_headers_and_cells_with_script_are_text(
    secretary: AtDesk, database: Database, config: Config
) -> None:
    file = f"email,{SCRIPT},name\nb@psg.example,{SCRIPT},{SCRIPT}\n{SCRIPT},x,y\n"
    path = upload(secretary, file).headers["location"]
    assert "<script>" not in secretary.get(path).text
    secretary.submit(f"{path}run", ground=SCRIPT)
    bring_readers_in(database, config)
    page = secretary.get(path).text
    assert "<script>" not in page
    assert "alert(1)" in page
    with database.read() as session:
        (one,) = audience.search(session, "b@psg.example").readers
    assert "<script>" not in secretary.get(f"/desk/readers/{one.id}/").text
    assert "'=1+1" in _refused(secretary, database, config)


def _refused(secretary: AtDesk, database: Database, config: Config) -> str:
    path = upload(secretary, "email\n=1+1\nc@psg.example\n").headers["location"]
    secretary.submit(f"{path}run", ground="x")
    bring_readers_in(database, config)
    text: str = secretary.get(f"{path}refused.csv").text
    return text


def test_a_file_that_is_too_large_is_not_read(
    secretary: AtDesk, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = ENTRIES[reader_imports.upload]
    assert entry.largest > audience.LARGEST
    monkeypatch.setitem(ENTRIES, reader_imports.upload, type(entry)(entry.act, largest=1_000))
    assert upload(secretary, b"email\n" + b"x" * 2_000).status_code == 413
    with database.read() as session:
        assert count(session, ImportRow) == 0


def test_it_is_for_who_may_change_readers(sign_in: SignIn, sample: Ana) -> None:
    for role in ("editor", "auditor", "writer"):
        browser = sign_in(role)
        assert browser.get("/desk/readers/import/").status_code == 403
        assert upload(browser).status_code == 403


def test_without_the_token_nothing_is_kept(secretary: AtDesk, database: Database) -> None:
    answer = secretary.post("/desk/readers/import/", files={"file": ("a.csv", b"email\n")})
    assert answer.status_code == 403
    with database.read() as session:
        assert count(session, ImportRow) == 0


def test_the_overview_tells_growth(secretary: AtDesk, database: Database) -> None:
    with database.write() as session:
        audience.add(session, "new@psg.example", publication_id=1, operator="x", now=clock.now())
    page = secretary.get("/desk/").text
    assert "2 readers of Update; in four weeks 1 joined, and 0 left." in page
    assert re.search(r'<svg class="plot"[^>]*role="img"', page)
    assert "Nothing is due, and nothing went wrong." in page


def test_who_only_writes_sees_no_imports(sign_in: SignIn, secretary: AtDesk) -> None:
    upload(secretary, name="secret.csv")
    assert "secret.csv" in secretary.get("/desk/").text
    assert "secret.csv" not in sign_in("writer").get("/desk/").text
    assert "/desk/issues/new" in sign_in("editor").get("/desk/").text
