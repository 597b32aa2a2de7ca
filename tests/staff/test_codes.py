"""Codes of telephones: as RFC 6238 has them, near now, each once."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.staff import totp
from tests.conftest import NOW

RFC_SECRET = b"12345678901234567890"
SECRET = bytes(range(20))
HERE = totp.step_at(NOW)


@pytest.mark.parametrize(
    ("seconds", "code"),
    # RFC 6238 appendix B, SHA-1; the last six of its eight digits.
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    step = totp.step_at(datetime.fromtimestamp(seconds, UTC))
    assert totp.code_at(RFC_SECRET, step) == code


@pytest.mark.parametrize("away", range(-4, 5))
def test_a_code_is_good_a_step_before_and_after(away: int) -> None:
    found = totp.step_of(SECRET, totp.code_at(SECRET, HERE + away), NOW, used=None)
    assert found == (HERE + away if abs(away) <= 1 else None)


@given(used=st.integers(-2, 2), away=st.integers(-1, 1))
def test_no_code_is_good_for_a_step_that_was_used_or_is_before_one(used: int, away: int) -> None:
    code = totp.code_at(SECRET, HERE + away)
    found = totp.step_of(SECRET, code, NOW, used=HERE + used)
    assert found == (HERE + away if away > used else None)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("123456", "123456"),
        (" 123 456\n", "123456"),
        ("12345", None),
        ("1234567", None),
        ("12345a", None),
        ("١٢٣٤٥٦", None),
        ("１２３４５６", None),
        ("", None),
    ],
)
def test_a_code_is_read_as_people_type_it(typed: str, code: str | None) -> None:
    assert totp.digits_of(typed) == code


def test_each_secret_is_new_and_of_160_bits() -> None:
    made = {totp.new_secret() for _ in range(50)}
    assert len(made) == 50
    assert {len(secret) for secret in made} == {20}


def test_it_is_typed_in_groups_of_four() -> None:
    groups = totp.in_groups(SECRET)
    assert {len(group) for group in groups.split()} == {4}
    assert base64.b32decode(groups.replace(" ", "")) == SECRET


@pytest.mark.parametrize("organisation", ["Peru Support Group", "Ana & Tom: ¿qué?/#%", "Ñandú"])
def test_a_telephone_reads_whose_and_which(organisation: str) -> None:
    address = urlsplit(totp.address_of(SECRET, "ana@psg.example", organisation))
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    issuer = organisation.replace(":", " ")
    assert unquote(address.path) == f"/{issuer}:ana@psg.example"
    assert parse_qs(address.query) == {
        "secret": [base64.b32encode(SECRET).decode()],
        "issuer": [issuer],
    }


def test_a_moment_has_one_step() -> None:
    assert totp.step_at(NOW + timedelta(seconds=29.9)) == HERE
    assert totp.step_at(NOW + timedelta(seconds=30)) == HERE + 1
