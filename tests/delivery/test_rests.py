"""A domain that keeps putting us off is left alone, over whichever relay."""

from datetime import timedelta

import pytest

from mailer.config import Pace, Relay
from mailer.delivery.disposition import Reply, Stage, judge
from mailer.delivery.pace import RelayPace
from mailer.delivery.rests import Rests
from mailer.delivery.retry import DEFERRALS_THAT_TELL

FIRST = timedelta(minutes=5)
LATER = judge(Stage.DOT, Reply(451, ("4.3.0 try again later",)))
TOO_FAST = judge(Stage.DOT, Reply(421, ("4.7.28 our system has detected an unusual rate",)))
TAKEN = judge(Stage.DOT, Reply(250, ("2.0.0 Ok",)))
NOW = 1000.0


@pytest.fixture
def paces() -> list[RelayPace]:
    return [RelayPace(Relay(host=host, security="none"), Pace()) for host in ("one", "two")]


def test_after_deferrals_in_a_row_it_rests_over_every_relay(paces: list[RelayPace]) -> None:
    rests = Rests(paces, FIRST)
    told = [rests.judged("a.example", LATER, 1, NOW, 0.5) for _ in range(DEFERRALS_THAT_TELL)]
    assert told == [0.0] * (DEFERRALS_THAT_TELL - 1) + [FIRST.total_seconds()]
    for pace in paces:
        assert pace.may_start("a.example", NOW, False) == FIRST.total_seconds()
        assert pace.may_start("b.example", NOW, False) == 0.0


def test_a_letter_that_is_taken_in_between_starts_the_count_anew(paces: list[RelayPace]) -> None:
    rests = Rests(paces, FIRST)
    for _ in range(5):
        for _ in range(DEFERRALS_THAT_TELL - 1):
            assert not rests.judged("a.example", LATER, 1, NOW, 0.5)
        assert not rests.judged("a.example", TAKEN, 1, NOW, 0.5)
    assert paces[0].may_start("a.example", NOW, False) == 0.0


def test_too_fast_is_ten_minutes_at_once_counted_from_the_last(paces: list[RelayPace]) -> None:
    rests = Rests(paces, FIRST)
    assert rests.judged("a.example", TOO_FAST, 1, NOW, 0.5) == 600.0
    assert rests.judged("a.example", LATER, 1, NOW + 1, 0.5) == 0.0
    assert rests.judged("a.example", TOO_FAST, 1, NOW + 2, 0.5) == 600.0
    assert paces[1].may_start("a.example", NOW + 2, False) == 600.0
