"""An issue in which preflight finds nothing, and short ways to spoil it."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from mailer.letter import Facts, Finding, IssueLetter, Theme, preflight


@dataclass(frozen=True)
class Checked:
    """A sound issue and its theme; each method says what is found once something is changed."""

    issue: IssueLetter
    theme: Theme

    def findings(self, facts: Facts | None = None, **changes: Any) -> tuple[Finding, ...]:
        return preflight(replace(self.issue, **changes), self.theme, facts=facts or Facts())

    def found(self, facts: Facts | None = None, **changes: Any) -> list[tuple[str, str, str]]:
        return [(f.severity, f.check, f.place) for f in self.findings(facts, **changes)]

    def with_item(self, **changes: Any) -> list[tuple[str, str, str]]:
        """What is found where the first item, "Water", is the only one, and changed."""
        item = replace(self.issue.items[0], title="Water")
        return self.found(items=(replace(item, **changes),))

    def with_organisation(self, **changes: Any) -> list[tuple[str, str, str]]:
        return self.found(organisation=replace(self.issue.organisation, **changes))

    def with_theme(self, **changes: Any) -> list[tuple[str, str, str]]:
        return Checked(self.issue, replace(self.theme, **changes)).found()


@pytest.fixture(scope="session")
def checked(issue: IssueLetter, theme: Theme) -> Checked:
    items = tuple(replace(item, topic="Water") for item in issue.items)
    return Checked(replace(issue, items=items), theme)
