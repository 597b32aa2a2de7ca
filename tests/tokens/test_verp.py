"""Tokens of envelope senders: mail systems change their case, and nothing else may change."""

import string
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.tokens import BadToken, Purpose, Signer

SIGNER = Signer("0" * 32)
BASE32 = string.ascii_lowercase + "234567"
TOKEN = SIGNER.verp(123_456)


@given(st.integers(0, 2**56 - 1), st.randoms())
def test_what_is_made_is_read_in_any_case(delivery: int, random: Random) -> None:
    token = SIGNER.verp(delivery)
    assert len(token) == 24
    assert set(token) <= set(BASE32)
    for heard in (token, token.upper(), "".join(random.choice((c, c.upper())) for c in token)):
        assert SIGNER.read_verp(heard) == delivery


def refused(token: str) -> bool:
    try:
        SIGNER.read_verp(token)
    except BadToken as error:
        return str(error) == "This envelope sender is not one of ours."
    return False


def test_any_one_character_changed_added_or_taken_out_is_refused() -> None:
    assert not refused(TOKEN)
    for place in range(len(TOKEN) + 1):
        assert place == len(TOKEN) or refused(TOKEN[:place] + TOKEN[place + 1 :])
        for character in f"{BASE32}0189=+-é\0":
            assert refused(TOKEN[:place] + character + TOKEN[place:])
            changed = TOKEN[:place] + character + TOKEN[place + 1 :]
            assert changed == TOKEN or refused(changed)


@given(st.text(max_size=30) | st.text(BASE32, min_size=24, max_size=24))
def test_noise_is_refused(noise: str) -> None:
    assert refused(noise)


@pytest.mark.parametrize(("character", "plain"), [("\u0131", "i"), ("\u017f", "s")])
def test_what_is_a_letter_only_in_capitals_is_refused(character: str, plain: str) -> None:
    token = next(token for token in map(SIGNER.verp, range(1000)) if plain in token)
    assert token.replace(plain, character).upper() == token.upper()
    assert refused(token.replace(plain, character))


def test_a_links_token_is_no_envelope_senders() -> None:
    assert refused(SIGNER.link(Purpose.UNSUBSCRIBE, 1, 1))
    assert refused(SIGNER.link(Purpose.UNSUBSCRIBE, 1, 1)[:24].lower())
