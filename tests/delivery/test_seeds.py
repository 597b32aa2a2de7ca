"""Addresses of the organisation's own that get each mailing too."""

import asyncio

from mailer import clock
from mailer.delivery.models import DeliveryRow
from tests.delivery.desk import Desk
from tests.delivery.test_sender import EVERYBODY, is_sent, run_until, set_up, status
from tests.sink import Sink

SEEDS = ("seed@psg.example", EVERYBODY[3].upper(), "other@psg.example")


def test_seeds_get_it_first_and_once(desk: Desk) -> None:
    sink = Sink()
    with sink.running():
        desk = set_up(desk, sink.port, connections=1)
        given = desk.config.delivery.model_copy(update={"seeds": SEEDS})
        desk = Desk(desk.database, desk.config.model_copy(update={"delivery": given}))
        desk.subscribe(*EVERYBODY[:10])
        desk.begin(clock.now())
        asyncio.run(run_until(desk, lambda: is_sent(desk), "the mailing's end"))
    assert set(sink.recipients[:2]) == {"seed@psg.example", "other@psg.example"}
    assert sorted(sink.recipients[2:]) == EVERYBODY[:10]
    assert status(desk).audience == status(desk).sent == 12
    bare = [address for (address,) in desk.rows(DeliveryRow.address) if address]
    assert sorted(bare) == ["other@psg.example", "seed@psg.example"]
