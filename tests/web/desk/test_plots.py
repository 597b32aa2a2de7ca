"""Plots: numbers in, SVG out; zero at the bottom, labels at what they name."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as some

from mailer.web.desk.plots import HEIGHT, WIDTH, Column, Line, Words, columns, shares

WORDS = Words("Delivered over time", "Most at the start.")


def numbers(svg: str, name: str) -> list[float]:
    return [float(one) for one in re.findall(rf'<rect[^>]* {name}="([\d.]+)"', svg)]


def test_columns_stand_on_the_axis_and_the_highest_fills_the_plot() -> None:
    svg = columns("p", WORDS, [Column(50), Column(100, "100 in 5 s"), Column(0)], "Start", "15 s")
    tops, heights = numbers(svg, "y"), numbers(svg, "height")
    floor = {top + height for top, height in zip(tops, heights, strict=True)}
    assert len(heights) == 2
    assert len(floor) == 1
    assert heights[0] * 2 == heights[1]
    assert ">100 in 5 s</text>" in svg
    assert ">Start</text>" in svg
    assert ">15 s</text>" in svg


def test_it_has_a_title_and_a_description() -> None:
    svg = ElementTree.fromstring(columns("p", WORDS, [Column(1)], "a", "b"))
    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == "p-title p-desc"
    assert [child.text for child in svg[:2]] == [WORDS.title, WORDS.description]


def test_words_are_text_whatever_they_say() -> None:
    bad = '"><script>alert(1)</script>'
    for svg in (
        columns("p", Words(bad, bad), [Column(1, bad)], bad, bad),
        shares("p", Words(bad, bad), [Line(bad, (("sent", 1),), bad)]),
    ):
        assert "<script" not in svg
        ElementTree.fromstring(svg)


def test_no_style_stands_in_it() -> None:
    svg = shares("p", WORDS, [Line("gmail.example", (("sent", 3), ("failed", 1)), "3 of 4")])
    assert "style=" not in svg


@pytest.mark.parametrize("shown", [[], [Column(0)], [Column(0)] * 48])
def test_nothing_to_show_is_an_empty_plot(shown: list[Column]) -> None:
    assert "<rect" not in columns("p", WORDS, shown, "a", "b")


def test_shares_are_on_one_scale() -> None:
    svg = shares(
        "p",
        WORDS,
        [
            Line("a", (("sent", 100), ("failed", 100)), "100 of 200"),
            Line("b", (("sent", 50), ("failed", 0)), "50"),
        ],
    )
    assert [round(one) for one in numbers(svg, "width")] == [196, 196, 98]


@given(some.lists(some.integers(0, 10**7), min_size=1, max_size=48))
def test_nothing_leaves_the_plot(values: list[int]) -> None:
    svg = columns("p", WORDS, [Column(value, str(value)) for value in values], "a", "b")
    for x, y, width, height in zip(
        *(numbers(svg, name) for name in ("x", "y", "width", "height")), strict=True
    ):
        assert x >= 0
        assert y >= 0
        assert x + width <= WIDTH + 0.2
        assert y + height <= HEIGHT


@given(some.lists(some.tuples(some.integers(0, 10**7), some.integers(0, 99)), max_size=13))
def test_no_bar_leaves_the_plot(values: list[tuple[int, int]]) -> None:
    lines = [Line("a", (("sent", sent), ("failed", failed)), "") for sent, failed in values]
    svg = shares("p", WORDS, lines)
    for x, width in zip(numbers(svg, "x"), numbers(svg, "width"), strict=True):
        assert x + width <= WIDTH + 0.2
