"""Tokens of links: read back as they were made, and refused when anything about them is not."""

import hmac
import string
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import NotFound
from mailer.tokens import BadToken, Claim, ExpiredToken, Purpose, Signer
from mailer.tokens.signer import Mac
from tests.conftest import NOW

KEY, OLD_KEY, OTHER_KEY = ("0" * 32, "1" * 32, "2" * 32)
SIGNER = Signer(KEY)
CHARACTERS = string.ascii_letters + string.digits + "-_"
TOKEN = SIGNER.link(Purpose.UNSUBSCRIBE, 17, 3)

ids = st.integers(0, 2**64 - 1)
subjects = st.integers(0, 2**32 - 1)
moments = st.integers(1, 3_000_000_000).map(lambda seconds: NOW + timedelta(seconds=seconds))


@given(st.sampled_from(Purpose), ids, subjects, st.none() | moments)
def test_what_is_made_is_read(
    purpose: Purpose, subscriber: int, subject: int, expires: datetime | None
) -> None:
    token = SIGNER.link(purpose, subscriber, subject, expires)
    assert len(token) == 48
    assert set(token) <= set(CHARACTERS)
    assert SIGNER.read(purpose, token, NOW) == Claim(purpose, subscriber, subject, expires)


def refused(token: str, purpose: Purpose = Purpose.UNSUBSCRIBE, signer: Signer = SIGNER) -> bool:
    try:
        signer.read(purpose, token, NOW)
    except BadToken as error:
        return str(error) == "This link is not one of ours."
    return False


def test_any_one_character_changed_is_refused() -> None:
    assert not refused(TOKEN)
    for place in range(len(TOKEN)):
        for character in CHARACTERS + "+/=. \n\0é":
            changed = TOKEN[:place] + character + TOKEN[place + 1 :]
            assert changed == TOKEN or refused(changed), changed


def test_any_one_character_added_or_taken_out_is_refused() -> None:
    for place in range(len(TOKEN) + 1):
        assert place == len(TOKEN) or refused(TOKEN[:place] + TOKEN[place + 1 :])
        for character in "Aa0-_= \n":
            assert refused(TOKEN[:place] + character + TOKEN[place:])


def test_another_case_is_refused() -> None:
    for place, character in enumerate(TOKEN):
        if character.isalpha():
            assert refused(TOKEN[:place] + character.swapcase() + TOKEN[place + 1 :])
    assert refused(TOKEN.lower())
    assert refused(TOKEN.upper())


@given(st.text(max_size=60) | st.text(CHARACTERS, min_size=48, max_size=48))
def test_noise_is_refused(noise: str) -> None:
    assert refused(noise)


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("other", Purpose)
def test_a_token_is_for_one_purpose(purpose: Purpose, other: Purpose) -> None:
    token = SIGNER.link(purpose, 17, 3)
    assert refused(token, other) is (other != purpose)


def test_former_keys_verify_and_do_not_sign() -> None:
    before, after = Signer(OLD_KEY), Signer(KEY, [OTHER_KEY, OLD_KEY])
    old = before.link(Purpose.UNSUBSCRIBE, 17, 3)
    assert after.read(Purpose.UNSUBSCRIBE, old, NOW).subscriber == 17
    assert after.link(Purpose.UNSUBSCRIBE, 17, 3) == TOKEN
    assert refused(TOKEN, signer=before)
    assert refused(old)
    assert after.read_verp(before.verp(17)) == 17
    with pytest.raises(BadToken):
        before.read_verp(after.verp(17))


def test_a_token_whose_time_is_over_still_says_whose_it_was() -> None:
    week = timedelta(days=7)
    token = SIGNER.link(Purpose.CONFIRM, 17, 3, NOW + week)
    assert SIGNER.read(Purpose.CONFIRM, token, NOW + week).subscriber == 17
    with pytest.raises(ExpiredToken) as expired:
        SIGNER.read(Purpose.CONFIRM, token, NOW + week + timedelta(seconds=1))
    assert expired.value.claim == Claim(Purpose.CONFIRM, 17, 3, NOW + week)
    assert isinstance(expired.value, NotFound)
    with pytest.raises(BadToken) as bad:
        SIGNER.read(Purpose.PREFERENCES, token, NOW + 2 * week)
    assert not isinstance(bad.value, ExpiredToken)


def test_a_link_without_an_end_is_read_in_a_century() -> None:
    century = NOW + timedelta(days=36_525)
    assert SIGNER.read(Purpose.UNSUBSCRIBE, TOKEN, century).subject == 3


@given(st.binary(max_size=64), st.binary(max_size=100))
def test_the_mac_is_hmac_sha_256(key: bytes, body: bytes) -> None:
    assert Mac(key)(body) == hmac.digest(key, body, "sha256")
