"""The mailings of most issues, with their ledgers; what else waits, and what was written down."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.desk.bulk import put
from bench.desk.readers import AT_ONCE
from mailer import audience, delivery, publication, staff
from mailer.audience import import_runs
from mailer.audit.models import AuditRow
from mailer.config import Config
from mailer.database import Database
from mailer.delivery import compose, tally
from mailer.delivery.frozen import freeze
from mailer.delivery.models import ApprovalRow, CompiledLetterRow, DeliveryRow, MailingRow
from mailer.delivery.variants import usual_variants
from mailer.publication.models import IssueRow, ItemRow

SENT, SENDING, PAUSED, SCHEDULED, ASKED, DRAFT = 190, 191, 192, 193, 194, 195
"""The issues that pages are about; those before went out too, those behind are drafts."""

StateOf = Callable[[int], str]

SMALL = 5_000
"""So many letters stand in the ledger of each earlier mailing: all that is looked at in passing."""
GOING = 200_000
LOGGED = 100_000
TESTS = 20
ROWS_IMPORTED = 2_000

_REPLIES = {
    "sent": (250, "", "250 2.0.0 ok: queued as {n}"),
    "failed": (550, "mailbox", "550 5.1.1 <r{n}>: no such user here"),
    "deferred": (451, "server", "451 4.7.1 <r{n}>: try again later, your id is {n}"),
    "skipped": (None, "", "the reader is suppressed"),
    "in_doubt": (None, "", "the connection was lost after the message was handed over"),
    "queued": (None, "", ""),
}


def fill(
    database: Database, config: Config, ids: dict[int, int], readers: int, now: datetime
) -> None:
    """Put them in."""
    started = now - timedelta(days=9)
    letters = _letters(database, config, ids[1], now)
    for number in range(1, SENT):
        at = now - timedelta(days=30 * (SENT + 10 - number))
        mailing_id, letter_id = _earlier(database, ids[number], letters, at)
        _ledger(database, mailing_id, letter_id, min(SMALL, readers), _gone, at)
        _end(database, mailing_id, "sent", at)
    for number, wanted, state in ((SENT, readers, _gone), (SENDING, GOING, _under_way)):
        mailing_id, letter_id = _begin(database, config, ids[number], started)
        _ledger(database, mailing_id, letter_id, min(wanted, readers), state, started)
        _end(database, mailing_id, "sent" if number == SENT else "sending", started)
    _wait(database, config, ids, now)
    _imports(database, config, now)
    _log(database, ids, now)


def _letters(
    database: Database, config: Config, issue_id: int, now: datetime
) -> list[tuple[str, bytes]]:
    """The letters of one issue, which stand for those of all earlier ones."""
    with database.read() as session:
        issue = publication.issue_by_id(session, issue_id)
    made = compose.compile_issue(config, issue, now, usual_variants(issue))
    return [(letter.key, letter.to_bytes()) for letter in made]


def _earlier(
    database: Database, issue_id: int, letters: list[tuple[str, bytes]], at: datetime
) -> tuple[int, int]:
    """A mailing that went out long ago; its id, and that of a letter of it."""
    with database.write() as session:
        issue = publication.issue_by_id(session, issue_id)
        row = MailingRow(
            kind=issue.kind,
            publication_id=issue.publication.id,
            issue_id=issue_id,
            status="sending",
            start_at=at,
            started_at=at,
            send_until=at + timedelta(days=2),
            day=at.date(),
            content=freeze(issue),
            message_id_domain="psg.example",
            nonce=f"{issue_id:016}",
            created_at=at,
            created_by="staff 1",
        )
        session.add(row)
        publication.set_public(session, issue_id, public=True, now=at)
        session.flush()
        return row.id, _store(session, row.id, letters, at)


def _store(
    session: Session, mailing_id: int, letters: list[tuple[str, bytes]], at: datetime
) -> int:
    rows = [
        CompiledLetterRow(
            mailing_id=mailing_id, variant=key, version=1, compiled=compiled, created_at=at
        )
        for key, compiled in letters
    ]
    session.add_all(rows)
    session.flush()
    return rows[0].id


def _begin(database: Database, config: Config, issue_id: int, started: datetime) -> tuple[int, int]:
    with database.read() as session:
        issue = publication.issue_by_id(session, issue_id)
    mailing_id = delivery.send_now(database, config, issue, started, "staff 1")
    with database.read() as session:
        letters = select(CompiledLetterRow.id).where(CompiledLetterRow.mailing_id == mailing_id)
        return mailing_id, session.scalars(letters.limit(1)).one()


def _gone(number: int) -> str:
    """The state of a letter whose mailing is over: one of a hundred failed."""
    if number % 100 == 0:
        return "failed"
    if number % 500 == 3:
        return "skipped"
    return "in_doubt" if number % 4_000 == 1 else "sent"


def _under_way(number: int) -> str:
    """The state of a letter whose mailing goes on: a third waits, one of ten is to be tried
    again."""
    if number % 3 == 2:
        return "queued"
    return "deferred" if number % 10 == 9 else _gone(number)


def _ledger(
    database: Database,
    mailing_id: int,
    letter_id: int,
    readers: int,
    state_of: StateOf,
    started: datetime,
) -> None:
    counts: Counter[str] = Counter(audience=readers)
    rows = _deliveries(mailing_id, letter_id, readers, state_of, started, counts)
    while some := list(islice(rows, AT_ONCE)):
        with database.write() as session:
            put(session, DeliveryRow, some)
    counts = Counter({name: counts[name] for name in tally.COUNTED})
    with database.write() as session:
        tally.tell(session, tally.BY_HAND, {mailing_id: counts})


def _deliveries(
    mailing_id: int,
    letter_id: int,
    readers: int,
    state_of: StateOf,
    started: datetime,
    counts: Counter[str],
) -> Iterator[dict[str, Any]]:
    for number in range(1, readers + 1):
        state = state_of(number)
        counts[state] += 1
        code, fault, reply = _REPLIES[state]
        waits = state in ("queued", "deferred")
        at = started + timedelta(seconds=number // 100)
        yield {
            "mailing_id": mailing_id,
            "subscriber_id": number,
            "letter_id": letter_id,
            "state": state,
            "reason": reply.format(n=number),
            "fault": fault,
            "reply_code": code,
            "due_at": at,
            "tries": 0 if state in ("queued", "skipped") else 1 + (number % 40 == 9),
            "doubts": 0,
            "finished_at": None if waits or state == "in_doubt" else at,
        }


def _end(database: Database, mailing_id: int, status: str, started: datetime) -> None:
    with database.write() as session:
        row = session.get_one(MailingRow, mailing_id)
        row.status, row.fanned_out_at = status, started + timedelta(seconds=30)
        if status == "sent":
            row.finished_at = row.judged_at = started + timedelta(hours=3)


def _wait(database: Database, config: Config, ids: dict[int, int], now: datetime) -> None:
    """What is scheduled, paused or to be approved; what was tried; and what was mended too late."""
    with database.write() as session:
        paused, scheduled, asked, draft = (
            publication.issue_by_id(session, ids[number])
            for number in (PAUSED, SCHEDULED, ASKED, DRAFT)
        )
        later = now + timedelta(days=3650)
        delivery.schedule(session, config, paused, later, now, "staff 1")
        delivery.pause(session, paused, now, "staff 1")
        delivery.schedule(session, config, scheduled, later, now, "staff 1")
        delivery.ask_approval(session, config, asked, now, "staff 1", "Please look at item 3.")
        for number in range(1, SENT):
            session.add(
                ApprovalRow(
                    issue_id=ids[number],
                    version=1,
                    said="",
                    asked_at=now,
                    asked_by="staff 1",
                    request="",
                    answer="approved",
                    answered_at=now,
                    answered_by="staff 2",
                    remark="",
                )
            )
        for number in range(TESTS):
            _test(session, draft.id, number, now)
    for number in (SENT, SENT - 1):
        with database.write() as session:
            item = session.scalars(
                select(ItemRow).where(ItemRow.issue_id == ids[number]).limit(1)
            ).one()
            item.summary = "What stood here was wrong."
            session.get_one(IssueRow, ids[number]).version += 1


def _test(session: Session, issue_id: int, number: int, now: datetime) -> None:
    at = now - timedelta(hours=number)
    row = MailingRow(
        kind="test",
        issue_id=issue_id,
        status="sent",
        start_at=at,
        started_at=at,
        finished_at=at,
        nonce=f"test{number:012}",
        created_at=at,
        created_by="staff 1",
    )
    session.add(row)
    session.flush()
    letter = CompiledLetterRow(
        mailing_id=row.id, variant="test", version=1, compiled=b"", created_at=at
    )
    session.add(letter)
    session.flush()
    session.add(
        DeliveryRow(
            mailing_id=row.id,
            address="ana@psg.example",
            letter_id=letter.id,
            state="sent",
            due_at=at,
            finished_at=at,
        )
    )


def _imports(database: Database, config: Config, now: datetime) -> None:
    """Files that were uploaded: one is over, one waits for somebody to let it run."""
    head = "email,name,language\n"
    good = "".join(f"new{n}@d{n % 7}.example,New {n},en\n" for n in range(ROWS_IMPORTED))
    bad = "".join(f"no address {n},Wrong {n},en\n" for n in range(ROWS_IMPORTED))
    for number in range(2):
        with database.read() as session:
            publication_id = publication.find_publication(session, "updates").id
        import_id = audience.receive(
            database,
            f"readers-{number}.csv",
            [(head + good + bad).encode()],
            publication_id=publication_id,
            operator="staff 1",
            now=now,
        )
        zone = config.organisation.zone
        import_runs.carry_on(database, zone, lambda: now, only=import_id)
        if number == 0:
            with database.write() as session:
                audience.run_import(session, import_id, "They signed a list.", now)
            import_runs.carry_on(database, zone, lambda: now, only=import_id)


def _log(database: Database, ids: dict[int, int], now: datetime) -> None:
    """What many years wrote down, and who works here."""
    roles = ("owner", "editor", "writer", "secretary", "auditor")
    with database.write() as session:
        for number in range(8):
            mailbox = f"person{number}@psg.example"
            staff.add(session, mailbox, roles[number % 5], "a-long-password-of-9", now, "command")
    saved = "saved version {version}"
    for begin in range(0, LOGGED, AT_ONCE):
        with database.write() as session:
            put(
                session,
                AuditRow,
                [
                    {
                        "at": now - timedelta(minutes=LOGGED - number),
                        "actor": f"staff {number % 8 + 1}",
                        "subject": f"{kind} {ids[number % 200 + 1]}",
                        "kind": kind,
                        "words": saved.format(version=3),
                        "template": saved,
                        "filled": {"version": 3},
                    }
                    for number in range(begin, begin + AT_ONCE)
                    for kind in [("issue", "subscriber")[number % 2]]
                ],
            )
