"""What the checks are told of the world outside the letter, by rooms that know it."""

from dataclasses import dataclass
from typing import Literal

EARLIER_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class EarlierItem:
    """An item of an earlier issue.

    `text` is its summary or, where that is blank, the first `EARLIER_CHARACTERS` of its body.
    """

    issue: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class LinkAnswer:
    """What became of asking for a link; where it is not alive, `reason` says why, in words."""

    url: str
    state: Literal["alive", "dead", "not asked"]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it; empty, the checks that need a fact find nothing.

    `sender` is the mailbox in From, `bounce_address` the envelope's sender.
    """

    sender: str = ""
    bounce_address: str = ""
    earlier: tuple[EarlierItem, ...] = ()
    answers: tuple[LinkAnswer, ...] = ()
