"""The roles, and what each of them may do: one table."""

from collections.abc import Mapping
from enum import StrEnum


class Act(StrEnum):
    """What somebody does at the desk."""

    LOOK = "look"
    WRITE = "write"
    SEND = "send"
    APPROVE = "approve"
    READERS_SEE = "readers_see"
    READERS_CHANGE = "readers_change"
    PAGES = "pages"
    SETTINGS = "settings"
    PEOPLE = "people"
    AUDIT = "audit"
    SELF = "self"


ROLES: Mapping[str, str] = {
    "owner": "everything, and who else may work here",
    "editor": "write, check, schedule and send issues",
    "writer": "write items; an editor sends them",
    "secretary": "readers and members",
    "auditor": "see everything, change nothing",
}

MAY: Mapping[str, frozenset[Act]] = {
    "owner": frozenset(Act),
    "editor": frozenset(
        {Act.LOOK, Act.WRITE, Act.SEND, Act.APPROVE, Act.READERS_SEE, Act.PAGES, Act.SELF}
    ),
    "writer": frozenset({Act.LOOK, Act.WRITE, Act.SELF}),
    "secretary": frozenset({Act.LOOK, Act.READERS_SEE, Act.READERS_CHANGE, Act.SELF}),
    "auditor": frozenset({Act.LOOK, Act.READERS_SEE, Act.AUDIT, Act.SELF}),
}


def may(role: str, act: Act) -> bool:
    """Whether this role may do this."""
    return act in MAY[role]
