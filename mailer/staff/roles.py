"""The roles: what each is for, and the one table of what each may do."""

from collections.abc import Mapping
from enum import StrEnum

from mailer.sentence import Sentence

ROLES: Mapping[str, str] = {
    "owner": Sentence("everything, and who else may work here"),
    "editor": Sentence("write, check, schedule and send issues"),
    "writer": Sentence("write items; an editor sends them"),
    "secretary": Sentence("readers and members"),
    "auditor": Sentence("see everything, change nothing"),
}

ROLE_NAMES: Mapping[str, Sentence] = {
    "owner": Sentence("owner"),
    "editor": Sentence("editor"),
    "writer": Sentence("writer"),
    "secretary": Sentence("secretary"),
    "auditor": Sentence("auditor"),
}
"""What a page calls them."""


class Act(StrEnum):
    """What somebody does at the desk; each of its routes is one of these."""

    LOOK = "look"
    """See issues, reports and the calendar."""
    WRITE = "write"
    """Change items, issues, announcements and pictures."""
    SEND = "send"
    """Test to others, check, schedule, send, pause, correct, cancel."""
    APPROVE = "approve"
    """Say as the second person that an issue may go out."""
    READERS_SEE = "readers_see"
    READERS_CHANGE = "readers_change"
    PAGES = "pages"
    """Change the standing pages."""
    SETTINGS = "settings"
    """Change publications, themes and welcome letters."""
    PEOPLE = "people"
    """Say who may work here, and as what."""
    AUDIT = "audit"
    """See the log of who did what."""
    SELF = "self"
    """See and change one's own account."""


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
    """Whether somebody in `role` may `act`; a role that is unknown may nothing."""
    return act in MAY.get(role, frozenset())
