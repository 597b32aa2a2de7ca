"""Approval by a second person: asked for, given or refused, and void with the next edit.

1. `ask_approval` names the version that stands; of one issue at most one request is open.
2. Somebody else approves it or sends it back with a remark: one conditional update, so that of two
   answers at once one holds. Whoever asked, or wrote the last edit, cannot approve it.
3. What was approved is that version, and what it says to readers, look and sender included. After
   an edit nothing is approved; what was scheduled begins as approved or not at all (`starting`).

Whether an approval is needed is for the desk to ask (`require_approved`): `[staff] approval`. The
command line needs none.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mailer import audit, publication
from mailer.config import Config
from mailer.delivery import compose
from mailer.delivery.frozen import said
from mailer.delivery.models import ApprovalRow, MailingRow
from mailer.errors import Refused, WrongInput
from mailer.publication import Issue
from mailer.sentence import Sentence

APPROVED, RETURNED, LAPSED = "approved", "returned", "lapsed"
REMARK_MOST = 2000


@dataclass(frozen=True, slots=True)
class Approval:
    """How the latest request stands. `state` is asked, approved, returned, or void, when the issue
    was changed after it was asked for or approved. People are named as in the audit log."""

    id: int
    state: str
    version: int
    asked_at: datetime
    asked_by: str
    request: str
    answered_at: datetime | None
    answered_by: str | None
    remark: str


def approval_of(session: Session, issue: Issue) -> Approval | None:
    """The latest request for this issue; None where nobody ever asked."""
    row = _latest(session, issue.id)
    if row is None:
        return None
    state = row.answer or "asked"
    if state != RETURNED and not _about(row, issue):
        state = "void"
    return Approval(
        row.id,
        state,
        row.version,
        row.asked_at,
        row.asked_by,
        row.request,
        row.answered_at,
        row.answered_by,
        row.remark,
    )


def ask_approval(
    session: Session, config: Config, issue: Issue, now: datetime, actor: str, request: str = ""
) -> int:
    """Ask that this version of the issue be approved; returns the request's id.

    Raises:
        WrongInput: preflight finds an error; or the request is too long.
        Refused: it is asked for or approved already.
    """
    compose.require_sendable(compose.check_issue(config, issue))
    _require_short(request)
    before = approval_of(session, issue)
    if before is not None and before.state == "asked":
        raise Refused(Sentence("Approval of {title} is asked for already.", title=issue.title))
    if before is not None and before.state == APPROVED:
        raise Refused(Sentence("{title} is approved as it stands.", title=issue.title))
    said = _hash(issue)
    # Not the one for these words, which somebody may have asked for a moment ago.
    session.execute(
        update(ApprovalRow)
        .where(
            ApprovalRow.issue_id == issue.id,
            ApprovalRow.answer.is_(None),
            ApprovalRow.said != said,
        )
        .values(answer=LAPSED)
    )
    row = ApprovalRow(
        issue_id=issue.id,
        version=issue.version,
        said=said,
        asked_at=now,
        asked_by=actor,
        request=request.strip(),
        remark="",
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        raise Refused(
            Sentence("Approval of {title} is asked for already.", title=issue.title)
        ) from None
    words = Sentence("approval of version {version} asked for", version=issue.version)
    audit.record(session, now, actor, f"issue {issue.id}", words)
    return row.id


def may_not_approve(session: Session, issue: Issue, actor: str) -> Sentence | None:
    """Why `actor` cannot approve the issue, in a sentence; None where they may."""
    row = _latest(session, issue.id)
    if row is not None and row.asked_by == actor:
        return Sentence("You asked for it; somebody else approves it.")
    if publication.last_saved_by(session, issue.id) == actor:
        return Sentence("You wrote the last edit; somebody else approves it.")
    return None


def approve(
    session: Session, issue: Issue, version: int, now: datetime, actor: str, remark: str = ""
) -> None:
    """Approve `version` of the issue, as `actor` read it.

    Raises:
        Refused: it was changed since; nobody asked, or somebody answered; or it is not for
            `actor` to approve.
    """
    why_not = may_not_approve(session, issue, actor)
    if why_not is not None:
        raise Refused(why_not)
    _answer(session, issue, version, APPROVED, now, actor, remark)


def send_back(
    session: Session, issue: Issue, version: int, now: datetime, actor: str, remark: str
) -> None:
    """Send `version` of the issue back to whoever asked, with what has to be mended.

    Raises:
        WrongInput: there is no remark.
        Refused: as for `approve`.
    """
    if not remark.strip():
        raise WrongInput(Sentence("Say what has to be mended before you send it back."))
    _answer(session, issue, version, RETURNED, now, actor, remark)


def require_approved(session: Session, config: Config, issue: Issue) -> int | None:
    """The version that was approved, for `schedule` and its like; None where none is needed.

    Raises:
        Refused: it is not approved as it stands.
    """
    if not config.staff.approval:
        return None
    found = approval_of(session, issue)
    if found is not None and found.state == APPROVED:
        return found.version
    if found is not None and found.state == "void" and found.answered_by is not None:
        raise Refused(
            Sentence(
                "{title} was changed after it was approved; ask for approval again.",
                title=issue.title,
            )
        )
    raise Refused(
        Sentence("{title} is not approved; a second person has to see it.", title=issue.title)
    )


def is_approved_as(session: Session, issue: Issue, version: int) -> bool:
    """Whether the issue stands as it was approved in this version."""
    row = _latest(session, issue.id)
    return (
        row is not None and row.answer == APPROVED and row.version == version and _about(row, issue)
    )


def goes_as_approved(session: Session, issue: Issue) -> bool:
    """Whether the issue's mailing, which has not begun, begins as it was approved or not at all."""
    version = session.scalar(
        select(MailingRow.approved_version).where(
            MailingRow.issue_id == issue.id, MailingRow.kind == issue.kind
        )
    )
    return version is not None


def _latest(session: Session, issue_id: int) -> ApprovalRow | None:
    return session.scalars(
        select(ApprovalRow)
        .where(ApprovalRow.issue_id == issue_id)
        .order_by(ApprovalRow.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).first()


def _about(row: ApprovalRow, issue: Issue) -> bool:
    return row.version == issue.version and row.said == _hash(issue)


def _hash(issue: Issue) -> str:
    return hashlib.sha256(said(issue).encode()).hexdigest()


def _require_short(words: str) -> None:
    if len(words) > REMARK_MOST:
        raise WrongInput(
            Sentence("That is longer than {most} characters; say it shorter.", most=REMARK_MOST)
        )


def _answer(
    session: Session,
    issue: Issue,
    version: int,
    answer: str,
    now: datetime,
    actor: str,
    remark: str,
) -> None:
    _require_short(remark)
    found = _latest(session, issue.id)
    if issue.version != version or (found is not None and not _about(found, issue)):
        raise Refused(
            Sentence(
                "{title} was changed since you opened this page; read it as it stands now.",
                title=issue.title,
            )
        )
    answered = session.execute(
        update(ApprovalRow)
        .where(
            ApprovalRow.issue_id == issue.id,
            ApprovalRow.version == version,
            ApprovalRow.answer.is_(None),
        )
        .values(answer=answer, answered_at=now, answered_by=actor, remark=remark.strip())
        .returning(ApprovalRow.id)
        .execution_options(synchronize_session=False)
    ).first()
    if answered is None:
        raise Refused(
            Sentence("Somebody has answered already, or nobody asked for {title}.",
                     title=issue.title)
        )  # fmt: skip
    words = (
        Sentence("version {version} approved", version=version)
        if answer == APPROVED
        else Sentence("version {version} sent back", version=version)
    )
    audit.record(session, now, actor, f"issue {issue.id}", words)
