"""Pictures that somebody brings to hurt: drawings with scripts, files that are two things, notes
in a camera's data, sizes that no memory holds, and names that lead elsewhere."""

import hashlib
import io

import pytest
from PIL import Image, PngImagePlugin

from mailer import publication
from mailer.database import Database
from tests.publication.test_developing_pictures import png_bomb, text_bomb
from tests.publication.test_pictures import drawn
from tests.web.conftest import TestClient
from tests.web.desk.conftest import AtDesk, SignIn
from tests.web.desk.sending import Update120

SCRIPT = b"<script>alert(1)</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>"
NAMES = ["../../../etc/passwd", "..\\..\\boot.ini", "<script>.svg", "x.png\0.html", "a" * 5_000]


@pytest.fixture
def editor(update: Update120, sign_in: SignIn) -> AtDesk:
    return sign_in("editor")


def bring(browser: AtDesk, content: bytes, name: str = "x.png", kind: str = "image/png"):  # type: ignore[no-untyped-def]
    return browser.post(
        "/desk/pictures/",
        files={"picture": (name, content, kind)},
        headers={"x-csrf": browser.csrf, "accept": "application/json"},
    )


def with_notes() -> bytes:
    """A PNG, a JPEG's camera data and a comment, with a script in each, and a page behind it."""
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", SCRIPT.decode())
    notes.add_text("XML:com.adobe.xmp", SCRIPT.decode())
    file = io.BytesIO()
    camera = Image.Exif()
    camera[0x010E] = SCRIPT.decode()
    Image.new("RGB", (60, 40), "green").save(file, "PNG", pnginfo=notes, exif=camera)
    return file.getvalue() + b"<html><body>" + SCRIPT


@pytest.mark.parametrize(
    "content", [with_notes(), b"GIF89a" + b"=1;" + SCRIPT, drawn("GIF") + SCRIPT]
)
def test_nothing_but_the_picture_itself_is_kept(
    editor: AtDesk, client: TestClient, content: bytes
) -> None:
    answer = bring(editor, content)
    if answer.status_code == 422:
        return
    shown = client.get(answer.json()["path"])
    assert b"script" not in shown.content
    assert shown.headers["content-type"] in ("image/png", "image/jpeg")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    Image.open(io.BytesIO(shown.content)).verify()


def test_a_logo_is_kept_without_what_else_was_in_it(
    editor: AtDesk, sign_in: SignIn, database: Database, client: TestClient
) -> None:
    owner = sign_in("owner")
    answer = owner.post(
        "/desk/publications/updates/look",
        data={"csrf": owner.csrf, "logo_kind": "own", "version": "1"},
        files={"logo": ("logo.svg", with_notes(), "image/svg+xml")},
    )
    assert answer.status_code == 303
    with database.read() as session:
        logo = publication.find_publication(session, "updates").look.logo
    assert logo is not None
    assert logo.hash != hashlib.sha256(with_notes()).hexdigest()
    assert b"script" not in client.get(publication.picture_path(logo.hash)).content


@pytest.mark.parametrize(
    "content",
    [
        SVG,
        b"\xef\xbb\xbf<?xml version='1.0'?>" + SVG,
        png_bomb(50_000, 50_000),
        text_bomb(),
        SCRIPT,
    ],
    ids=["svg", "svg with bom", "bomb", "text bomb", "page"],
)
@pytest.mark.parametrize("where", ["pictures", "item", "logo"])
def test_what_would_hurt_is_refused_in_words_wherever_it_is_brought(
    update: Update120, sign_in: SignIn, where: str, content: bytes
) -> None:
    browser = sign_in("owner")
    issue = update.issue
    path, field = {
        "pictures": ("/desk/pictures/", "picture"),
        "item": (f"{update.path}/items/{issue.items[0].id}/", "picture"),
        "logo": ("/desk/publications/updates/look", "logo"),
    }[where]
    answer = browser.post(
        path,
        data={"csrf": browser.csrf, "logo_kind": "own", "version": "1"},
        files={field: ("x.png", content, "image/png")},
    )
    assert answer.status_code == 422
    assert "alert(1)" not in answer.text
    assert any(words in answer.text for words in ("pixels", "can be read", "drawing"))


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_picture_is_nothing(editor: AtDesk, name: str) -> None:
    answer = bring(editor, drawn(), name)
    assert answer.status_code in (200, 400, 422)
    assert not {"etc", "boot", "script"} & set(answer.text.replace("/", " ").split())


@pytest.mark.parametrize(
    "path", ["..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "x" * 64, "\0"]
)
def test_no_address_of_a_file_leads_out_of_its_folder(client: TestClient, path: str) -> None:
    for folder in ("/pictures/", "/static/", "/static/desk/x/", "/static/desk-", "/pages/"):
        answer = client.get(f"{folder}{path}".replace("\0", "%00"))
        assert answer.status_code == 404, folder
        assert "root:" not in answer.text
