"""Who gets a mailing."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import update as change_rows
from sqlalchemy.orm import Session

from mailer import audience
from mailer.audience.models import SubscriberRow, SubscriptionRow
from mailer.database import Database
from tests.audience.readers import publication, reader
from tests.conftest import NOW

DAY = NOW.date()


def test_the_audience_in_order_and_in_chunks(database: Database) -> None:
    update, other = publication(database), publication(database, "Other")
    with database.write() as session:
        ids = [reader(session, f"reader{n}@example.org", update) for n in range(5)]
        reader(session, "elsewhere@example.org", other)
        audience.leave(session, ids[1], update, method="link", network=None, now=NOW)
    with database.read() as session:
        first = session.execute(audience.fan_out(update, DAY, after=0).limit(3)).all()
        rest = session.execute(audience.fan_out(update, DAY, after=ids[3]).limit(3)).all()
        assert audience.count_active(session, update) == 4
        assert audience.next_readers(session, update, 0, 3) == (3, ids[3])
        assert audience.next_readers(session, update, ids[3], 3) == (1, ids[4])
        assert audience.next_readers(session, update, ids[4], 3) == (0, None)
        some = session.execute(audience.fan_out(update, DAY, among=[*ids[:3], 999])).all()
        assert [row.subscriber_id for row in some] == [ids[0], ids[2]]
    assert [row.subscriber_id for row in first] == [ids[0], ids[2], ids[3]]
    assert [row.subscriber_id for row in rest] == [ids[4]]


@pytest.mark.parametrize(
    ("since", "until", "member"),
    [
        (None, None, False),
        (DAY, None, True),
        (DAY + timedelta(days=1), None, False),
        (date(2000, 1, 1), DAY, True),
        (date(2000, 1, 1), DAY - timedelta(days=1), False),
    ],
)
def test_a_member_is_one_on_the_day(
    database: Database, since: date | None, until: date | None, member: bool
) -> None:
    update = publication(database)
    with database.write() as session:
        reader(session, "ana@example.org", update)
        session.execute(change_rows(SubscriberRow).values(member_from=since, member_until=until))
    with database.read() as session:
        (group,) = audience.groups(session, audience.fan_out(update, DAY))
        assert group.is_member is member


def test_readers_are_grouped_by_what_sets_their_letters_apart(database: Database) -> None:
    update = publication(database)
    with database.write() as session:
        for number, (language, topics) in enumerate(
            [("", None), ("", None), ("es-PE", None), ("", ["Mining"]), ("", ["Mining", "A b"])]
        ):
            one = reader(session, f"reader{number}@example.org", update)
            session.execute(
                change_rows(SubscriberRow).where(SubscriberRow.id == one).values(language=language)
            )
            session.execute(
                change_rows(SubscriptionRow)
                .where(SubscriptionRow.subscriber_id == one)
                .values(topics=topics)
            )
    with database.read() as session:
        readers = audience.fan_out(update, DAY)
        found = audience.groups(session, readers)
        keys = {row.group for row in session.execute(readers)}
    assert {(group.language, group.topics) for group in found} == {
        ("", None),
        ("es-PE", None),
        ("", ("Mining",)),
        ("", ("Mining", "A b")),
    }
    assert {(group.format, group.is_member) for group in found} == {("html", False)}
    assert {group.key for group in found} == keys


def _left(session: Session, ana: int, update: int) -> None:
    audience.leave(session, ana, update, method="link", network=None, now=NOW)


def _pause(session: Session, until: date | None) -> None:
    session.execute(change_rows(SubscriptionRow).values(state="paused", paused_until=until))


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (_left, "left"),
        (lambda s, ana, u: audience.erase(s, ana, NOW), "erased"),
        (lambda s, ana, u: _pause(s, None), "paused"),
        (lambda s, ana, u: _pause(s, DAY + timedelta(days=1)), "paused"),
        (lambda s, ana, u: _pause(s, DAY), None),
        (
            lambda s, ana, u: audience.suppress(s, "ana@example.org", "address", "complaint", NOW),
            "suppressed: complaint",
        ),
        (
            lambda s, ana, u: audience.suppress(s, "example.org", "domain", "staff", NOW),
            "suppressed: staff (its domain)",
        ),
        (lambda s, ana, u: None, None),
    ],
)
def test_readers_are_looked_at_again_before_their_letter(
    database: Database, happens: Callable[[Session, int, int], None], reason: str | None
) -> None:
    update = publication(database)
    with database.write() as session:
        ana = audience.add(
            session, "Ana@example.org", publication_id=update, operator="command", now=NOW,
            name="Ana", greeting="Ana and Tom", language="es",
        ).subscriber_id  # fmt: skip
    with database.write() as session:
        happens(session, ana, update)
    with database.read() as session:
        found = audience.recipients(session, [ana], update, "issue", DAY)
    if reason is not None:
        assert found == {ana: audience.NotSendable(reason)}
    else:
        assert found == {
            ana: audience.Recipient(
                ana, "Ana@example.org", "Ana", "Ana and Tom", "es", {}, "example.org"
            )
        }


def test_every_id_is_answered(database: Database) -> None:
    update, other = publication(database), publication(database, "Other")
    with database.write() as session:
        ana = reader(session, "ana@example.org", other)
    with database.read() as session:
        assert audience.recipients(session, [ana, 99], update, "issue", DAY) == {
            ana: audience.NotSendable("not subscribed"),
            99: audience.NotSendable("unknown"),
        }
        anybody = audience.recipients(session, [ana], None, "reminder", DAY)
    assert isinstance(anybody[ana], audience.Recipient)


def test_a_letter_that_was_asked_for_goes_to_whoever_asked(database: Database) -> None:
    update = publication(database)
    with database.write() as session:
        ana = reader(session, "ana@example.org", update)
        audience.leave_all(session, ana, method="link", network=None, now=NOW)
        bo = reader(session, "bo@example.org", update)
        audience.suppress(session, "bo@example.org", "address", "complaint", NOW)
    with database.read() as session:
        found = audience.recipients(session, [ana, bo], update, "confirmation", DAY)
    assert isinstance(found[ana], audience.Recipient)
    assert found[bo] == audience.NotSendable("suppressed: complaint")
