"""Letters to colleagues about approval: who may give it is asked, who asked is answered."""

from collections.abc import Sequence

from mailer.delivery import Approval
from mailer.letter import LetterDue
from mailer.publication import Issue
from mailer.staff import Account, Act, may
from mailer.web.desk.shell import Desk


def asked(
    desk: Desk, colleagues: Sequence[Account], issue: Issue, request_id: int, request: str
) -> list[LetterDue]:
    """A letter to each colleague who may approve the issue, but to whoever asks."""
    return [
        _due(desk, one, issue, "approval asked", request_id, request)
        for one in colleagues
        if one.id != desk.account.id and may(one.role, Act.APPROVE)
    ]


def answered(
    desk: Desk, colleagues: Sequence[Account], request: Approval, issue: Issue, remark: str
) -> list[LetterDue]:
    """A letter to whoever asked, with the answer; to nobody where they have left."""
    return [
        _due(desk, one, issue, f"approval {request.state}", request.id, remark)
        for one in colleagues
        if f"staff {one.id}" == request.asked_by
    ]


def _due(
    desk: Desk, to: Account, issue: Issue, note: str, request_id: int, written: str
) -> LetterDue:
    return LetterDue(
        kind="confirmation",
        note=note,
        subscriber_id=None,
        address=to.mailbox,
        language=to.language,
        dedupe_key=f"{note} {request_id} staff {to.id}",
        values={
            "action_url": f"{desk.config.site.url}/desk/issues/{issue.id}/send",
            "colleague": desk.account.called,
            "title": issue.title,
            "written": written.strip(),
        },
    )
