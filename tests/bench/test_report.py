"""What the bench makes of its figures."""

import pytest

from bench.delivery.__main__ import options, wanted
from bench.delivery.relay import Counts
from bench.delivery.report import Measured, middle, table


def measured(rate: float, *sources: float) -> Measured:
    return Measured(
        database="sqlite",
        workers=1,
        connections=20,
        readers=100_000,
        rate=rate,
        sources=sources or (1_000.0,),
        first_after_s=0.5,
        peak_mb=99.4,
        size=33_000,
    )


def test_the_ratio_is_to_the_median_of_what_smtp_source_did_before_and_after() -> None:
    assert measured(1_500.0, 1_000.0, 2_000.0).ratio == 1.0
    assert measured(1_500.0, 1_000.0, 9_000.0, 3_000.0).ratio == 0.5


def test_of_several_rounds_the_one_in_the_middle_is_shown_whole() -> None:
    slow, usual, quick = (measured(rate) for rate in (100.0, 500.0, 900.0))
    assert middle([quick, slow, usual]) is usual
    assert middle([quick, slow]) is slow


def test_a_rate_counts_from_the_first_message_to_the_last() -> None:
    assert Counts(messages=11, first=100.0, last=102.0).rate == 5.0
    assert Counts(messages=1, first=100.0, last=100.0).rate == 0.0
    assert Counts(messages=4, bytes=132_000).size == 33_000


def test_the_table_is_read_by_people_and_by_markdown() -> None:
    row = "| sqlite | 1 | 20 | 100,000 | 12,346 | 10,000 | 1.23 | 0.50 | 99 |  |"
    one = measured(12_345.6, 10_000.0)
    assert table([one], markdown=True).splitlines()[2] == row
    assert table([one]).splitlines()[1].split() == row.replace("|", " ").split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--readers 5", [("sqlite", 5, 1, 20), ("sqlite", 5, 1, 40)]),
        (
            "--readers 5 --connections 20 --workers 1 2 --database sqlite postgresql",
            [("sqlite", 5, 1, 20), ("postgresql", 5, 1, 20), ("postgresql", 5, 2, 20)],
        ),
        (
            "--million --connections 20",
            [("sqlite", 10_000, 1, 20), ("sqlite", 1_000_000, 1, 20)],
        ),
    ],
)
def test_what_is_asked_for_is_measured(
    words: str, expected: list[tuple[str, int, int, int]]
) -> None:
    assert wanted(options().parse_args(words.split())) == expected
