"""A CSV row → a draft or a refusal, without any file."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.audience.address import normalise
from mailer.audience.csv_row import (
    COLUMNS,
    Refusal,
    as_written,
    harmless,
    read_header,
    read_row,
    read_tags,
    write_row,
    write_tags,
)
from mailer.audience.draft import Draft
from mailer.audience.fields import ground_of, one_line
from mailer.audience.subscription import State
from mailer.errors import WrongInput
from mailer.letter import MERGE_FIELDS

lines = st.text(max_size=40).map(one_line)
tags = st.lists(lines.filter(bool), unique=True, max_size=4).map(tuple)
drafts = st.builds(
    Draft,
    address=st.sampled_from(["ana@example.org", "+x@example.org", "=1+1@bücher.example"]).map(
        normalise
    ),
    name=lines,
    greeting=lines,
    language=st.sampled_from(["", "en", "es-PE", "zh-Hant"]),
    member=st.sampled_from([None, True, False]),
    tags=tags,
    custom_fields=st.dictionaries(
        lines.map(str.lower).filter(lambda n: n and n not in COLUMNS),
        lines.filter(bool),
        max_size=3,
    ),
    state=st.none() | st.sampled_from(State),
    format=st.sampled_from(["", "html", "text"]),
)


@given(drafts)
def test_what_is_written_is_read_back(draft: Draft) -> None:
    custom = sorted(draft.custom_fields)
    out = io.StringIO(newline="")
    csv.writer(out).writerows(
        [
            [harmless(name) for name in (*COLUMNS, *custom)],
            write_row(draft, custom, draft.custom_fields),
        ]
    )
    header, cells = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert read_row(read_header(header), 2, cells) == draft
    assert not any(cell[:1] in tuple("=+-@\t\r") and cell for cell in (*header, *cells))


@given(st.text())
def test_a_formula_is_harmless_and_comes_back_exactly(cell: str) -> None:
    assert as_written(harmless(cell)) == cell
    assert not harmless(cell).startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.lists(st.text()), st.lists(st.text()))
def test_any_cells_are_a_draft_or_a_refusal(header: list[str], cells: list[str]) -> None:
    try:
        columns = read_header(["Email", *header])
    except WrongInput:
        return
    assert isinstance(read_row(columns, 7, ["ana@example.org", *cells]), Draft | Refusal)


@given(tags)
def test_tags_are_read_back(tags: tuple[str, ...]) -> None:
    assert read_tags(write_tags(tags)) == tags


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("email", "no address", "@-sign"),
        ("member", "maybe", "yes or no"),
        ("language", "Quechua!", "en, es"),
        ("subscription_state", "asleep", "pending"),
        ("subscription_format", "pdf", "html or text"),
        ("name", "x" * 201, "201 characters"),
        ("city", "x" * 2001, "2001 characters"),
    ],
)
def test_a_wrong_value_is_named_and_nothing_else_of_the_row(
    column: str, value: str, said: str
) -> None:
    row = {"email": "ana@example.org", "name": "Ana", "city": "Cusco", column: value}
    refusal = read_row(tuple(row), 9, tuple(row.values()))
    assert isinstance(refusal, Refusal)
    assert (refusal.line, refusal.value) == (9, value)
    assert said in refusal.reason
    assert "Cusco" not in refusal.reason


@pytest.mark.parametrize(
    ("cell", "member"),
    [("YES", True), ("true", True), ("1", True), ("no", False), ("False", False), ("0", False),
     ("", None), (" ", None)],
)  # fmt: skip
def test_member_is_yes_or_no(cell: str, member: bool | None) -> None:
    draft = read_row(("email", "member"), 2, ("ana@example.org", cell))
    assert isinstance(draft, Draft)
    assert draft.member is member


def test_a_row_with_more_cells_than_columns_is_refused() -> None:
    assert isinstance(read_row(("email",), 2, ("ana@example.org", "Ana")), Refusal)
    assert isinstance(read_row(("email",), 2, ("ana@example.org", "", "")), Draft)


@pytest.mark.parametrize(
    "header", [["name"], [], ["e-mail"], ["email", "Email"], ["email", "a", "A"]]
)
def test_a_header_without_email_or_with_a_column_twice_is_refused(header: list[str]) -> None:
    with pytest.raises(WrongInput):
        read_header(header)


@pytest.mark.parametrize("column", sorted(MERGE_FIELDS - set(COLUMNS)))
def test_a_column_never_stands_for_a_link_of_the_letter(column: str) -> None:
    with pytest.raises(WrongInput, match=f"“{column}” .* rename or remove"):
        read_header(["email", column.upper()])


@pytest.mark.parametrize(
    "column", ["email", "name", "greeting", "tags", "language", "member", "city"]
)
def test_half_a_character_is_refused_and_not_dropped(column: str) -> None:
    columns = ("email", column) if column != "email" else ("email",)
    cells = ["ana@example.org", "A\udcff"] if column != "email" else ["ana\udcff@example.org"]
    refusal = read_row(columns, 2, cells)
    assert isinstance(refusal, Refusal)
    assert refusal.value == cells[-1]
    assert refusal.reason.isprintable()


def test_a_ground_has_a_limit() -> None:
    assert len(ground_of("x" * 2000)) == 2000
    with pytest.raises(WrongInput, match="The ground has 2001 characters; 2000 is the most"):
        ground_of("x" * 2001)
