"""What a mailbox was sent: its deliveries, each with its letter and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import ColumnElement, Row, case, select
from sqlalchemy.orm import Session

from mailer import audience, publication
from mailer.delivery.bare import bare_to
from mailer.delivery.models import CompiledLetterRow, DeliveryRow, MailingRow
from mailer.delivery.states import IN_DOUBT
from mailer.errors import NotFound

_IDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Received:
    """One delivery to a mailbox, whatever became of it.

    `at` is when it ended, or since when it is in doubt, or else when its mailing began. `title`
    is that of the issue, "" where the letter is of none; `version` and `variant` are None where
    the issue had nothing for this reader.
    """

    at: datetime
    kind: str
    publication: str
    title: str
    version: int | None
    variant: str | None
    state: str
    tries: int
    reply_code: int | None
    reply: str
    fault: str


def received(session: Session, address: str, most: int | None) -> list[Received]:
    """What the mailbox of this address was sent, as a reader or as a bare address; newest first.

    Raises:
        WrongInput: it is no address.
        NotFound: nobody reads there, and nothing was sent there.
    """
    bare = sorted(bare_to(session, audience.normalise(address).mailbox), reverse=True)
    rows: list[Row[*tuple[object, ...]]] = []
    try:
        reader = audience.find(session, address)
    except NotFound:
        if not bare:
            raise
    else:
        rows += _rows(session, DeliveryRow.subscriber_id == reader.id, most)
    wanted = islice(bare, most)
    while some := list(islice(wanted, _IDS_AT_ONCE)):
        rows += _rows(session, DeliveryRow.id.in_(some), None)
    newest = sorted(rows, key=lambda row: row.id, reverse=True)[:most]
    titles = publication.issue_titles(session, {row.issue_id for row in newest if row.issue_id})
    slugs = {one.id: one.slug for one in publication.publications(session)}
    return [
        Received(
            row.at,
            row.kind,
            slugs.get(row.publication_id, ""),
            titles.get(row.issue_id, ""),
            row.version,
            row.variant,
            row.state,
            row.tries,
            row.reply_code,
            row.reason,
            row.fault,
        )
        for row in newest
    ]


def _rows(
    session: Session, which: ColumnElement[bool], most: int | None
) -> list[Row[*tuple[object, ...]]]:
    began = case(
        (DeliveryRow.finished_at.is_not(None), DeliveryRow.finished_at),
        (DeliveryRow.state == IN_DOUBT, DeliveryRow.due_at),
        (MailingRow.started_at.is_not(None), MailingRow.started_at),
        else_=MailingRow.start_at,
    )
    return list(
        session.execute(
            select(
                DeliveryRow.id,
                DeliveryRow.state,
                DeliveryRow.tries,
                DeliveryRow.reply_code,
                DeliveryRow.reason,
                DeliveryRow.fault,
                MailingRow.kind,
                MailingRow.publication_id,
                MailingRow.issue_id,
                CompiledLetterRow.version,
                CompiledLetterRow.variant,
                began.label("at"),
            )
            .join(MailingRow, MailingRow.id == DeliveryRow.mailing_id)
            .join(CompiledLetterRow, CompiledLetterRow.id == DeliveryRow.letter_id, isouter=True)
            .where(which)
            .order_by(DeliveryRow.id.desc())
            .limit(most)
        )
    )
