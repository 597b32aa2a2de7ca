"""The roles: one table."""

from collections.abc import Mapping

ROLES: Mapping[str, str] = {
    "owner": "everything, and who else may work here",
    "editor": "write, check, schedule and send issues",
    "writer": "write items; an editor sends them",
    "secretary": "readers and members",
    "auditor": "see everything, change nothing",
}
