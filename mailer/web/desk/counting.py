"""What takes long to count is counted on a thread of its own, and not while somebody waits."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Lock

import structlog

from mailer import clock, delivery
from mailer.delivery import Forecast, Report
from mailer.web.desk.visit import Desk

RECOUNT_AFTER = timedelta(minutes=10)
"""Readers who came and went meanwhile make no difference to a list that is too long to count."""

log = structlog.get_logger()


class Counting:
    """One count at a time, and none twice at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._going: set[str] = set()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="counting")

    def soon(self, name: str, count: Callable[[], None]) -> None:
        """Have `count` done, if it is not being done already."""
        with self._lock:
            if name in self._going:
                return
            self._going.add(name)
        self._thread.submit(self._do, name, count)

    def _do(self, name: str, count: Callable[[], None]) -> None:
        try:
            count()
        except Exception:
            log.exception("not_counted", what=name)
        finally:
            with self._lock:
                self._going.discard(name)

    def close(self, *, wait: bool = False) -> None:
        """Begin no count any more; with `wait`, return when the one that goes on is done."""
        self._thread.shutdown(wait=wait, cancel_futures=True)


def count_soon(desk: Desk, publication_id: int, forecast: Forecast | None) -> None:
    """Have a publication's readers counted, where nobody did so lately."""
    if forecast is not None and desk.now - forecast.counted_at < RECOUNT_AFTER:
        return
    counting: Counting = desk.request.app.state.desk_counting
    database, config = desk.database, desk.config
    counting.soon(
        f"readers {publication_id}",
        lambda: delivery.count_readers(database, config, publication_id, clock.now()),
    )


def report_soon(desk: Desk, report: Report) -> None:
    """Have a mailing counted again, where the report is out of date."""
    if not report.stale:
        return
    counting: Counting = desk.request.app.state.desk_counting
    database, mailing_id = desk.database, report.mailing_id
    counting.soon(
        f"course {mailing_id}",
        lambda: delivery.count_course(database, mailing_id, clock.now()),
    )
