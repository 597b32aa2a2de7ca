"""Erasing a reader: what names them goes, dates and kinds stay, and no byte is left behind."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from sqlite3 import OperationalError

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from mailer.audience.growth import count_moves
from mailer.audience.models import (
    AddressChangeRow,
    ConsentRow,
    ImportRefusalRow,
    ImportRow,
    SubscriberRow,
    SubscriptionRow,
)
from mailer.audience.subscriber import row_of
from mailer.audience.subscription import State
from mailer.audience.suppression import suppress
from mailer.audience.words import index
from mailer.database import Database
from mailer.errors import Failed

_PAUSE_S = 0.05
_PATIENCE_S = 120.0
_LONGEST_IMPORT = timedelta(days=1)


def erase(session: Session, subscriber_id: int, now: datetime) -> None:
    """Strip a reader of all that names them, end their subscriptions, and mail them no more.

    The door calls the `erase` of every room in one transaction, and `scrub` after it.

    Raises:
        NotFound: there is no such reader, or no more.
    """
    address = row_of(session, subscriber_id).address
    assert address is not None
    suppress(session, address, "address", "erased", now)
    strip(session, subscriber_id, now)


def strip(session: Session, subscriber_id: int, now: datetime) -> None:
    """The same, but for the suppression: for somebody who never said that they want our mail."""
    theirs = (SubscriptionRow.subscriber_id == subscriber_id, SubscriptionRow.state != State.ENDED)
    standing = session.execute(
        select(SubscriptionRow.publication_id, SubscriptionRow.state)
        .where(*theirs)
        .with_for_update()
    ).all()
    session.execute(
        update(SubscriptionRow).where(*theirs).values(state=State.ENDED, updated_at=now)
    )
    index(session, {subscriber_id: ()})
    session.execute(delete(AddressChangeRow).where(AddressChangeRow.subscriber_id == subscriber_id))
    session.execute(
        update(ConsentRow)
        .where(ConsentRow.subscriber_id == subscriber_id)
        .values(network=None, ground="")
    )
    session.execute(
        update(SubscriberRow)
        .where(SubscriberRow.id == subscriber_id)
        .values(
            mailbox=None,
            address=None,
            domain=None,
            name="",
            greeting="",
            language="",
            custom_fields={},
            tags=[],
            member_from=None,
            member_until=None,
            suppressed="",
            updated_at=now,
            erased_at=now,
        )
    )
    _strip_imports(session, now)
    ended = [(of, State(state), State.ENDED) for of, state in standing]
    count_moves(session, now.date(), ended)


def _strip_imports(session: Session, now: datetime) -> None:
    """Strip the imports by which nobody came who is still named here.

    A file or a ground may be named after its one reader. An import that may still be under way
    is left alone: others are to come by it.
    """
    over = ImportRow.finished_at.is_not(None) | (ImportRow.started_at < now - _LONGEST_IMPORT)
    somebody = exists().where(
        ConsentRow.import_id == ImportRow.id,
        SubscriberRow.id == ConsentRow.subscriber_id,
        SubscriberRow.mailbox.is_not(None),
    )
    bare = session.scalars(
        update(ImportRow)
        .where(ImportRow.file_name != "", over, ~somebody)
        .values(file_name="", ground="", problem=None)
        .returning(ImportRow.id)
        .execution_options(synchronize_session=False)
    ).all()
    if bare:
        session.execute(delete(ImportRefusalRow).where(ImportRefusalRow.import_id.in_(bare)))


def erased_since(session: Session, moment: datetime) -> bool:
    """Whether anybody was erased since `moment`, so that files may still hold what they were."""
    found = session.execute(
        select(SubscriberRow.id).where(SubscriberRow.erased_at >= moment).limit(1)
    )
    return found.first() is not None


def scrub(
    database: Database,
    *,
    patience: float = _PATIENCE_S,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Clear the database's files of what was erased in it; no transaction of ours may be open.

    SQLite leaves deleted bytes in gaps between rows and in its log, so the file is written anew
    and the log emptied; both wait for other processes, tried again for `patience` seconds.
    PostgreSQL's tables are vacuumed; its log and its backups are the operator's.

    Raises:
        Failed: other processes kept it busy all that time.
    """
    if not database.is_sqlite:
        with database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM")
        return
    give_up = time.monotonic() + patience
    while not _scrubbed(database):
        if time.monotonic() > give_up:
            raise Failed(
                "Erased; but other processes kept the database too busy to clear its files of what "
                "was erased. A running `mailer serve` or `work` tries again at night."
            )
        pause(_PAUSE_S)


def _scrubbed(database: Database) -> bool:
    with database.engine.connect() as connection:
        sqlite = connection.connection.driver_connection
        assert sqlite is not None
        try:
            sqlite.execute("VACUUM")
            busy, _, _ = sqlite.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except OperationalError:
            return False
    return not busy
