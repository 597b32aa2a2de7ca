"""Recording: what happened to deliveries goes into the ledger, many in one transaction.

`Outcome` says what became of one delivery; `outcome_of` makes it from a disposition, by the
rules of retrying. `commit` writes a group of outcomes, and of deliveries that are about to pass
their final dot, in one durable transaction.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import and_, bindparam, case, or_, update
from sqlalchemy.orm import Session

from mailer.config import Pace
from mailer.delivery.claim import Claimed
from mailer.delivery.disposition import Disposition, Verdict
from mailer.delivery.models import DeliveryRow
from mailer.delivery.retry import next_try
from mailer.delivery.states import (
    CLAIMED,
    DEFERRED,
    ERASED,
    FAILED,
    IN_DOUBT,
    IN_FLIGHT,
    QUEUED,
    SENT,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a delivery, as the ledger will say it."""

    delivery_id: int
    state: str
    reason: str
    due_at: datetime
    tries: int
    doubts: int
    reply_code: int | None
    finished_at: datetime | None


def outcome_of(
    delivery: Claimed, disposition: Disposition, now: datetime, pace: Pace, chance: float
) -> Outcome:
    """The outcome of a delivery whose disposition is known; `chance` (0 to 1) moves the retry.

    4xx is tried again on the growing schedule until the mailing's `send_until`; 5xx is final. A
    fault of the connection means again after `retry_first`, a fault of the relay means again as
    soon as the relay is back, and burns no try.
    """
    tries, until = delivery.tries + 1, delivery.sending.send_until
    match disposition.verdict:
        case Verdict.SENT:
            return _finished(delivery, SENT, disposition, tries, now)
        case Verdict.FAILED:
            return _finished(delivery, FAILED, disposition, tries, now)
        case Verdict.RELAY:
            return _waiting(delivery, QUEUED, disposition, delivery.tries, now)
        case Verdict.SOON:
            at: datetime | None = now + pace.retry_first
            at = at if at is not None and at <= until else None
        case Verdict.DEFERRED | Verdict.THROTTLED:
            at = next_try(tries, now, pace.retry_first, until, chance).at
    if at is None:
        given_up = replace(disposition, reason=f"given up; at last: {disposition.reason}")
        return _finished(delivery, FAILED, given_up, tries, now)
    return _waiting(delivery, DEFERRED, disposition, tries, at)


def doubt_of(
    delivery: Claimed, how: str, now: datetime, in_doubt: str, pace: Pace, chance: float
) -> Outcome:
    """The outcome of a delivery that passed the final dot and got no answer.

    Under "hold" a person decides. Under "resend" it is queued again at once and counted; but in
    doubt a second time it waits like a deferred one, and is given up like one, so that a relay
    that takes messages and never answers does not fill somebody's mailbox.
    """
    doubtful = Disposition(Verdict.DEFERRED, f"in doubt: {how} after the final dot")
    if in_doubt == "hold":
        return _waiting(delivery, IN_DOUBT, doubtful, delivery.tries + 1, now)
    if delivery.doubts == 0:
        outcome = _waiting(delivery, QUEUED, doubtful, delivery.tries + 1, now)
    else:
        outcome = outcome_of(delivery, doubtful, now, pace, chance)
    return replace(outcome, doubts=delivery.doubts + 1)


def _finished(
    delivery: Claimed, state: str, disposition: Disposition, tries: int, now: datetime
) -> Outcome:
    return Outcome(
        delivery.delivery_id,
        state,
        disposition.reason,
        now,
        tries,
        delivery.doubts,
        disposition.code,
        now,
    )


def _waiting(
    delivery: Claimed,
    state: str,
    disposition: Disposition,
    tries: int,
    at: datetime,
) -> Outcome:
    return Outcome(
        delivery.delivery_id,
        state,
        disposition.reason,
        at,
        tries,
        delivery.doubts,
        disposition.code,
        None,
    )


_OUTCOME = (
    update(DeliveryRow.__table__)  # type: ignore[arg-type]
    .where(
        DeliveryRow.__table__.c.id == bindparam("delivery"),
        DeliveryRow.__table__.c.worker == bindparam("holder"),
        # Not in_(HELD): many rows at once cannot have a list that expands.
        or_(
            DeliveryRow.__table__.c.state == CLAIMED,
            DeliveryRow.__table__.c.state == IN_FLIGHT,
        ),
    )
    .values(
        state=bindparam("to_state"),
        # Its reader was erased meanwhile, and a reply may repeat the address.
        reason=case((DeliveryRow.__table__.c.reason == ERASED, ""), else_=bindparam("to_reason")),
        due_at=bindparam("to_due_at"),
        tries=bindparam("to_tries"),
        doubts=bindparam("to_doubts"),
        reply_code=bindparam("to_reply_code"),
        finished_at=bindparam("to_finished_at"),
        worker=None,
        lease_until=None,
    )
)


def commit(
    session: Session,
    worker: str,
    entering: Sequence[int],
    outcomes: Sequence[Outcome],
    lease_until: datetime,
    tried: Collection[int] = (),
) -> set[int]:
    """Write that `entering` may now pass their final dots, and what became of `outcomes`.

    Returns those of `entering` that this worker still holds; the others must not be sent. `tried`
    are those whose entry was written before by a transaction that failed as it ended: it may have
    been committed all the same, so that what is in flight by it has entered.
    """
    # Outcomes first: one that is written again, since the reply to its COMMIT was lost, must not
    # take back what enters now.
    if outcomes:
        session.connection().execute(
            _OUTCOME,
            [
                {
                    "delivery": outcome.delivery_id,
                    "holder": worker,
                    "to_state": outcome.state,
                    "to_reason": outcome.reason,
                    "to_due_at": outcome.due_at,
                    "to_tries": outcome.tries,
                    "to_doubts": outcome.doubts,
                    "to_reply_code": outcome.reply_code,
                    "to_finished_at": outcome.finished_at,
                }
                for outcome in outcomes
            ],
        )
    if not entering:
        return set()
    enters = DeliveryRow.state == CLAIMED
    if tried:
        enters = or_(enters, and_(DeliveryRow.state == IN_FLIGHT, DeliveryRow.id.in_(tried)))
    return set(
        session.execute(
            update(DeliveryRow)
            .where(DeliveryRow.id.in_(entering), DeliveryRow.worker == worker, enters)
            .values(state=IN_FLIGHT, lease_until=lease_until)
            .returning(DeliveryRow.id)
            .execution_options(synchronize_session=False)
        ).scalars()
    )
