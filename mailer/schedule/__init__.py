"""The schedule: what happens when.

1. `open_schedule` gives an APScheduler that ticks in memory, in every process that works.
2. Each tick looks at the database for what is due and does it; what is due is a row there, so
   that a change by any process counts from the next tick on, and of several that tick one acts.
3. Nothing is kept here: a process that was down misses ticks, not work.
"""

from mailer.schedule.ticks import open_schedule

__all__ = ["open_schedule"]
