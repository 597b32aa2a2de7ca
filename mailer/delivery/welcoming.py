"""The welcome letter: compiled when it is due, shown to whoever writes it, sent to them to try."""

import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from mailer.config import Config
from mailer.delivery.compose import compile_welcome
from mailer.delivery.post import TEST, enqueue
from mailer.delivery.previewing import SHOWN_CHARACTERS, Preview
from mailer.delivery.sample import NOBODY, sample_values
from mailer.letter import LetterDue, as_read
from mailer.publication import Publication, Welcome


def preview_welcome(
    config: Config, publication: Publication, welcome: Welcome, at: datetime, form: str = "html"
) -> Preview:
    """The welcome letter merged for nobody.

    Raises:
        WrongInput: it does not compile; the sentence says what to mend.
    """
    letter = compile_welcome(config, publication, welcome, form, at)
    values = sample_values(config, NOBODY)
    html, text = letter.parts(values)
    return Preview(
        letter.variant,
        html,
        text,
        as_read(letter.subject, letter.variant.language, values),
        " ".join(text.split())[:SHOWN_CHARACTERS],
        len(html.encode()) if html is not None else 0,
        0,
    )


def try_welcome(
    session: Session, config: Config, welcome: Welcome, address: str, now: datetime
) -> None:
    """Have the welcome letter sent to this address soon, as it is saved."""
    due = LetterDue(
        kind="welcome",
        subscriber_id=None,
        address=address,
        language=welcome.language,
        dedupe_key=f"welcome test {secrets.token_hex(8)}",
        note=TEST,
        publication_id=welcome.publication_id,
    )
    enqueue(session, config, due, now)
