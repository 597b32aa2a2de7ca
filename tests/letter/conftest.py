from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mailer.delivery import themes
from mailer.letter import (
    IssueLetter,
    Letterhead,
    LetterItem,
    Mailbox,
    MergeValues,
    NoteLetter,
    Organisation,
    Theme,
)

SHELF = Path(__file__).parents[2] / "templates" / "letters"
SITE = "https://updates.example.org"


def read_theme(template: str, name: str = "update") -> Theme:
    return themes.ours(name, template.partition(".")[0])


@pytest.fixture(scope="session")
def theme() -> Theme:
    return read_theme("letter.html.j2")


@pytest.fixture(scope="session")
def note_theme() -> Theme:
    return read_theme("note.html.j2")


@pytest.fixture(scope="session")
def issue() -> IssueLetter:
    return IssueLetter(
        publication="Update",
        title="Update 120",
        date=date(2007, 3, 31),
        subject="Update 120: water for everybody",
        preheader="Water, and a new colleague.",
        language="en",
        items=(
            LetterItem(
                title="A promise about water & rivers",
                summary="Ministries *signed* a [pact](https://pact.example/text) on water.",
                body="The whole story, which stands on the page.",
                url=f"{SITE}/updates/120/water/",
            ),
            LetterItem(
                title="A new colleague in Cusco",
                summary="Help us, {{ greeting | friend }}, to greet José.\n\n.com is no name.",
                body="",
                url=f"{SITE}/updates/120/colleague/",
                topic="People",
            ),
            LetterItem(
                title="The accounts",
                summary="For those who pay.",
                body="# Money\n\n- in\n- out\n\n[All of it](/accounts)",
                url=f"{SITE}/updates/120/accounts/",
                members_only=True,
            ),
        ),
        organisation=Organisation("Andes Society", "1 Example Street\nLondon", SITE),
        archive_url=f"{SITE}/updates/",
        join_url=f"{SITE}/join/",
    )


@pytest.fixture(scope="session")
def note(issue: IssueLetter) -> NoteLetter:
    return NoteLetter(
        subject="Please confirm",
        heading="Confirm your subscription",
        language="en",
        paragraphs=("Somebody asked for **Update** here.", "If not you, do nothing."),
        action_label="Confirm my subscription",
        organisation=issue.organisation,
        reason="You get this because your address was entered on our site.",
    )


@pytest.fixture(scope="session")
def head() -> Letterhead:
    return Letterhead(
        sender=Mailbox("Andes Updates", "updates@andes.example"),
        date=datetime(2026, 3, 31, 9, tzinfo=UTC),
        reply_to=Mailbox("", "office@andes.example"),
        list_name="Update",
        list_id="updates.updates.example.org",
    )


@pytest.fixture(scope="session")
def ana() -> MergeValues:
    token = "AbCdEf0123456789-_" * 3
    return MergeValues(
        to_name="Ana Quispe",
        to_address="ana@example.org",
        message_id="<1.x7@andes.example>",
        fields={
            "greeting": "Ana and Tom",
            "unsubscribe_url": f"{SITE}/unsubscribe/{token}",
            "preferences_url": f"{SITE}/preferences/{token}",
            "letter_url": f"{SITE}/letter/{token}",
            "action_url": f"{SITE}/confirm/{token}",
        },
    )


def with_field(values: MergeValues, **fields: str) -> MergeValues:
    return replace(values, fields={**values.fields, **fields})
