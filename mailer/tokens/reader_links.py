"""A reader's own links: where on the site each leads, and how long it is good.

These are paths; in a letter the site's URL goes before them, on a page the site's path.
A test's recipient is nobody in the list: subscriber 0. A link about no publication has 0 too.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from mailer.tokens.links import Purpose
from mailer.tokens.signer import Signer

CONFIRMATION_LASTS = timedelta(days=7)
PREFERENCES_LAST = timedelta(days=365)


def confirm_path(signer: Signer, subscriber: int, publication: int, made_at: datetime) -> str:
    """Where a subscription is confirmed; good for `CONFIRMATION_LASTS`."""
    expires = made_at + CONFIRMATION_LASTS
    return f"/confirm/{signer.link(Purpose.CONFIRM, subscriber, publication, expires)}"


def preferences_path(signer: Signer, subscriber: int, publication: int, made_at: datetime) -> str:
    """Where a reader chooses; good for `PREFERENCES_LAST`."""
    expires = made_at + PREFERENCES_LAST
    return f"/preferences/{signer.link(Purpose.PREFERENCES, subscriber, publication, expires)}"


def address_path(signer: Signer, subscriber: int, change: int, made_at: datetime) -> str:
    """Where a new address is confirmed; good for `CONFIRMATION_LASTS`."""
    expires = made_at + CONFIRMATION_LASTS
    return f"/address/{signer.link(Purpose.ADDRESS, subscriber, change, expires)}"


LinksOf = Callable[[int], Mapping[str, str]]


def letter_links(
    signer: Signer, site: str, publication: int, letter: int, made_at: datetime
) -> LinksOf:
    """What makes the links in one letter for one subscriber after another: merge field to URL."""
    leaving = signer.links(Purpose.UNSUBSCRIBE, publication)
    choosing = signer.links(Purpose.PREFERENCES, publication, made_at + PREFERENCES_LAST)
    showing = signer.links(Purpose.LETTER, letter)

    def links_of(subscriber: int) -> Mapping[str, str]:
        return {
            "unsubscribe_url": f"{site}/unsubscribe/{leaving(subscriber)}",
            "preferences_url": f"{site}/preferences/{choosing(subscriber)}",
            "letter_url": f"{site}/letter/{showing(subscriber)}",
        }

    return links_of
