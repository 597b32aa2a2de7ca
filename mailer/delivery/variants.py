"""Which variant of an issue's letter a group of readers gets: a pure rule.

Groups that get the same content share a variant: a language counts only where we have phrases
in it, membership only where members get more, topics only as far as the issue has them.
"""

from collections.abc import Iterable
from itertools import product

from mailer.audience import Group
from mailer.letter import Variant, has_members_block, has_phrases, spoken
from mailer.publication import Issue, Item

NO_ITEM = "no item for this reader"
"""Why a reader is skipped of whose chosen topics the issue has none."""


def variant_for(issue: Issue, group: Group) -> Variant | None:
    """The variant that this group gets; None where no item of the issue is for them."""
    language = spoken(group.language) if has_phrases(group.language) else issue.language
    topics = _topics_that_matter(issue, group.topics)
    shown = [item for item in issue.items if topics is None or item.topic in topics]
    for_anybody = [item for item in shown if not item.members_only]
    if issue.items and not (shown if group.is_member else for_anybody):
        return None
    member = group.is_member and any(map(_has_more_for_members, shown))
    return Variant(language, group.format, member, topics)  # type: ignore[arg-type]


def _topics_that_matter(issue: Issue, chosen: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if chosen is None:
        return None
    there = {item.topic for item in issue.items}
    return None if there <= set(chosen) else tuple(sorted(there & set(chosen)))


def variants_for(issue: Issue, groups: Iterable[Group]) -> tuple[Variant, ...]:
    """The variants that these groups get, and first the one of a reader who chose nothing."""
    first = Variant(issue.language, "html", member=False)
    found = filter(None, (variant_for(issue, group) for group in groups))
    return tuple(dict.fromkeys((first, *found)))


def usual_variants(issue: Issue) -> tuple[Variant, ...]:
    """Every variant in the issue's own language of readers who chose no topics."""
    memberships = (False, True) if any(map(_has_more_for_members, issue.items)) else (False,)
    return tuple(
        Variant(issue.language, form, member)  # type: ignore[arg-type]
        for form, member in product(("html", "text"), memberships)
    )


def _has_more_for_members(item: Item) -> bool:
    return item.members_only or any(map(has_members_block, (item.summary, item.body)))
