"""To how many readers an issue would go, in which languages and formats, and who gets nothing."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from mailer import audience, delivery
from mailer.audience.models import SubscriberRow, SubscriptionRow
from mailer.delivery import figures
from mailer.delivery.foretelling import foretell
from mailer.publication import Issue
from tests.conftest import NOW
from tests.delivery.desk import UPDATES, Desk, address


def look(desk: Desk, issue: Issue | None = None) -> delivery.Forecast:
    with desk.database.read() as session:
        found = delivery.forecast(session, desk.config, issue or desk.issue, NOW)
    assert found is not None
    return found


def change(desk: Desk, subscriber_id: int, **values: object) -> None:
    of_subscription = {"format", "topics"}
    with desk.database.write() as session:
        for table, key in ((SubscriptionRow, "subscriber_id"), (SubscriberRow, "id")):
            theirs = {
                name: value
                for name, value in values.items()
                if (name in of_subscription) == (table is SubscriptionRow)
            }
            if theirs:
                session.execute(
                    update(table).where(getattr(table, key) == subscriber_id).values(**theirs)
                )


def test_nobody_reads_it(desk: Desk) -> None:
    assert look(desk) == delivery.Forecast(0, 0, (), (), 0, 0, 0, NOW)


def test_readers_members_languages_and_formats(desk: Desk) -> None:
    one, two, three, gone = desk.subscribe(*map(address, range(4)))
    desk.leave(gone)
    change(desk, one, language="es", member_from=date(2007, 1, 1))
    change(desk, two, format="text", member_from=date(2007, 1, 1), member_until=NOW.date())
    change(desk, three, member_from=date(2006, 1, 1), member_until=date(2007, 3, 30))
    found = look(desk)
    assert (found.readers, found.members) == (3, 2)
    assert found.languages == (("en", 2), ("es", 1))
    assert found.formats == (("html", 2), ("text", 1))


def test_who_chose_other_topics_or_is_no_member_gets_nothing_and_it_is_said_why(desk: Desk) -> None:
    one, two, three = desk.subscribe(*map(address, range(3)))
    change(desk, one, topics=["Gardening"])
    change(desk, two, topics=[desk.issue.items[0].topic])
    change(desk, three, member_from=date(2007, 1, 1))
    found = look(desk)
    assert (found.readers, found.no_topic, found.for_members, found.no_item) == (2, 1, 0, 1)
    closed = replace(
        desk.issue, items=tuple(replace(item, members_only=True) for item in desk.issue.items)
    )
    found = look(desk, closed)
    assert (found.readers, found.members, found.no_topic, found.for_members) == (1, 1, 1, 1)


def test_the_suppressed_are_left_out_also_by_their_domain(desk: Desk) -> None:
    desk.subscribe(*map(address, range(3)), "ana@elsewhere.example", "bo@elsewhere.example")
    with desk.database.write() as session:
        audience.suppress(session, address(1), "address", "bounce", NOW)
        audience.suppress(session, "elsewhere.example", "domain", "staff", NOW)
        audience.suppress(session, "stranger@example.org", "address", "staff", NOW)
    found = look(desk)
    assert (found.readers, found.suppressed) == (2, 3)


def test_it_says_what_the_fan_out_then_does(desk: Desk) -> None:
    ids = desk.subscribe(*map(address, range(6)))
    change(desk, ids[0], topics=["Gardening"])
    change(desk, ids[1], language="es", format="text")
    found = look(desk)
    desk.send()
    states = desk.states()
    assert (states["queued"], states["skipped"]) == (found.readers, found.no_item)


def test_a_long_list_is_counted_apart_and_kept_with_its_moment(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "AT_ONCE", 2)
    desk.subscribe(*map(address, range(3)))
    with desk.database.read() as session:
        assert delivery.forecast(session, desk.config, desk.issue, NOW) is None
    with desk.database.write() as session:
        audience.suppress(session, address(1), "address", "bounce", NOW)
    delivery.count_readers(desk.database, desk.config, UPDATES, NOW)
    desk.subscribe(address(4))
    later = NOW + timedelta(hours=1)
    with desk.database.read() as session:
        found = delivery.forecast(session, desk.config, desk.issue, later)
    assert found is not None
    assert (found.readers, found.suppressed, found.counted_at) == (2, 1, NOW)
    delivery.count_readers(desk.database, desk.config, UPDATES, later)
    assert look(desk).readers == 3


def test_a_group_that_came_since_it_was_counted_is_not_below_nothing(desk: Desk) -> None:
    group = audience.group_of("en html public ")
    found = foretell(desk.issue, {group: 1}, {group: 2}, NOW)
    assert (found.readers, found.suppressed) == (0, 2)
