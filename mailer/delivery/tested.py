"""Test letters from the desk: how many somebody may send, and what became of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.delivery.models import DeliveryRow, MailingRow
from mailer.delivery.states import FAILED, SENT
from mailer.errors import Refused, WrongInput
from mailer.publication import Issue
from mailer.sentence import Sentence

AT_ONCE = 10
AN_HOUR = 60
"""So many test letters one account sends in an hour: too few to be a nuisance to anybody."""


@dataclass(frozen=True, slots=True)
class TestLetter:
    """One test letter. `state` is sent, failed or going; `reason` has the relay's words."""

    __test__ = False

    address: str
    state: str
    reason: str
    at: datetime
    by: str


def require_tests_left(session: Session, actor: str, wanted: int, now: datetime) -> None:
    """Raise where `actor` wants more test letters than one may send.

    Raises:
        WrongInput: too many at once.
        Refused: too many in this hour.
    """
    if wanted > AT_ONCE:
        raise WrongInput(
            Sentence("At most {most} test letters go out at once; name fewer.", most=AT_ONCE)
        )
    sent = session.scalars(
        select(func.count(DeliveryRow.id))
        .join(MailingRow, MailingRow.id == DeliveryRow.mailing_id)
        .where(
            MailingRow.kind == "test",
            MailingRow.created_by == actor,
            MailingRow.created_at > now - timedelta(hours=1),
        )
    ).one()
    if sent + wanted > AN_HOUR:
        raise Refused(
            Sentence(
                "You have sent {sent} test letters in this hour; {most} are the most. "
                "Try again later.",
                sent=sent,
                most=AN_HOUR,
            )
        )


def latest_tests(session: Session, issue: Issue, most: int = 20) -> list[TestLetter]:
    """The latest test letters of an issue, newest first."""
    rows = session.execute(
        select(
            DeliveryRow.address,
            DeliveryRow.state,
            DeliveryRow.reason,
            MailingRow.created_at,
            MailingRow.created_by,
        )
        .join(MailingRow, MailingRow.id == DeliveryRow.mailing_id)
        .where(
            MailingRow.issue_id == issue.id,
            MailingRow.kind == "test",
            DeliveryRow.address.is_not(None),
        )
        .order_by(DeliveryRow.mailing_id.desc(), DeliveryRow.id)
        .limit(most)
    )
    return [
        TestLetter(
            row.address,
            row.state if row.state in (SENT, FAILED) else "going",
            row.reason,
            row.created_at,
            row.created_by,
        )
        for row in rows
    ]
