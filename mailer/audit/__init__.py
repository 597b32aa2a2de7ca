"""The audit log: who did what, in words.

1. A door or a room that changes something calls `record()` in the transaction of the change.
2. Rows are only ever added; the database refuses anything else. A person's name or address never
   stands in `words`: people are named by id, so that erasing somebody leaves the log as it is.
3. `entries()` reads the log, newest first; `kinds()` says of what it tells.
"""

from mailer.audit.entries import AT_ONCE, Entry, entries, kinds
from mailer.audit.record import record

__all__ = ["AT_ONCE", "Entry", "entries", "kinds", "record"]
