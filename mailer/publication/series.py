"""The publications themselves."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.errors import NotFound, WrongInput
from mailer.publication.content import Publication
from mailer.publication.models import PublicationRow
from mailer.sentence import Sentence, shown

FIRST_TITLE = "Update"
FIRST_SLUG = "updates"


def ensure_first(session: Session, language: str, now: datetime) -> bool:
    """Create the publication "Update" (slug `updates`) where there is none; True if it did."""
    if session.scalar(select(PublicationRow.id).limit(1)) is not None:
        return False
    session.add(
        PublicationRow(slug=FIRST_SLUG, title=FIRST_TITLE, language=language, created_at=now)
    )
    session.flush()
    return True


def publications(session: Session) -> tuple[Publication, ...]:
    """Every publication, the oldest first."""
    rows = session.scalars(select(PublicationRow).order_by(PublicationRow.id))
    return tuple(map(publication_from, rows))


def find_publication(session: Session, slug: str | None) -> Publication:
    """The publication with this slug; without a slug the only one that there is.

    Raises:
        WrongInput: no slug was given, and there are several.
        NotFound: there is none, or none with this slug.
    """
    known = publications(session)
    slugs = ", ".join(publication.slug for publication in known)
    if not known:
        raise NotFound("There is no publication yet; `mailer db upgrade` creates the first.")
    if slug is not None:
        for publication in known:
            if publication.slug == slug:
                return publication
        raise NotFound(
            Sentence(
                "There is no publication “{slug}”; there is: {known}.",
                slug=shown(slug),
                known=slugs,
            )
        )
    if len(known) > 1:
        raise WrongInput(
            Sentence("There are several publications; name one with -p: {known}.", known=slugs)
        )
    return known[0]


def publication_by_id(session: Session, publication_id: int) -> Publication:
    """The publication with this id.

    Raises:
        NotFound: there is none.
    """
    row = session.get(PublicationRow, publication_id)
    if row is None:
        raise NotFound(Sentence("There is no publication with the id {id}.", id=publication_id))
    return publication_from(row)


def publication_from(row: PublicationRow) -> Publication:
    return Publication(
        row.id,
        row.slug,
        row.title,
        row.description,
        row.language,
        row.sender,
        row.reply_to,
        row.theme,
    )
