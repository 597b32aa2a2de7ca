"""The letter that greets a new subscriber: one for each publication and language.

Staff write it (`change_welcome`); a door that has just let a subscription begin asks
`welcome_due`, and hands what it gets to delivery in the same transaction.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.errors import WrongInput
from mailer.letter import LetterDue, primary_language
from mailer.publication.meanwhile import ChangedMeanwhile
from mailer.publication.models import WelcomeRow
from mailer.publication.settings import fault_in_words
from mailer.sentence import Sentence

LONGEST_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Welcome:
    """A welcome letter; `body` is Markdown. Version 0 was never saved.

    Whoever confirms gets it where it is `active`; who is added by hand, where `when_added` too.
    """

    publication_id: int
    language: str
    subject: str = ""
    body: str = ""
    active: bool = False
    when_added: bool = False
    version: int = 0


def welcomes(session: Session, publication_id: int) -> tuple[Welcome, ...]:
    """The welcome letters of a publication, by language."""
    rows = session.scalars(
        select(WelcomeRow)
        .where(WelcomeRow.publication_id == publication_id)
        .order_by(WelcomeRow.language)
    )
    return tuple(map(_welcome_from, rows))


def welcome_in(session: Session, publication_id: int, language: str) -> Welcome:
    """The one in `language`; one that was never written is empty."""
    row = _row(session, publication_id, language)
    return _welcome_from(row) if row else Welcome(publication_id, language)


def faults_in_welcome(welcome: Welcome) -> dict[str, Sentence]:
    """What is wrong with it, by field."""
    faults: dict[str, Sentence] = {}
    if welcome.active and not welcome.subject.strip():
        faults["subject"] = Sentence("Say in a few words what the letter is.")
    elif len(welcome.subject) > LONGEST_SUBJECT:
        faults["subject"] = Sentence("It may have {most} characters at most.", most=LONGEST_SUBJECT)
    elif len(welcome.subject.splitlines()) > 1:
        faults["subject"] = Sentence("Write it on one line, without control characters.")
    elif fault := fault_in_words(welcome.subject):
        faults["subject"] = fault
    if welcome.active and not welcome.body.strip():
        faults["body"] = Sentence("Write a sentence or two.")
    elif fault := fault_in_words(welcome.body):
        faults["body"] = fault
    return faults


def change_welcome(session: Session, welcome: Welcome, now: datetime) -> Welcome:
    """Keep it; `welcome.version` is the one that was opened.

    Raises:
        ChangedMeanwhile: somebody saved it since; `stands` is what they wrote.
        WrongInput: something is wrong with it.
    """
    for fault in faults_in_welcome(welcome).values():
        raise WrongInput(fault)
    row = _row(session, welcome.publication_id, welcome.language)
    if (row.version if row else 0) != welcome.version:
        raise ChangedMeanwhile(
            Sentence(
                "Somebody else saved this letter while you wrote. Nothing of yours is saved yet."
            ),
            _welcome_from(row) if row else None,
        )
    if row is None:
        row = WelcomeRow(
            publication_id=welcome.publication_id, language=welcome.language, version=0
        )
        session.add(row)
    row.subject, row.body = welcome.subject, welcome.body
    row.active, row.when_added = welcome.active, welcome.when_added
    row.version, row.updated_at = row.version + 1, now
    session.flush()
    return _welcome_from(row)


def welcome_for(session: Session, publication_id: int, language: str) -> Welcome | None:
    """The welcome letter that a reader of `language` gets: theirs, or any; None where none is on.

    `language` is the reader's, or the publication's where they chose none.
    """
    there = [one for one in welcomes(session, publication_id) if one.active]
    wanted = primary_language(language)
    theirs = [one for one in there if primary_language(one.language) == wanted]
    return next(iter((*theirs, *there)), None)


def welcome_due(
    session: Session,
    publication_id: int,
    subscriber_id: int,
    language: str,
    *,
    by_hand: bool = False,
) -> LetterDue | None:
    """The letter that is due to a subscriber who has just begun, once ever; None where none is."""
    welcome = welcome_for(session, publication_id, language)
    if welcome is None or (by_hand and not welcome.when_added):
        return None
    return LetterDue(
        kind="welcome",
        subscriber_id=subscriber_id,
        address=None,
        language=welcome.language,
        dedupe_key=f"welcome {publication_id} {subscriber_id}",
        publication_id=publication_id,
    )


def _row(session: Session, publication_id: int, language: str) -> WelcomeRow | None:
    return session.scalar(
        select(WelcomeRow)
        .where(WelcomeRow.publication_id == publication_id, WelcomeRow.language == language)
        .with_for_update()
    )


def _welcome_from(row: WelcomeRow) -> Welcome:
    return Welcome(
        row.publication_id,
        row.language,
        row.subject,
        row.body,
        row.active,
        row.when_added,
        row.version,
    )
