"""An item's picture and the logo, on pages and as letters link to them."""

from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import update

from mailer.config import Config
from mailer.database import Database
from mailer.delivery.compose import issue_letter, organisation
from mailer.publication import Picture, find_issue, keep_picture
from mailer.publication.models import ItemRow
from mailer.web import create_app
from tests.web.conftest import Ana, TestClient


def drawn(width: int = 60) -> bytes:
    file = BytesIO()
    Image.new("RGB", (width, 40), "#5A826E").save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def picture(database: Database, ana: Ana, now: datetime) -> Picture:
    """A picture that every item has."""
    with database.write() as session:
        kept = keep_picture(session, drawn(), now)
        session.execute(update(ItemRow).values(picture_hash=kept.hash, picture_alt="A “field”"))
    return kept


def test_a_picture_is_kept_for_ever_and_can_do_nothing(
    client: TestClient, picture: Picture
) -> None:
    path = f"/pictures/{picture.hash}"
    answer = client.get(path)
    assert answer.content == drawn()
    assert answer.headers["content-type"] == "image/png"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert client.head(path).headers["content-length"] == str(picture.octets)
    again = client.get(path, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for wrong in ("0" * 64, picture.hash.upper(), picture.hash[:20]):
        assert client.get(f"/pictures/{wrong}").status_code == 404


def test_the_items_page_shows_it(client: TestClient, picture: Picture) -> None:
    page = client.get("/updates/120/government-signs-a-pact-on-water/").text
    assert (
        f'<img class="picture" src="/pictures/{picture.hash}" alt="A “field”" '
        'width="60" height="40">'
    ) in page


def test_the_letter_links_to_it(database: Database, config: Config, picture: Picture) -> None:
    with database.read() as session:
        letter = issue_letter(config, find_issue(session, 1, 120))
    shown = letter.items[0].picture
    assert shown is not None
    assert shown.url == f"{config.site.url}/pictures/{picture.hash}"
    assert (shown.width, shown.height, shown.alt) == (60, 40, "A “field”")
    assert shown.octets == picture.octets


def with_logo(config: Config, file: Path) -> Config:
    changed = config.organisation.model_copy(update={"logo": file})
    return config.model_copy(update={"organisation": changed})


def test_letters_link_to_the_logo_of_their_day(
    database: Database, config: Config, ana: Ana, tmp_path: Path
) -> None:
    file = tmp_path / "logo.png"
    file.write_bytes(drawn(300))
    config = with_logo(config, file)
    logo = organisation(config).logo
    assert logo is not None
    assert (logo.width, logo.height, logo.alt) == (300, 40, "Peru Support Group")
    path = logo.url.removeprefix(config.site.url)
    browser = TestClient(create_app(config, database))
    answer = browser.get(path)
    assert answer.content == drawn(300)
    assert "immutable" in answer.headers["cache-control"]
    assert "sandbox" in answer.headers["content-security-policy"]
    file.write_bytes(drawn(301))
    later = browser.get(path)
    assert later.content == drawn(301)
    assert later.headers["cache-control"] == "no-cache"


def test_a_logo_that_mail_programs_do_not_show(config: Config, tmp_path: Path) -> None:
    file = tmp_path / "logo.svg"
    file.write_text("<svg/>")
    assert organisation(with_logo(config, file)).logo is None
    assert organisation(with_logo(config, tmp_path / "gone.png")).logo is None


@pytest.mark.parametrize(
    ("written", "link"),
    [
        ("", None),
        ("/pages/why-join/", "http://127.0.0.1:8000/pages/why-join/"),
        ("https://join.example/", "https://join.example/"),
    ],
)
def test_the_call_to_join_leads_where_the_operator_says(
    database: Database, config: Config, ana: Ana, written: str, link: str | None
) -> None:
    changed = config.organisation.model_copy(update={"join_url": written, "footer": "Charity 1"})
    config = config.model_copy(update={"organisation": changed})
    with database.read() as session:
        letter = issue_letter(config, find_issue(session, 1, 120))
    assert letter.join_url == link
    assert letter.organisation.footer == "Charity 1"
