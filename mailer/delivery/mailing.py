"""The life of a mailing: scheduled, sending, paused, sent or cancelled.

Every step is one conditional statement on the mailing's row, so that of several processes that
try it, one does it and the others are told that it is done.
"""

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from mailer import audit, publication
from mailer.clock import in_words, today
from mailer.config import Config
from mailer.database import Database, upsert
from mailer.delivery import compose
from mailer.delivery.frozen import freeze, thaw
from mailer.delivery.models import CompiledLetterRow, DeliveryRow, MailingRow
from mailer.delivery.states import WAITING
from mailer.delivery.unsent import end_unsent
from mailer.delivery.variants import usual_variants
from mailer.errors import MailerError, Refused
from mailer.letter import CompiledLetter, Variant
from mailer.publication import Issue

_SKIP_CHUNK = 2000
_EDITS_WHILE_COMPILING = 5

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Started:
    """What became of an attempt to start a mailing; `won` is False where another process did."""

    mailing_id: int
    won: bool


def schedule(
    session: Session, config: Config, issue: Issue, at: datetime, now: datetime, actor: str
) -> int:
    """Have the issue sent at `at`, or move a mailing that has not begun; returns its id.

    Raises:
        WrongInput: preflight finds an error.
        Refused: it is being sent, or was sent or cancelled after it had begun.
    """
    compose.require_sendable(compose.check_issue(config, issue))
    existing = session.execute(
        select(MailingRow.id).where(MailingRow.issue_id == issue.id, MailingRow.kind == issue.kind)
    ).scalar()
    if existing is None:
        existing = _insert(session, issue, at, now, actor)
    else:
        moved = session.execute(
            update(MailingRow)
            .where(MailingRow.id == existing, MailingRow.started_at.is_(None))
            .values(status="scheduled", start_at=at, reason="", finished_at=None)
            .returning(MailingRow.id)
        ).first()
        if moved is None:
            raise _begun(session, existing, issue)
    audit.record(session, now, actor, f"issue {issue.id}", f"scheduled for {at.isoformat()}")
    return existing


def _insert(session: Session, issue: Issue, at: datetime, now: datetime, actor: str) -> int:
    try:
        with session.begin_nested():
            row = MailingRow(
                kind=issue.kind,
                publication_id=issue.publication.id,
                issue_id=issue.id,
                status="scheduled",
                start_at=at,
                nonce=secrets.token_hex(8),
                created_at=now,
                created_by=actor,
            )
            session.add(row)
            session.flush()
    except IntegrityError:
        raise Refused(
            f"{issue.title} is being scheduled or sent by somebody else at this moment; "
            "look at its status."
        ) from None
    return row.id


def _begun(session: Session, mailing_id: int, issue: Issue) -> Refused:
    status = session.execute(
        select(MailingRow.status).where(MailingRow.id == mailing_id)
    ).scalar_one()
    happened = {
        "sending": "is being sent; `mailer serve`, `mailer work` or `send --wait` goes on with it",
        "paused": "is paused in the middle; `mailer issues resume` goes on with it",
        "sent": "was sent already",
        "cancelled": "was cancelled after some readers had got it",
    }
    return Refused(f"{issue.title} {happened.get(status, status)}.")


def start(database: Database, config: Config, mailing_id: int, now: datetime) -> Started:
    """Begin a scheduled mailing whose time has come: compile its letters and let it be sent.

    1. The letters are compiled outside of any transaction, from the issue as it stands.
    2. One transaction makes the mailing `sending`, if it is still scheduled and due, and the
       issue still has the version that was compiled; and stores the letters.
    3. If somebody saved the issue in between, it is compiled again.

    Raises:
        WrongInput: preflight finds an error, or the issue does not compile; nothing was changed.
    """
    for _ in range(_EDITS_WHILE_COMPILING):
        with database.read() as session:
            mailing = session.get_one(MailingRow, mailing_id)
            assert mailing.issue_id is not None
            issue = publication.issue_by_id(session, mailing.issue_id)
        if mailing.status != "scheduled" or mailing.start_at > now:
            return Started(mailing_id, won=False)
        compose.require_sendable(compose.check_issue(config, issue))
        letters = compose.compile_issue(config, issue, now, usual_variants(issue))
        with database.write() as session:
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
                    send_until=now + config.pace.give_up,
                    day=today(config.organisation.zone, now),
                    content=freeze(issue),
                    message_id_domain=compose.message_id_domain(config),
                )
                .returning(MailingRow.id)
            ).first()
            if begun is None:
                return Started(mailing_id, won=False)
            if publication.version_of(session, issue.id) != issue.version:
                session.rollback()
                continue
            _store(session, mailing_id, letters, now)
            publication.set_public(session, issue.id, public=True, now=now)
            audit.record(session, now, "mailer", f"issue {issue.id}", "began to be sent")
            return Started(mailing_id, won=True)
    raise Refused("The issue is being saved all the time; try again when the editor pauses.")


def compile_more(
    database: Database,
    config: Config,
    mailing_id: int,
    variants: Sequence[Variant],
    now: datetime,
) -> None:
    """Compile further variants of a mailing that has begun, as they would have been at its start.

    Where that cannot be done the mailing is paused with the reason.
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
                .where(MailingRow.id == mailing_id, MailingRow.status == "sending")
                .values(status="paused", reason=f"A letter could not be compiled: {error}")
            )
        return
    with database.write() as session:
        _store(session, mailing_id, letters, now)


def _store(
    session: Session, mailing_id: int, letters: Sequence[CompiledLetter], now: datetime
) -> None:
    """Store letters, each once: of two that compiled the same one, the first stands."""
    session.execute(
        upsert(session, CompiledLetterRow).on_conflict_do_nothing(),
        [
            {
                "mailing_id": mailing_id,
                "variant": letter.key,
                "version": 1,
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
                f"It was due at {_local(config, start_at)}, and nothing was there to send it until "
                f"{_local(config, now)}, more than {in_words(config.schedule.late_after)} later. "
                "Resume it to send it now, or schedule it anew.",
            )
            continue
        try:
            if start(database, config, mailing_id, now).won:
                started.append(mailing_id)
        except MailerError as error:
            _pause_unstarted(database, mailing_id, start_at, f"It could not be started: {error}")
        except SQLAlchemyError:
            raise
        except Exception as error:
            # A bug in compiling this one must not keep the others from starting.
            log.exception("mailing %s was not started", mailing_id)
            reason = f"It could not be started ({type(error).__name__}); the log says why."
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


def pause(session: Session, issue: Issue, now: datetime, actor: str, reason: str = "") -> None:
    """Let nothing more of the issue's mailing be claimed, until it is resumed."""
    _change(
        session,
        issue,
        ("scheduled", "sending"),
        "paused",
        reason or f"Paused by {actor}.",
        "there is nothing to pause",
    )
    audit.record(session, now, actor, f"issue {issue.id}", "paused")


def resume(session: Session, config: Config, issue: Issue, now: datetime, actor: str) -> None:
    """Go on with a paused mailing; one that had not begun starts at its time, or now."""
    mailing = _change(session, issue, ("paused",), "sending", "", "it is not paused")
    if mailing.started_at is None:
        mailing.status = "scheduled"
        mailing.start_at = max(mailing.start_at, now)
    else:
        mailing.send_until = now + config.pace.give_up
    audit.record(session, now, actor, f"issue {issue.id}", "resumed")


def cancel(session: Session, issue: Issue, now: datetime, actor: str) -> int:
    """End the issue's mailing: what is sent stays sent, the rest will be skipped.

    Returns the mailing's id, for `skip_rest`.
    """
    mailing = _change(
        session,
        issue,
        ("scheduled", "sending", "paused"),
        "cancelled",
        f"Cancelled by {actor}.",
        "there is nothing to cancel",
    )
    mailing.finished_at = now
    audit.record(session, now, actor, f"issue {issue.id}", "cancelled")
    return mailing.id


def _change(
    session: Session,
    issue: Issue,
    before: tuple[str, ...],
    status: str,
    reason: str,
    otherwise: str,
) -> MailingRow:
    changed = session.execute(
        update(MailingRow)
        .where(
            MailingRow.issue_id == issue.id,
            MailingRow.kind == issue.kind,
            MailingRow.status.in_(before),
        )
        .values(status=status, reason=reason)
        .returning(MailingRow.id)
    ).scalar()
    if changed is None:
        raise _not(session, issue, otherwise)
    return session.get_one(MailingRow, changed, populate_existing=True)


def _not(session: Session, issue: Issue, otherwise: str) -> Refused:
    found = session.execute(
        select(MailingRow.status).where(
            MailingRow.issue_id == issue.id, MailingRow.kind == issue.kind
        )
    ).scalar()
    return Refused(f"{issue.title} is {found or 'a draft'}; {otherwise}.")


def skip_rest(database: Database, mailing_id: int, now: datetime) -> int:
    """End all that still waits of a cancelled mailing; returns how many deliveries."""
    skipped = 0
    while some := skip_some(database, mailing_id, now):
        skipped += some
    return skipped


def skip_some(database: Database, mailing_id: int, now: datetime) -> int:
    """The same for a bounded number of deliveries, in one transaction."""
    some = (
        select(DeliveryRow.id)
        .join(MailingRow, MailingRow.id == DeliveryRow.mailing_id)
        .where(
            DeliveryRow.mailing_id == mailing_id,
            DeliveryRow.state.in_(WAITING),
            MailingRow.status == "cancelled",
        )
        .limit(_SKIP_CHUNK)
    )
    these = DeliveryRow.id.in_(some) & DeliveryRow.state.in_(WAITING)
    with database.write() as session:
        return end_unsent(session, these, "the mailing was cancelled", now)


def send_to_new(session: Session, config: Config, issue: Issue, now: datetime, actor: str) -> int:
    """Fan the issue's mailing out again, for readers who have no delivery of it yet.

    They get the letters that were compiled then. Returns the mailing's id.
    """
    again = session.execute(
        update(MailingRow)
        .where(
            MailingRow.issue_id == issue.id,
            MailingRow.kind == issue.kind,
            MailingRow.status.in_(("sending", "sent")),
        )
        .values(
            status="sending",
            fan_out_cursor=0,
            fanned_out_at=None,
            finished_at=None,
            day=today(config.organisation.zone, now),
            send_until=now + config.pace.give_up,
        )
        .returning(MailingRow.id)
    ).scalar()
    if again is None:
        raise _not(session, issue, "only what is being sent, or was sent, goes to new readers")
    audit.record(session, now, actor, f"issue {issue.id}", "sent to new readers")
    return again
