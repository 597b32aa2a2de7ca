"""Test letters: to oneself, and to others."""

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet

import structlog
from fastapi import APIRouter
from starlette.responses import Response

from mailer import audience, delivery, publication
from mailer.delivery import Trial
from mailer.errors import MailerError, Refused
from mailer.publication import Issue
from mailer.sentence import Sentence
from mailer.staff import Act
from mailer.web.desk.send import show
from mailer.web.desk.shell import Desk, PostedForm, TheDesk, act

router = APIRouter()

WAIT_S = 8.0
"""So long the page waits for the relay; then it says that the letters are on their way."""

log = structlog.get_logger()


class Testing:
    """Test letters go out on threads of their own, so that a slow relay keeps no page."""

    __test__ = False

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="test-letters")

    def send(self, desk: Desk, issue: Issue, addresses: list[str]) -> "Future[list[Trial]]":
        """Send them; what becomes of them stands in the ledger."""
        database, config, actor = desk.database, desk.config, desk.actor

        def send() -> list[Trial]:
            try:
                return delivery.send_test(database, config, issue, addresses, actor)
            except MailerError:
                raise
            except Exception:
                log.exception("tests_not_sent", issue=issue.id)
                raise

        return self._threads.submit(send)

    def close(self) -> None:
        """Begin none any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)


@act(router, "/desk/issues/{issue_id}/test", Act.WRITE)
def send_test(desk: TheDesk, form: PostedForm, issue_id: int) -> Response:
    """Send the issue's letter to whoever asks, or to the addresses that they name."""
    try:
        addresses = _addresses(desk, form.text("others"))
        with desk.database.read() as session:
            issue = publication.issue_by_id(session, issue_id)
            delivery.require_tests_left(session, desk.actor, len(addresses), desk.now)
        testing: Testing = desk.request.app.state.desk_testing
        trials = testing.send(desk, issue, addresses).result(WAIT_S)
    except NotYet:
        said = desk.say("The test letters are on their way; look again in a moment.")
        return desk.back(f"/desk/issues/{issue_id}/send#tests", said=said)
    except MailerError as error:
        return show(desk, issue_id, errors={"others": desk.tell(error)}, form=form)
    failed = [trial for trial in trials if not trial.sent]
    if failed:
        said = desk.count(
            "{n} test letter was not taken; see below why.",
            "{n} test letters were not taken; see below why.",
            len(failed),
        )
        return desk.back(f"/desk/issues/{issue_id}/send#tests", said=said, wrong=True)
    said = desk.count(
        "{n} test letter is on its way.", "{n} test letters are on their way.", len(trials)
    )
    return desk.back(f"/desk/issues/{issue_id}/send#tests", said=said)


def _addresses(desk: Desk, others: str) -> list[str]:
    """One's own, or those that were named; each is looked at before anything is sent.

    Raises:
        WrongInput: one is no address.
        Refused: their role sends to themselves alone.
    """
    named = others.replace(",", " ").replace(";", " ").split()
    if not named:
        return [desk.account.mailbox]
    if not desk.may(Act.SEND):
        raise Refused(Sentence("Your role sends test letters to yourself alone."))
    return list(dict.fromkeys(audience.normalise(one).address for one in named))
