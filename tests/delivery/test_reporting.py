"""The report on a mailing: how it went over time and by domain, what failed, who left after it."""

from datetime import timedelta

import pytest
from sqlalchemy import text, update

from mailer import audience, delivery
from mailer.audience.models import SubscriptionRow
from mailer.delivery import figures
from mailer.delivery.course import BUCKETS, in_buckets, time_to
from mailer.delivery.models import DeliveryRow
from tests.conftest import NOW
from tests.delivery.desk import UPDATES, Desk, address
from tests.delivery.plans import plans_of_deliveries

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def report(desk: Desk, now: object = NOW + 10 * DAY) -> delivery.Report:
    with desk.database.read() as session:
        found = delivery.report(session, desk.config, desk.issue, now)  # type: ignore[arg-type]
    assert found is not None
    return found


def course(desk: Desk) -> delivery.Course:
    found = report(desk).course
    assert found is not None
    return found


def sent(desk: Desk, number: int, after_s: float, tries: int = 1) -> None:
    desk.put([number], state="sent", finished_at=NOW + after_s * SECOND, tries=tries)


def test_a_draft_has_none(desk: Desk) -> None:
    desk.schedule(NOW + DAY)
    with desk.database.read() as session:
        assert delivery.report(session, desk.config, desk.issue, NOW) is None


def test_over_time(desk: Desk) -> None:
    desk.subscribe(*map(address, range(5)))
    desk.send()
    for number, after_s in ((1, 0.4), (2, 0.9), (3, 2), (4, 61)):
        sent(desk, number, after_s)
    found = course(desk)
    assert found.width_s == 2
    assert {one.after_s: one.sent for one in found.buckets if one.sent} == {0: 2, 2: 1, 60: 1}
    assert (found.half_s, found.most_s) == (0, 61)


def test_nothing_sent_yet(desk: Desk) -> None:
    desk.subscribe(address(1))
    desk.send()
    found = course(desk)
    assert (found.buckets, found.half_s, found.most_s, found.domains) == ((), None, None, ())


@pytest.mark.parametrize("last", [0, 1, 47, 48, 100, 3599, 86_400, 172_800, 10_000_000])
def test_there_are_never_more_buckets_than_fit_and_none_is_lost(last: int) -> None:
    width, buckets = in_buckets({0: 1, last // 2: 2, last: 3})
    assert len(buckets) <= BUCKETS
    assert sum(one.sent for one in buckets) == sum({0: 1, last // 2: 2, last: 3}.values())
    assert [one.after_s for one in buckets] == [width * place for place in range(len(buckets))]
    assert buckets[-1].after_s <= last < buckets[-1].after_s + width


def test_time_to_a_share() -> None:
    seconds = {0: 50, 10: 45, 500: 5}
    assert (time_to(seconds, 0.5), time_to(seconds, 0.95), time_to(seconds, 1)) == (0, 10, 500)
    assert time_to({}, 0.5) is None


def test_by_domain_the_largest_first_and_the_rest_together(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailer.delivery.course.DOMAINS", 2)
    desk.subscribe("a@one.example", "b@one.example", "c@two.example", "d@three.example",
                   "e@four.example", "f@one.example")  # fmt: skip
    desk.send()
    sent(desk, 1, 1)
    desk.put([2], state="failed", reply_code=550, reason="550 no")
    desk.put([3], state="deferred", reply_code=450, reason="450 later", tries=1)
    sent(desk, 4, 2, tries=3)
    desk.put([5], state="in_doubt", reason="closed")
    found = course(desk)
    assert found.domains == (
        delivery.DomainCourse("one.example", 1, 0, 1, 0),
        delivery.DomainCourse("four.example", 0, 0, 0, 1),
    )
    assert found.other_domains == delivery.DomainCourse("", 1, 1, 0, 0)
    assert found.again == 1
    assert [one.state for one in report(desk).details.reasons] == [
        "deferred", "failed", "in_doubt"]  # fmt: skip


def test_an_erased_reader_and_a_seed_are_counted(desk: Desk) -> None:
    (one,) = desk.subscribe("a@one.example")
    desk.send()
    sent(desk, 1, 1)
    with desk.database.write() as session:
        audience.erase(session, one, NOW)
    assert sum(one.sent for one in course(desk).domains) == 1
    with desk.database.write() as session:
        session.execute(update(DeliveryRow).values(subscriber_id=None, address="s@seed.example"))
    assert course(desk).domains == (delivery.DomainCourse("seed.example", 1, 0, 0, 0),)


def test_who_left_after_it(desk: Desk) -> None:
    ids = desk.subscribe(*map(address, range(6)))
    desk.send()
    for number in (1, 2, 3, 4, 5):
        sent(desk, number, 1)

    def leave(subscriber_id: int, method: str, at: timedelta) -> None:
        with desk.database.write() as session:
            audience.leave(
                session, subscriber_id, UPDATES, method=method, network=None, now=NOW + at
            )

    leave(ids[0], "link", DAY)
    leave(ids[1], "one-click", timedelta(0))
    leave(ids[2], "staff", 6 * DAY)
    leave(ids[3], "link", 7 * DAY)
    leave(ids[5], "link", DAY)
    found = report(desk).leaving
    assert (found.by_letter, found.otherwise, found.until) == (2, 1, NOW + 7 * DAY)


def test_whoever_left_twice_is_one(desk: Desk) -> None:
    (one,) = desk.subscribe(address(1))
    desk.send()
    sent(desk, 1, 1)
    for _ in range(2):
        desk.leave(one)
        with desk.database.write() as session:
            session.execute(update(SubscriptionRow).values(state="active"))
    assert report(desk).leaving.by_letter == 1


def test_complaints_of_these_days(desk: Desk) -> None:
    desk.subscribe(address(1))
    desk.send()
    with desk.database.write() as session:
        for number, at in ((1, NOW + DAY), (2, NOW - DAY), (3, NOW + 8 * DAY)):
            audience.suppress(session, address(number), "address", "complaint", at)
        audience.suppress(session, address(4), "address", "bounce", NOW + DAY)
    assert report(desk).leaving.complaints == 1


def test_a_long_mailing_is_counted_apart_and_again_when_something_moved(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "AT_ONCE", 1)
    desk.subscribe("a@one.example", "b@two.example")
    desk.send()
    sent(desk, 1, 1)
    found = report(desk)
    assert (found.course, found.stale) == (None, True)
    delivery.count_course(desk.database, found.mailing_id, NOW)
    found = report(desk)
    assert found.course is not None
    assert (found.course.counted_at, found.stale) == (NOW, False)
    assert found.course.domains == (delivery.DomainCourse("one.example", 1, 0, 0, 0),)
    sent(desk, 2, 3)
    assert report(desk).stale
    delivery.count_course(desk.database, found.mailing_id, NOW + DAY)
    found = report(desk)
    assert found.course is not None
    assert (len(found.course.domains), found.stale) == (2, False)


def test_it_looks_at_one_mailing_by_its_index(desk: Desk) -> None:
    desk.subscribe(*map(address, range(3)))
    desk.send()
    for plan in plans_of_deliveries(desk.database, lambda: report(desk)):
        if desk.database.is_sqlite:
            assert "SCAN deliveries" not in plan


# What ANALYZE says of a million readers, and of 200 mailings.
_OF_A_MILLION = (
    ("deliveries", "sqlite_autoindex_deliveries_1", "2145020 10166 1"),
    ("deliveries", "ix_deliveries__subscriber_id", "2145020 3"),
    ("consents", "ix_consents__publication_id_event_at", "1087334 1087334 543667 518"),
    ("consents", "ix_consents__subscriber_id_id", "1087334 1 1"),
)


def test_who_left_is_looked_for_in_the_ledger_and_not_the_other_way_round(desk: Desk) -> None:
    if not desk.database.is_sqlite:
        pytest.skip("PostgreSQL's statistics cannot be written by hand")
    desk.subscribe(*map(address, range(3)))
    desk.send()
    with desk.database.write() as session:
        session.execute(text("ANALYZE"))
        session.execute(text("DELETE FROM sqlite_stat1"))
        for table, index, stat in _OF_A_MILLION:
            session.execute(
                text("INSERT INTO sqlite_stat1 VALUES (:table, :index, :stat)"),
                {"table": table, "index": index, "stat": stat},
            )
    desk.database.engine.dispose()
    plans = plans_of_deliveries(desk.database, lambda: report(desk))
    (leaving,) = [plan for plan in plans if "consents" in plan]
    assert "ix_consents__publication_id_event_at (publication_id=? AND event=?" in leaving
    assert "sqlite_autoindex_deliveries_1 (mailing_id=? AND subscriber_id=?)" in leaving
