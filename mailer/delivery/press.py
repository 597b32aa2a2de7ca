"""Stop the press: a mailing that was paused goes on with the issue as it stands now.

1. The letters are compiled outside of any transaction, in every variant that somebody needs, with
   the Date that the mailing has.
2. One transaction makes the mailing `sending` again, if it is paused and is not corrected by
   somebody else, and stores the letters as its next version.
3. What waits gets its letter of that version as it is claimed (`reprint`), and so does whoever the
   fan-out has not come to. What is sent, or may have been, keeps the letter that it has: the
   ledger knows which version each reader got.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer import audience, audit, publication
from mailer.clock import today
from mailer.config import Config
from mailer.database import Database
from mailer.delivery import compose
from mailer.delivery.frozen import freeze, same_text
from mailer.delivery.mailing import NOT_PAUSED, again_until, it_is_not, resume
from mailer.delivery.models import CompiledLetterRow, MailingRow
from mailer.delivery.starting import EDITS_WHILE_COMPILING, SAVED_ALL_THE_TIME, store
from mailer.delivery.variants import usual_variants, variants_for
from mailer.errors import Refused
from mailer.letter import CompiledLetter, Variant
from mailer.publication import Issue
from mailer.sentence import Sentence


def resume_corrected(
    database: Database, config: Config, issue: Issue, now: datetime, actor: str
) -> bool:
    """Go on with a paused mailing, from now on with the issue as it stands.

    False where nothing in its letters is new: then it goes on as it was. One that had not begun
    starts with the issue as it stands anyhow.

    Raises:
        WrongInput: preflight finds an error, or the issue does not compile; nothing was changed.
        Refused: it is not paused, also where somebody else was quicker by a moment.
    """
    for _ in range(EDITS_WHILE_COMPILING):
        with database.read() as session:
            issue = publication.issue_by_id(session, issue.id)
            mailing = _paused(session, issue)
            if mailing.started_at is not None:
                stored = _stored(session, mailing)
                variants = _needed(session, config, issue, now)
        if mailing.started_at is None:
            with database.write() as session:
                resume(session, config, issue, now, actor)
            return False
        compose.check_before_compiling(config, issue)
        letters = compose.compile_issue(config, issue, mailing.started_at, variants)
        assert mailing.content is not None
        new = not same_text(mailing.content, issue) or _differ(letters, stored)
        with database.write() as session:
            if publication.version_of(session, issue.id) != issue.version:
                continue
            if new:
                _go_on(session, config, mailing, issue, letters, now)
                words = Sentence(
                    "resumed, corrected: version {version}", version=mailing.version + 1
                )
                audit.record(session, now, actor, f"issue {issue.id}", words)
            else:
                resume(session, config, issue, now, actor)
        return new
    raise Refused(SAVED_ALL_THE_TIME)


def _paused(session: Session, issue: Issue) -> MailingRow:
    mailing = session.execute(
        select(MailingRow).where(
            MailingRow.issue_id == issue.id,
            MailingRow.kind == issue.kind,
            MailingRow.status == "paused",
        )
    ).scalar()
    if mailing is None:
        raise it_is_not(session, issue, NOT_PAUSED)
    return mailing


def _stored(session: Session, mailing: MailingRow) -> dict[str, bytes]:
    """The letters that go out so far, by their variant."""
    rows = session.execute(
        select(CompiledLetterRow.variant, CompiledLetterRow.compiled).where(
            CompiledLetterRow.mailing_id == mailing.id,
            CompiledLetterRow.version == mailing.version,
        )
    )
    return {row.variant: row.compiled for row in rows}


def _needed(session: Session, config: Config, issue: Issue, now: datetime) -> tuple[Variant, ...]:
    """The usual variants, the first of all first, and every other that a reader gets.

    A claim cannot wait for a letter to be compiled, as a fan-out can.
    """
    readers = audience.fan_out(issue.publication.id, today(config.organisation.zone, now))
    others = variants_for(issue, audience.groups(session, readers))
    return tuple(dict.fromkeys((*usual_variants(issue), *others)))


def _differ(letters: Sequence[CompiledLetter], stored: dict[str, bytes]) -> bool:
    """Whether a letter that some reader has is another now, as by a change of the theme."""
    return any(
        letter.key in stored and stored[letter.key] != letter.to_bytes() for letter in letters
    )


def _go_on(
    session: Session,
    config: Config,
    mailing: MailingRow,
    issue: Issue,
    letters: Sequence[CompiledLetter],
    now: datetime,
) -> None:
    gone_on = session.execute(
        update(MailingRow)
        .where(
            MailingRow.id == mailing.id,
            MailingRow.status == "paused",
            MailingRow.version == mailing.version,
        )
        .values(
            status="sending",
            reason="",
            version=mailing.version + 1,
            content=freeze(issue),
            send_until=again_until(config, mailing.not_after, now),
        )
        .returning(MailingRow.id)
    ).first()
    if gone_on is None:
        raise it_is_not(session, issue, Sentence("somebody else was quicker by a moment"))
    store(session, mailing.id, mailing.version + 1, letters, now)
    # The letters lead there: whoever took it out of the archive to mend it wants it back.
    publication.set_public(session, issue.id, public=True, now=now)
