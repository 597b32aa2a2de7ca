"""The states of a delivery, and what each of them means: the ledger's vocabulary.

queued     waits for its turn
claimed    a worker holds it under a lease and has not begun to transmit it
in_flight  a worker may have passed the final dot; its answer is not recorded
deferred   the relay said "later" (4xx, lost connection); it waits until `due_at`
sent       the relay answers for it (250 to the final dot), durably recorded
failed     the relay refused it for good (5xx), or its time was up
skipped    nothing was sent, on purpose; the reason says why
in_doubt   past the final dot without an answer, and not sent again: held for a person to decide
           (under "hold", or where the reader left or the mailing was cancelled meanwhile)

queued ─→ claimed ─→ in_flight ─→ sent | failed | deferred | in_doubt
  ↑          │            │           (deferred ─→ claimed when it is due)
  └──────────┴────────────┘  lease over, or stopped in order
"""

from typing import Final

QUEUED: Final = "queued"
CLAIMED: Final = "claimed"
IN_FLIGHT: Final = "in_flight"
DEFERRED: Final = "deferred"
SENT: Final = "sent"
FAILED: Final = "failed"
SKIPPED: Final = "skipped"
IN_DOUBT: Final = "in_doubt"

ERASED: Final = "erased"
"""The reason of a delivery that was held while its reader was erased: no later one replaces it."""

WAITING = (QUEUED, DEFERRED)
HELD = (CLAIMED, IN_FLIGHT)
UNFINISHED = (*WAITING, *HELD)
FINISHED = (SENT, FAILED, SKIPPED)
TOLD = (DEFERRED, FAILED, SKIPPED, IN_DOUBT)
"""What did not go as it should, or not at all: there are words to it."""
STATES = (*UNFINISHED, *FINISHED, IN_DOUBT)
