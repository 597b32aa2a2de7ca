"""Settling what is in doubt: a person decides about messages whose answer was never heard.

Such a letter may have come, or not. It is sent again (the same message, with the same Message-ID),
or taken as sent, or as failed: by one conditional update, of what is in doubt still.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, or_, select, update
from sqlalchemy.orm import Session, aliased

from mailer import audience, audit
from mailer.config import Config
from mailer.delivery.bare import mailbox_of
from mailer.delivery.mailing import until
from mailer.delivery.models import DeliveryRow, MailingRow, tells
from mailer.delivery.states import FAILED, IN_DOUBT, QUEUED, SENT
from mailer.delivery.tally import BY_HAND, Changes, moved, tell
from mailer.errors import NotFound, Refused
from mailer.publication import Issue
from mailer.sentence import Sentence

_IDS_AT_ONCE = 500


class Ruling(Enum):
    """What becomes of a letter that may have come."""

    RESEND = QUEUED
    SENT = SENT
    FAILED = FAILED

    @property
    def words(self) -> str:
        return "queued again" if self is Ruling.RESEND else f"taken as {self.value}"


RULED = {
    Ruling.RESEND: Sentence("{count} in doubt were queued again"),
    Ruling.SENT: Sentence("{count} in doubt were taken as sent"),
    Ruling.FAILED: Sentence("{count} in doubt were taken as failed"),
}
"""How the audit log tells of a ruling."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A delivery in doubt, since when and why; no address is left of a reader who was erased."""

    delivery_id: int
    address: str
    since: datetime
    tries: int
    why: str


def doubts(session: Session, issue: Issue, kind: str | None = None) -> list[Doubt]:
    """What is in doubt of the issue's own mailing, or of its latest of `kind`; longest first."""
    rows = session.execute(
        select(
            DeliveryRow.id,
            DeliveryRow.subscriber_id,
            DeliveryRow.address,
            DeliveryRow.due_at,
            DeliveryRow.tries,
            DeliveryRow.reason,
        )
        .join(MailingRow, MailingRow.id == DeliveryRow.mailing_id)
        .where(_of(issue, kind), DeliveryRow.state == IN_DOUBT, tells())
        .order_by(DeliveryRow.due_at, DeliveryRow.id)
    ).all()
    known = audience.addresses(session, [row.subscriber_id for row in rows if row.subscriber_id])
    return [
        Doubt(
            row.id,
            known.get(row.subscriber_id, row.address or ""),
            row.due_at,
            row.tries,
            row.reason,
        )
        for row in rows
    ]


def doubts_about(found: Sequence[Doubt], addresses: Sequence[str]) -> list[Doubt]:
    """Those of `found` that are about these addresses, however written.

    Raises:
        WrongInput: one is no address.
        NotFound: nothing is in doubt about one of them.
    """
    theirs: dict[str, list[Doubt]] = {}
    for doubt in found:
        theirs.setdefault(mailbox_of(doubt.address), []).append(doubt)
    chosen: list[Doubt] = []
    for address in addresses:
        named = theirs.get(audience.normalise(address).mailbox)
        if named is None:
            raise NotFound(
                Sentence(
                    "Nothing is in doubt about {address}; nothing was changed.", address=address
                )
            )
        chosen += (doubt for doubt in named if doubt not in chosen)
    return chosen


def settle(
    session: Session,
    config: Config,
    issue: Issue,
    found: Sequence[Doubt],
    ruling: Ruling,
    now: datetime,
    actor: str,
    kind: str | None = None,
) -> int:
    """Decide about those of `found` that are in doubt still; returns how many.

    Where some are to be sent again, a mailing that was sent goes on.

    Raises:
        Refused: none is in doubt any more; or they are to be sent again, and the mailing was
            cancelled or its end is past.
    """
    if ruling is Ruling.RESEND:
        # First, and also where nothing changes: whoever ends the mailing has to wait for us.
        _reopen(session, config, issue, kind, now)
    ids = [doubt.delivery_id for doubt in found]
    changes: Changes = {}
    count = 0
    for start in range(0, len(ids), _IDS_AT_ONCE):
        some = DeliveryRow.id.in_(ids[start : start + _IDS_AT_ONCE])
        for mailing_id in session.scalars(
            update(DeliveryRow)
            .where(some, DeliveryRow.state == IN_DOUBT)
            .values(state=ruling.value, **_after(ruling, now))
            .returning(DeliveryRow.mailing_id)
            .execution_options(synchronize_session=False)
        ):
            moved(changes, mailing_id, IN_DOUBT, ruling.value, int(ruling is Ruling.RESEND))
            count += 1
    if not count:
        raise Refused(
            Sentence(
                "Nothing of {issue} is in doubt any more; nothing was changed.", issue=issue.title
            )
        )
    tell(session, BY_HAND, changes)
    ruled = Sentence(RULED[ruling], count=count)
    audit.record(session, now, actor, f"issue {issue.id}", ruled)
    return count


def _after(ruling: Ruling, now: datetime) -> dict[str, Any]:
    if ruling is Ruling.RESEND:
        return {"due_at": now, "finished_at": None, "doubts": DeliveryRow.doubts + 1}
    words = f"{ruling.words} by hand"
    reason = case((DeliveryRow.reason == "", words), else_=DeliveryRow.reason.concat(f"; {words}"))
    return {"reason": reason, "finished_at": now}


def _reopen(
    session: Session, config: Config, issue: Issue, kind: str | None, now: datetime
) -> None:
    was_sent = MailingRow.status == "sent"
    given_up = until(MailingRow.not_after, now + config.pace.give_up)
    reopened = session.execute(
        update(MailingRow)
        .where(
            _of(issue, kind),
            MailingRow.status.in_(("sending", "paused", "sent")),
            or_(MailingRow.not_after.is_(None), MailingRow.not_after > now),
        )
        .values(
            status=case((was_sent, literal("sending")), else_=MailingRow.status),
            send_until=case((was_sent, given_up), else_=MailingRow.send_until),
            finished_at=None,
        )
        .returning(MailingRow.id)
        .execution_options(synchronize_session=False)
    ).first()
    if reopened is None:
        status = session.scalar(select(MailingRow.status).where(_of(issue, kind)))
        if status is None:
            raise Refused(
                Sentence("{issue} is a draft; nothing of it is in doubt.", issue=issue.title)
            )
        raise Refused(
            Sentence(
                "{issue} was cancelled, and nothing of it is sent any more; settle what is in "
                "doubt with --sent or --failed.",
                issue=issue.title,
            )
            if status == "cancelled"
            else Sentence(
                "{issue} is past its end, and nothing of it is sent any more; settle what is in "
                "doubt with --sent or --failed.",
                issue=issue.title,
            )
        )


def _of(issue: Issue, kind: str | None) -> ColumnElement[bool]:
    of_issue = aliased(MailingRow)
    latest = select(func.max(of_issue.id)).where(
        of_issue.issue_id == issue.id, of_issue.kind == (kind or issue.kind)
    )
    return MailingRow.id == latest.scalar_subquery()
