"""Pictures: there, light enough, and said in words."""

from typing import Any

import pytest

from mailer.letter import Picture
from tests.letter.preflight.conftest import Checked

GOOD: dict[str, Any] = {
    "url": "https://updates.example.org/pictures/abc.jpg",
    "width": 600,
    "height": 400,
    "alt": "A river in the valley",
    "octets": 80_000,
}


@pytest.mark.parametrize(
    ("changes", "good"),
    [
        ({}, True),
        ({"width": 1200, "octets": 500_000}, True),
        ({"alt": " "}, False),
        ({"alt": "IMG_2031.JPG"}, False),
        ({"octets": 0}, False),
        ({"octets": 500_001}, False),
        ({"width": 1201}, False),
    ],
)
def test_pictures(checked: Checked, changes: dict[str, Any], good: bool) -> None:
    picture = Picture(**{**GOOD, **changes})
    item, logo = "the picture of item 1 (Water)", "the logo"
    for found, place in (
        (checked.with_item(picture=picture), item),
        (checked.with_organisation(logo=picture), logo),
    ):
        assert found == ([] if good else [("warning", "pictures", place)])
