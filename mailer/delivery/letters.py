"""Compiled letters as they are stored, and one of them as its reader sees it in a browser."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer import audience
from mailer.config import Config
from mailer.database import Database
from mailer.delivery.message import reader_values
from mailer.delivery.models import CompiledLetterRow, MailingRow
from mailer.errors import NotFound
from mailer.letter import CompiledLetter, MergeValues
from mailer.tokens import Signer, letter_links


def compiled_letter(database: Database, letter_id: int) -> CompiledLetter:
    """The compiled letter of this id."""
    with database.read() as session:
        stored = session.execute(
            select(CompiledLetterRow.compiled).where(CompiledLetterRow.id == letter_id)
        ).scalar_one()
    return CompiledLetter.from_bytes(stored)


def letter_in_browser(
    session: Session, config: Config, signer: Signer, letter_id: int, subscriber_id: int
) -> tuple[str | None, str]:
    """HTML (None for a letter in text only) and text of the letter as this reader got it.

    Raises:
        NotFound: the letter is not kept any more, or its reader was erased.
    """
    found = session.execute(
        select(CompiledLetterRow.compiled, MailingRow.publication_id, MailingRow.started_at)
        .join(MailingRow, MailingRow.id == CompiledLetterRow.mailing_id)
        .where(CompiledLetterRow.id == letter_id)
    ).first()
    if found is None or found.started_at is None:
        raise NotFound("This letter is not kept any more.")
    recipient = (
        audience.recipient_by_id(session, subscriber_id)
        if subscriber_id
        else audience.bare_recipient("")
    )
    publication = found.publication_id or 0
    links_of = letter_links(signer, config.site.url, publication, letter_id, found.started_at)
    values = reader_values(recipient, links_of, {})
    return CompiledLetter.from_bytes(found.compiled).parts(
        MergeValues(recipient.name, "reader@invalid", "<letter@invalid>", values)
    )
