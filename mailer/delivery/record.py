"""Recording: what a reply, or the lack of one, makes of a delivery.

`Outcome` says what became of one delivery; `outcome_of` makes it from a disposition, by the
rules of retrying: pure functions. `ledger` writes outcomes down.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from mailer.config import Pace
from mailer.delivery.claim import Claimed
from mailer.delivery.disposition import Disposition, Verdict
from mailer.delivery.retry import next_try
from mailer.delivery.states import DEFERRED, FAILED, IN_DOUBT, QUEUED, SENT


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a delivery, as the ledger will say it; `doubted` where it was in doubt."""

    delivery_id: int
    mailing_id: int
    state: str
    reason: str
    due_at: datetime
    tries: int
    doubts: int
    reply_code: int | None
    finished_at: datetime | None
    fault: str = ""
    doubted: bool = False


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
    return replace(outcome, doubts=delivery.doubts + 1, doubted=True)


def _finished(
    delivery: Claimed, state: str, disposition: Disposition, tries: int, now: datetime
) -> Outcome:
    return Outcome(
        delivery.delivery_id,
        delivery.sending.mailing_id,
        state,
        disposition.reason,
        now,
        tries,
        delivery.doubts,
        disposition.code,
        now,
        disposition.fault.in_ledger,
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
        delivery.sending.mailing_id,
        state,
        disposition.reason,
        at,
        tries,
        delivery.doubts,
        disposition.code,
        None,
        disposition.fault.in_ledger,
    )
