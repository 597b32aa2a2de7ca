"""What a reader's link opens. The signed token is the authority: no cookie is read here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from mailer import audience, clock
from mailer.errors import NotFound
from mailer.publication import Publication, publication_by_id
from mailer.tokens import BadToken, Claim, ExpiredToken, Purpose, preferences_path
from mailer.web.site import Site

PURPOSES = {
    "/confirm/": Purpose.CONFIRM,
    "/preferences/": Purpose.PREFERENCES,
    "/unsubscribe/": Purpose.UNSUBSCRIBE,
    "/letter/": Purpose.LETTER,
    "/address/": Purpose.ADDRESS,
}
"""What the links below each address are for; nothing else stands there."""


class Erased(NotFound):
    """The link was good, and its reader was erased since."""


class FromTest(NotFound):
    """The link came with a test letter, which went to no reader."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a link belongs to. `mailbox` names it only in part: letters are forwarded."""

    site: Site
    id: int
    publication_id: int
    mailbox: str
    language: str

    def publication(self, session: Session) -> Publication:
        """The publication that the link is about."""
        return publication_by_id(session, self.publication_id)

    def page(
        self, session: Session, template: str, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page in the reader's language."""
        return self.site.page(
            template,
            session,
            status=status,
            language=self.language,
            mailbox=self.mailbox,
            **values,
        )

    def choices_path(self, now: datetime) -> str:
        """The path of the reader's choices, good for a year."""
        return preferences_path(self.site.signer, self.id, self.publication_id, now)


def opened(site: Site, session: Session, purpose: Purpose, token: str) -> Reader:
    """The reader whose link for `purpose` this is.

    Raises:
        ExpiredToken: it is too old.
        NotFound: it is not ours, was changed, or is for something else.
        Erased, FromTest: it is ours, and belongs to nobody.
    """
    return reader_of(site, session, site.signer.read(purpose, token, clock.now()))


def reader_of(site: Site, session: Session, claim: Claim) -> Reader:
    """The reader of a link whose token says `claim`.

    Raises:
        Erased, FromTest: it belongs to nobody.
    """
    if claim.subscriber == 0:
        raise FromTest("This link came with a test letter.")
    try:
        found = audience.by_id(session, claim.subscriber)
    except NotFound as error:
        raise Erased(str(error)) from None
    return Reader(
        site,
        claim.subscriber,
        claim.subject,
        in_part(found.address.address),
        found.language or site.language,
    )


def opens_nothing(site: Site, path: str) -> bool:
    """Whether `path` is where readers' links lead, and is none of them; one too old is one."""
    for route, purpose in PURPOSES.items():
        if path.startswith(route):
            try:
                site.signer.read(purpose, path.removeprefix(route), clock.now())
            except ExpiredToken:
                return False
            except BadToken:
                return True
    return False


def in_part(address: str) -> str:
    """An address as its reader knows it again and nobody else learns it: "a…@example.org"."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"
