"""A relay answers one domain at a message a second: the others go on at nine tenths, or quicker.

A mailing with the slow domain and one without it go at once, in one loop, so that whatever else the
machine does concerns both; and the relay is what takes time: it thinks a tenth of a second about
each message.
"""

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from mailer.database import connect, upgrade
from tests.delivery.ordeal import begin, came, config_for, sending
from tests.faulty_relay import FaultyRelay

SLOW = "slow.example"
OTHERS = 9
OF_EACH = 200
CONNECTIONS = 10
THINKS_S = 0.1


class Thinking:
    """About the slow domain's messages for as long as there is one a second of them."""

    def __init__(self) -> None:
        self._free_at = 0.0

    def __call__(self, recipient: str) -> float:
        if not recipient.endswith(f"@{SLOW}"):
            return THINKS_S
        now = asyncio.get_running_loop().time()
        self._free_at = max(self._free_at, now) + 1.0
        return self._free_at - now


async def seconds_for_the_others(url: str, folder: Path, domains: list[str]) -> float:
    """From the first of the others' messages to the last."""
    readers = [f"reader{number}@{domain}" for number in range(OF_EACH) for domain in domains]
    relay = FaultyRelay(thinks_s=Thinking())

    def times() -> list[float]:
        return [one.at for one in relay.accepted if not one.recipient.endswith(f"@{SLOW}")]

    async with relay.serving():
        with closing(connect(url)) as database:
            config = config_for(folder, url, relay, connections=CONNECTIONS)
            begin(database, config, readers)
            with sending(database, config) as running:
                assert await came(
                    lambda: running.done() or len(times()) == OTHERS * OF_EACH, within_s=120
                )
            await running
    found = times()
    assert len(found) == OTHERS * OF_EACH
    if SLOW in domains:
        assert len(relay.accepted) > len(found)
    return max(found) - min(found)


@pytest.mark.long
def test_it_holds_up_nobody_else(tmp_path: Path) -> None:
    others = [f"d{number}.example" for number in range(OTHERS)]
    urls = {name: f"sqlite:///{tmp_path / name}.db" for name in ("alone", "beside")}
    for url in urls.values():
        with closing(connect(url)) as database:
            upgrade(url, database.engine)

    async def both() -> tuple[float, float]:
        return await asyncio.gather(
            seconds_for_the_others(urls["alone"], tmp_path, others),
            seconds_for_the_others(urls["beside"], tmp_path, [SLOW, *others]),
        )

    alone, beside = asyncio.run(both())
    assert beside <= alone / 0.9
