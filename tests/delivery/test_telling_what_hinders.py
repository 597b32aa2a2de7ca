"""What hinders a mailing: reasons, domains, the oldest that was put off; and what that costs."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import insert, text

from mailer import delivery
from mailer.delivery import details as details_module
from mailer.delivery.details import alike
from mailer.delivery.models import DeliveryRow
from tests.conftest import NOW
from tests.delivery.desk import Desk, address
from tests.delivery.plans import plans_of_deliveries

FULL = "452 4.2.2 The email account that you tried to reach is over quota"
UNKNOWN = "550 5.1.1 <{}>: Recipient address rejected: User unknown"


def look(desk: Desk, after: timedelta = timedelta(hours=1)) -> delivery.Details:
    issue = desk.issue
    with desk.database.read() as session:
        return delivery.details_of(
            session, issue.id, issue.kind, desk.config.pace.retry_first, NOW + after
        )


def test_a_draft_is_hindered_by_nothing(desk: Desk) -> None:
    assert look(desk) == delivery.Details()


def test_replies_that_differ_in_ids_and_addresses_are_one_reason(desk: Desk) -> None:
    desk.subscribe(*map(address, range(8)))
    desk.send()
    for one in (1, 2, 3):
        desk.put(
            [one],
            state="failed",
            reply_code=550,
            fault="mailbox",
            reason=UNKNOWN.format(f"{one}@x"),
        )
    desk.put([4], state="failed", reply_code=550, fault="policy", reason=UNKNOWN.format("4@x"))
    desk.put([5, 6], state="deferred", reply_code=452, fault="mailbox", reason=FULL)
    desk.put([7], state="skipped", reason="left")
    found = look(desk)
    assert [(one.state, one.count, one.reply_code, one.fault) for one in found.reasons] == [
        ("failed", 3, 550, "mailbox"),
        ("deferred", 2, 452, "mailbox"),
        ("failed", 1, 550, "policy"),
        ("skipped", 1, None, ""),
    ]
    assert found.reasons[0].example == UNKNOWN.format("1@x")
    assert (found.looked_at, found.in_all) == (7, 7)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("550 5.1.1 no <ana@example.org> here", "550 5.1.1 no <tom@example.org> here"),
        ("421 4.7.28 too fast; a12-20020a05.42 - gsmtp", "421 4.7.28 Too fast; b9-3f.1 - gsmtp"),
        ("450 greylisted, come back in 300s", "450 greylisted, come back in 299s"),
        ("451 queue 4Wx5yz: try later", "451 queue 77AbCd: try later"),
    ],
)
def test_what_is_alike(one: str, other: str) -> None:
    assert alike(one) == alike(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("550 5.1.1 refused", "550 5.7.1 refused"),
        ("550 refused", "554 refused"),
        ("RCPT TO: 550 5.1.1: refused", "RCPT TO: 550 5.1.2: refused"),
        ("left", "paused"),
    ],
)
def test_what_is_not_alike(one: str, other: str) -> None:
    assert alike(one) != alike(other)


def test_the_ten_domains_that_are_hindered_most(desk: Desk) -> None:
    domains = [f"d{number:02}.example" for number in range(12)]
    desk.subscribe(*(f"ana@{domain}" for domain in domains))
    desk.subscribe("tom@d05.example", "eve@d05.example", "una@d11.example")
    desk.send()
    desk.put([6, 13], state="deferred")
    desk.put([14], state="failed")
    desk.put([12], state="in_doubt")
    desk.put([1], state="sent")
    desk.put([2], state="skipped", reason="left")
    found = [
        (one.domain, one.waiting, one.deferred, one.failed, one.in_doubt)
        for one in look(desk).domains
    ]
    assert found[:2] == [("d05.example", 0, 2, 1, 0), ("d11.example", 1, 0, 0, 1)]
    assert found[2:] == [(domain, 1, 0, 0, 0) for domain in domains if domain in
                         ("d02.example", "d03.example", "d04.example", "d06.example", "d07.example",
                          "d08.example", "d09.example", "d10.example")]  # fmt: skip


def test_a_bare_address_counts_for_its_domain(desk: Desk) -> None:
    desk.subscribe("ana@x.example")
    mailing = desk.send()
    with desk.database.write() as session:
        session.add(
            DeliveryRow(mailing_id=mailing, address="seed@x.example", letter_id=1, state="failed",
                        due_at=NOW)
        )  # fmt: skip
    desk.put([1], state="deferred")
    assert [(one.domain, one.deferred, one.failed) for one in look(desk).domains] == [
        ("x.example", 1, 1)
    ]


def test_the_oldest_that_was_put_off(desk: Desk) -> None:
    desk.subscribe("ana@a.example", "tom@t.example", "eve@e.example")
    desk.send(NOW)
    due = NOW + timedelta(hours=1, minutes=5)
    desk.put([1], state="deferred", tries=1, due_at=due, reason="450 one")
    desk.put([2], state="deferred", tries=3, due_at=due, reply_code=450, reason="450 three")
    desk.put([3], state="failed", tries=9)
    found = look(desk).oldest_deferred
    assert found is not None
    # 5, 10 and 20 minutes before it is due again.
    assert found.since == due - timedelta(minutes=35)
    assert (found.domain, found.tries, found.due_at) == ("t.example", 3, due)
    assert (found.reply_code, found.reply) == (450, "450 three")
    desk.put([2], due_at=NOW + timedelta(minutes=10))
    found = look(desk).oldest_deferred
    assert found is not None
    assert found.since == NOW, "nothing was put off before the mailing began"


def test_of_very_many_only_some_are_looked_at_and_it_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(details_module, "MOST", 3)
    desk.subscribe(*map(address, range(9)))
    desk.send()
    desk.put([1, 2, 3], state="skipped", reason="left")
    desk.put([4, 5], state="deferred", reason="450 later")
    found = look(desk)
    assert (found.looked_at, found.in_all) == (3, 5)
    assert [(one.state, one.count) for one in found.reasons] == [("deferred", 2), ("skipped", 1)]
    (domain,) = found.domains
    assert (domain.waiting, domain.deferred) == (None, 2)
    desk.put([6, 7], state="sent")
    assert look(desk).domains[0].waiting == 2


def test_what_is_sent_is_never_read(desk: Desk) -> None:
    desk.subscribe(address(1))
    mailing = desk.send()
    sent = {"mailing_id": mailing, "letter_id": 1, "state": "sent", "due_at": NOW}
    with desk.database.write() as session:
        session.execute(
            insert(DeliveryRow), [{**sent, "address": address(number)} for number in range(5000)]
        )
    desk.count_anew()
    with desk.database.write() as session:
        session.execute(text("ANALYZE"))
    issue = desk.issue

    def look_at_all() -> None:
        look(desk)
        with desk.database.read() as session:
            delivery.doubts(session, issue)

    plans = plans_of_deliveries(desk.database, look_at_all)
    told, due = "ix_deliveries__told", "ix_deliveries__due"
    assert [told in plan or due in plan for plan in plans] == [True] * 5
    assert sum(told in plan for plan in plans) == 4
    assert not any(re.search("Seq Scan on deliveries|SCAN deliveries", plan) for plan in plans)
