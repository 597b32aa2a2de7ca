"""Readers at the desk: found, looked at, added, changed, subscribed and unsubscribed, erased."""

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from mailer import audience, audit, clock, publication
from mailer.audience.models import AddressChangeRow
from mailer.database import Database
from mailer.delivery.models import DeliveryRow, MailingRow, MergeValueRow
from mailer.publication import Welcome
from mailer.staff.models import AccountRow
from mailer.tokens import address_path
from tests.web.conftest import Ana, TestClient
from tests.web.desk.conftest import AtDesk, SignIn

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def secretary(sign_in: SignIn, sample: Ana) -> AtDesk:
    return sign_in("secretary")


@pytest.fixture
def path(sample: Ana) -> str:
    return f"/desk/readers/{sample.id}/"


def log(database: Database, ana: Ana) -> list[tuple[str, str]]:
    """Who did what about Ana, the newest first."""
    with database.read() as session:
        found = audit.entries(session, subject=f"subscriber {ana.id}")
        return [(entry.actor, str(entry.words)) for entry in found]


def told(page: str) -> str:
    """What a page says, without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_who_may_see_readers_finds_them(sign_in: SignIn, sample: Ana, path: str) -> None:
    for role in ("owner", "editor", "secretary", "auditor"):
        browser = sign_in(role)
        assert path in browser.get("/desk/readers/", params={"words": "flor"}).text
        assert "ana@example.org" in browser.get(path).text
    writer = sign_in("writer")
    for address in ("/desk/readers/", path):
        page = writer.get(address)
        assert page.status_code == 403
        assert "ana@example.org" not in page.text


def test_who_may_only_look_is_offered_nothing_to_change(
    sign_in: SignIn, sample: Ana, path: str
) -> None:
    page = sign_in("auditor").get(path).text
    assert re.findall(r'<form[^>]*action="(?:[^"]*)readers', page) == []
    assert "/erase" not in page
    assert "/import" not in sign_in("editor").get("/desk/readers/").text


@pytest.mark.parametrize("number", ["0", "4000", "9" * 15, "9" * 40])
def test_a_reader_who_is_none_is_not_found(secretary: AtDesk, number: str) -> None:
    for tail in ("", "change", "erase"):
        assert secretary.get(f"/desk/readers/{number}/{tail}").status_code == 404


def test_pages_of_readers_follow_each_other(
    secretary: AtDesk, database: Database, sample: Ana
) -> None:
    with database.write() as session:
        for number in range(60):
            audience.add(
                session, f"tom{number}@psg.example", publication_id=1, operator="x",
                now=clock.now(), name="Tom Núñez",
            )  # fmt: skip
    seen: list[str] = []
    address = "/desk/readers/?words=nunez&state=reads"
    while address:
        page = secretary.get(address).text
        seen += re.findall(r"tom\d+@psg.example", page)
        further = re.search(r'href="([^"]+)">Further readers', page)
        address = html.unescape(further[1]) if further else ""
    assert len(seen) == len(set(seen)) == 60
    assert "Nobody fits" in secretary.get("/desk/readers/?words=zzz").text
    assert secretary.get("/desk/readers/?after=x").status_code == 422
    assert secretary.get("/desk/readers/?state=odd&publication=99&words=%00").status_code == 200


def test_a_reader_is_added_with_the_ground_that_is_stated(
    secretary: AtDesk, database: Database
) -> None:
    given = {
        "address": "rosa@psg.example", "name": "Rosa", "greeting": "", "language": "es",
        "publication": "1",
    }  # fmt: skip
    page = secretary.submit("/desk/readers/add", **given, ground="")
    assert page.status_code == 422
    assert "Say who asked for it" in page.text
    assert 'value="rosa@psg.example"' in page.text
    answer = secretary.submit("/desk/readers/add", **given, ground="signed our list on 3 May")
    assert answer.status_code == 303
    with database.read() as session:
        rosa = audience.find(session, "rosa@psg.example")
        (event,) = audience.story(session, rosa.id, {}).happenings
    assert event.ground == f"{secretary_of(secretary)}: signed our list on 3 May"
    page = secretary.get(answer.headers["location"]).text
    assert "Added." in page
    assert "by staff: secretary@psg.example: signed our list on 3 May" in told(page)


@pytest.mark.parametrize("when_added", [True, False])
def test_whoever_is_added_by_hand_is_greeted_where_the_publication_says_so(
    secretary: AtDesk, database: Database, when_added: bool
) -> None:
    welcome = Welcome(1, "en", "Welcome", "Good to have you.", active=True, when_added=when_added)
    with database.write() as session:
        publication.change_welcome(session, welcome, clock.now())
    added = secretary.submit(
        "/desk/readers/add", address="rosa@psg.example", publication="1", ground="phoned"
    )
    page = added.headers["location"]
    secretary.submit(f"{page}unsubscribe", publication="1", reason="asked")
    secretary.submit(f"{page}subscribe", publication="1", ground="phoned again")
    with database.read() as session:
        greeted = session.scalars(
            select(DeliveryRow.id).join(MailingRow).where(MailingRow.kind == "welcome")
        ).all()
    assert len(greeted) == when_added


def secretary_of(browser: AtDesk) -> str:
    return f"staff {browser.account.id}"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"address": "no address"}, "address"),
        ({"address": ""}, "address"),
        ({"name": "x" * 201}, "name"),
        ({"language": "Spanish"}, "language"),
        ({"publication": "99"}, "publication"),
        ({"ground": "x" * 2001}, "ground"),
    ],
)
def test_what_cannot_be_added_is_said_beside_its_field(
    secretary: AtDesk, wrong: dict[str, str], field: str
) -> None:
    given = {"address": "rosa@psg.example", "publication": "1", "ground": "phoned", **wrong}
    page = secretary.submit("/desk/readers/add", **given)
    assert page.status_code == 422
    assert f'<a href="#{field}">' in page.text


def test_whoever_left_for_good_is_not_added(
    secretary: AtDesk, database: Database, sample: Ana
) -> None:
    with database.write() as session:
        audience.leave_all(session, sample.id, method="link", network=None, now=clock.now())
    page = secretary.submit(
        "/desk/readers/add", address="ana@example.org", publication="1", ground="phoned"
    )
    assert page.status_code == 422
    assert "suppressed" in page.text


def test_what_is_said_of_a_reader_is_changed(
    secretary: AtDesk, database: Database, sample: Ana, path: str
) -> None:
    answer = secretary.submit(
        f"{path}change", address="ana@example.org", name="Ana Núñez", greeting="Ana and Tom",
        language="es", member="yes", tags='speaker, "Lima, Cusco"', field=["City", "gone"],
        value=["Lima", ""],
    )  # fmt: skip
    assert answer.status_code == 303
    with database.read() as session:
        ana = audience.by_id(session, sample.id)
    assert (ana.name, ana.language, ana.tags) == ("Ana Núñez", "es", ("speaker", "Lima, Cusco"))
    assert dict(ana.custom_fields) == {"city": "Lima"}
    assert ana.member_from is not None
    acts = log(database, sample)
    assert (secretary_of(secretary), "changed the name") in acts
    assert not [words for _, words in acts if "Núñez" in words or "Lima" in words]
    page = secretary.submit(f"{path}change", name="x", language="Spanish", address="")
    assert page.status_code == 422
    assert '<a href="#language">' in page.text


def test_a_new_address_is_asked_before_it_is_used(
    secretary: AtDesk, client: TestClient, database: Database, sample: Ana, path: str
) -> None:
    answer = secretary.submit(f"{path}change", address="ana@new.example", name="Ana Flores")
    assert "as soon as somebody there confirms" in secretary.get(answer.headers["location"]).text
    with database.read() as session:
        assert audience.by_id(session, sample.id).address.address == "ana@example.org"
        (row,) = session.scalars(select(DeliveryRow))
        assert (row.address, row.subscriber_id) == ("ana@new.example", None)
        url = session.scalars(select(MergeValueRow.value)).one()
    link = url.removeprefix("http://127.0.0.1:8000")
    assert "ana" not in link
    page = client.get(link)
    assert "Yes, send my letters here" in page.text
    assert "a…@example.org" in page.text
    assert "ana@new.example" not in page.text
    with database.read() as session:
        assert audience.by_id(session, sample.id).address.address == "ana@example.org"
    assert "From now on your letters come to a…@new.example" in client.post(link).text
    with database.read() as session:
        assert audience.by_id(session, sample.id).address.address == "ana@new.example"
    for answer in (client.get(link), client.post(link)):
        assert (answer.status_code, "done already" in answer.text) == (410, True)
    assert client.get(link[:-1] + ("A" if link[-1] != "A" else "B")).status_code == 404


def test_the_link_to_a_new_address_is_good_for_a_week(
    secretary: AtDesk, client: TestClient, database: Database, sample: Ana
) -> None:
    with database.write() as session:
        asked = audience.ask_new_address(session, sample.id, "ana@new.example", clock.now())
    assert asked is not None
    old = address_path(sample.signer, sample.id, asked[1], clock.now() - timedelta(days=8))
    for answer in (client.get(old), client.post(old)):
        assert answer.status_code == 410
    with database.read() as session:
        assert audience.by_id(session, sample.id).address.address == "ana@example.org"


def test_a_new_address_is_taken_back(
    secretary: AtDesk, database: Database, sample: Ana, path: str
) -> None:
    secretary.submit(f"{path}change", address="ana@new.example")
    assert "ana@new.example" in secretary.get(path).text
    secretary.submit(f"{path}forget-address")
    assert "ana@new.example" not in secretary.get(path).text
    with database.read() as session:
        assert session.scalars(select(AddressChangeRow.id)).all() == []


def test_a_subscription_ends_and_begins_again_with_its_ground(
    secretary: AtDesk, database: Database, sample: Ana, path: str
) -> None:
    secretary.submit(f"{path}unsubscribe", publication=1, ground="asked by telephone")
    page = secretary.get(path).text
    assert "left Update by staff: asked by telephone" in told(page)
    assert "gets nothing at the moment" in page
    page = secretary.submit(f"{path}subscribe", publication=1, ground="")
    assert (page.status_code, "Say who asked" in page.text) == (422, True)
    secretary.submit(f"{path}subscribe", publication=1, ground="phoned again")
    assert "gets Update" in secretary.get(path).text
    secretary.submit(f"{path}format", publication=1, format="text")
    assert "as plain text" in told(secretary.get(path).text)
    assert secretary.submit(f"{path}unsubscribe", publication=99).status_code == 404
    assert [words for _, words in log(database, sample)] == [
        "changed the format of Update", "subscribed to Update", "unsubscribed from Update",
    ]  # fmt: skip


def test_an_address_is_suppressed_and_lifted(
    secretary: AtDesk, database: Database, sample: Ana, path: str
) -> None:
    secretary.submit(f"{path}suppress")
    assert "Somebody here stopped it" in secretary.get(path).text
    assert path in secretary.get("/desk/readers/?state=suppressed").text
    secretary.submit(f"{path}lift")
    assert "Nothing is sent to this address" not in secretary.get(path).text
    secretary.submit(f"{path}leave-all", ground="wrote to us")
    assert "Only they can take that back" in secretary.get(path).text
    answer = secretary.submit(f"{path}lift")
    assert "Only the reader can undo this" in secretary.get(answer.headers["location"]).text


def test_erasing_asks_first_and_names_what_goes(
    secretary: AtDesk, database: Database, sample: Ana, path: str
) -> None:
    secretary.submit(f"{path}change", address="ana@new.example", name="Ana Flores")
    page = secretary.get(f"{path}erase")
    assert "ana@example.org, the name" in page.text
    unsure = secretary.submit(f"{path}erase")
    assert (unsure.status_code, "Tick the box" in unsure.text) == (422, True)
    answer = secretary.submit(f"{path}erase", sure="yes")
    page = secretary.get(answer.headers["location"]).text
    assert f"reader {sample.id}, without name" in page
    assert secretary.get(path).status_code == 404
    with database.read() as session:
        assert session.scalars(select(DeliveryRow.address)).one().startswith("erased")
        assert session.scalars(select(MergeValueRow.value)).all() == []
        assert audience.erased_since(session, clock.now() - timedelta(minutes=1))
    assert log(database, sample)[0] == (secretary_of(secretary), "erased a reader")


def test_what_anybody_wrote_is_text_on_the_pages(
    sign_in: SignIn, secretary: AtDesk, database: Database, sample: Ana, path: str
) -> None:
    secretary.submit(
        f"{path}change", address="ana@example.org", name=SCRIPT, greeting=SCRIPT, tags=SCRIPT,
        field=[SCRIPT.replace("/", "")], value=[SCRIPT],
    )  # fmt: skip
    secretary.submit(f"{path}unsubscribe", publication=1, ground=SCRIPT)
    with database.write() as session:
        asked = audience.ask(
            session, "b@psg.example", publication_id=1, language="en", name=SCRIPT, wording=SCRIPT,
            network=None, now=clock.now(),
        )  # fmt: skip
    assert asked is not None
    pages = [
        secretary.get(address).text
        for address in (
            "/desk/readers/", f"/desk/readers/?words={SCRIPT}", path, f"{path}change",
            f"/desk/readers/{asked.subscriber_id}/", "/desk/",
        )
    ]  # fmt: skip
    pages.append(secretary.submit("/desk/readers/add", address=SCRIPT, name=SCRIPT).text)
    for page in pages:
        assert "<script>" not in page
        assert "alert(1)" in page or "Overview" in page


def test_the_list_is_taken_along_without_formulas(
    sign_in: SignIn, secretary: AtDesk, database: Database, sample: Ana, path: str
) -> None:
    secretary.submit(f"{path}change", address="ana@example.org", name="=cmd|'/c calc'!A1")
    answer = secretary.submit("/desk/readers/export", publication=1)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"].startswith('attachment; filename="updates-')
    assert "ana@example.org,'=cmd" in answer.text
    with database.read() as session:
        entry = audit.entries(session, subject="publication 1")[0]
    assert "took the list of readers along" in entry.words
    assert secretary.submit("/desk/readers/export", publication=99).status_code == 404
    editor = sign_in("editor")
    assert editor.submit("/desk/readers/export", publication=1).status_code == 403


def test_the_story_in_spanish(sign_in: SignIn, database: Database, sample: Ana, path: str) -> None:
    browser = sign_in("owner")
    with database.write() as session:
        session.execute(update(AccountRow).values(language="es"))
    page = told(browser.get(path).text)
    assert "se añadió a Update por el equipo" in page
    assert "recibe Update" in page
