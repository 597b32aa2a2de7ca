"""How a mailing begins: its letters are compiled and stored, and it is `sending`.

1. The letters are compiled outside of any transaction, from the issue as it stands.
2. One transaction makes the mailing `sending`, if nobody else did and the issue still has the
   version that was compiled; and stores the letters.
3. If somebody saved the issue in between, it is compiled again.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from mailer import audit, publication
from mailer.clock import in_words, today
from mailer.config import Config
from mailer.database import Database, upsert
from mailer.delivery import compose
from mailer.delivery.frozen import freeze, thaw
from mailer.delivery.mailing import place, require_unbegun, until
from mailer.delivery.models import CompiledLetterRow, MailingRow
from mailer.delivery.variants import usual_variants
from mailer.errors import MailerError, Refused
from mailer.letter import CompiledLetter, Variant
from mailer.publication import Issue
from mailer.sentence import Sentence

EDITS_WHILE_COMPILING = 5
SAVED_ALL_THE_TIME = Sentence(
    "The issue is being saved all the time; try again when the editor pauses."
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Started:
    """What became of an attempt to start a mailing; `won` is False where another process did."""

    mailing_id: int
    won: bool


def start(database: Database, config: Config, mailing_id: int, now: datetime) -> Started:
    """Begin a scheduled mailing whose time has come: compile its letters and let it be sent.

    Raises:
        WrongInput: preflight finds an error, or the issue does not compile; nothing was changed.
    """
    for _ in range(EDITS_WHILE_COMPILING):
        with database.read() as session:
            mailing = session.get_one(MailingRow, mailing_id)
            assert mailing.issue_id is not None
            issue = publication.issue_by_id(session, mailing.issue_id)
        if mailing.status != "scheduled" or mailing.start_at > now:
            return Started(mailing_id, won=False)
        letters = _letters(config, issue, now)
        with database.write() as session:
            if not _begin(session, config, mailing_id, issue, now):
                return Started(mailing_id, won=False)
            if publication.version_of(session, issue.id) != issue.version:
                session.rollback()
                continue
            _complete(session, mailing_id, issue, letters, now)
            return Started(mailing_id, won=True)
    raise Refused(SAVED_ALL_THE_TIME)


def send_now(
    database: Database,
    config: Config,
    issue: Issue,
    now: datetime,
    actor: str,
    not_after: datetime | None = None,
) -> int:
    """Begin to send an issue whose mailing has not begun, at this moment; returns the mailing's id.

    It is scheduled and begun in one transaction: where it is refused, nothing stays behind.

    Raises:
        WrongInput: preflight finds an error, or the issue does not compile.
        Refused: it is being sent, or was; also where somebody else was quicker by a moment.
    """
    for _ in range(EDITS_WHILE_COMPILING):
        with database.read() as session:
            require_unbegun(session, issue)
            issue = publication.issue_by_id(session, issue.id)
        letters = _letters(config, issue, now)
        with database.write() as session:
            mailing_id = place(session, issue, now, now, actor, not_after)
            _begin(session, config, mailing_id, issue, now)
            if publication.version_of(session, issue.id) != issue.version:
                session.rollback()
                continue
            _complete(session, mailing_id, issue, letters, now)
            return mailing_id
    raise Refused(SAVED_ALL_THE_TIME)


def _letters(config: Config, issue: Issue, now: datetime) -> tuple[CompiledLetter, ...]:
    compose.check_before_compiling(config, issue)
    return compose.compile_issue(config, issue, now, usual_variants(issue))


def _begin(session: Session, config: Config, mailing_id: int, issue: Issue, now: datetime) -> bool:
    """Make the mailing `sending`, if it is scheduled and due still."""
    begun = session.execute(
        update(MailingRow)
        .where(
            MailingRow.id == mailing_id,
            MailingRow.status == "scheduled",
            MailingRow.start_at <= now,
        )
        .values(
            status="sending",
            started_at=now,
            send_until=until(MailingRow.not_after, now + config.pace.give_up),
            day=today(config.organisation.zone, now),
            content=freeze(issue),
            message_id_domain=compose.message_id_domain(config),
        )
        .returning(MailingRow.id)
    ).first()
    return begun is not None


def _complete(
    session: Session,
    mailing_id: int,
    issue: Issue,
    letters: Sequence[CompiledLetter],
    now: datetime,
) -> None:
    store(session, mailing_id, 1, letters, now)
    publication.set_public(session, issue.id, public=True, now=now)
    audit.record(session, now, "mailer", f"issue {issue.id}", Sentence("began to be sent"))


def compile_more(
    database: Database,
    config: Config,
    mailing_id: int,
    variants: Sequence[Variant],
    now: datetime,
) -> None:
    """Compile further variants of a mailing that has begun, as they would have been at its start,
    or when it was corrected last.

    Where that cannot be done the mailing is paused with the reason. If it is corrected meanwhile,
    they belong to the version before, and nobody gets them.
    """
    with database.read() as session:
        mailing = session.get_one(MailingRow, mailing_id)
    assert mailing.content is not None
    assert mailing.started_at is not None
    try:
        letters = compose.compile_issue(config, thaw(mailing.content), mailing.started_at, variants)
    except MailerError as error:
        with database.write() as session:
            session.execute(
                update(MailingRow)
                .where(
                    MailingRow.id == mailing_id,
                    MailingRow.status == "sending",
                    MailingRow.version == mailing.version,
                )
                .values(
                    status="paused",
                    reason=Sentence("A letter could not be compiled: {reason}", reason=error.said),
                )
            )
        return
    with database.write() as session:
        store(session, mailing_id, mailing.version, letters, now)


def store(
    session: Session,
    mailing_id: int,
    version: int,
    letters: Sequence[CompiledLetter],
    now: datetime,
) -> None:
    """Store letters, each once: of two that compiled the same one, the first stands."""
    session.execute(
        upsert(session, CompiledLetterRow).on_conflict_do_nothing(),
        [
            {
                "mailing_id": mailing_id,
                "variant": letter.key,
                "version": version,
                "compiled": letter.to_bytes(),
                "created_at": now,
            }
            for letter in letters
        ],
    )


def start_due(database: Database, config: Config, now: datetime) -> list[int]:
    """Start every scheduled mailing whose time has come; returns those that this call started.

    One that is due for longer than `[schedule] late_after` is paused with the reason, and so is
    one that preflight refuses.
    """
    with database.read() as session:
        due = session.execute(
            select(MailingRow.id, MailingRow.start_at).where(
                MailingRow.status == "scheduled", MailingRow.start_at <= now
            )
        ).all()
    started = []
    for mailing_id, start_at in due:
        late = now - start_at
        if late > config.schedule.late_after:
            _pause_unstarted(
                database,
                mailing_id,
                start_at,
                Sentence(
                    "It was due at {due}, and nothing was there to send it until {now}, more than "
                    "{span} later. Resume it to send it now, or schedule it anew.",
                    due=_local(config, start_at),
                    now=_local(config, now),
                    span=in_words(config.schedule.late_after),
                ),
            )
            continue
        try:
            if start(database, config, mailing_id, now).won:
                started.append(mailing_id)
        except MailerError as error:
            reason = Sentence("It could not be started: {reason}", reason=error.said)
            _pause_unstarted(database, mailing_id, start_at, reason)
        except SQLAlchemyError:
            raise
        except Exception as error:
            # A bug in compiling this one must not keep the others from starting.
            log.exception("mailing %s was not started", mailing_id)
            reason = Sentence(
                "It could not be started ({error}); the log says why.", error=type(error).__name__
            )
            _pause_unstarted(database, mailing_id, start_at, reason)
    return started


def _local(config: Config, moment: datetime) -> str:
    return f"{moment.astimezone(config.organisation.zone):%Y-%m-%d %H:%M}"


def _pause_unstarted(database: Database, mailing_id: int, start_at: datetime, reason: str) -> None:
    with database.write() as session:
        session.execute(
            update(MailingRow)
            .where(
                MailingRow.id == mailing_id,
                MailingRow.status == "scheduled",
                MailingRow.start_at == start_at,
            )
            .values(status="paused", reason=reason)
        )
