"""Preflight: what is wrong with a letter before it is sent. An error stops it, a warning is shown.

1. Whoever asks fills in the `Facts` that a letter cannot know: what earlier issues said, who
   answers for it, which links are dead (`links_to_ask` names those that can be asked).
2. `examine` makes once what all checks look at: the content, its prose, the compiled page.
3. Each check in `CHECKS` looks at that and yields what it finds.

To add a check, write a function that yields findings into the module that is named after what
it looks at, put `@check("its name")` above it, test it, and tell of it in docs/editors.md.
"""

from collections.abc import Collection, Mapping

from mailer.letter.content import IssueLetter, Theme
from mailer.letter.fields import ISSUE_FIELDS
from mailer.letter.places import Where

# Each module enters its checks into the registry.
from mailer.letter.preflight import (  # noqa: F401
    items,
    links,
    look,
    pictures,
    sender,
    size,
    words,
)
from mailer.letter.preflight.examined import Examined, examine
from mailer.letter.preflight.facts import EARLIER_CHARACTERS, EarlierItem, Facts, LinkAnswer
from mailer.letter.preflight.links import links_to_ask
from mailer.letter.preflight.registry import CHECKS, STOPPING, Check, Finding, check

__all__ = [
    "CHECKS",
    "EARLIER_CHARACTERS",
    "EarlierItem",
    "Facts",
    "Finding",
    "LinkAnswer",
    "Where",
    "check",
    "errors_in_content",
    "links_to_ask",
    "preflight",
]

NO_FACTS = Facts()


def preflight(
    content: IssueLetter,
    theme: Theme,
    known_fields: Collection[str] = ISSUE_FIELDS,
    facts: Facts = NO_FACTS,
) -> tuple[Finding, ...]:
    """What every check finds, errors first."""
    findings = _findings(CHECKS, examine(content, theme, known_fields, facts))
    return tuple(sorted(findings, key=lambda finding: finding.severity))


def errors_in_content(
    content: IssueLetter, theme: Theme, known_fields: Collection[str] = ISSUE_FIELDS
) -> tuple[Finding, ...]:
    """The errors alone, but for those that `compile_letter` raises, for whoever compiles next."""
    findings = _findings(STOPPING, examine(content, theme, known_fields, NO_FACTS))
    return tuple(finding for finding in findings if finding.severity == "error")


def _findings(checks: Mapping[str, Check], examined: Examined) -> list[Finding]:
    return [
        Finding(name, severity, place.words, reason, remedy, place.where)
        for name, found in checks.items()
        for severity, place, reason, remedy in found(examined)
    ]
