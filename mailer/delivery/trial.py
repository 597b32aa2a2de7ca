"""Test letters: sent at once by the process that was asked for them, one try each.

They go through the ledger like every letter, as a mailing of kind "test" with bare addresses;
no worker claims them, and nothing of the list changes.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update

from mailer import audience, audit, clock
from mailer.config import Config, Relay
from mailer.database import Database
from mailer.delivery import compose, smtp
from mailer.delivery.claim import Claimed, Sending
from mailer.delivery.disposition import Disposition, Stage, Verdict, judge
from mailer.delivery.ledger import Ledger
from mailer.delivery.message import MessageMaker
from mailer.delivery.models import CompiledLetterRow, DeliveryRow, MailingRow
from mailer.delivery.record import Outcome
from mailer.delivery.route import relays_for
from mailer.delivery.sender import worker_name
from mailer.delivery.states import CLAIMED, FAILED, SENT
from mailer.delivery.tally import tell
from mailer.delivery.variants import usual_variants
from mailer.delivery.wire import ConnectionLost
from mailer.errors import WrongInput
from mailer.letter import CompiledLetter
from mailer.publication import Issue
from mailer.sentence import Sentence
from mailer.tokens import Signer

_LEASE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of the test letter to one address; `reason` has the relay's words."""

    address: str
    sent: bool
    reason: str


async def send(
    database: Database, config: Config, issue: Issue, addresses: Sequence[str], actor: str
) -> list[Trial]:
    """Send the issue's letter to these addresses now.

    Raises:
        WrongInput: an address is none, or preflight finds an error; nothing was sent.
    """
    recipients = {normal.mailbox: normal.address for normal in map(audience.normalise, addresses)}
    compose.require_sendable(compose.check_issue(config, issue))
    now = clock.now()
    (letter,) = compose.compile_issue(config, issue, now, usual_variants(issue)[:1])
    worker = worker_name("test")
    claimed = _write_down(database, config, issue, letter, list(recipients.values()), worker, actor)
    maker = MessageMaker(config, Signer(config.site.secret_key, config.site.old_secret_keys))
    relays = relays_for(config, issue.publication.sender or config.mail.from_)
    trials, connection, fault = [], None, ""
    ledger = Ledger(database, worker)
    for delivery in claimed:
        ledger.commit([delivery.delivery_id], [])
        if connection is None or connection.botched:
            connection, fault = await _any_relay(relays)
        if connection is None:
            disposition = Disposition(Verdict.FAILED, fault)
        else:
            disposition = await _transmit(connection, maker, letter, delivery)
            if disposition.closes:
                connection.close()
        trials.append(
            Trial(
                delivery.recipient.address,
                disposition.verdict is Verdict.SENT,
                disposition.reason,
            )
        )
        ledger.commit([], [_outcome(delivery, disposition)])
    ledger.close()
    if connection is not None:
        await connection.quit()
    with database.write() as session:
        session.execute(
            update(MailingRow)
            .where(MailingRow.id == claimed[0].sending.mailing_id)
            .values(status="sent", finished_at=clock.now())
        )
    return trials


def _write_down(
    database: Database,
    config: Config,
    issue: Issue,
    letter: CompiledLetter,
    addresses: Sequence[str],
    worker: str,
    actor: str,
) -> list[Claimed]:
    """The mailing, its letter, and a delivery for each address, claimed by this process."""
    now = clock.now()
    with database.write() as session:
        mailing = MailingRow(
            kind="test",
            publication_id=issue.publication.id,
            issue_id=issue.id,
            status="sending",
            start_at=now,
            started_at=now,
            send_until=now,
            fanned_out_at=now,
            day=clock.today(config.organisation.zone, now),
            message_id_domain=compose.message_id_domain(config),
            nonce=secrets.token_hex(8),
            created_at=now,
            created_by=actor,
        )
        session.add(mailing)
        session.flush()
        stored = CompiledLetterRow(
            mailing_id=mailing.id, variant=letter.key, compiled=letter.to_bytes(), created_at=now
        )
        session.add(stored)
        session.flush()
        rows = [
            DeliveryRow(
                mailing_id=mailing.id,
                address=address,
                letter_id=stored.id,
                state=CLAIMED,
                due_at=now,
                worker=worker,
                lease_until=now + _LEASE,
            )
            for address in addresses
        ]
        session.add_all(rows)
        session.flush()
        tell(session, worker, {mailing.id: {"audience": len(rows)}})
        words = Sentence("{count} test letters", count=len(rows))
        audit.record(session, now, actor, f"issue {issue.id}", words)
        sending = Sending(
            mailing.id,
            "test",
            issue.publication.id,
            mailing.nonce,
            mailing.message_id_domain,
            now,
            now,
        )
        return [
            Claimed(row.id, stored.id, 0, 0, sending, audience.bare_recipient(address), {})
            for row, address in zip(rows, addresses, strict=True)
        ]


async def _any_relay(relays: Sequence[Relay]) -> tuple[smtp.Connection | None, str]:
    """A connection to the first of these that takes us, or None and what each of them said."""
    faults = []
    for relay in relays:
        try:
            return await smtp.connect(relay), ""
        except smtp.RelayFault as fault:
            faults.append(str(fault))
    return None, " ".join(faults)


async def _transmit(
    connection: smtp.Connection, maker: MessageMaker, letter: CompiledLetter, delivery: Claimed
) -> Disposition:
    try:
        message = maker.make(letter, delivery)
        envelope = message.envelope
        refused = await connection.envelope(envelope.sender, envelope.recipient, envelope.size)
        if refused is not None:
            return judge(*refused)
        await connection.body(message.content)
        return judge(Stage.DOT, await connection.dot())
    except (ConnectionLost, WrongInput) as error:
        relay = connection.relay
        return Disposition(Verdict.FAILED, f"{error} (relay {relay.host}:{relay.port})")


def _outcome(delivery: Claimed, disposition: Disposition) -> Outcome:
    state = SENT if disposition.verdict is Verdict.SENT else FAILED
    now = clock.now()
    return Outcome(
        delivery.delivery_id,
        delivery.sending.mailing_id,
        state,
        disposition.reason,
        now,
        1,
        0,
        disposition.code,
        now,
        disposition.fault.in_ledger,
    )
