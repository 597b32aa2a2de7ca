"""What is wrong with a letter before it is sent: a registry of named checks.

An error keeps the letter from being sent; a warning is shown. To add a check, write a
function that yields findings, put `@check("its name")` above it, and test it.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from mailer.errors import WrongInput
from mailer.letter.colour import COLOUR, READABLE, contrast
from mailer.letter.content import IssueLetter, Theme, Variant
from mailer.letter.draft import WEB_LINK, authored, draft_issue
from mailer.letter.fields import ISSUE_FIELDS, Field, Placeholders, fields_in, unknown_field
from mailer.letter.html_part import render_theme
from mailer.letter.markdown import LINK_SCHEMES, parse
from mailer.letter.plain import plain_content

LONG_SUBJECT = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: where, why it is wrong, and what to do."""

    check: str
    severity: Literal["error", "warning"]
    place: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Examined:
    """What the checks look at."""

    content: IssueLetter
    theme: Theme
    known_fields: Collection[str]


# severity, place, reason, remedy
Found = tuple[Literal["error", "warning"], str, str, str]
Check = Callable[[Examined], Iterator[Found]]

CHECKS: dict[str, Check] = {}


def check(name: str) -> Callable[[Check], Check]:
    """Enter a check into the registry under `name`."""

    def enter(function: Check) -> Check:
        CHECKS[name] = function
        return function

    return enter


def preflight(
    content: IssueLetter, theme: Theme, known_fields: Collection[str] = ISSUE_FIELDS
) -> tuple[Finding, ...]:
    """What every check finds, errors first."""
    examined = Examined(plain_content(content), theme, known_fields)
    findings = [
        Finding(name, *found) for name, function in CHECKS.items() for found in function(examined)
    ]
    return tuple(sorted(findings, key=lambda finding: finding.severity))


@check("items")
def _items(letter: Examined) -> Iterator[Found]:
    if not letter.content.items:
        yield "error", letter.content.title, "It has no item.", "Write at least one item."


@check("item_titles")
def _item_titles(letter: Examined) -> Iterator[Found]:
    for number, item in enumerate(letter.content.items, 1):
        if not item.title.strip():
            yield "error", f"item {number}", "It has no title.", "Give it a title."


@check("merge_fields")
def _merge_fields(letter: Examined) -> Iterator[Found]:
    for place, text in authored(letter.content):
        for written in fields_in(text):
            if written.name not in letter.known_fields:
                sentence = unknown_field(written, letter.known_fields)
                reason, _, remedy = sentence.partition("; ")
                yield "error", place, _capital(reason) + ".", _capital(remedy)


@check("postal_address")
def _postal_address(letter: Examined) -> Iterator[Found]:
    if not letter.content.organisation.address.strip():
        yield (
            "error",
            "the footer",
            "The organisation has no postal address.",
            "Set [organisation] address.",
        )


@check("unsubscribe_link")
def _unsubscribe_link(letter: Examined) -> Iterator[Found]:
    variant = Variant(letter.content.language, "html", member=True)
    put = Placeholders.of(variant.language, letter.content, letter.theme)
    try:
        draft = draft_issue(letter.content, variant, put)
        page = render_theme(draft, letter.theme, variant, put)
    except WrongInput as error:
        yield "error", f"theme {letter.theme.name}", str(error), "Mend what the sentence names."
        return
    if not re.search(rf"""href=["']?{put.put(Field("unsubscribe_url"))}\b""", page):
        yield (
            "error",
            f"theme {letter.theme.name}",
            "It has no unsubscribe link.",
            "Put a link to fields.unsubscribe_url into its footer.",
        )


@check("site")
def _site(letter: Examined) -> Iterator[Found]:
    url = letter.content.organisation.url
    try:
        parts = urlsplit(url)
        safe = parts.scheme == "https" and bool(parts.hostname)
        safe = safe or (parts.scheme == "http" and _is_loopback(parts.hostname or ""))
    except ValueError:
        safe = False
    if not safe:
        yield "error", url, "The site is not https.", "Set [site] url to an https address."


@check("accent")
def _accent(letter: Examined) -> Iterator[Found]:
    organisation = letter.content.organisation
    for colour, paper, key in (
        (organisation.accent, "#FFFFFF", "accent"),
        (organisation.accent_dark, "#161412", "accent_dark"),
    ):
        if not COLOUR.fullmatch(colour):
            yield "error", key, f"{colour!r} is no colour.", "Write it like #1F4E79."
        elif (ratio := contrast(colour, paper)) < READABLE:
            yield (
                "warning",
                key,
                f"Links in {colour} have a contrast of {ratio:.1f} against {paper}.",
                f"Choose a colour with at least {READABLE}.",
            )


@check("subject")
def _subject(letter: Examined) -> Iterator[Found]:
    subject = letter.content.subject.strip()
    if not subject:
        yield "warning", "the subject", "It is empty.", "Say in a few words what is inside."
    elif len(subject) > LONG_SUBJECT:
        yield (
            "warning",
            "the subject",
            f"It has {len(subject)} characters; phones show about {LONG_SUBJECT}.",
            "Shorten it, or put what matters first.",
        )


@check("empty_items")
def _empty_items(letter: Examined) -> Iterator[Found]:
    for number, item in enumerate(letter.content.items, 1):
        if not item.summary.strip() and not item.body.strip():
            yield (
                "warning",
                f"item {number} ({item.title})",
                "It has neither summary nor text.",
                "Write a sentence or two.",
            )


@check("links")
def _links(letter: Examined) -> Iterator[Found]:
    for number, item in enumerate(letter.content.items, 1):
        place = f"item {number} ({item.title})"
        if not item.members_only and not WEB_LINK.fullmatch(item.url):
            yield (
                "warning",
                place,
                f"Its page {item.url!r} is no web address.",
                "Without it the letter has no link to read on.",
            )
        for url in _malformed(item.summary, item.body):
            yield (
                "warning",
                place,
                f"The link {url!r} leads nowhere.",
                "Write it whole, like https://example.org/page.",
            )


def _malformed(*sources: str) -> Iterator[str]:
    put = Placeholders.of("en", sources)
    written: list[str] = []

    def note(url: str) -> str:
        written.append(url)
        return url

    for source in sources:
        parse(put.put_all(source), "en", note)
    for url in written:
        if len(list(put.cut(url))) == 1 and _leads_nowhere(url):
            yield url


def _leads_nowhere(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    if parts.scheme in ("http", "https"):
        host = parts.hostname or ""
        return "." not in host and not _is_loopback(host)
    return parts.scheme not in LINK_SCHEMES and not url.startswith("/")


def _is_loopback(host: str) -> bool:
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
