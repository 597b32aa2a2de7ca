"""What is a CSV file of readers, whoever wrote it, and what is none."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.audience import csv_file
from mailer.errors import WrongInput


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"\xef\xbb\xbfEMAIL\r\nana@example.org\r\n", [(2, ["ana@example.org"])]),
        (
            b'"Email";"Name"\nana@example.org;"Quispe; Ana"\n',
            [(2, ["ana@example.org", "Quispe; Ana"])],
        ),
        (b"email\tname\nana@example.org\tAna\n", [(2, ["ana@example.org", "Ana"])]),
        (
            b"email,name\rana@example.org,Ana\rtom@example.org,Tom\r",
            [(2, ["ana@example.org", "Ana"]), (3, ["tom@example.org", "Tom"])],
        ),
        (b"\n\nemail,name,\n\nana@example.org,Ana,\n,,\n", [(5, ["ana@example.org", "Ana", ""])]),
        (
            b'email,name\nana@example.org,"Ana\nQuispe"\ntom@example.org,\n',
            [(2, ["ana@example.org", "Ana\nQuispe"]), (4, ["tom@example.org", ""])],
        ),
        (b"email\n", []),
    ],
)
def test_what_spreadsheets_write_is_read(
    tmp_path: Path, content: bytes, rows: list[tuple[int, list[str]]]
) -> None:
    path = tmp_path / "readers.csv"
    path.write_bytes(content)
    file = csv_file.check(path)
    assert file.columns[0] == "email"
    assert list(csv_file.rows(file)) == rows
    assert file.rows == len(rows)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There is no file"),
        (b"", "is empty"),
        (b"\xef\xbb\xbf\n \n", "is empty"),
        (b"name,city\nAna,Lima\n", "no column is named email"),
        (b"email,Name,name\nana@example.org,A,B\n", "“name” comes twice"),
        (b"email" + b",x" * 120_000, "has 120001 columns"),
        (b"\x89PNG\r\n\x1a\n\0\0", "line 1: this is not UTF-8"),
        (b"email\nana@example.org\nb\0b@example.org\n", "line 3: this is not UTF-8"),
        ("email,name\na@example.org,José\n".encode("latin-1"), "line 2: this is not UTF-8"),
        ("email\nana@example.org\n".encode("utf-16"), "line 1: this is not UTF-8"),
        (b'email,name\na@example.org,"Ana\nb@example.org,Bo\n', "line 2: a quotation mark"),
        (b'email,name\na@example.org,"' + b"x\n" * 600_000 + b'"', "line 2: this is no CSV"),
        (b"email\na@example.org\n" + b"x" * 2_000_000, "line 3: no line"),
    ],
)
def test_a_file_that_is_no_csv_is_named_with_the_line(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "readers.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WrongInput, match=said) as refused:
        csv_file.check(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match="not a file"):
        csv_file.check(tmp_path)


@given(st.binary(max_size=200))
def test_any_bytes_are_csv_or_refused(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.csv"
    path.write_bytes(b"email,name\n" + noise)
    try:
        file = csv_file.check(path)
    except WrongInput:
        return
    assert len(list(csv_file.rows(file))) == file.rows
