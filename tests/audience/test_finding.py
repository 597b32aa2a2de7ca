"""Finding readers: by the beginnings of words, by how they stand, page after page."""

import pytest

from mailer import audience
from mailer.audience import finding
from mailer.audience.words import words_in, words_of
from mailer.database import Database
from mailer.errors import WrongInput
from tests.audience.readers import csv_file, publication, take_in
from tests.conftest import NOW

READERS = """email,name,greeting
ana.quispe@psg.example,Ana Quispe,
ana@other.example,Anaïs Núñez,Anaïs and Tom
tom-quispe@psg.example,Tom Quispe,
zoila@psg.example,ZOILA Ñahui,
"""


@pytest.fixture
def update(database: Database, tmp_path) -> int:  # type: ignore[no-untyped-def]
    update = publication(database)
    take_in(database, csv_file(tmp_path, READERS), update)
    return update


def found(database: Database, words: str = "", **more: object) -> list[str]:
    """The local parts of who is found, over all pages of one."""
    names: list[str] = []
    after = ""
    while True:
        with database.read() as session:
            page = audience.search(session, words, after=after, limit=1, **more)  # type: ignore[arg-type]
        names += [reader.address.partition("@")[0] for reader in page.readers]
        if page.after is None:
            return names
        after = page.after


@pytest.mark.parametrize(
    ("words", "who"),
    [
        ("quispe", ["ana.quispe", "tom-quispe"]),
        ("QUIS", ["ana.quispe", "tom-quispe"]),
        ("ana", ["ana.quispe", "ana"]),
        ("anais", ["ana"]),
        ("nunez", ["ana"]),
        ("Ñahui", ["zoila"]),
        ("tom", ["ana", "tom-quispe"]),
        ("tom quispe", ["tom-quispe"]),
        ("quispe tom psg", ["tom-quispe"]),
        ("psg.example", ["ana.quispe", "tom-quispe", "zoila"]),
        ("@other", ["ana"]),
        ("ana.q", ["ana.quispe"]),
        ("ana@other.example", ["ana"]),
        ("ANA@Other.example", ["ana"]),
        ("uispe", []),
        ("nobody", []),
        ("ana nobody", []),
        ("%", []),
        ("_", []),
        ("' OR 1=1 --", []),
    ],
)
def test_by_the_beginnings_of_words(
    database: Database, update: int, words: str, who: list[str]
) -> None:
    assert sorted(found(database, words)) == sorted(who)
    assert len(found(database, words)) == len(who)


def test_without_words_the_newest_come_first(database: Database, update: int) -> None:
    assert found(database) == ["zoila", "tom-quispe", "ana", "ana.quispe"]
    assert found(database, publication=update) == ["zoila", "tom-quispe", "ana", "ana.quispe"]
    assert found(database, publication=update + 1) == []


def test_by_how_they_stand(database: Database, update: int) -> None:
    other = publication(database, "Bulletin")
    with database.write() as session:
        zoila = audience.find(session, "zoila@psg.example").id
        audience.leave(session, zoila, update, method="link", network=None, now=NOW)
        audience.suppress(session, "ana@other.example", "address", "staff", NOW)
        audience.ask(
            session, "new@psg.example", publication_id=other, language="en", name="",
            wording="Yes", network=None, now=NOW,
        )  # fmt: skip
    assert found(database, state="left") == ["zoila"]
    assert found(database, state="unconfirmed") == ["new"]
    assert found(database, state="unconfirmed", publication=update) == []
    assert found(database, state="suppressed") == ["ana"]
    assert found(database, state="suppressed", publication=other) == []
    assert found(database, state="reads") == ["tom-quispe", "ana", "ana.quispe"]
    assert found(database, "psg", state="left") == ["zoila"]
    assert sorted(found(database, "psg", state="reads")) == ["ana.quispe", "tom-quispe"]
    assert found(database, "ana", state="suppressed") == ["ana"]
    assert found(database, "zoila@psg.example", state="reads") == []
    with database.read() as session:
        (one,) = audience.search(session, "zoila").readers
    assert one.standings == {update: "ended"}


def test_a_reader_who_reads_two_publications_stands_in_the_list_once(
    database: Database, update: int
) -> None:
    other = publication(database, "Bulletin")
    with database.write() as session:
        audience.add(session, "zoila@psg.example", publication_id=other, operator="x", now=NOW)
    assert found(database, state="reads").count("zoila") == 1


def test_a_page_looks_at_so_many_and_the_next_goes_on(
    database: Database, update: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "LOOKED_AT", 1)
    with database.read() as session:
        page = audience.search(session, "psg", state="left", limit=1)
    assert page.readers == ()
    assert page.after is not None
    assert found(database, "psg", state="left") == []
    assert sorted(found(database, "psg")) == ["ana.quispe", "tom-quispe", "zoila"]


def test_what_is_changed_is_found_by_its_new_words_alone(database: Database, update: int) -> None:
    with database.write() as session:
        ana = audience.find(session, "ana.quispe@psg.example").id
        audience.change(
            session, ana, name="Ana Mamani", greeting="", language="", subscribed={}, formats={},
            wordings={}, network=None, now=NOW,
        )  # fmt: skip
    assert found(database, "mamani") == ["ana.quispe"]
    assert sorted(found(database, "quispe")) == ["ana.quispe", "tom-quispe"]
    with database.write() as session:
        audience.erase(session, ana, NOW)
    assert found(database, "mamani") == []
    assert found(database, "ana") == ["ana"]
    assert "ana.quispe" not in found(database)


def test_a_suppression_that_is_lifted_leaves_the_list(database: Database, update: int) -> None:
    with database.write() as session:
        audience.suppress(session, "psg.example", "domain", "staff", NOW)
        audience.suppress(session, "ana@other.example", "address", "complaint", NOW)
    assert sorted(found(database, state="suppressed")) == [
        "ana",
        "ana.quispe",
        "tom-quispe",
        "zoila",
    ]
    with database.write() as session:
        audience.lift_by_staff(session, "ana@other.example")
    assert "ana" not in found(database, state="suppressed")


@pytest.mark.parametrize("after", ["x", "1", "-1.a", "9" * 30 + ".a", "1²."])
def test_a_page_that_is_none_is_refused(database: Database, update: int, after: str) -> None:
    with database.read() as session, pytest.raises(WrongInput, match="begin it anew"):
        audience.search(session, "ana", after=after)
    with database.read() as session, pytest.raises(WrongInput):
        audience.search(session, state="everybody")


def test_words() -> None:
    assert words_in("Núñez-Ødegård, STRASSE straße") == ["nunez", "ødegard", "strasse"]
    assert words_in("İstanbul ﬁn 山田太郎") == ["istanbul", "fin", "山田太郎"]
    assert words_of("a.b@c.example", "B", "A and B") == ["a", "b", "c", "example", "and"]
    assert len(words_of("a@b.example", " ".join(f"n{n}" for n in range(99)), "")) == 30
