"""The text part, from the same Markdown tree as the HTML: format=flowed, to be read aloud.

No rules of dashes and no underlining, which a screen reader spells out: space parts things.
Links in the text are numbered; where they lead, and the notes, stand at the end of each item. It
ends in the postal address, so that the last line of a message is never a merged one.
"""

from functools import lru_cache

from mailer.letter.content import NoteLetter, Organisation, Picture, Variant
from mailer.letter.draft import IssueDraft, base_of, links_from, web_link
from mailer.letter.fields import Field, Placeholders
from mailer.letter.flowed import BLANK, Paragraph, flow, lines_of, paragraph
from mailer.letter.markdown import Resolve, notes_in, parse
from mailer.letter.phrases import long_date, say
from mailer.letter.tree_text import apart, to_text


def issue_text(draft: IssueDraft, variant: Variant, put: Placeholders) -> str:
    """The text part of an issue, lines ending in LF, with placeholders."""
    letter, language = draft.content, variant.language
    organisation = letter.organisation
    parts = [
        [paragraph(letter.preheader)] if letter.preheader else [],
        [
            paragraph(organisation.name),
            paragraph(letter.title),
            paragraph(long_date(letter.date, language)),
        ],
        [paragraph(say(language, "dear", greeting=put.put(Field("greeting"))))],
    ]
    for number, item in enumerate(draft.items, 1):
        base = base_of(item, organisation)
        label = say(language, "for_members") if item.members_only else ""
        about = " · ".join(filter(None, (item.topic, label)))
        parts += [
            [
                BLANK,
                paragraph(f"{number}. {item.title}"),
                *([paragraph(about)] if about else []),
            ],
            _picture(item.picture, letter.language),
            _markdown((item.summary, item.body), letter.language, base, put, draft.member),
        ]
        if item.url:
            read_on = paragraph(say(language, "read_on", title=item.title))
            parts.append([read_on, Paragraph(item.url, fixed=True)])
    if draft.missing:
        which = "members_one" if draft.missing == 1 else "members_other"
        notice = [BLANK, paragraph(say(language, which, count=draft.missing))]
        if join_url := web_link(letter.join_url):
            join = say(language, "join", organisation=organisation.name)
            notice += _link(join, join_url)
        parts.append(notice)
    why = say(language, "why", publication=letter.publication, organisation=organisation.name)
    leave = say(language, "unsubscribe", publication=letter.publication)
    parts += [
        [BLANK, paragraph(why)],
        _link(leave, put.put(Field("unsubscribe_url"))),
        _link(say(language, "preferences"), put.put(Field("preferences_url"))),
        _link(say(language, "browser"), put.put(Field("letter_url"))),
    ]
    if archive_url := web_link(letter.archive_url):
        parts.append(_link(say(language, "archive"), archive_url))
    return flow(apart([*parts, *_foot(organisation, letter.language, put)])) + "\n"


def note_text(note: NoteLetter, variant: Variant, put: Placeholders) -> str:
    """The text part of a note, lines ending in LF, with placeholders."""
    language = variant.language
    parts = [
        [paragraph(note.heading)],
        [paragraph(say(language, "dear", greeting=put.put(Field("greeting"))))],
        _markdown(note.paragraphs, note.language, note.organisation.url, put),
    ]
    if note.action_label:
        parts.append(_link(note.action_label, put.put(Field("action_url"))))
    reason = [paragraph(note.reason)] if note.reason else []
    foot = _foot(note.organisation, note.language, put)
    return flow(apart([*parts, [BLANK], reason, *foot])) + "\n"


def _markdown(
    sources: tuple[str, ...], language: str, base: str, put: Placeholders, members: bool = False
) -> list[Paragraph]:
    """The texts, then their notes, then where their links lead, from `base` on."""
    if put.nonce in "".join(sources):
        return list(_made(sources, language, links_from(base, put), members))
    return list(_made_without_fields(sources, language, base, members))


@lru_cache(maxsize=128)  # as in html_part
def _made_without_fields(
    sources: tuple[str, ...], language: str, base: str, members: bool
) -> tuple[Paragraph, ...]:
    return _made(sources, language, links_from(base, Placeholders("", language)), members)


def _made(
    sources: tuple[str, ...], language: str, resolve: Resolve, members: bool
) -> tuple[Paragraph, ...]:
    links: list[str] = []
    texts, notes, number = [], [], 0
    for source in sources:
        tree = parse(source, language, resolve, members=members, notes_before=number)
        number += notes_in(tree)
        text, below = to_text(tree, links)
        texts.append(text)
        notes.append(below)
    listed = [Paragraph(f"[{number}] {url}", fixed=True) for number, url in enumerate(links, 1)]
    return tuple(apart([*texts, *notes, listed]))


def _link(words: str, url: str) -> list[Paragraph]:
    return [paragraph(words.rstrip(": ") + ":"), Paragraph(url, fixed=True)]


def _picture(picture: Picture | None, language: str) -> list[Paragraph]:
    if picture is None:
        return []
    words = say(language, "picture", words=picture.alt) if picture.alt else ""
    return [paragraph(text) for text in (words, picture.caption) if text]


def _foot(organisation: Organisation, language: str, put: Placeholders) -> list[list[Paragraph]]:
    """The publication's own words or the organisation's lines, then who it is and where."""
    own, address = _lines(organisation.footer), _lines(organisation.address)
    if organisation.own_footer.strip():
        own = _markdown((organisation.own_footer,), language, organisation.url, put)
    return [own, [paragraph(organisation.name), *address]]


def _lines(text: str) -> list[Paragraph]:
    return [line for line in lines_of("\n".join(text.splitlines())) if line.text]
