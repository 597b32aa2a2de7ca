"""The bench itself, small: it works as long as commands and door are what they are."""

from pathlib import Path

import pytest

from bench.delivery import mailing
from bench.delivery.relay import compile_program, compiler, running
from bench.delivery.sites import OnSqlite, Site
from tests.services import missing_service

READERS = 50


def test_a_mailing_is_measured_from_outside(tmp_path: Path) -> None:
    if compiler() is None:
        missing_service("a C compiler (cc)")
    kind, record = OnSqlite(tmp_path), tmp_path / "record"
    site = kind.make(READERS)
    with (
        kind.copy(site) as copy,
        running(compile_program("sink", tmp_path), 0, record=record) as relay,
    ):
        seen = mailing.send(
            Site(copy.folder, copy.database_url, relay.port, connections=2),
            relay,
            readers=READERS,
            workers=1,
            ask_status=False,
            at_most_s=60.0,
        )
    assert seen.messages == READERS
    # A rendered letter's links hold no signed tokens, and are shorter.
    assert seen.size == pytest.approx(site.letter_size(), rel=0.02)
    assert 32_000 < seen.size < 34_000
    assert seen.rate > 0
    assert 0 < seen.first_after_s < 60
    assert seen.peak_mb > 10
    assert mailing.missed_and_doubled(record, READERS) == (0, 0)
