"""What a reader was sent, and what became of it, in words."""

from mailer.delivery import Received
from mailer.web.desk.shell import Desk


def what_was_sent(desk: Desk, one: Received) -> str:
    """The issue's title, or what kind of letter it was."""
    if one.kind == "correction":
        return desk.say("Correction of {issue}", issue=one.title)
    return one.title or {
        "test": desk.say("a test letter"),
        "seed": desk.say("a seed letter"),
        "confirmation": desk.say("the letter that asks to confirm"),
        "welcome": desk.say("a welcome letter"),
        "reminder": desk.say("a reminder"),
    }.get(one.kind, desk.say("a letter"))


def what_became(desk: Desk, one: Received) -> str:
    """Where the letter is, as far as the ledger knows."""
    if one.state in ("queued", "claimed", "in_flight"):
        return desk.say("on its way")
    if one.state == "deferred":
        return desk.count(
            "not taken yet, tried {n} time", "not taken yet, tried {n} times", one.tries
        )
    if one.state == "failed":
        if one.reply:
            return desk.say("refused: {reply}", reply=desk.tell(one.reply))
        return desk.say("refused")
    if one.state == "skipped":
        if one.reply:
            return desk.say("not sent: {reply}", reply=desk.tell(one.reply))
        return desk.say("not sent")
    if one.state == "in_doubt":
        return desk.say("handed over and never answered for")
    return desk.say("delivered to their mail server")
