"""What hinders a mailing is looked at again when something is new, and not before."""

from typing import Any

import pytest

from mailer import clock, delivery
from mailer.web.desk.hindering import Hindering
from tests.web.desk.sending import Update120

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    looks: list[int] = []
    look = delivery.details_of

    def counted(*arguments: Any) -> Any:
        looks.append(1)
        return look(*arguments)

    monkeypatch.setattr(delivery, "details_of", counted)
    return looks


def see(update: Update120, hindering: Hindering) -> list[tuple[str, int]]:
    issue, now = update.issue, clock.now()
    with update.database.read() as session:
        status = delivery.status_of(session, issue.id, issue.kind, now)
        found = hindering.of(session, update.config, issue, issue.kind, status, now)
    return [(one.state, one.count) for one in found.reasons]


def test_nothing_is_looked_at_twice(update: Update120, looks: list[int]) -> None:
    update.subscribe("b@one.example")
    update.begin()
    hindering = Hindering()
    update.ledger.put([1], state="failed", reason="550 no")
    assert see(update, hindering) == see(update, hindering) == [("failed", 1)]
    assert len(looks) == 1
    update.ledger.put([2], state="failed", reason="550 no")
    assert see(update, hindering) == [("failed", 2)]
    assert len(looks) == 2


def test_what_is_deferred_is_looked_at_each_time(update: Update120, looks: list[int]) -> None:
    update.begin()
    hindering = Hindering()
    update.ledger.put([1], state="deferred", reason="451 later", tries=1)
    see(update, hindering)
    see(update, hindering)
    assert len(looks) == 2
