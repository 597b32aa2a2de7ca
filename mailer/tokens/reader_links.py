"""A reader's own links: where on the site each leads, and how long it is good.

These are paths; in a letter the site's URL goes before them, on a page the site's path.
A test's recipient is nobody in the list: subscriber 0. A link about no publication has 0 too.
"""

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


def unsubscribe_path(signer: Signer, subscriber: int, publication: int) -> str:
    """Where a reader leaves; good for ever."""
    return f"/unsubscribe/{signer.link(Purpose.UNSUBSCRIBE, subscriber, publication)}"


def letter_path(signer: Signer, subscriber: int, letter: int) -> str:
    """Where the compiled letter with this id stands as this reader got it; good for ever."""
    return f"/letter/{signer.link(Purpose.LETTER, subscriber, letter)}"
