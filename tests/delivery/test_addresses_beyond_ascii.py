"""A reader whose address is not of ASCII is sent the letter where the relay can take it."""

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from bench.reckoning import books
from mailer.database import connect
from tests.delivery.ordeal import Row, begin, came, config_for, is_over, ledger, sending
from tests.faulty_relay import FaultyRelay

NANDU = "ñandú@example.org"
ANA = "ana@example.org"


async def send(url: str, folder: Path, relay: FaultyRelay) -> dict[str, Row]:
    async with relay.serving():
        with closing(connect(url)) as database:
            config = config_for(folder, url, relay)
            begin(database, config, [ANA, NANDU])
            with sending(database, config) as running:
                assert await came(lambda: running.done() or is_over(database, readers=2))
            await running
            return ledger(database)


@pytest.mark.parametrize("pipelining", [True, False])
def test_it_is_sent_where_the_relay_offers_smtputf8(
    database_url: str, tmp_path: Path, pipelining: bool
) -> None:
    relay = FaultyRelay(smtputf8=True, pipelining=pipelining)
    rows = asyncio.run(send(database_url, tmp_path, relay))
    assert {row.state for row in rows.values()} == {"sent"}
    assert {who: len(copies) for who, copies in relay.copies.items()} == {ANA: 1, NANDU: 1}


def test_it_fails_with_the_reason_where_the_relay_does_not(
    database_url: str, tmp_path: Path
) -> None:
    relay = FaultyRelay(smtputf8=False)
    rows = asyncio.run(send(database_url, tmp_path, relay))
    assert rows[ANA].state == "sent"
    assert list(relay.copies) == [ANA]
    # The relay was never asked.
    assert list(relay.recipients.values()) == [ANA]
    failed = rows[NANDU]
    assert (failed.state, failed.reply_code, failed.tries) == ("failed", 553, 1)
    assert "no SMTPUTF8" in failed.reason
    assert failed.fault == "relay"
    assert rows[ANA].tries == 1
    assert books(database_url).complaints(stopped_in_order=True) == []
