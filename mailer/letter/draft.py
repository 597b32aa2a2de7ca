"""A letter before it is HTML or text: one variant's content, merge fields behind placeholders."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from urllib.parse import urljoin

from mailer.errors import WrongInput
from mailer.letter.content import IssueLetter, LetterItem, NoteLetter, Organisation, Variant
from mailer.letter.fields import Field, Placeholders, refuse_unknown
from mailer.letter.markdown import LINK_SCHEMES, Resolve, has_members_block, members_blocks
from mailer.letter.places import (
    FOOTER,
    HEADING,
    PREHEADER,
    REASON,
    SUBJECT,
    TEXTS,
    TITLE,
    Place,
    paragraph_place,
    text_place,
)
from mailer.sentence import Sentence

# Only these may be where an author's link leads: a reader's own words never are.
LINK_FIELDS = frozenset({"unsubscribe_url", "preferences_url", "letter_url"})
WEB_LINK = re.compile(r"https?://[^\s<>\"\\^`{|}\x00-\x20\x7f]+")


@dataclass(frozen=True, slots=True)
class IssueDraft:
    """What one variant of an issue shows, members' blocks only to a `member`.

    `missing` counts the items, and blocks within items, that are kept for members.
    """

    content: IssueLetter
    items: tuple[LetterItem, ...]
    missing: int
    member: bool


def authored(content: IssueLetter | NoteLetter) -> tuple[tuple[Place, str], ...]:
    """Every text in which an author may write merge fields, each after its place."""
    if isinstance(content, NoteLetter):
        return (
            (SUBJECT, content.subject),
            (HEADING, content.heading),
            *((paragraph_place(n), text) for n, text in enumerate(content.paragraphs, 1)),
            (REASON, content.reason),
            (FOOTER, content.organisation.own_footer),
        )
    return (
        (SUBJECT, content.subject),
        (TITLE, content.title),
        (PREHEADER, content.preheader),
        *(
            (text_place(n, item, field), getattr(item, field))
            for n, item in enumerate(content.items, 1)
            for field in TEXTS
        ),
        (FOOTER, content.organisation.own_footer),
    )


def refuse_unknown_fields(content: IssueLetter | NoteLetter, known: Collection[str]) -> None:
    """Raises WrongInput, naming the place, at a merge field that is not `known`."""
    for place, text in authored(content):
        refuse_unknown(place.words, text, known)


def draft_issue(content: IssueLetter, variant: Variant, put: Placeholders) -> IssueDraft:
    """The items that this variant gets, with placeholders for the merge fields."""
    shown = _shown(content, variant)
    return IssueDraft(
        content=replace(
            content,
            title=put.put_all(content.title),
            preheader=put.put_all(content.preheader),
            organisation=_own_footer_put(content.organisation, put),
        ),
        items=tuple(
            replace(
                item,
                title=put.put_all(" ".join(item.title.split())),
                topic=put.put_all(item.topic),
                summary=put.put_all(item.summary),
                body=put.put_all(item.body) if _shows_body(item, variant) else "",
                url="" if item.members_only else web_link(item.url),
            )
            for item in shown
        ),
        missing=kept_for_members(content, variant),
        member=variant.member,
    )


def kept_for_members(content: IssueLetter, variant: Variant) -> int:
    """How many items, and blocks within items, this variant lacks since they are for members."""
    if variant.member:
        return 0
    shown = _shown(content, variant)
    blocks = sum(members_blocks(text) for item in shown for text in (item.summary, item.body))
    return sum(map(variant.shows, content.items)) - len(shown) + blocks


def _shown(content: IssueLetter, variant: Variant) -> list[LetterItem]:
    return [
        item
        for item in content.items
        if variant.shows(item) and (variant.member or not item.members_only)
    ]


def _shows_body(item: LetterItem, variant: Variant) -> bool:
    # A public item's body is read on its page, unless it is all there is, or no page shows it all.
    if item.members_only or not item.summary.strip():
        return True
    return variant.member and has_members_block(item.body)


def draft_note(content: NoteLetter, put: Placeholders) -> NoteLetter:
    """The note with placeholders for its merge fields."""
    return replace(
        content,
        heading=put.put_all(content.heading),
        paragraphs=tuple(put.put_all(text) for text in content.paragraphs),
        reason=put.put_all(content.reason),
        organisation=_own_footer_put(content.organisation, put),
    )


def _own_footer_put(organisation: Organisation, put: Placeholders) -> Organisation:
    return replace(organisation, own_footer=put.put_all(organisation.own_footer))


def web_link(url: str | None) -> str:
    """`url` if it is a plain http or https address, else nothing."""
    return url if url and WEB_LINK.fullmatch(url) else ""


def base_of(item: LetterItem, organisation: Organisation) -> str:
    """From where relative links in an item lead: its own page, where that is one of the site."""
    return item.url if item.url.startswith(f"{organisation.url}/") else organisation.url


def links_from(base: str, put: Placeholders) -> Resolve:
    """Where the Markdown links of a letter lead: relative ones from `base`.

    The resolver raises WrongInput where a merge field stands in a link and is not one that
    Mailer itself fills with a link, alone.
    """

    def resolve(url: str) -> str | None:
        pieces = list(put.cut(url))
        if len(pieces) > 1:
            alone = len(pieces) == 3 and pieces[0] == pieces[2] == ""
            if alone and isinstance(pieces[1], Field) and pieces[1].name in LINK_FIELDS:
                return url
            raise WrongInput(
                Sentence(
                    "A merge field stands inside a link; only {fields} may be a link, each alone.",
                    fields=", ".join(sorted(LINK_FIELDS)),
                )
            )
        try:
            absolute = urljoin(base.rstrip("/") + "/", url)
        except ValueError:
            return None
        scheme, colon, _ = absolute.partition(":")
        return absolute if colon and scheme.lower() in LINK_SCHEMES else None

    return resolve
