"""Many rows at once are the same rows."""

from datetime import UTC, date, datetime, timedelta, timezone

from sqlalchemy import select

from mailer.audience.models import SubscriberRow
from mailer.database import Database, insert_all, next_ids

NOW = datetime(2007, 3, 31, 9, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))


def row(number: int, **more: object) -> dict[str, object]:
    return {
        "id": number, "mailbox": f"{number}@x.example", "name": "Núñez 'n %s ? :x", "greeting": "",
        "language": "", "custom_fields": {}, "tags": [], "member_from": None, "suppressed": "",
        "created_at": NOW, "updated_at": NOW, **more,
    }  # fmt: skip


def test_what_goes_in_comes_out(database: Database) -> None:
    with database.write() as session:
        first, second = next_ids(session, SubscriberRow, 2)
        fields = {"city": "Lima", "Ñ": "%(x)s"}
        odd = row(second, custom_fields=fields, tags=["a"], member_from=date(2007, 1, 1))
        insert_all(session, SubscriberRow, [row(first), odd])
        insert_all(session, SubscriberRow, [])
    with database.write() as session:
        one, two = session.scalars(select(SubscriberRow).order_by(SubscriberRow.id))
        assert (one.custom_fields, one.tags, one.member_from) == ({}, [], None)
        assert (two.custom_fields, two.tags, two.member_from) == (fields, ["a"], date(2007, 1, 1))
        assert one.name == "Núñez 'n %s ? :x"
        assert one.created_at == NOW.astimezone(UTC)
        assert list(next_ids(session, SubscriberRow, 2)) == [second + 1, second + 2]
        session.add(SubscriberRow(mailbox="orm@x.example", created_at=NOW, updated_at=NOW))
        session.flush()
