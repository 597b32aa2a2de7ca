"""Two people save the same thing: the second is told, and nothing is overwritten."""

from typing import Any

from mailer.errors import Refused


class ChangedMeanwhile(Refused):
    """Somebody saved it since it was opened. `stands` is what they made of it."""

    def __init__(self, said: str, stands: Any) -> None:
        super().__init__(said)
        self.stands = stands
