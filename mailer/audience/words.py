"""The words by which a reader is found: what their name, greeting and address are made of.

A word is a run of letters and digits, in small letters and without accents. Who types the beginning
of one finds them: "nun" finds Núñez, and "ana.q@psg" ana.quispe@psg.example.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from sqlalchemy import delete
from sqlalchemy.orm import Session

from mailer.audience.models import ReaderWordRow
from mailer.database import among, insert_all

LENGTH_LIMIT = 40
WORDS_LIMIT = 30

_RUN = re.compile(r"[^\W_]+")


def words_in(text: str) -> list[str]:
    """The words of a text, in their order, each once."""
    if not text.isascii():
        apart = unicodedata.normalize("NFKD", text.casefold())
        text = "".join(c for c in apart if not unicodedata.combining(c))
    return list(dict.fromkeys(word[:LENGTH_LIMIT] for word in _RUN.findall(text.casefold())))


def words_of(mailbox: str, name: str, greeting: str) -> list[str]:
    """The words by which this reader is found."""
    return words_in(f"{mailbox} {name} {greeting}")[:WORDS_LIMIT]


def index(session: Session, words: Mapping[int, Iterable[str]], *, new: bool = False) -> None:
    """Let readers, by id, be found by these words, and by no others; `new` ones had none yet."""
    if not new:
        theirs = among(session, ReaderWordRow.subscriber_id, list(words))
        session.execute(
            delete(ReaderWordRow).where(theirs).execution_options(synchronize_session=False)
        )
    rows = [{"word": word, "subscriber_id": of} for of, found in words.items() for word in found]
    insert_all(session, ReaderWordRow, rows)
