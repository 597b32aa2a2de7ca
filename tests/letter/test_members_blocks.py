"""Parts of a text that members see, and nobody else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.letter import (
    IssueLetter,
    Letterhead,
    MergeValues,
    Theme,
    Variant,
    compile_letter,
    has_members_block,
    plain_text,
    render_markdown,
)
from mailer.letter.markdown import members_blocks, parse, to_html
from tests.letter.conftest import SITE

BLOCK = "Before.\n\n::: members\nFor *us*.\n:::\n\nAfter."


def test_members_see_it_as_a_part_of_the_text() -> None:
    shown = to_html(parse(BLOCK, "en", members=True), top_heading=2)
    assert shown == (
        '<p>Before.</p>\n<div class="for-members">\n<p>For <em>us</em>.</p>\n</div>\n'
        "<p>After.</p>\n"
    )


def test_for_everybody_else_it_is_not_there() -> None:
    assert render_markdown(BLOCK, "en") == "<p>Before.</p>\n<p>After.</p>\n"
    assert plain_text(BLOCK) == "Before. After."


@pytest.mark.parametrize(
    "source",
    [
        "::: members\nSECRET",
        "a\n::: members\nSECRET\n\n- SECRET\n\n# SECRET",
        ":::members\nSECRET\n:::",
        "::: Members\nSECRET\n:::",
        ":::: member\n::: members\nSECRET\n:::\nSECRET\n::::",
        "- a\n\n  ::: members\n  SECRET\n  :::",
        "> ::: members\n> SECRET\n> :::",
        "a[^1]\n\n::: members\n[^1]: SECRET\n:::",
        "a[^1]\n\n[^1]: b\n\n    ::: members\n    SECRET\n    :::",
        "::: members\nx[^1]\n:::\n\n[^1]: SECRET",
        "[a]\n\n::: members\n\n[a]: https://SECRET.example\n:::",
        "::: members\n[SECRET](/SECRET) ![SECRET](/SECRET)\n:::",
    ],
)
def test_nothing_of_a_block_leaks(source: str) -> None:
    for shown in (render_markdown(source, "en"), plain_text(source)):
        assert "secret" not in shown.lower()
    assert has_members_block(source)
    assert "secret" in to_html(parse(source, "en", members=True), top_heading=2).lower()


@given(st.lists(st.sampled_from(["SECRET", "- SECRET", "> SECRET", "", "# SECRET", "```", "[^1]"])))
def test_an_unclosed_block_ends_with_its_text(lines: list[str]) -> None:
    source = "\n".join(["Public.", "", "::: members", *lines])
    assert render_markdown(source, "en") == "<p>Public.</p>\n"


def test_a_link_defined_in_public_as_well_stays() -> None:
    source = "::: members\n[a]: /SECRET\n:::\n\n[a]: /open\n\n[a]"
    assert render_markdown(source, "en") == '<p><a href="/open">a</a></p>\n'


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("", 0),
        ("::: note\na\n:::", 0),
        ("`::: members`", 0),
        (BLOCK, 1),
        (f"{BLOCK}\n\n{BLOCK}", 2),
    ],
)
def test_blocks_are_counted(source: str, count: int) -> None:
    assert members_blocks(source) == count
    assert has_members_block(source) is bool(count)


@pytest.fixture
def mixed(issue: IssueLetter) -> IssueLetter:
    """An issue with one block in a summary and one in a body, and an item for members."""
    first, second, members = issue.items
    return replace(
        issue,
        items=(
            replace(first, summary="Open.\n\n::: members\nBlock one.\n:::"),
            replace(second, body="Long read.\n\n::: members\nBlock two.\n:::"),
            members,
        ),
    )


def letters(
    content: IssueLetter, head: Letterhead, theme: Theme, reader: MergeValues, *, member: bool
) -> tuple[str, str]:
    made = compile_letter(content, head, Variant("en", "html", member), theme)
    html, text = made.parts(reader)
    assert html is not None
    return html, text


def test_a_letter_to_others_has_none_and_counts_them(
    mixed: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues
) -> None:
    for part in letters(mixed, head, theme, ana, member=False):
        assert "Block" not in part
        assert "Long read" not in part
        assert "3 more items, for members" in part
        assert f"{SITE}/join/" in part


def test_a_members_letter_has_them_where_they_stand(
    mixed: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues
) -> None:
    for part in letters(mixed, head, theme, ana, member=True):
        assert "Block one" in part
        # The item's page does not show the block, so the letter has the whole body.
        assert part.index("Long read") < part.index("Block two")
        assert "more item" not in part


def test_the_notes_of_an_item_stand_at_its_end(
    issue: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues
) -> None:
    both = replace(
        issue.items[2],
        summary="One^[first [note](https://n.example)].",
        body="Two^[second]. [A link](https://l.example)",
    )
    html, text = letters(replace(issue, items=(both,)), head, theme, ana, member=True)
    assert (
        "One [note 1].\n\nTwo [note 2]. A link [2]\n\nNote 1: first note [1]\n\nNote 2: second\n\n"
        "[1] https://n.example\n[2] https://l.example"
    ) in text
    assert "Two [2]." in html
