"""Addresses: the verdict is email-validator's, and a mailbox has one key."""

import unicodedata

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.audience import normalise
from mailer.errors import WrongInput

_LOCALS = st.text("abzAZ019.+-_'!#\"@ ñÉßİΣ\u0301\u200b\n", max_size=20)
_DOMAINS = st.text("abzAZ019.-_xnñÉß ", max_size=20) | st.sampled_from(
    ["example.org", "EXAMPLE.org", "psg.example", "bücher.example", "xn--bcher-kva.example",
     "localhost", "a.test", "[127.0.0.1]", "example", "1.2.3.4", "x." + "y" * 64 + ".org",
     "例え.jp", "a..org", "-a.org", "a.invalid"]
)  # fmt: skip
addresses = st.builds("{}@{}".format, _LOCALS, _DOMAINS) | st.emails() | st.text(max_size=30)


@given(addresses)
@example("INFO@Example.org")
@example("a" * 250 + "@example.org")
@example("ana@" + "b." * 125 + "org")
@example("ana@example.org\n")
@example("Ana <ana@example.org>")
def test_the_verdict_is_email_validators(text: str) -> None:
    try:
        expected = validate_email(text.strip(" "), check_deliverability=False)
    except EmailNotValidError:
        with pytest.raises(WrongInput, match="is not an address"):
            normalise(text)
        return
    found = normalise(text)
    assert found.address == expected.normalized
    assert found.domain == expected.ascii_domain


@given(addresses)
def test_a_mailbox_is_in_one_form_whichever_way_it_is_written(text: str) -> None:
    try:
        found = normalise(text)
    except WrongInput:
        return
    assert normalise(found.mailbox).mailbox == found.mailbox
    assert normalise(found.address).mailbox == found.mailbox
    assert unicodedata.is_normalized("NFC", found.mailbox)
    assert found.mailbox.endswith("@" + found.domain)
    assert found.domain.isascii()
    assert not any(unicodedata.category(c) == "Cc" for c in found.address)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana@Example.ORG", "ana@example.org"),
        ("ana@bücher.example", "ANA@xn--bcher-kva.example"),
        ("jose\u0301@example.org", "JOSÉ@example.org"),
    ],
)
def test_two_spellings_are_one_mailbox(one: str, other: str) -> None:
    assert normalise(one).mailbox == normalise(other).mailbox


@pytest.mark.parametrize("text", ["ana@example.org\nBcc: x@example.org", "ana\r@example.org"])
def test_a_line_break_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(WrongInput) as refused:
        normalise(text)
    assert "\n" not in str(refused.value)
    assert "\r" not in str(refused.value)


def test_what_mail_is_sent_to_keeps_its_case() -> None:
    assert normalise("Ana.Maria@Example.ORG").address == "Ana.Maria@example.org"
