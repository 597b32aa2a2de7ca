"""Publications at the desk: settings, look, welcome letters, as those who may change them do it."""

from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from mailer import publication
from mailer.audit import entries
from mailer.database import Database
from mailer.delivery.models import DeliveryRow, MailingRow
from mailer.publication import Publication, Welcome
from mailer.publication.models import PictureRow
from tests.conftest import NOW
from tests.web.conftest import Ana, TestClient
from tests.web.desk.conftest import AtDesk, SignIn

pytestmark = [
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.usefixtures("sample"),
]

SETTINGS = "/desk/publications/updates/settings"
LOOK = "/desk/publications/updates/look"
WELCOME = "/desk/publications/updates/welcome/en"
TYPED = {"title": "Update", "language": "en", "version": 1}
JSON = {"Accept": "application/json"}


def stands(database: Database) -> Publication:
    with database.read() as session:
        return publication.publication_by_id(session, 1)


def picture(kind: str = "PNG") -> bytes:
    file = BytesIO()
    Image.new("RGB", (200, 50), "#5A826E").save(file, kind)
    return file.getvalue()


def live(browser: AtDesk, path: str, **fields: str) -> dict[str, object]:
    answer = browser.post(f"{path}/preview", data=fields, headers={**JSON, "X-CSRF": browser.csrf})
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def test_a_new_publication(sign_in: SignIn, database: Database, client: TestClient) -> None:
    browser = sign_in("owner")
    assert browser.get("/desk/publications/new").status_code == 200
    fields = {**TYPED, "title": "Bulletin", "language": "es", "theme": "bulletin"}
    made = browser.submit("/desk/publications/new", **fields)
    assert made.headers["location"] == "/desk/publications/bulletin/settings"
    assert "Bulletin is there." in browser.get(made.headers["location"]).text
    assert "Bulletin" in browser.get("/desk/publications/").text
    assert client.get("/bulletin/").status_code == 200
    with database.read() as session:
        (first, *_) = entries(session)
    assert first.words == "made the publication Bulletin"


def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(
    sign_in: SignIn, database: Database
) -> None:
    browser = sign_in("owner")
    typed = {
        "title": "Bulletin",
        "language": "en",
        "slug": "desk",
        "sender": "A <a@b.example>\r\nBcc: c@d.example",
        "theme": "../../etc/passwd",
        "description": "Kept.",
    }
    page = browser.submit("/desk/publications/new", **typed)
    assert page.status_code == 422
    for field in ("slug", "sender", "theme"):
        assert f'<a href="#{field}">' in page.text
    assert "Kept." in page.text
    with database.read() as session:
        assert len(publication.publications(session)) == 1


def test_settings_are_changed(sign_in: SignIn, database: Database) -> None:
    browser = sign_in("owner")
    sender = "Andes <andes@psg.example>"
    assert browser.submit(SETTINGS, **TYPED, sender=sender).status_code == 303
    assert stands(database).sender == sender
    assert sender.replace("<", "&lt;").replace(">", "&gt;") in browser.get(SETTINGS).text


def test_who_saves_second_is_shown_both(sign_in: SignIn, database: Database) -> None:
    browser = sign_in("owner")
    browser.submit(SETTINGS, **{**TYPED, "description": "The first one’s."})
    page = browser.submit(SETTINGS, **{**TYPED, "description": "The second one’s."})
    assert page.status_code == 409
    assert "The first one’s." in page.text
    assert "The second one’s." in page.text
    assert stands(database).description == "The first one’s."
    browser.submit(SETTINGS, **{**TYPED, "version": 2, "description": "Both."})
    assert stands(database).description == "Both."


def test_the_look_is_seen_before_it_is_saved(sign_in: SignIn, database: Database) -> None:
    browser = sign_in("owner")
    shown = live(browser, LOOK, accent="#7A1F1F", footer="**Printed** by hand", scheme="dark")
    assert "#7A1F1F" in str(shown["html"])
    assert "<strong>Printed</strong>" in str(shown["html"])
    assert "(min-width: 0)" in str(shown["html"])
    assert stands(database).look == publication.Look()


def test_a_pale_colour_is_said_to_be_pale(sign_in: SignIn) -> None:
    shown = live(sign_in("owner"), LOOK, accent="#FFFF00", accent_dark="#9CC3E8")
    notes = shown["notes"]
    assert isinstance(notes, dict)
    assert notes["accent"].startswith("Contrast 1.0, and 4.5 is wanted: letters show #")
    assert notes["accent_dark"].endswith("it can be read.")
    wrong = live(sign_in("owner", "b@psg.example"), LOOK, accent="yellow")
    assert wrong["fault"] == "Write the colour like #1F4E79."


@pytest.mark.parametrize(
    "footer", ["<script>alert(1)</script>", "[x](javascript:alert(1))", "{% raw %}{{{{ 7*7 }}}}"]
)
def test_a_footer_is_text(sign_in: SignIn, footer: str) -> None:
    shown = live(sign_in("owner"), LOOK, footer=footer)
    html = str(shown["html"])
    assert "<script" not in html
    assert 'href="javascript' not in html
    assert "49" not in html.partition("<hr")[2]


def test_a_template_in_the_footer_is_refused(sign_in: SignIn, database: Database) -> None:
    browser = sign_in("owner")
    fields = {"version": 1, "logo_kind": "usual", "footer": "{{ config.site.secret_key }}"}
    page = browser.submit(LOOK, **fields)
    assert page.status_code == 422
    assert '<a href="#footer">' in page.text
    assert "a-key-for-tests" not in page.text
    assert stands(database).look.footer == ""


def test_a_logo_is_uploaded_and_taken_away(sign_in: SignIn, database: Database) -> None:
    browser = sign_in("owner")

    def save(version: int, kind: str, *files: bytes) -> int:
        sent = browser.post(
            LOOK,
            data={"csrf": browser.csrf, "version": version, "logo_kind": kind},
            files=[("logo", ("../../logo.png", content)) for content in files],
        )
        return int(sent.status_code)

    assert save(1, "own", picture()) == 303
    logo = stands(database).look.logo
    assert logo is not None
    assert (logo.width, logo.height) == (200, 50)
    assert browser.get(f"/pictures/{logo.hash}").status_code == 200
    assert f"/pictures/{logo.hash}" in browser.get(f"{LOOK}.html").text
    assert save(2, "own") == 303
    assert stands(database).look.logo == logo
    assert save(3, "none") == 303
    assert (stands(database).look.logo, stands(database).look.with_logo) == (None, False)


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"<html><script>alert(1)</script></html>",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
    ],
)
def test_what_is_no_picture_is_no_logo(sign_in: SignIn, database: Database, content: bytes) -> None:
    browser = sign_in("owner")
    page = browser.post(
        LOOK,
        data={"csrf": browser.csrf, "version": 1, "logo_kind": "own", "footer": "Kept."},
        files={"logo": ("logo.png", content)},
    )
    assert page.status_code == 422
    assert '<a href="#logo">' in page.text
    assert "Kept." in page.text
    with database.read() as session:
        assert session.scalars(select(PictureRow.hash)).all() == []


def test_a_welcome_letter_is_written_and_tried(sign_in: SignIn, database: Database) -> None:
    browser = sign_in("owner")
    shown = live(browser, WELCOME, subject="Welcome", body="We write *rarely*.")
    assert "<em>rarely</em>" in str(shown["html"])
    fields = {"version": 0, "subject": "Welcome", "body": "We write *rarely*.", "test": "yes"}
    done = browser.submit(WELCOME, **fields)
    assert done.status_code == 303
    assert "on its way to owner@psg.example" in browser.get(WELCOME).text
    with database.read() as session:
        assert publication.welcome_in(session, 1, "en") == Welcome(
            1, "en", "Welcome", "We write *rarely*.", False, False, 1
        )
        assert session.scalars(select(MailingRow.kind)).all() == ["welcome"]
        assert session.scalars(select(DeliveryRow.address)).all() == ["owner@psg.example"]
    assert "<em>rarely</em>" in browser.get(f"{WELCOME}/letter.html").text


def test_who_confirms_is_greeted_in_the_same_transaction(
    client: TestClient, sample: Ana, database: Database
) -> None:
    with database.write() as session:
        letter = Welcome(1, "en", "Welcome", "We write rarely.", active=True)
        publication.change_welcome(session, letter, NOW)
    client.post(sample.unsubscribe)
    assert client.post(sample.confirm).status_code == 200
    assert client.post(sample.confirm).status_code == 200
    with database.read() as session:
        found = session.execute(select(MailingRow.kind, MailingRow.dedupe_key)).all()
    assert found == [("welcome", f"welcome 1 {sample.id}")]


def test_a_welcome_letter_without_words_is_not_switched_on(
    sign_in: SignIn, database: Database
) -> None:
    page = sign_in("owner").submit(WELCOME, version=0, subject="", body="", active="yes")
    assert page.status_code == 422
    assert '<a href="#subject">' in page.text
    with database.read() as session:
        assert publication.welcomes(session, 1) == ()


def test_a_language_that_the_desk_does_not_speak(sign_in: SignIn) -> None:
    assert sign_in("owner").get("/desk/publications/updates/welcome/xx").status_code == 404


@pytest.mark.parametrize("role", ["editor", "writer", "secretary", "auditor"])
def test_who_may_not_change_settings_sees_the_list_alone(sign_in: SignIn, role: str) -> None:
    browser = sign_in(role)
    listed = browser.get("/desk/publications/")
    assert listed.status_code == 200
    assert "/desk/publications/new" not in listed.text
    for path in (SETTINGS, LOOK, f"{LOOK}.html", WELCOME, "/desk/publications/new"):
        assert browser.get(path).status_code == 403


@pytest.mark.parametrize("path", ["/desk/settings/", SETTINGS, LOOK, WELCOME, "/desk/pages/"])
def test_in_spanish(sign_in: SignIn, path: str) -> None:
    assert sign_in("owner", language="es").get(path).status_code == 200
