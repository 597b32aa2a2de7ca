"""Delivery: how it gets there. The only room that knows both what is said and who gets it.

1. `schedule` writes a mailing that is due at a time; `start_due` begins what is due: the letters
   are compiled, once for each variant, and stored with the mailing.
2. A sender (`open_sender`) fans the mailing out: the *ledger* gets a delivery for each reader.
3. It claims about a second's work, merges each message, transmits it over SMTP connections that
   are kept open, and records each outcome before that connection's next final dot.
4. `status_of` says how a mailing stands, `details_of` what hinders it; `pause`, `resume` and
   `cancel` rule over it; `resume_corrected` goes on with the issue as it stands by then, and
   `correct` writes to those who got the wrong version. `doubts` lists what a person has to
   `settle`, `received` what a mailbox was sent.
5. `preview` shows an issue's letter while it is being written, saved or not, in any variant and
   for any reader; `check_issue` says what is wrong with it.
6. Before it goes, `forecast` says to how many; `ask_approval`, `approve` and `send_back` let a
   second person see it; `send_soon` leaves a minute for `undo`. Afterwards `report` says how it
   went. `unfinished`, `doubtful` and their like are the desk's queue, `mailings_between` its
   calendar. What takes long to count is counted apart (`count_readers`, `count_course`) and kept.
7. `enqueue` takes letters that other rooms have due (`LetterDue`); `send_test` sends a test.

What the ledger says is true after a crash at any moment: `states` has its vocabulary, `record`
and `recover` its rules. What an SMTP reply means stands in `disposition`, when to try again, and
when a domain rests, in `retry`: both without I/O.
"""

from typing import TYPE_CHECKING

from mailer.doors import opened_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailer.config import Config, Relay
    from mailer.database import Database
    from mailer.delivery.agenda import (
        Asked,
        Doubtful,
        Entry,
        asked_about,
        doubtful,
        mailed,
        mailings_between,
        unfinished,
        waiting_for_approval,
    )
    from mailer.delivery.approving import (
        Approval,
        approval_of,
        approve,
        ask_approval,
        goes_as_approved,
        may_not_approve,
        require_approved,
        send_back,
    )
    from mailer.delivery.compose import (
        check_issue,
        compile_issue,
        outside_links,
        preload,
        require_sendable,
    )
    from mailer.delivery.correcting import correct, is_mended, to_correct
    from mailer.delivery.course import Bucket, Course, DomainCourse, count_course
    from mailer.delivery.details import Details, Domain, OldestDeferred, Reason, details_of
    from mailer.delivery.erasing import erase
    from mailer.delivery.foretelling import Forecast, count_readers, forecast
    from mailer.delivery.hindrances import Hindered, hindered
    from mailer.delivery.letters import letter_in_browser
    from mailer.delivery.mailbox import Received, received
    from mailer.delivery.mailing import (
        cancel,
        pause,
        resume,
        schedule,
        skip_rest,
    )
    from mailer.delivery.newcomers import require_new_readers, send_to_new
    from mailer.delivery.post import enqueue
    from mailer.delivery.press import resume_corrected
    from mailer.delivery.previewing import Preview, Scheme, chosen_variant, in_scheme, preview
    from mailer.delivery.recover import waiting_without_worker
    from mailer.delivery.reporting import Leaving, Report, report
    from mailer.delivery.sample import (
        NOBODY,
        sample_reader,
        sample_reader_by_id,
        sample_variants,
        write_sample,
    )
    from mailer.delivery.sender import Sender
    from mailer.delivery.settling import Doubt, Ruling, doubts, doubts_about, settle
    from mailer.delivery.starting import send_now, start, start_due
    from mailer.delivery.status import Status, status_of, statuses
    from mailer.delivery.tested import TestLetter, latest_tests, require_tests_left
    from mailer.delivery.themes import theme_names
    from mailer.delivery.trial import Trial
    from mailer.delivery.undoing import GRACE, send_soon, undo
    from mailer.delivery.variants import usual_variants
    from mailer.delivery.welcoming import preview_welcome, try_welcome
    from mailer.publication import Issue

__all__ = [
    "GRACE",
    "NOBODY",
    "Approval",
    "Asked",
    "Bucket",
    "Course",
    "Details",
    "Domain",
    "DomainCourse",
    "Doubt",
    "Doubtful",
    "Entry",
    "Forecast",
    "Hindered",
    "Leaving",
    "OldestDeferred",
    "Preview",
    "Reason",
    "Received",
    "Report",
    "Ruling",
    "Scheme",
    "Status",
    "TestLetter",
    "Trial",
    "approval_of",
    "approve",
    "ask_approval",
    "asked_about",
    "cancel",
    "check_issue",
    "chosen_variant",
    "compile_issue",
    "correct",
    "count_course",
    "count_readers",
    "details_of",
    "doubtful",
    "doubts",
    "doubts_about",
    "enqueue",
    "erase",
    "forecast",
    "goes_as_approved",
    "hindered",
    "in_scheme",
    "is_mended",
    "latest_tests",
    "letter_in_browser",
    "mailed",
    "mailings_between",
    "may_not_approve",
    "open_sender",
    "outside_links",
    "pause",
    "preload",
    "preview",
    "preview_welcome",
    "received",
    "report",
    "require_approved",
    "require_new_readers",
    "require_sendable",
    "require_tests_left",
    "resume",
    "resume_corrected",
    "sample_reader",
    "sample_reader_by_id",
    "sample_variants",
    "schedule",
    "send_back",
    "send_now",
    "send_soon",
    "send_test",
    "send_to_new",
    "settle",
    "skip_rest",
    "start",
    "start_due",
    "status_of",
    "statuses",
    "theme_names",
    "to_correct",
    "try_relay",
    "try_welcome",
    "undo",
    "unfinished",
    "usual_variants",
    "waiting_for_approval",
    "waiting_without_worker",
    "write_sample",
]

__getattr__ = opened_by(__name__, __file__)


def open_sender(database: "Database", config: "Config") -> "Sender":
    """A sender for this database; `await sender.run()` sends until `sender.stop()`."""
    from mailer.delivery.sender import Sender

    return Sender(database, config)


def send_test(
    database: "Database", config: "Config", issue: "Issue", addresses: "Sequence[str]", actor: str
) -> "list[Trial]":
    """Send the issue's letter to these addresses at once, one try each.

    Raises:
        WrongInput: an address is none, or preflight finds an error; nothing was sent.
    """
    import asyncio

    from mailer.delivery.trial import send

    return asyncio.run(send(database, config, issue, addresses, actor))


def try_relay(relay: "Relay") -> list[str]:
    """Connect to a relay and leave again; returns the extensions it offers.

    Raises:
        RelayFault: it cannot be used; the sentence names host, port and reason.
    """
    import asyncio

    from mailer.delivery import smtp

    async def look() -> list[str]:
        connection = await smtp.connect(relay)
        await connection.quit()
        return sorted(connection.extensions)

    return asyncio.run(look())
