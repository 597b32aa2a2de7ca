"""What every letter must bear: who writes, from where, and how to leave."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from mailer.errors import WrongInput
from mailer.letter.content import Mailbox
from mailer.letter.headers import mailbox_header, parse_mailbox
from mailer.letter.places import ADDRESS, LETTER, SENDER, Place, Where, theme_place
from mailer.letter.preflight.examined import Examined
from mailer.letter.preflight.hosts import is_loopback
from mailer.letter.preflight.registry import Found, check
from mailer.sentence import Sentence

# Names under which others register theirs, in countries that have such: "co.uk", "gob.pe".
_REGISTRIES = frozenset(
    {"ac", "co", "com", "edu", "go", "gob", "gov", "gv", "ltd", "mil"}
    | {"ne", "net", "nom", "or", "org", "plc", "sch"}
)


@check("letter")
def _letter(letter: Examined) -> Iterator[Found]:
    fault = letter.page.fault
    # A field inside a link is told where it stands, by another check.
    if fault and not any(link.fault == fault for item in letter.prose for link in item.links):
        yield "error", LETTER, fault, Sentence("Mend what the sentence names.")


@check("postal_address", stops=True)
def _postal_address(letter: Examined) -> Iterator[Found]:
    if not letter.content.organisation.address.strip():
        yield (
            "error",
            ADDRESS,
            Sentence("The organisation has no postal address."),
            Sentence("Set [organisation] address."),
        )


@check("unsubscribe_link")
def _unsubscribe_link(letter: Examined) -> Iterator[Found]:
    if letter.page.html and not letter.page.can_leave:
        yield (
            "error",
            theme_place(letter.theme.name),
            Sentence("It has no unsubscribe link."),
            Sentence("Put a link to fields.unsubscribe_url into its footer."),
        )


@check("site", stops=True)
def _site(letter: Examined) -> Iterator[Found]:
    # RFC 8058 section 3.1: List-Unsubscribe must have an https URI.
    url = letter.content.organisation.url
    try:
        parts = urlsplit(url)
        safe = parts.scheme == "https" and bool(parts.hostname)
        safe = safe or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    except ValueError:
        safe = False
    if not safe:
        yield (
            "error",
            Place(url, Where("configuration", "site.url")),
            Sentence("The site is not https, so mail programs show no button to unsubscribe."),
            Sentence("Set [site] url to an https address."),
        )


@check("alignment")
def _alignment(letter: Examined) -> Iterator[Found]:
    """RFC 7489 section 3.1.2: relaxed, SPF counts for From's domain where both have one owner."""
    sender, envelope = (
        _organisational(address) for address in (letter.facts.sender, letter.facts.bounce_address)
    )
    if sender and envelope and sender != envelope:
        yield (
            "warning",
            SENDER,
            Sentence(
                "From is at {sender}, bounces go to {envelope}; receivers may see a forgery in "
                "that.",
                sender=sender,
                envelope=envelope,
            ),
            Sentence("Set [mail] bounce_address to an address at {sender}.", sender=sender),
        )


def _organisational(mailbox: str) -> str:
    """The domain that its owner registered, of a mailbox: "psg.org.uk" of "a@news.psg.org.uk".

    By the form of the name alone; empty where the mailbox is none.
    """
    try:
        address = mailbox_header(Mailbox("", parse_mailbox(mailbox).address))
    except WrongInput:
        return ""
    labels = address.rpartition("@")[2].lower().rstrip(".").split(".")
    second_level = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _REGISTRIES
    return ".".join(labels[-3:] if second_level else labels[-2:])
