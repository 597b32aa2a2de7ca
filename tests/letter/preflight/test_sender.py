"""What every letter must bear: who writes, from where, and how to leave."""

import pytest

from mailer.letter import Facts
from tests.letter.preflight.conftest import Checked


@pytest.mark.parametrize("address", ["", " \n"])
def test_no_postal_address(checked: Checked, address: str) -> None:
    found = checked.with_organisation(address=address)
    assert found == [("error", "postal_address", "the footer")]


@pytest.mark.parametrize(
    "html",
    [
        "<p>Nothing</p>",
        "<p>a</p><!-- {{ fields.unsubscribe_url }} -->",
        "<p>{{ fields.unsubscribe_url }}</p>",
    ],
)
def test_no_unsubscribe_link(checked: Checked, html: str) -> None:
    assert checked.with_theme(html=html) == [("error", "unsubscribe_link", "theme update")]


@pytest.mark.parametrize("html", ["{{ broken", "{{ nothing }}", "{{ 1 / 0 }}"])
def test_a_letter_that_cannot_be_made(checked: Checked, html: str) -> None:
    assert checked.with_theme(html=html) == [("error", "letter", "the letter")]


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://updates.example.org", True),
        ("http://127.0.0.1:8000", True),
        ("http://localhost:8000", True),
        ("http://[::1]:8000", True),
        ("http://updates.example.org", False),
        ("http://127.0.0.1.example.org", False),
        ("https://", False),
        ("updates.example.org", False),
        ("http://[", False),
    ],
)
def test_a_site_that_is_not_safe(checked: Checked, url: str, good: bool) -> None:
    found = checked.with_organisation(url=url)
    assert found == ([] if good else [("error", "site", url)])


@pytest.mark.parametrize(
    ("sender", "bounces", "good"),
    [
        ("PSG <updates@psg.example>", "bounces@psg.example", True),
        ("updates@news.psg.example", "bounces@mail.psg.example", True),
        ("updates@PSG.org.uk", "bounces@b.psg.org.uk", True),
        ("updates@münchen.example", "bounces@xn--mnchen-3ya.example", True),
        ("", "bounces@psg.example", True),
        ("updates@psg.example", "", True),
        ("updates@psg.example", "bounces@sender.example", False),
        ("updates@psg.org.uk", "bounces@other.org.uk", False),
        ("updates@psg.gob.pe", "bounces@otro.gob.pe", False),
    ],
)
def test_sender_and_envelope(checked: Checked, sender: str, bounces: str, good: bool) -> None:
    found = checked.found(Facts(sender=sender, bounce_address=bounces))
    assert found == ([] if good else [("warning", "alignment", "the sender")])
