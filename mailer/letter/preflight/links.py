"""Where links lead, and whether their words say so."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from mailer.letter.content import IssueLetter
from mailer.letter.draft import WEB_LINK
from mailer.letter.markdown import LINK_SCHEMES
from mailer.letter.phrases import say
from mailer.letter.places import LETTER, Place, item_place
from mailer.letter.plain import plain_content
from mailer.letter.preflight.examined import Examined, Prose, prose_of
from mailer.letter.preflight.hosts import is_loopback, not_public
from mailer.letter.preflight.registry import Found, check
from mailer.sentence import Sentence

# Words that say nothing where a screen reader lists the links alone (WCAG 2.2, 2.4.4 and 2.4.9).
SAYS_NOTHING = frozenset(
    {
        *("click", "click here", "click this link", "click on this link", "here", "right here"),
        *("more", "more here", "more info", "more information", "read more", "read more here"),
        *("read on", "see more", "see here", "learn more", "find out more", "continue"),
        *("link", "this", "this link", "the link", "this page", "website", "details"),
        *("aquí", "aqui", "acá", "aca", "clic aquí", "clic aqui", "pulse aquí", "pinche aquí"),
        *("haga clic", "haga clic aquí", "haga click aquí", "haz clic", "haz clic aquí"),
        *("más", "mas", "más aquí", "más información", "leer más", "lea más", "lee más"),
        *("ver más", "ver aquí", "seguir leyendo", "continuar", "detalles"),
        *("enlace", "este enlace", "el enlace", "esta página", "sitio web"),
    }
)

_NOWHERE = Sentence("leads nowhere")
_A_LINK = Place(Sentence("a link"), LETTER.where)


def links_to_ask(content: IssueLetter) -> tuple[str, ...]:
    """The links to other sites in an issue, each once, for whoever asks whether they are alive.

    Our own pages are left out: those of the issue itself stand only when it is sent.
    """
    content = plain_content(content)
    ours = _host(content.organisation.url)
    return tuple(url for url in _places(content, prose_of(content)) if _host(url) != ours)


@check("links")
def _links(letter: Examined) -> Iterator[Found]:
    content = letter.content
    for number, (item, prose) in enumerate(zip(content.items, letter.prose, strict=True), 1):
        if not item.members_only and (
            fault := _fault(item.url, content) if WEB_LINK.fullmatch(item.url) else _NOWHERE
        ):
            yield (
                "warning",
                item_place(number, item, "link"),
                Sentence("The link to its page, {url!r}, {fault}.", url=item.url, fault=fault),
                Sentence("Without a web address that all can open, nobody can read on."),
            )
        for link in prose.links:
            if not link.has_field and (fault := _fault(link.url, content)):
                yield (
                    "warning",
                    prose.place(link.field),
                    Sentence("The link {url!r} {fault}.", url=link.url, fault=fault),
                    Sentence("Write it whole, like https://example.org/page."),
                )
        for field, words in prose.unmade:
            yield (
                "warning",
                prose.place(field),
                Sentence("{words!r} was meant as a link, and is shown as it is.", words=words),
                Sentence(
                    "Write it like [words](https://example.org/page), without blanks in the "
                    "address."
                ),
            )


@check("link_words")
def _link_words(letter: Examined) -> Iterator[Found]:
    unnamed = say(letter.content.language, "picture_unnamed")
    for prose in letter.prose:
        for link in prose.links:
            if not link.words.strip():
                yield (
                    "warning",
                    prose.place(link.field),
                    Sentence("The link to {url!r} has no words.", url=link.url),
                    Sentence("Write what is there between the square brackets."),
                )
            elif " ".join(re.findall(r"\w+", link.words.casefold())) in SAYS_NOTHING:
                yield (
                    "warning",
                    prose.place(link.field),
                    Sentence(
                        "“{words}” does not say where the link leads.", words=link.words.strip()
                    ),
                    Sentence("Make a link of the words that name what is there."),
                )
            elif link.words == unnamed:
                yield (
                    "warning",
                    prose.place(link.field),
                    Sentence(
                        "The picture {url!r} has no words for those who do not see it.",
                        url=link.url,
                    ),
                    Sentence("Write what it shows between the square brackets."),
                )


@check("dead_links")
def _dead_links(letter: Examined) -> Iterator[Found]:
    places = _places(letter.content, letter.prose)
    for answer in letter.facts.answers:
        if answer.state == "dead":
            remedy = Sentence("Open it in a browser, and mend it or take it out.")
        elif answer.state == "not asked":
            remedy = Sentence("Ask again later, or open it in a browser.")
        else:
            continue
        reason = Sentence("{url}: {reason}.", url=answer.url, reason=answer.reason)
        yield "warning", places.get(answer.url, _A_LINK), reason, remedy


def _places(content: IssueLetter, proses: tuple[Prose, ...]) -> dict[str, Place]:
    """Every sound web address that a reader may follow → the first place where it stands."""
    places: dict[str, Place] = {}
    for item, prose in zip(content.items, proses, strict=True):
        base = item.url or content.organisation.url
        written = [(link.field, link.url) for link in prose.links if not link.has_field]
        for field, url in written if item.members_only else [("link", item.url), *written]:
            whole = _whole(base, url)
            if WEB_LINK.fullmatch(whole) and not _fault(url, content):
                places.setdefault(whole, prose.place(field))
    return places


def _fault(url: str, content: IssueLetter) -> str | Sentence:
    """What is wrong with a link, in words that follow it; empty where nothing is."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return _NOWHERE
    if parts.scheme not in ("http", "https"):
        known = parts.scheme in LINK_SCHEMES and parts.path
        return "" if known or url.startswith("/") else _NOWHERE
    site = content.organisation.url
    ours = _host(site)
    if host and (host == ours or (is_loopback(host) and is_loopback(ours))):
        plain = parts.scheme == "http" and site.startswith("https:")
        return Sentence("leads to our own site without https") if plain else ""
    why = not_public(host)
    return Sentence("leads to {host}", host=why) if why else ""


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _whole(base: str, url: str) -> str:
    try:
        return urljoin(base, url)
    except ValueError:
        return ""
