"""Mailboxes as people write them."""

from email import message_from_string, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import WrongInput
from mailer.letter import Mailbox, mailbox_header, parse_mailbox


@pytest.mark.parametrize(
    ("text", "mailbox"),
    [
        ("PSG Updates <updates@psg.example>", Mailbox("PSG Updates", "updates@psg.example")),
        ("ana@example.org", Mailbox("", "ana@example.org")),
        ("<ana@example.org>", Mailbox("", "ana@example.org")),
        ('"Quispe, \\"Ana\\"" <ana@example.org>', Mailbox('Quispe, "Ana"', "ana@example.org")),
        ("Perú <josé@perú.example>", Mailbox("Perú", "josé@perú.example")),
    ],
)
def test_reading(text: str, mailbox: Mailbox) -> None:
    assert parse_mailbox(text) == mailbox


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ana",
        "Ana <>",
        "Ana <ana>",
        "a@b <c@d> e",
        "Ana <a@b>\r\nBcc: c@d",
        'A" <a@b>',
        "a@b, c@d",
    ],
)
def test_what_is_no_mailbox_is_refused(text: str) -> None:
    with pytest.raises(WrongInput):
        parse_mailbox(text)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40))
def test_what_is_written_is_read(name: str) -> None:
    header = mailbox_header(Mailbox(name, "ana@example.org"))
    (read,) = message_from_string(f"To: {header}\n\n", policy=policy.default)["To"].addresses
    assert (read.display_name, read.addr_spec) == (name, "ana@example.org")
    if "=?" not in header:
        assert parse_mailbox(header) == Mailbox(name, "ana@example.org")


def test_a_domain_that_is_none_is_refused() -> None:
    with pytest.raises(WrongInput, match="no domain name"):
        mailbox_header(Mailbox("", "ana@-ñ-.example"))
