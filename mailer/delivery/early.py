"""Early failures: a mailing whose first deliveries fail too often pauses itself, where configured.

A list that is out of date, or a relay that takes nothing of ours, shows in the first few; each
mailing is judged once, and whoever resumes it knows best.
"""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from mailer import audit
from mailer.config import Pace
from mailer.delivery.models import DeliveryRow, MailingRow
from mailer.delivery.states import FAILED, SENT
from mailer.delivery.tally import tallied
from mailer.sentence import Sentence


def pause_early(session: Session, pace: Pace, now: datetime) -> list[int]:
    """Judge the mailings that have come far enough; returns those that are paused by it."""
    if not pace.pause_after_first:
        return []
    unjudged = {
        row.id: row.kind
        for row in session.execute(
            select(MailingRow.id, MailingRow.kind).where(
                MailingRow.status == "sending",
                MailingRow.judged_at.is_(None),
                MailingRow.kind.in_(("issue", "announcement", "correction")),
            )
        )
    }
    paused = []
    for mailing_id, counts in tallied(session, unjudged).items():
        done = counts[SENT] + counts[FAILED]
        if done < pace.pause_after_first:
            continue
        too_many = counts[FAILED] > pace.pause_at_share * done
        why = _why(session, mailing_id, unjudged[mailing_id], counts[FAILED], done)
        change = {"status": "paused", "reason": why}
        judged = session.execute(
            update(MailingRow)
            .where(
                MailingRow.id == mailing_id,
                MailingRow.status == "sending",
                MailingRow.judged_at.is_(None),
            )
            .values(judged_at=now, **(change if too_many else {}))
            .returning(MailingRow.id)
        ).first()
        if judged is not None and too_many:
            paused.append(mailing_id)
            words = Sentence("paused: early failures")
            audit.record(session, now, "mailer", f"mailing {mailing_id}", words)
    return paused


def _why(session: Session, mailing_id: int, kind: str, failed: int, done: int) -> Sentence:
    commonest = session.execute(
        select(DeliveryRow.reply_code, DeliveryRow.fault)
        .where(DeliveryRow.mailing_id == mailing_id, DeliveryRow.state == FAILED)
        .group_by(DeliveryRow.reply_code, DeliveryRow.fault)
        .order_by(func.count().desc())
        .limit(1)
    ).first()
    command = "mailer issues resume" + (" --correction" if kind == "correction" else "")
    if commonest is None:
        return Sentence(
            "{failed} of its first {done} deliveries failed. Look into it; `{command}` goes on.",
            failed=failed,
            done=done,
            command=command,
        )
    return Sentence(
        "{failed} of its first {done} deliveries failed, mostly {reply}. Look into it; "
        "`{command}` goes on.",
        failed=failed,
        done=done,
        reply=f"{commonest.reply_code} ({commonest.fault})",
        command=command,
    )
