"""A publication's readers as CSV, which `import_csv` reads back to the same state."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, TextIO

from sqlalchemy import Row, select

from mailer.audience.address import Address
from mailer.audience.csv_row import COLUMNS, harmless, write_row
from mailer.audience.draft import Draft, is_member
from mailer.audience.models import SubscriberRow, SubscriptionRow
from mailer.audience.subscription import State
from mailer.audience.suppression import Suppression, suppression_of
from mailer.database import Database

ROWS_AT_ONCE = 1000


def export_csv(database: Database, out: TextIO, publication_id: int, day: date) -> int:
    """Write every reader of a publication, whatever their subscription's state; return how many.

    The columns are those that `import_csv` knows, then the custom fields by name. `member` says
    who is one on `day`. Whoever is suppressed is written as having left.
    """
    count = 0
    for piece, readers in csv_pieces(database, publication_id, day):
        out.write(piece)
        count += readers
    return count


def csv_pieces(database: Database, publication_id: int, day: date) -> Iterator[tuple[str, int]]:
    """The same in pieces, each with the readers in it: however many they are, few are in memory."""
    custom = sorted(
        {
            name
            for rows, _ in _chunks(database, publication_id)
            for row in rows
            for name in row.custom_fields
        }
    )
    yield _written([[harmless(name) for name in (*COLUMNS, *custom)]]), 0
    for rows, suppressed in _chunks(database, publication_id):
        written = (
            write_row(_draft(row, day, gone=row.mailbox in suppressed), custom, row.custom_fields)
            for row in rows
        )
        yield _written(written), len(rows)


def _written(rows: Iterable[Sequence[str]]) -> str:
    piece = io.StringIO(newline="")
    csv.writer(piece).writerows(rows)
    return piece.getvalue()


def _draft(row: Row[Any], day: date, *, gone: bool) -> Draft:
    return Draft(
        address=Address(row.address, row.mailbox, row.domain),
        name=row.name,
        greeting=row.greeting,
        language=row.language,
        member=is_member(row.member_from, row.member_until, day),
        tags=tuple(row.tags),
        state=State.ENDED if gone else State(row.state),
        format=row.format,
    )


def _chunks(
    database: Database, publication_id: int
) -> Iterator[tuple[list[Row[Any]], dict[str, Suppression]]]:
    """A few rows at a time, each in a transaction of its own, and who of them is suppressed."""
    after = 0
    while True:
        with database.read() as session:
            rows = list(
                session.execute(
                    select(
                        SubscriberRow.id,
                        SubscriberRow.address,
                        SubscriberRow.mailbox,
                        SubscriberRow.domain,
                        SubscriberRow.name,
                        SubscriberRow.greeting,
                        SubscriberRow.language,
                        SubscriberRow.member_from,
                        SubscriberRow.member_until,
                        SubscriberRow.custom_fields,
                        SubscriberRow.tags,
                        SubscriptionRow.state,
                        SubscriptionRow.format,
                    )
                    .join(SubscriptionRow, SubscriptionRow.subscriber_id == SubscriberRow.id)
                    .where(
                        SubscriptionRow.publication_id == publication_id,
                        SubscriberRow.id > after,
                        SubscriberRow.mailbox.is_not(None),
                    )
                    .order_by(SubscriberRow.id)
                    .limit(ROWS_AT_ONCE)
                )
            )
            suppressed = suppression_of(session, [row.mailbox for row in rows])
        if not rows:
            return
        yield rows, suppressed
        after = rows[-1].id
