"""What a command about the sending is about: an issue's own mailing, or its latest correction."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mailer.publication import Issue

Correction = Annotated[
    bool, typer.Option("--correction", help="The issue's latest correction, not the issue.")
]


@dataclass(frozen=True, slots=True)
class About:
    """The issue, and which of its mailings."""

    issue: "Issue"
    correction: bool = False

    @property
    def kind(self) -> str:
        return "correction" if self.correction else self.issue.kind

    def __str__(self) -> str:
        title = self.issue.title
        return f"the correction of {title}" if self.correction else title

    @property
    def first(self) -> str:
        """Its name at the beginning of a sentence."""
        words = str(self)
        return words[:1].upper() + words[1:]
