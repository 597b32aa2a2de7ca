"""The audit log: who did what, in words.

1. A door that changes something calls `record()` in the transaction of the change.
2. Rows are only ever added. A person's name or address never stands in `words`: people are
   named by id, so that erasing somebody leaves the log as it is.
"""

from mailer.audit.record import record

__all__ = ["record"]
