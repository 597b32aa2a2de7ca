"""Items of earlier issues: found, and used again."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from mailer import publication
from mailer.errors import WrongInput
from mailer.publication import issue_by_id
from mailer.sentence import Sentence
from mailer.staff import Act
from mailer.web.desk.composer import ISSUE, Id
from mailer.web.desk.shell import PostedForm, TheDesk, act, look

router = APIRouter()

AT_ONCE = 20


@look(router, ISSUE + "library", Act.WRITE)
def library(desk: TheDesk, request: Request, issue_id: Id) -> Response:
    """Items that have the words that are sought, the newest first."""
    query = request.query_params
    words, topic = query.get("words", "")[:200], query.get("topic", "")[:80]
    words, topic = words.replace("\0", ""), topic.replace("\0", "")
    page = query.get("page", "")
    number = int(page) if page.isascii() and page.isdecimal() and 0 < len(page) < 5 else 1
    with desk.database.read() as session:
        issue = issue_by_id(session, issue_id)
        found = publication.find_items(
            session,
            words,
            topic=topic,
            not_in=issue_id,
            limit=AT_ONCE + 1,
            offset=(max(number, 1) - 1) * AT_ONCE,
        )
        topics = publication.topics_in_use(session)
    return desk.page(
        "issues/library",
        issue=issue,
        found=found[:AT_ONCE],
        more=len(found) > AT_ONCE,
        number=number,
        words=words,
        topic=topic,
        topics=topics,
    )


@act(router, ISSUE + "library", Act.WRITE)
def use_again(desk: TheDesk, form: PostedForm, issue_id: Id) -> Response:
    """Copy an item to the end of the issue."""
    chosen = form.ids("item")
    if not chosen:
        raise WrongInput(Sentence("Choose an item first."))
    with desk.database.write() as session:
        item = publication.reuse(session, chosen[0], issue_id, desk.now, desk.actor)
    said = desk.say("“{title}” is here too. Change what is no longer so.", title=item.title)
    return desk.back(f"/desk/issues/{issue_id}/?open={item.id}#item-{item.id}", said)
