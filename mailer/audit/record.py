"""Adding to the log."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from mailer.audit.models import AuditRow
from mailer.sentence import Sentence


def record(session: Session, now: datetime, actor: str, subject: str, words: str) -> None:
    """Say that `actor` ("command", "reader 12", "staff 3") did `words` to `subject`.

    `subject` names a thing by kind and id, like "issue 4" or "subscriber 12". Words that are a
    `Sentence` are kept with their parts, so that they can be said in another language.
    """
    parts = _parts(words) if isinstance(words, Sentence) else None
    session.add(
        AuditRow(
            at=now,
            actor=actor,
            subject=subject,
            kind=subject.partition(" ")[0],
            words=str(words),
            template=parts and parts["template"],
            filled=parts and parts["values"],
        )
    )


def _parts(sentence: Sentence) -> dict[str, Any]:
    """The sentence as JSON; a value is a number, a text, or a sentence itself."""
    values = {name: _value(value) for name, value in sentence.values.items()}
    return {"template": sentence.template, "values": values}


def _value(value: object) -> object:
    if isinstance(value, Sentence):
        return _parts(value)
    return value if isinstance(value, int | float) else str(value)
