"""Who has come since an issue was sent: it is fanned out again, for those who have none of it."""

from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from mailer import audience, audit
from mailer.clock import today
from mailer.config import Config
from mailer.delivery.mailing import it_is_not, until
from mailer.delivery.models import DeliveryRow, MailingRow
from mailer.errors import Refused
from mailer.publication import Issue
from mailer.sentence import Sentence


def require_new_readers(session: Session, config: Config, issue: Issue, now: datetime) -> None:
    """Raise Refused where the issue went to its audience and nobody has come since."""
    mailing = session.execute(
        select(MailingRow.id, MailingRow.publication_id).where(
            MailingRow.issue_id == issue.id,
            MailingRow.kind == issue.kind,
            MailingRow.status.in_(("sending", "sent")),
            MailingRow.fanned_out_at.is_not(None),
        )
    ).first()
    if mailing is None:
        return
    readers = audience.fan_out(mailing.publication_id, today(config.organisation.zone, now))
    has_one = exists().where(
        DeliveryRow.mailing_id == mailing.id,
        DeliveryRow.subscriber_id == readers.selected_columns.subscriber_id,
    )
    if session.execute(readers.where(~has_one).limit(1)).first() is None:
        raise Refused(
            Sentence(
                "{issue} has a delivery for every reader; nobody has come since it was sent.",
                issue=issue.title,
            )
        )


def send_to_new(session: Session, config: Config, issue: Issue, now: datetime, actor: str) -> int:
    """Fan the issue's mailing out again, for readers who have no delivery of it yet.

    They get the letters that were compiled then. Returns the mailing's id.
    """
    again = session.execute(
        update(MailingRow)
        .where(
            MailingRow.issue_id == issue.id,
            MailingRow.kind == issue.kind,
            MailingRow.status.in_(("sending", "sent")),
        )
        .values(
            status="sending",
            fan_out_cursor=0,
            fanned_out_at=None,
            finished_at=None,
            day=today(config.organisation.zone, now),
            send_until=until(MailingRow.not_after, now + config.pace.give_up),
        )
        .returning(MailingRow.id)
    ).scalar()
    if again is None:
        only = Sentence("only what is being sent, or was sent, goes to new readers")
        raise it_is_not(session, issue, only)
    audit.record(session, now, actor, f"issue {issue.id}", Sentence("sent to new readers"))
    return again
