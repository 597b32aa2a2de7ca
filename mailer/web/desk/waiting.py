"""What waits for whom, in words: the queue shows all of it, the overview the beginning."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from mailer import delivery, publication, staff
from mailer.delivery import Approval
from mailer.publication import IssueSummary
from mailer.staff import Act
from mailer.web.desk.colleagues import People
from mailer.web.desk.shell import Desk


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing: under which heading it stands, what it waits for, and where that is done.

    `kind` and `sign` are those of a chip; what somebody should see to is "warn" or "bad".
    """

    heading: str
    title: str
    words: str
    path: str
    kind: str = ""
    sign: str = ""


def waiting(desk: Desk, session: Session, *, drafts: int) -> list[Waiting]:
    """Everything that waits, by what has to be done; of drafts so many, the newest first."""
    mailings = delivery.unfinished(session)
    asked = delivery.waiting_for_approval(session)
    in_doubt = delivery.doubtful(session)
    unsent = _not_mailed(session)
    answered = approvals(desk, session, [one.id for one in unsent])
    taken = {one.issue_id for one in asked} | set(answered)
    hidden = [one for one in unsent if not one.public and one.id not in taken]
    titles = publication.issue_titles(
        session, taken | {one.issue_id for one in mailings} | {one.issue_id for one in in_doubt}
    )
    people = People(desk, staff.names(session))
    say, moment = desk.say, desk.moment

    def one(
        heading: str, issue_id: int, page: str, words: str, kind: str = "", sign: str = ""
    ) -> Waiting:
        path = f"/desk/issues/{issue_id}/{page}"
        return Waiting(heading, titles.get(issue_id, ""), words, path, kind, sign)

    found = []
    for mailing in mailings:
        if mailing.status == "paused":
            ruling = people.ruling("paused", mailing.reason)
            found.append(one(say("Paused"), mailing.issue_id, "progress", ruling, "warn"))
    for doubt in in_doubt:
        words = desk.count(
            "{n} letter was handed over and never answered for. Somebody decides.",
            "{n} letters were handed over and never answered for. Somebody decides.",
            doubt.count,
        )
        page = "doubts?of=correction" if doubt.kind == "correction" else "doubts"
        found.append(one(say("In doubt"), doubt.issue_id, page, words, "warn"))
    for request in asked:
        words = say(
            "{name} asked on {moment}; somebody else approves it.",
            name=people.name(request.asked_by),
            moment=moment(request.asked_at),
        )
        ours = desk.may(Act.APPROVE) and request.asked_by != desk.actor
        heading = say("Waiting for approval")
        found.append(one(heading, request.issue_id, "send#approval", words, "warn" if ours else ""))
    for issue_id, answer in answered.items():
        if answer.state == "approved" and answer.answered_at:
            words = say(
                "{name} approved it on {moment}; it can be sent.",
                name=people.name(answer.answered_by),
                moment=moment(answer.answered_at),
            )
            found.append(one(say("Approved"), issue_id, "send", words, "good"))
    for issue_id, answer in answered.items():
        if answer.state == "returned" and answer.answered_at:
            words = say(
                "{name} sent it back on {moment}.",
                name=people.name(answer.answered_by),
                moment=moment(answer.answered_at),
            )
            found.append(one(say("Sent back"), issue_id, "send#approval", words, "warn"))
    for mailing in mailings:
        if mailing.status == "sending":
            words = _how_far(desk, session, mailing)
            found.append(one(say("On its way"), mailing.issue_id, "progress", words, "good", "➜"))
    for mailing in mailings:
        if mailing.status == "scheduled":
            words = say("Goes out on {moment}.", moment=moment(mailing.at))
            found.append(one(say("Scheduled"), mailing.issue_id, "send", words, "", "◷"))
    for draft in hidden[:drafts]:
        words = say("Dated {date}.", date=desk.catalogue.date(draft.date))
        path = f"/desk/issues/{draft.id}/"
        found.append(Waiting(say("Drafts"), draft.title, words, path, "", "✎"))
    return found


def approvals(desk: Desk, session: Session, issue_ids: Iterable[int]) -> dict[int, Approval]:
    """What was answered to whoever asked for approval of these issues, where it still holds."""
    if not desk.config.staff.approval:
        return {}
    found = {}
    for issue_id in sorted(delivery.asked_about(session, issue_ids)):
        one = delivery.approval_of(session, publication.issue_by_id(session, issue_id))
        if one is not None and one.state in ("approved", "returned"):
            found[issue_id] = one
    return found


def _how_far(desk: Desk, session: Session, mailing: delivery.Entry) -> str:
    status = delivery.status_of(session, mailing.issue_id, mailing.kind, desk.now)
    number = desk.catalogue.number
    return desk.say(
        "{sent} of {audience} sent, since {moment}.",
        sent=number(status.sent),
        audience=number(status.audience),
        moment=desk.moment(mailing.at),
    )


def _not_mailed(session: Session) -> list[IssueSummary]:
    issues = publication.list_issues(session)
    mailed = delivery.mailed(session, [one.id for one in issues])
    return [one for one in issues if one.id not in mailed]
