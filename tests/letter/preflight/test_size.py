"""What mail programs cut off or drop for its size or its form."""

from dataclasses import replace

import pytest

from tests.letter.preflight.conftest import Checked

THEME = "theme update"


@pytest.mark.parametrize(
    ("words", "reason"),
    [(1_000, None), (15_000, "Gmail cuts off what passes"), (20_000, "the footer first")],
)
def test_the_html_part_is_long(checked: Checked, words: int, reason: str | None) -> None:
    item = replace(checked.issue.items[0], summary="Water " * words)
    findings = checked.findings(items=(item,))
    assert [(f.severity, f.check) for f in findings] == (
        [("warning", "html_size")] if reason else []
    )
    if reason:
        assert reason in findings[0].reason


@pytest.mark.parametrize(
    ("css", "good"),
    [
        (
            "@media print { .item { color: #000000 } } @supports (display: grid) { a { top: 0 } }",
            True,
        ),
        ("/* @media { @media */ .a { content: '{@' }", True),
        (".a { top: 0 }\n" * 2_000, True),  # it is divided
        (f"@media print {{ {'.a { top: 0 }' * 1_400} }}", True),
        (f"@media print {{ .a {{ content: '{'x' * 17_000}' }} }}", False),
        ("@media print { @media screen { a { top: 0 } } }", False),
        ("@supports (top: 0) { a { top: 0 } @font-face { src: local(a) } }", False),
    ],
)
def test_style_sheets(checked: Checked, css: str, good: bool) -> None:
    assert checked.with_theme(kept_css=css) == ([] if good else [("warning", "styles", THEME)])


def test_a_picture_by_a_style(checked: Checked) -> None:
    css = checked.theme.inlined_css + ".title { background-image: url(https://a.example/b.png) }"
    assert checked.with_theme(inlined_css=css) == [("warning", "styles", THEME)]
