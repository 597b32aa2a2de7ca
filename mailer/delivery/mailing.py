"""The life of a mailing: scheduled, paused, resumed, cancelled; `starting` has how it begins,
`press` how it goes on with a corrected text.

Every step is one conditional statement on the mailing's row, so that of several processes that
try it, one does it and the others are told that it is done.
"""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import case, exists, func, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mailer import audience, audit
from mailer.clock import today
from mailer.config import Config
from mailer.database import Database
from mailer.delivery import compose
from mailer.delivery.frozen import same_text
from mailer.delivery.models import DeliveryRow, MailingRow, waits
from mailer.delivery.unsent import end_unsent
from mailer.errors import Refused, WrongInput
from mailer.publication import Issue
from mailer.sentence import Sentence

HAPPENED = {
    "scheduled": Sentence("{issue} has begun already."),
    "sending": Sentence(
        "{issue} is being sent; `mailer serve`, `mailer work` or `send --wait` goes on with it."
    ),
    "paused": Sentence("{issue} is paused in the middle; `mailer issues resume` goes on with it."),
    "sent": Sentence("{issue} was sent already."),
    "cancelled": Sentence("{issue} was cancelled after some readers had got it."),
}
"""What is said of a mailing that has begun, by its status."""

STANDS = {
    "draft": Sentence("a draft"),
    "scheduled": Sentence("scheduled"),
    "sending": Sentence("sending"),
    "paused": Sentence("paused"),
    "sent": Sentence("sent"),
    "cancelled": Sentence("cancelled"),
}
"""How a mailing stands, in a sentence that says what it is."""

PAUSED = (Sentence("paused"), Sentence("correction paused"))
RESUMED = (Sentence("resumed"), Sentence("correction resumed"))
CANCELLED = (Sentence("cancelled"), Sentence("correction cancelled"))
"""How the audit log tells of an issue's own mailing, and of its correction."""

NOTHING_TO_PAUSE = Sentence("there is nothing to pause")
NOTHING_TO_CANCEL = Sentence("there is nothing to cancel")
NOT_PAUSED = Sentence("it is not paused")

_SKIP_CHUNK = 2000


def schedule(
    session: Session,
    config: Config,
    issue: Issue,
    at: datetime,
    now: datetime,
    actor: str,
    not_after: datetime | None = None,
) -> int:
    """Have the issue sent at `at`, or move a mailing that has not begun; returns its id.

    What has not been sent by `not_after` is not sent any more.

    Raises:
        WrongInput: preflight finds an error.
        Refused: it is being sent, or was sent or cancelled after it had begun.
    """
    compose.require_sendable(compose.check_issue(config, issue))
    return place(session, issue, at, now, actor, not_after)


def place(
    session: Session,
    issue: Issue,
    at: datetime,
    now: datetime,
    actor: str,
    not_after: datetime | None = None,
) -> int:
    """The same for an issue that was checked."""
    if not_after is not None and not_after <= at:
        raise WrongInput("Its end has to come after its beginning; give a later --not-after.")
    existing = session.execute(
        select(MailingRow.id).where(MailingRow.issue_id == issue.id, MailingRow.kind == issue.kind)
    ).scalar()
    if existing is None:
        existing = _insert(session, issue, at, now, actor, not_after)
    else:
        moved = session.execute(
            update(MailingRow)
            .where(MailingRow.id == existing, MailingRow.started_at.is_(None))
            .values(
                status="scheduled", start_at=at, reason="", finished_at=None, not_after=not_after
            )
            .returning(MailingRow.id)
        ).first()
        if moved is None:
            raise _begun(session, existing, issue)
    words = Sentence("scheduled for {moment}", moment=at.isoformat())
    audit.record(session, now, actor, f"issue {issue.id}", words)
    return existing


def until(not_after: Any, give_up_at: datetime) -> Any:
    """The end of a mailing, in SQL: when its messages are given up, or the end it was given."""
    at = literal(give_up_at, MailingRow.send_until.type)
    return case((not_after < at, not_after), else_=at)


def _insert(
    session: Session,
    issue: Issue,
    at: datetime,
    now: datetime,
    actor: str,
    not_after: datetime | None,
) -> int:
    try:
        with session.begin_nested():
            row = MailingRow(
                kind=issue.kind,
                publication_id=issue.publication.id,
                issue_id=issue.id,
                status="scheduled",
                start_at=at,
                not_after=not_after,
                nonce=secrets.token_hex(8),
                created_at=now,
                created_by=actor,
            )
            session.add(row)
            session.flush()
    except IntegrityError:
        raise Refused(
            Sentence(
                "{issue} is being scheduled or sent by somebody else at this "
                "moment; look at its status.",
                issue=issue.title,
            )
        ) from None
    return row.id


def require_unbegun(session: Session, issue: Issue) -> None:
    """Raise Refused where the issue's mailing has begun, whatever became of it."""
    begun = session.execute(
        select(MailingRow.id).where(
            MailingRow.issue_id == issue.id,
            MailingRow.kind == issue.kind,
            MailingRow.started_at.is_not(None),
        )
    ).scalar()
    if begun is not None:
        raise _begun(session, begun, issue)


def _begun(session: Session, mailing_id: int, issue: Issue) -> Refused:
    status = session.execute(
        select(MailingRow.status).where(MailingRow.id == mailing_id)
    ).scalar_one()
    return Refused(Sentence(HAPPENED[status], issue=issue.title))


def pause(
    session: Session,
    issue: Issue,
    now: datetime,
    actor: str,
    reason: str = "",
    *,
    kind: str | None = None,
) -> None:
    """Let nothing more of the issue's mailing be claimed, until it is resumed.

    Here and below it is the mailing of the issue's own kind, or the latest of `kind`.
    """
    _change(
        session,
        issue,
        kind,
        ("scheduled", "sending"),
        "paused",
        reason or Sentence("Paused by {actor}.", actor=actor),
        NOTHING_TO_PAUSE,
    )
    audit.record(session, now, actor, f"issue {issue.id}", PAUSED[kind is not None])


def resume(
    session: Session,
    config: Config,
    issue: Issue,
    now: datetime,
    actor: str,
    *,
    as_it_was: bool = False,
    kind: str | None = None,
) -> None:
    """Go on with a paused mailing; one that had not begun starts at its time, or now.

    Raises:
        Refused: it is not paused; or the issue says something else than when its mailing began,
            and nobody said that it goes on `as_it_was`. `press.resume_corrected` is the other way.
    """
    mailing = _change(session, issue, kind, ("paused",), "sending", "", NOT_PAUSED)
    if mailing.started_at is None:
        if as_it_was:
            raise Refused(
                Sentence(
                    "{issue} has not begun, and goes out as it stands now; resume "
                    "it without --as-it-was.",
                    issue=issue.title,
                )
            )
        mailing.status = "scheduled"
        mailing.start_at = max(mailing.start_at, now)
    else:
        own = mailing.kind == issue.kind and mailing.content is not None
        if own and not as_it_was and not same_text(mailing.content or "", issue):
            raise Refused(
                Sentence(
                    "{issue} was changed since it began to be sent; resume it with "
                    "--corrected, and who has not got it yet gets it as it stands "
                    "now, or with --as-it-was, and they get what the others got.",
                    issue=issue.title,
                )
            )
        mailing.send_until = again_until(config, mailing.not_after, now)
    audit.record(session, now, actor, f"issue {issue.id}", RESUMED[kind is not None])


def again_until(config: Config, not_after: datetime | None, now: datetime) -> datetime:
    """The end of a mailing that goes on: `give_up` from now, or the end it was given."""
    given_up = now + config.pace.give_up
    return min(given_up, not_after or given_up)


def cancel(
    session: Session, issue: Issue, now: datetime, actor: str, *, kind: str | None = None
) -> int:
    """End the issue's mailing: what is sent stays sent, the rest will be skipped.

    Returns the mailing's id, for `skip_rest`.
    """
    mailing = _change(
        session,
        issue,
        kind,
        ("scheduled", "sending", "paused"),
        "cancelled",
        Sentence("Cancelled by {actor}.", actor=actor),
        NOTHING_TO_CANCEL,
    )
    mailing.finished_at = now
    audit.record(session, now, actor, f"issue {issue.id}", CANCELLED[kind is not None])
    return mailing.id


def _change(
    session: Session,
    issue: Issue,
    kind: str | None,
    before: tuple[str, ...],
    status: str,
    reason: str,
    otherwise: Sentence,
) -> MailingRow:
    latest = select(func.max(MailingRow.id)).where(
        MailingRow.issue_id == issue.id, MailingRow.kind == (kind or issue.kind)
    )
    changed = session.execute(
        update(MailingRow)
        .where(MailingRow.id == latest.scalar_subquery(), MailingRow.status.in_(before))
        .values(status=status, reason=reason)
        .returning(MailingRow.id)
    ).scalar()
    if changed is None:
        raise it_is_not(session, issue, otherwise, kind)
    return session.get_one(MailingRow, changed, populate_existing=True)


def it_is_not(
    session: Session, issue: Issue, otherwise: Sentence, kind: str | None = None
) -> Refused:
    """The sentence that says how the mailing stands, where that is why nothing can be done."""
    found = session.execute(
        select(MailingRow.status)
        .where(MailingRow.issue_id == issue.id, MailingRow.kind == (kind or issue.kind))
        .order_by(MailingRow.id.desc())
        .limit(1)
    ).scalar()
    own = kind is None or kind == issue.kind
    if not own and found is None:
        return Refused(
            Sentence(
                "{issue} has no correction; {otherwise}.", issue=issue.title, otherwise=otherwise
            )
        )
    stands = {"issue": issue.title, "status": STANDS[found or "draft"], "otherwise": otherwise}
    return Refused(
        Sentence("{issue} is {status}; {otherwise}.", **stands)
        if own
        else Sentence("The correction of {issue} is {status}; {otherwise}.", **stands)
    )


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
            waits(),
            MailingRow.status == "cancelled",
        )
        .limit(_SKIP_CHUNK)
    )
    with database.write() as session:
        return end_unsent(session, session.scalars(some).all(), "the mailing was cancelled", now)


def require_new_readers(session: Session, config: Config, issue: Issue, now: datetime) -> None:
    """Raise Refused where the issue went to its audience and nobody has come since."""
    mailing = session.execute(
        select(MailingRow.id, MailingRow.publication_id).where(
            MailingRow.issue_id == issue.id,
            MailingRow.kind == issue.kind,
            MailingRow.status.in_(("sending", "sent")),
            MailingRow.fanned_out_at.is_not(None),
        )
    ).first()
    if mailing is None:
        return
    readers = audience.fan_out(mailing.publication_id, today(config.organisation.zone, now))
    has_one = exists().where(
        DeliveryRow.mailing_id == mailing.id,
        DeliveryRow.subscriber_id == readers.selected_columns.subscriber_id,
    )
    if session.execute(readers.where(~has_one).limit(1)).first() is None:
        raise Refused(
            Sentence(
                "{issue} has a delivery for every reader; nobody has come since it was sent.",
                issue=issue.title,
            )
        )


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
            send_until=until(MailingRow.not_after, now + config.pace.give_up),
        )
        .returning(MailingRow.id)
    ).scalar()
    if again is None:
        only = Sentence("only what is being sent, or was sent, goes to new readers")
        raise it_is_not(session, issue, only)
    audit.record(session, now, actor, f"issue {issue.id}", Sentence("sent to new readers"))
    return again
