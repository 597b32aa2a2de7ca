"""Kill runs, small: the command works as long as `mailer`'s commands are what they are."""

import random
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from bench.delivery.sites import OnSqlite
from bench.kills import run, strikes
from tests.faulty_relay import Moment

READERS = 120


@pytest.mark.parametrize(
    "number", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.long)]
)
def test_nobody_is_lost(tmp_path: Path, number: signal.Signals) -> None:
    site = replace(OnSqlite(tmp_path).make(READERS), connections=3)
    kills = strikes(2, READERS, random.Random(2007))
    survived = run(site, READERS, number, kills, per_second=100.0)
    assert survived.complaints == ()
    assert survived.reckoning.missing == 0
    # The first strikes between a message's acceptance and its reply.
    assert (survived.reckoning.doubles > 0) == (number is signal.SIGKILL)
    assert 0 < survived.slowest_s < 10


def test_moments_are_spread_over_the_mailing() -> None:
    found = strikes(20, 20_000, random.Random(2007))
    assert len(found) == 20
    assert found[0].moment is Moment.ACCEPTED
    assert found[0].delay_s == 0.0
    counts = [strike.count for strike in found]
    assert counts == sorted(set(counts))
    assert max(counts) < 19_000
    assert len({strike.moment for strike in found}) > 3
