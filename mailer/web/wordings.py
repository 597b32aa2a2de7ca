"""What pages say that subscribing means: kept, word for word, with each consent that they bring."""

from mailer.audience import Wording
from mailer.web.catalogue import Catalogue


def consent(catalogue: Catalogue, organisation: str, publication: str) -> Wording:
    """What stands beside a form, or a box, that asks for `publication`."""
    words = catalogue.say(
        "{organisation} sends you the {publication} by email until you leave, which takes one "
        "click.",
        organisation=organisation,
        publication=publication,
    )
    return Wording(words, catalogue.language)


def confirmation(catalogue: Catalogue, organisation: str, publication: str) -> Wording:
    """What the page of confirmation says; a wording outlives its reader, so it names no mailbox."""
    sentence = catalogue.say(
        "You asked for the {publication} of {organisation} at {mailbox}.",
        publication=publication,
        organisation=organisation,
        mailbox="…",
    )
    button = catalogue.say("Yes, send me the {publication}", publication=publication)
    return Wording(f"{sentence} {button}", catalogue.language)
