"""A correction: a short letter to exactly those readers who got the wrong version of an issue.

1. What is wrong is a version of the letters: everything before the one that was corrected in the
   middle of the mailing; or every one, where the issue was mended only when the mailing was over.
   The correction keeps that number, so that it means the same after a kill.
2. It is compiled in the languages and formats of the wrong letters, outside of any transaction.
3. One transaction makes its mailing, which is `sending`, and stores the letters, if nothing changed
   meanwhile and there is no other correction on its way.
4. The fan-out goes through the ledger of the mailing that it corrects (`misinformed`).
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mailer import audit, publication
from mailer.clock import today
from mailer.config import Config
from mailer.database import Database
from mailer.delivery import compose
from mailer.delivery.frozen import said, same_text
from mailer.delivery.mailing import STANDS, it_is_not
from mailer.delivery.misinformed import Wrong, anybody
from mailer.delivery.models import CompiledLetterRow, MailingRow
from mailer.delivery.starting import EDITS_WHILE_COMPILING, SAVED_ALL_THE_TIME, store
from mailer.errors import Refused, WrongInput
from mailer.letter import CompiledLetter, Variant, has_members_block, spoken
from mailer.publication import Issue
from mailer.sentence import Sentence

KIND = "correction"


@dataclass(frozen=True, slots=True)
class _Words:
    heading: str
    subject: str
    text: str


WORDS = {
    "en": _Words(
        heading="Correction",
        subject="Correction: {subject}",
        text="There was a mistake in the letter that we sent you. On our site it is put right: "
        "please go by what stands there.",
    ),
    "es": _Words(
        heading="Corrección",
        subject="Corrección: {subject}",
        text="En la carta que le enviamos había un error. En nuestro sitio ya está corregido: "
        "por favor, tenga por bueno lo que allí dice.",
    ),
}
"""What a correction says by itself, by language; who writes it may give a text of their own."""

_GOING = ("scheduled", "sending", "paused")
_OVER = ("sent", "cancelled")


def correct(
    database: Database,
    config: Config,
    issue: Issue,
    now: datetime,
    actor: str,
    text: str | None = None,
) -> int:
    """Have a correction sent to those who got the wrong version; returns its mailing's id.

    `text` is Markdown, in the issue's language; None: the usual words, in each reader's own.

    Raises:
        WrongInput: `text` says nothing, or does not compile.
        Refused: nobody got a wrong version; the mailing has to be corrected first; or there is
            a correction on its way, or was one with the same words.
    """
    if text is not None and not text.strip():
        raise WrongInput("The correction says nothing; write what was wrong, and what is right.")
    if text is not None and has_members_block(text):
        raise WrongInput("A correction goes to everybody alike; take out the part for members.")
    for _ in range(EDITS_WHILE_COMPILING):
        with database.read() as session:
            issue = publication.issue_by_id(session, issue.id)
            mailing, version = _corrected(session, issue)
            if not anybody(session, mailing.id, version):
                raise Refused(
                    Sentence("Nobody has got a wrong version of {issue}.", issue=issue.title)
                )
            wrong = _wrong_letters(session, mailing.id, version)
        if text is None and not issue.public:
            raise Refused(
                Sentence(
                    "{issue} is not in the archive, where a correction leads; "
                    "publish it, or say with --text what was wrong.",
                    issue=issue.title,
                )
            )
        letters = _letters(config, issue, now, wrong.letters.values(), text)
        with database.write() as session:
            again, still = _corrected(session, issue, lock=True)
            saved = publication.version_of(session, issue.id) != issue.version
            if saved or (again.id, still) != (mailing.id, version):
                continue
            _require_first(session, issue, mailing.id)
            correction = _insert(session, config, issue, mailing, wrong, text, now, actor)
            store(session, correction, 1, letters, now)
            audit.record(session, now, actor, f"issue {issue.id}", Sentence("correction sent"))
            return correction
    raise Refused(SAVED_ALL_THE_TIME)


def _corrected(session: Session, issue: Issue, *, lock: bool = False) -> tuple[MailingRow, int]:
    """The mailing to be corrected, and the version before which its letters are wrong."""
    query = select(MailingRow).where(
        MailingRow.issue_id == issue.id,
        MailingRow.kind == issue.kind,
        MailingRow.started_at.is_not(None),
    )
    mailing = session.execute(query.with_for_update() if lock else query).scalar()
    if mailing is None or mailing.content is None:
        raise it_is_not(session, issue, Sentence("only what was sent can be corrected"))
    if same_text(mailing.content, issue):
        if mailing.version == 1:
            raise Refused(
                Sentence(
                    "{issue} stands as every reader has got it; mend it first, so "
                    "that the archive has what the correction speaks of.",
                    issue=issue.title,
                )
            )
        return mailing, mailing.version
    if mailing.status not in _OVER:
        raise Refused(
            Sentence(
                "{issue} was changed, and is {status} with the words from "
                "before; pause it, and resume it with --corrected, before you "
                "write to those who have it.",
                issue=issue.title,
                status=STANDS[mailing.status],
            )
        )
    return mailing, mailing.version + 1


def _wrong_letters(session: Session, mailing_id: int, version: int) -> Wrong:
    """For each letter before `version` the variant in which its readers get the correction.

    Chosen topics and membership do not matter: it is about the letter as a whole.
    """
    rows = session.execute(
        select(CompiledLetterRow.id, CompiledLetterRow.compiled)
        .where(CompiledLetterRow.mailing_id == mailing_id, CompiledLetterRow.version < version)
        .order_by(CompiledLetterRow.id)
    )
    letters = {}
    for letter_id, compiled in rows:
        was = CompiledLetter.from_bytes(compiled).variant
        letters[letter_id] = Variant(was.language, was.format, member=False)
    return Wrong(version, letters)


def _letters(
    config: Config, issue: Issue, at: datetime, variants: Iterable[Variant], text: str | None
) -> Sequence[CompiledLetter]:
    letters: list[CompiledLetter] = []
    for variant in dict.fromkeys(variants):
        # Somebody's own words are in the issue's language, whoever reads them.
        language = issue.language if text is not None else variant.language
        words = WORDS[spoken(language)]
        content = compose.short_letter(
            config,
            issue,
            today(config.organisation.zone, at),
            words.heading,
            words.subject.format(subject=issue.subject or issue.title),
            language,
            words.text if text is None else text.strip(),
        )
        letters += compose.compile_short(config, content, issue.publication, at, (variant,))
    return letters


def _require_first(session: Session, issue: Issue, mailing_id: int) -> None:
    """Raise Refused where a correction of this mailing has not ended."""
    going = session.execute(
        select(MailingRow.status).where(
            MailingRow.corrects_id == mailing_id, MailingRow.status.in_(_GOING)
        )
    ).scalar()
    if going is not None:
        raise Refused(
            Sentence(
                "A correction of {issue} is {status}; wait until it is sent, "
                "or cancel it with --correction.",
                issue=issue.title,
                status=STANDS[going],
            )
        )


def _insert(
    session: Session,
    config: Config,
    issue: Issue,
    mailing: MailingRow,
    wrong: Wrong,
    text: str | None,
    now: datetime,
    actor: str,
) -> int:
    about = json.dumps([text, wrong.before, said(issue)]).encode()
    row = MailingRow(
        kind=KIND,
        publication_id=mailing.publication_id,
        issue_id=issue.id,
        corrects_id=mailing.id,
        dedupe_key=f"correction {mailing.id} {hashlib.sha256(about).hexdigest()[:32]}",
        status="sending",
        start_at=now,
        started_at=now,
        send_until=now + config.pace.give_up,
        day=today(config.organisation.zone, now),
        content=wrong.to_json(),
        message_id_domain=compose.message_id_domain(config),
        nonce=secrets.token_hex(8),
        created_at=now,
        created_by=actor,
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        raise Refused(
            Sentence(
                "There was a correction of {issue} with these very words; "
                "nobody should get them twice. Give others with --text.",
                issue=issue.title,
            )
        ) from None
    return row.id
