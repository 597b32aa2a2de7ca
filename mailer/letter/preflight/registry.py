"""The registry of checks, and what a check says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from mailer.letter.places import Place, Where
from mailer.letter.preflight.examined import Examined

Severity = Literal["error", "warning"]
# severity, place, reason, remedy
Found = tuple[Severity, Place, str, str]
Check = Callable[[Examined], Iterator[Found]]

CHECKS: dict[str, Check] = {}
# Those of them that find errors without the compiled page, which takes most of the time.
STOPPING: dict[str, Check] = {}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: where, why it is wrong, and what to do.

    `place`, `reason` and `remedy` are for people, and sentences that a page can say in another
    language; `where` is the same place for a page that leads there.
    """

    check: str
    severity: Severity
    place: str
    reason: str
    remedy: str
    where: Where


def check(name: str, *, stops: bool = False) -> Callable[[Check], Check]:
    """Enter a check into the registry under `name`; into `STOPPING` too where it `stops`."""

    def enter(function: Check) -> Check:
        CHECKS[name] = function
        if stops:
            STOPPING[name] = function
        return function

    return enter
