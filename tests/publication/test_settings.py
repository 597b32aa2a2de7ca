"""What staff set of a publication: its settings, and what its letters look like."""

from dataclasses import replace
from datetime import datetime

import pytest

from mailer.database import Database
from mailer.errors import WrongInput
from mailer.publication import (
    ChangedMeanwhile,
    Look,
    Settings,
    change_look,
    change_settings,
    create_publication,
    ensure_first,
    fault_in_slug,
    faults_in_look,
    faults_in_settings,
    keep_picture,
    publication_by_id,
    publications,
    taken_slugs,
)
from tests.conftest import NOW
from tests.publication.test_pictures import drawn

SOUND = Settings(
    "Bulletin",
    "es",
    "What happens in the valleys.",
    "Bulletin <bulletin@psg.example>",
    "office@psg.example",
    "",
    "bulletin",
)


def test_a_second_publication(database: Database, now: datetime) -> None:
    with database.write() as session:
        ensure_first(session, "en", now)
        made = create_publication(session, SOUND, now)
    assert (made.slug, made.title, made.language) == ("bulletin", "Bulletin", "es")
    assert Settings.of(made) == SOUND
    with database.read() as session:
        assert [one.slug for one in publications(session)] == ["updates", "bulletin"]
        assert {"updates", "bulletin", "desk"} <= taken_slugs(session)


def test_its_address_is_chosen_once(database: Database, now: datetime) -> None:
    with database.write() as session:
        made = create_publication(session, SOUND, now, slug="valleys")
        changed = change_settings(session, made.id, 1, replace(SOUND, title="Andes"))
    assert (changed.slug, changed.title, changed.version) == ("valleys", "Andes", 2)


def test_a_title_that_an_address_of_the_site_begins_with(database: Database) -> None:
    with database.write() as session:
        made = create_publication(session, replace(SOUND, title="Desk"), NOW)
    assert made.slug == "desk-2"


@pytest.mark.parametrize("slug", ["desk", "Updates", "a b", "../x", "a--b", "", "á", "x" * 81])
def test_an_address_that_cannot_be(slug: str) -> None:
    assert fault_in_slug(slug, frozenset()) is not None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "  "),
        ("title", "Two\nlines"),
        ("title", "x" * 201),
        ("language", "english!"),
        ("sender", "nobody"),
        ("sender", "A <a@b.example>\r\nBcc: c@d.example"),
        ("sender", "A\u2028 <a@b.example>"),
        ("sender", "áéí@psg.example"),
        ("reply_to", "office@psg.example\nX: y"),
        ("cadence", "x" * 81),
        ("cadence", "now and then"),
        ("description", "\x00"),
    ],
)
def test_a_setting_that_is_wrong(database: Database, field: str, value: str) -> None:
    wrong = replace(SOUND, **{field: value})
    assert list(faults_in_settings(wrong)) == [field]
    with database.write() as session, pytest.raises(WrongInput):
        create_publication(session, wrong, NOW)
    with database.read() as session:
        assert publications(session) == ()


def test_a_title_that_another_one_has(database: Database) -> None:
    with database.write() as session:
        create_publication(session, SOUND, NOW)
        with pytest.raises(WrongInput, match="already"):
            create_publication(session, SOUND, NOW)


def test_who_saves_second_is_told_and_shown_what_stands(database: Database) -> None:
    with database.write() as session:
        made = create_publication(session, SOUND, NOW)
        change_settings(session, made.id, made.version, replace(SOUND, title="First"))
    with database.write() as session, pytest.raises(ChangedMeanwhile) as told:
        change_settings(session, made.id, made.version, replace(SOUND, title="Second"))
    assert told.value.stands.title == "First"
    with database.read() as session:
        assert publication_by_id(session, made.id).title == "First"


def test_its_look_is_kept(database: Database) -> None:
    with database.write() as session:
        made = create_publication(session, SOUND, NOW)
        logo = keep_picture(session, drawn(), NOW)
        look = Look("#7A1F1F", "#F0B0A0", "sans", "serif", "*Printed* by hand.", logo, True)
        assert change_look(session, made.id, 1, look).look == look
    with database.read() as session:
        assert publication_by_id(session, made.id).look == look
    with database.write() as session:
        change_look(session, made.id, 2, Look(with_logo=False))
        assert publication_by_id(session, made.id).look == Look(with_logo=False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("accent", "red"),
        ("accent", "#1F4E79;}"),
        ("accent_dark", "#12345"),
        ("heading_font", "Comic Sans"),
        ("footer", "Dear {{ config.site.secret_key }}"),
        ("footer", "{{ nobody }}"),
        ("footer", "x" * 4001),
    ],
)
def test_a_look_that_is_wrong(database: Database, field: str, value: str) -> None:
    look = Look(**{field: value})  # type: ignore[arg-type]
    assert list(faults_in_look(look)) == [field]
    with database.write() as session:
        made = create_publication(session, SOUND, NOW)
        with pytest.raises(WrongInput):
            change_look(session, made.id, 1, look)


def test_a_look_whose_footer_names_known_merge_fields() -> None:
    assert faults_in_look(Look(footer="[Leave]({{ unsubscribe_url }}), {{ name }}")) == {}
