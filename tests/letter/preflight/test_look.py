"""Whether the text can be told from the paper."""

import pytest

from mailer.letter.preflight.painted import painted
from tests.letter.preflight.conftest import Checked

THEME = ("warning", "contrast", "theme update")


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"accent": "#1F4E79"}, None),
        ({"accent": "#DDDD00"}, "[organisation] accent"),
        ({"accent_dark": "#9CC3E8"}, None),
        ({"accent_dark": "#1F4E79"}, "[organisation] accent_dark"),
    ],
)
def test_an_accent_that_cannot_be_read(
    checked: Checked, changes: dict[str, str], place: str | None
) -> None:
    found = checked.with_organisation(**changes)
    assert found == ([("warning", "accent", place)] if place else [])


def test_a_colour_that_is_none(checked: Checked) -> None:
    assert checked.with_organisation(accent="red") == [("error", "letter", "the letter")]


@pytest.mark.parametrize(
    ("inlined", "kept", "good"),
    [
        (".title { color: #666666 }", "", True),
        (".title { color: #777777 }", "", False),
        (".title { color: #EEE }", "", False),
        (".title { background: gold; color: white }", "", False),
        (
            ".title { background: gold; color: black }",
            "@media (prefers-color-scheme: dark) { .title { color: black !important } }",
            True,
        ),
        ("", "@media (prefers-color-scheme: dark) { .title { color: #333 !important } }", False),
        ("", "@media (prefers-color-scheme: dark) { .title { color: #CCC !important } }", True),
    ],
)
def test_a_themes_colours(checked: Checked, inlined: str, kept: str, good: bool) -> None:
    theme = checked.theme
    found = checked.with_theme(
        inlined_css=f"{theme.inlined_css}\n{inlined}", kept_css=f"{theme.kept_css}\n{kept}"
    )
    assert set(found) == (set() if good else {THEME})


LIGHT = ("#000000", "#FFFFFF", "light")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>a</p>", [LIGHT]),
        ("<p></p>", []),
        ("<p style='display:none;color:red'>a</p>", []),
        ("<p style='color:#f00'>a</p>", [("#FF0000", "#FFFFFF", "light")]),
        ("<p style='color:rgba(0,0,0,.5)'>a</p>", [("#808080", "#FFFFFF", "light")]),
        ("<p style='color:red;color:lime'>a</p>", [("#00FF00", "#FFFFFF", "light")]),
        ("<p style='color:red !important;color:lime'>a</p>", [("#FF0000", "#FFFFFF", "light")]),
        ("<table bgcolor='navy'><tr><td>a", [("#000000", "#000080", "light")]),
        ("<div style='color:red'><p>a</p></div>", [("#FF0000", "#FFFFFF", "light")]),
        ("<a href='x'>a</a>", [("#0000EE", "#FFFFFF", "light")]),
        ("<a name='x'>a</a>", [LIGHT]),
        ("<p style='background:url(x)'>a</p>", []),
        ("<p style='background-image:url(x)'>a</p>", []),
        ("<p style='background:transparent'>a</p>", [LIGHT]),
        ("<p style='color:var(--x)'>a</p>", []),
        ("<style>p { color: red }</style><p>a</p>", [("#FF0000", "#FFFFFF", "light")]),
        ("<style>p { color: red }</style><p style='color:lime'>a</p>",
         [("#00FF00", "#FFFFFF", "light")]),
        ("<style>p { color: red !important }</style><p style='color:lime'>a</p>",
         [("#FF0000", "#FFFFFF", "light")]),
        ("<style>p.a { color: red } p { color: lime }</style><p class=a>a</p>",
         [("#FF0000", "#FFFFFF", "light")]),
        ("<style>@media (max-width: 9px) { p { color: red } }</style><p>a</p>", [LIGHT]),
        ("<style>p:hover, p::before, p:: { color: red }</style><p>a</p>", [LIGHT]),
    ],
)  # fmt: skip
def test_which_colours_a_text_has(body: str, expected: list[tuple[str, str, str]]) -> None:
    found = painted(f"<html><body>{body}</body></html>")
    assert [(one.ink, one.paper, one.scheme) for one in found] == expected


def test_the_dark_scheme_is_known_where_the_page_sets_both_colours() -> None:
    page = (
        "<style>@media screen and (prefers-color-scheme: dark)"
        " {{ body {{ background: #111 !important; {} }} }}</style>"
        "<body style='background:#fff;color:#222'><p>a</p>"
    )
    light = ("#222222", "#FFFFFF", "light")
    for css, dark in (
        ("color: #eee !important", ("#EEEEEE", "#111111", "dark")),
        ("color: #eee", ("#222222", "#111111", "dark")),
    ):
        assert [one[1:3] + one[4:] for one in painted(page.format(css))] == [light, dark]


def test_contrast_is_that_of_wcag() -> None:
    (one,) = painted("<p style='color:#767676'>a</p>")
    assert round(one.ratio, 2) == 4.54
