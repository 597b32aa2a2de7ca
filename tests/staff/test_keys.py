"""What the site's key seals: opened for its purpose, in time, and by nobody else."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.staff import Keys
from tests.conftest import NOW

KEYS = Keys("0" * 32)
SEALED = KEYS.seal("totp 1", b"a secret")
MINUTE = timedelta(minutes=1)


@given(st.text(), st.binary())
def test_what_is_sealed_is_opened(purpose: str, plain: bytes) -> None:
    sealed = KEYS.seal(purpose, plain)
    assert KEYS.open(purpose, sealed) == plain
    assert KEYS.open(f"{purpose} ", sealed) is None


@given(st.integers(0, len(SEALED) - 1), st.sampled_from("ABCDwxyz0189-_"))
def test_nothing_that_was_changed_is_opened(at: int, character: str) -> None:
    changed = SEALED[:at] + character + SEALED[at + 1 :]
    assert (KEYS.open("totp 1", changed) is None) == (changed != SEALED)


@pytest.mark.parametrize(
    "text",
    ["", "AAAA", "ü", "not base64!", "A" * 64, "=" * 9, pytest.param(SEALED[:-4], id="shorter")],
)
def test_what_was_never_sealed_is_not_opened(text: str) -> None:
    assert KEYS.open("totp 1", text) is None


def test_a_former_key_still_opens() -> None:
    rotated = Keys("1" * 32, ["2" * 32, "0" * 32])
    assert rotated.open("totp 1", SEALED) == b"a secret"
    assert Keys("1" * 32).open("totp 1", SEALED) is None
    assert KEYS.open("totp 1", rotated.seal("totp 1", b"new")) is None


def test_the_same_is_never_sealed_twice_alike() -> None:
    assert len({KEYS.seal("totp 1", b"a secret") for _ in range(20)}) == 20


def test_what_is_lent_comes_back_in_time() -> None:
    lent = KEYS.lend("between", {"account": 3}, NOW + MINUTE)
    assert KEYS.take_back("between", lent, NOW) == {"account": 3}
    assert KEYS.take_back("between", lent, NOW + MINUTE) is None
    assert KEYS.take_back("set up 3", lent, NOW) is None
    assert KEYS.take_back("between", "", NOW) is None


def test_a_mark_tells_nothing_of_whose_it_is() -> None:
    marks = {
        KEYS.mark("mailbox", "ana@psg.example"),
        KEYS.mark("mailbox", "tom@psg.example"),
        KEYS.mark("network", "ana@psg.example"),
        Keys("1" * 32).mark("mailbox", "ana@psg.example"),
    }
    assert len(marks) == 4
    assert {len(mark) for mark in marks} == {32}
