"""The text part, from the same Markdown tree as the HTML: wrapped at 72, to be read aloud.

No rules of dashes and no underlining, which a screen reader spells out: space parts things.
Links in the text are numbered; where they lead stands at the end of each item. It ends in
the postal address, so that the last line of a message is never a merged one.
"""

from mailer.letter.content import NoteLetter, Organisation, Variant
from mailer.letter.draft import IssueDraft, links_from, web_link
from mailer.letter.fields import Field, Placeholders
from mailer.letter.markdown import Resolve, parse, to_text, wrap
from mailer.letter.phrases import long_date, say


def issue_text(draft: IssueDraft, variant: Variant, put: Placeholders) -> str:
    """The text part of an issue, lines ending in LF, with placeholders."""
    letter, language = draft.content, variant.language
    organisation = letter.organisation
    parts = [
        f"{organisation.name}\n{letter.title}\n{long_date(letter.date, language)}",
        wrap(say(language, "dear", greeting=put.put(Field("greeting")))),
    ]
    for number, item in enumerate(draft.items, 1):
        resolve = links_from(item.url or organisation.url, put)
        label = say(language, "for_members") if item.members_only else ""
        about = " · ".join(filter(None, (item.topic, label)))
        parts += [
            "\n" + wrap(f"{number}. {item.title}") + (f"\n{about}" if about else ""),
            *_markdown((item.summary, item.body), letter.language, resolve),
        ]
        if item.url:
            parts.append(wrap(say(language, "read_on", title=item.title)) + "\n" + item.url)
    if draft.missing:
        which = "members_one" if draft.missing == 1 else "members_other"
        notice = "\n" + wrap(say(language, which, count=draft.missing))
        if join_url := web_link(letter.join_url):
            join = say(language, "join", organisation=organisation.name)
            notice += "\n" + _link(join, join_url)
        parts.append(notice)
    why = say(language, "why", publication=letter.publication, organisation=organisation.name)
    leave = say(language, "unsubscribe", publication=letter.publication)
    parts += [
        "\n* * *\n\n" + wrap(why),
        _link(leave, put.put(Field("unsubscribe_url"))),
        _link(say(language, "preferences"), put.put(Field("preferences_url"))),
        _link(say(language, "browser"), put.put(Field("letter_url"))),
    ]
    if archive_url := web_link(letter.archive_url):
        parts.append(_link(say(language, "archive"), archive_url))
    return "\n\n".join([*parts, _address(organisation)]) + "\n"


def note_text(note: NoteLetter, variant: Variant, put: Placeholders) -> str:
    """The text part of a note, lines ending in LF, with placeholders."""
    language = variant.language
    resolve = links_from(note.organisation.url, put)
    parts = [
        wrap(note.heading),
        wrap(say(language, "dear", greeting=put.put(Field("greeting")))),
        *_markdown(note.paragraphs, note.language, resolve),
    ]
    if note.action_label:
        parts.append(_link(note.action_label, put.put(Field("action_url"))))
    reason = [wrap(note.reason)] if note.reason else []
    return "\n\n".join([*parts, "* * *", *reason, _address(note.organisation)]) + "\n"


def _markdown(sources: tuple[str, ...], language: str, resolve: Resolve) -> list[str]:
    links: list[str] = []
    texts = [to_text(parse(source, language, resolve), links) for source in sources]
    listed = "\n".join(f"[{number}] {url}" for number, url in enumerate(links, 1))
    return [text for text in (*texts, listed) if text]


def _link(words: str, url: str) -> str:
    return wrap(words.rstrip(": ") + ":") + "\n" + url


def _address(organisation: Organisation) -> str:
    lines = (" ".join(line.split()) for line in organisation.address.splitlines())
    return "\n".join([organisation.name, *filter(None, lines)])
