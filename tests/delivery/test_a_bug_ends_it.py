"""A bug ends the process, which the next one makes good; it never stands still with it."""

import asyncio
from typing import Any

import pytest

from mailer import clock
from mailer.delivery import sender as sender_module
from mailer.delivery.ledger import Ledger
from mailer.delivery.message import MessageMaker
from mailer.delivery.sender import Sender
from tests.delivery.desk import Desk
from tests.delivery.test_sender import EVERYBODY, open_sender, set_up
from tests.sink import Sink

WITHIN_S = 15.0


@pytest.mark.parametrize("where", ["ledger", "message"])
def test_the_sender_ends_by_it(desk: Desk, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.setattr(sender_module, "LAST_REPLIES_S", 0.3)

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("a bug")

    async def broken_elsewhere(*_: Any) -> Any:
        raise ZeroDivisionError("a bug")

    if where == "ledger":
        monkeypatch.setattr(Ledger, "commit", broken)
        monkeypatch.setattr(Ledger, "commit_elsewhere", broken_elsewhere)
    else:
        monkeypatch.setattr(MessageMaker, "make", broken)
    with Sink().running() as sink:
        desk = set_up(desk, sink.port)
        desk.subscribe(*EVERYBODY[:4])
        desk.begin(clock.now())
        with pytest.raises(ZeroDivisionError):
            asyncio.run(_run(open_sender(desk)))
        assert sink.recorded == []


async def _run(sender: Sender) -> None:
    async with asyncio.timeout(WITHIN_S):
        await sender.run()
