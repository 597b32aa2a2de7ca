"""Who did something, by the name that colleagues know: "staff 3" in the log is Ana here."""

from collections.abc import Mapping

from mailer.web.desk.reasons import ruled_by
from mailer.web.desk.visit import Visit

Names = Mapping[int, str]


class People:
    """Those names, for whoever looks."""

    def __init__(self, visit: Visit, known: Names) -> None:
        self._visit = visit
        self._known = known

    def name(self, actor: str | None) -> str:
        """The name of whoever the log calls `actor`."""
        if not actor:
            return self._visit.say("nobody")
        kind, _, number = actor.partition(" ")
        if kind == "staff" and number.isdecimal():
            return self._known.get(int(number), actor)
        if actor.startswith("command"):
            return self._visit.say("the command line")
        return actor

    def ruling(self, status: str, reason: str) -> str:
        """Why a mailing is paused or over: who ruled so, or what happened, in a sentence."""
        actor = ruled_by(reason)
        if actor is None:
            return self._visit.tell(reason)
        if status == "paused":
            return self._visit.say("{name} paused it.", name=self.name(actor))
        return self._visit.say("{name} cancelled it.", name=self.name(actor))
