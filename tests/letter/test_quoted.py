"""Quoted-printable that needs neither dot-stuffing nor canonicalising."""

import quopri
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.letter.quoted import needs_no_encoding, quoted, quoted_plain, quoted_value

static = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from(" .=\nFrom \t"), max_size=300
).map(lambda text: text.replace("\r", ""))
value = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from(" .=From "), max_size=300
)


@given(before=static, middle=value, after=static)
def test_any_text_with_any_value(before: str, middle: str, after: str) -> None:
    wire = quoted(before, before_value=True) + quoted_value(middle) + quoted(after)
    decoded = quopri.decodestring(wire.replace(b"\r\n", b"\n")).decode()
    assert decoded == before + middle + after
    lines = wire.split(b"\r\n")
    assert all(len(line) <= 76 for line in lines)
    assert not any(line.startswith((b".", b"From ")) for line in lines)
    assert not re.search(rb"[ \t]{2}|[ \t]$|[^ -~\r\n]", wire)


@pytest.mark.parametrize(
    ("text", "as_it_is"),
    [
        ("Plain words = plain.\n\nAnd more of them.\n", True),
        ("", True),
        ("Ana’s\n", False),
        ("a" * 76, False),
        (".a line\n", False),
        ("From here\n", False),
        ("two  blanks\n", False),
        ("a blank at the end \n", False),
        ("a\ttab\n", False),
    ],
)
def test_plain_text_needs_no_encoding(text: str, as_it_is: bool) -> None:
    assert needs_no_encoding(text) is as_it_is


@given(value=value)
def test_a_plain_value_is_written_as_any_other(value: str) -> None:
    if quoted_value(value).replace(b"=\r\n", b"") == value.encode():
        assert quoted_plain(value.encode()) == quoted_value(value)


def test_a_dot_at_the_seam() -> None:
    assert quoted_value("." * 80) == b"=2E" + b"." * 72 + b"=\r\n=2E" + b"." * 6 + b"=\r\n"
    assert quoted_value("") == b""
    assert quoted_value("a" * 75 + ".b") == b"a" * 75 + b"=\r\n=2Eb=\r\n"
    assert quoted_value("a" * 75 + "From b") == b"a" * 75 + b"=\r\n=46rom b=\r\n"
