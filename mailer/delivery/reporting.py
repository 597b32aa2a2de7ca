"""The report on a mailing: how it stands, how it went, what failed and why, and who left after it.

No letter tells who opened it. Who left is known from the record of consent: in the week after the
start, and only those who were sent the letter.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from mailer import audience
from mailer.config import Config
from mailer.delivery.course import Course, course_of
from mailer.delivery.details import Details, details_of
from mailer.delivery.models import DeliveryRow, MailingRow
from mailer.delivery.states import SENT
from mailer.delivery.status import Status, status_of
from mailer.publication import Issue

AFTERWARDS = timedelta(days=7)
"""So long after the start a leaving is counted with the letter."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """How many of those who were sent the letter left the publication within `AFTERWARDS`.

    `by_letter` used its link or their mail program's button, `otherwise` a form or staff.
    `complaints` are all that came in these days: whose they are is not kept.
    """

    by_letter: int
    otherwise: int
    complaints: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """All of it. `course` is None, or out of date (`stale`), where counting takes long and
    somebody has to ask for it (`count_course` of `mailing_id`)."""

    mailing_id: int
    status: Status
    details: Details
    course: Course | None
    stale: bool
    leaving: Leaving


def report(
    session: Session,
    config: Config,
    issue: Issue,
    now: datetime,
    details: Details | None = None,
) -> Report | None:
    """The report on the issue's own mailing; None where it has not begun.

    `details` are those that somebody has looked at already.
    """
    mailing = session.execute(
        select(MailingRow.id, MailingRow.started_at).where(
            MailingRow.issue_id == issue.id,
            MailingRow.kind == issue.kind,
            MailingRow.started_at.is_not(None),
        )
    ).first()
    if mailing is None or mailing.started_at is None:
        return None
    course, stale = course_of(session, mailing.id, now)
    return Report(
        mailing.id,
        status_of(session, issue.id, issue.kind, now),
        details or details_of(session, issue.id, issue.kind, config.pace.retry_first, now),
        course,
        stale,
        _leaving(session, mailing.id, issue.publication.id, mailing.started_at),
    )


def _leaving(
    session: Session, mailing_id: int, publication_id: int, started_at: datetime
) -> Leaving:
    until = started_at + AFTERWARDS
    left = audience.leavings(publication_id, started_at, until).subquery()
    # Each who left is looked for in the ledger. Of a join SQLite may begin with the ledger, and
    # read all of a mailing for the few who left.
    was_sent = exists().where(
        DeliveryRow.mailing_id == mailing_id,
        DeliveryRow.subscriber_id == left.c.subscriber_id,
        DeliveryRow.state == SENT,
    )
    rows = session.execute(
        select(left.c.method, func.count(left.c.subscriber_id.distinct()))
        .where(was_sent)
        .group_by(left.c.method)
    )
    by_method = {row[0]: row[1] for row in rows}
    by_letter = sum(by_method.pop(method, 0) for method in ("link", "one-click"))
    complaints = audience.count_complaints(session, started_at, until)
    return Leaving(by_letter, sum(by_method.values()), complaints, until)
