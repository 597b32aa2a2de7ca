"""What hinders a mailing, looked at no more often than is worth it.

Where very many deliveries failed, each in words of its own, looking takes a fifth of a second or
more; and nothing is new as long as the tallies say the same.
"""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from mailer import delivery
from mailer.config import Config
from mailer.delivery import Details, Status
from mailer.publication import Issue

MOST_KEPT = 100
_AT_LEAST_S = 1.0
_TIMES_AS_LONG = 10


@dataclass(frozen=True, slots=True)
class _Kept:
    counts: tuple[Any, ...]
    details: Details
    until: float


class Hindering:
    """What this process saw last of each mailing; shared by all pages."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, str], _Kept] = {}

    def of(
        self,
        session: Session,
        config: Config,
        issue: Issue,
        kind: str,
        status: Status,
        now: datetime,
    ) -> Details:
        """What hinders the mailing of which `status` was seen just now."""
        counts = (
            status.started_at,
            status.deferred,
            status.failed,
            status.skipped,
            status.in_doubt,
        )
        kept = self._kept.get((issue.id, kind))
        began = time.monotonic()
        # What is deferred changes though its number does not: when it is tried again.
        if kept is not None and (
            began < kept.until or (kept.counts == counts and not status.deferred)
        ):
            return kept.details
        details = delivery.details_of(session, issue.id, kind, config.pace.retry_first, now)
        took = time.monotonic() - began
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        until = began + took * _TIMES_AS_LONG if took > _AT_LEAST_S / _TIMES_AS_LONG else 0.0
        self._kept[issue.id, kind] = _Kept(counts, details, until)
        return details
