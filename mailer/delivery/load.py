"""What a courier is equipped with, and what it carries."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mailer.config import Pace
from mailer.delivery.book import Book
from mailer.delivery.claim import Claimed
from mailer.delivery.message import Message, MessageMaker
from mailer.delivery.outbox import Outbox
from mailer.delivery.rests import Rests
from mailer.delivery.shares import Shares
from mailer.letter import CompiledLetter


@dataclass(frozen=True, slots=True)
class Equipment:
    """What every courier of a sender is given; `seconds` is a clock that only goes forward."""

    outbox: Outbox
    book: Book
    maker: MessageMaker
    letter: Callable[[int], CompiledLetter]
    now: Callable[[], datetime]
    seconds: Callable[[], float]
    pace: Pace
    in_doubt: str
    all_shut: Callable[[], bool]
    shares: Shares
    rests: Rests


class Load:
    """A delivery on its way, with its message."""

    __slots__ = ("delivery", "envelope", "pieces")

    def __init__(self, delivery: Claimed, message: Message) -> None:
        self.delivery = delivery
        self.envelope = message.envelope
        self.pieces = message.pieces
