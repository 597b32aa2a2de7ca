"""Why a letter did not go through, in the words of whoever looks: one table.

The ledger keeps the relay's own words, which are English and for postmasters. What they come down
to is said here; the words themselves stand beside it in the lists.
"""

import re
from collections.abc import Sequence

from mailer.delivery import Reason
from mailer.sentence import Sentence
from mailer.web.desk.visit import Visit

_BY_WORDS: tuple[tuple[re.Pattern[str], Sentence], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), words)
    for pattern, words in (
        (r"^left$|^suppressed: left", Sentence("left the list")),
        (r"^suppressed: complaint", Sentence("complained before")),
        (r"^suppressed: bounce", Sentence("their address did not exist before")),
        (r"^suppressed: staff", Sentence("suppressed by staff")),
        (r"^suppressed|^erased$|no such reader", Sentence("erased or suppressed")),
        (r"^not confirmed|^not subscribed", Sentence("not confirmed")),
        (r"^paused$", Sentence("made a pause")),
        (r"^no item for this reader", Sentence("no item for them")),
        (r"^the mailing was cancelled", Sentence("cancelled before its turn")),
        (r"^its time was up", Sentence("its time was up")),
        (r"[45]\.2\.2|over ?quota|mailbox (is )?full|full mailbox", Sentence("mailbox full")),
        (r"4\.7\.28|too (many|fast)|rate|throttl", Sentence("asks us to slow down")),
        (r"connection|timed out|no answer|closed", Sentence("the connection was lost")),
    )
)
_BY_FAULT = {
    "mailbox": Sentence("no such mailbox"),
    "policy": Sentence("refused by its rules"),
    "relay": Sentence("its mail server is not ready"),
    "message": Sentence("the letter is too large or not in order"),
}
_OTHER = Sentence("another reason")


def meaning(reason: str, fault: str) -> Sentence:
    """What a delivery's reason comes down to."""
    for pattern, words in _BY_WORDS:
        if pattern.search(reason):
            return words
    return _BY_FAULT.get(fault, _OTHER)


def counted(visit: Visit, reasons: Sequence[Reason], state: str) -> list[tuple[str, int]]:
    """What hinders the deliveries in `state`, with how many each, the most frequent first."""
    counts: dict[str, int] = {}
    for one in reasons:
        if one.state == state:
            words = visit.tell(meaning(one.example, one.fault))
            counts[words] = counts.get(words, 0) + one.count
    return sorted(counts.items(), key=lambda pair: -pair[1])


_RULED = re.compile(r"^(Paused|Cancelled) by (.+)\.$")


def ruled_by(reason: str) -> str | None:
    """Who paused or cancelled a mailing, where its reason says no more than that."""
    found = _RULED.match(reason)
    return found[2] if found else None
