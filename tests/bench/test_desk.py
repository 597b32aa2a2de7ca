"""The bench of the desk's pages: it knows every route, and asks for each of them."""

import sys
from pathlib import Path

import pytest

from bench.desk import __main__ as bench
from bench.desk import addresses
from bench.desk.serving import at_share


def test_no_route_of_the_desk_is_missed() -> None:
    assert addresses.unknown() == set()


def test_a_route_of_which_nothing_is_asked_ends_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = {path: of for path, of in addresses.ASKED.items() if path != "/desk/calendar"}
    monkeypatch.setattr(addresses, "ASKED", asked)
    monkeypatch.setattr(sys, "argv", ["bench.desk"])
    assert bench.main() == 1
    assert capsys.readouterr().out == "Not measured: /desk/calendar\n"


@pytest.mark.parametrize(("share", "rank"), [(0.01, 1), (0.5, 20), (0.95, 38), (1.0, 40)])
def test_a_share_of_the_requests_took_no_longer_than_its_figure(share: float, rank: int) -> None:
    assert at_share([float(number) for number in range(1, 41)], share) == rank


@pytest.mark.long
@pytest.mark.parametrize(("limit", "ends_with"), [(1e6, 0), (0.0, 1)])
def test_every_page_is_asked_for(
    limit: float,
    ends_with: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(bench, "LIMIT_MS", limit)
    monkeypatch.setattr(
        sys, "argv", ["", "--readers", "1000", "--rounds", "1", "--keep", str(tmp_path)]
    )
    assert bench.main() == ends_with
    said = capsys.readouterr().out
    assert "/desk/calendar" in said
    assert ("  too slow" in said) == bool(ends_with)
