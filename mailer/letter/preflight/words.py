"""The words around the items: subject, preheader, language, merge fields."""

import re
from collections.abc import Iterator

from mailer.letter.content import IssueLetter
from mailer.letter.draft import LINK_FIELDS, authored
from mailer.letter.fields import fields_in, fill, without_reader
from mailer.letter.phrases import long_date
from mailer.letter.places import LANGUAGE, PREHEADER, SUBJECT
from mailer.letter.preflight.examined import Examined
from mailer.letter.preflight.registry import Found, Severity, check
from mailer.sentence import Sentence

LONG_SUBJECT = 60
LONG_PREHEADER = 110
# A run of words in capitals shouts from so many letters on: as one word, as several.
_LOUD_WORD, _LOUD_RUN = 7, 10

# Filled for every reader, so that an author need not say what stands there otherwise.
_NEVER_EMPTY = frozenset({"greeting", "name", *LINK_FIELDS})
_WORD = re.compile(r"[^\W\d_]{2,}")
_RUN = re.compile(r"[^\W\d_]+(?:['’\- ]+[^\W\d_]+)*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*")  # RFC 5646, its form

_SAY_WHAT = Sentence("Say in a few words what is inside.")


@check("subject")
def _subject(letter: Examined) -> Iterator[Found]:
    content = letter.content
    subject = _shown(content.subject, content)
    place = SUBJECT
    if not subject:
        yield "warning", place, Sentence("It is empty."), _SAY_WHAT
        return
    if subject == content.title.strip() and _only_a_number(content):
        yield (
            "warning",
            place,
            Sentence("It is missing, so {subject!r} stands in its place.", subject=subject),
            _SAY_WHAT,
        )
    if len(subject) > LONG_SUBJECT and subject != _made_by_import(content):
        yield (
            "warning",
            place,
            Sentence(
                "It has {count} characters; phones show about {most}.",
                count=len(subject),
                most=LONG_SUBJECT,
            ),
            Sentence("Shorten it, or put what matters first."),
        )


@check("shouting")
def _shouting(letter: Examined) -> Iterator[Found]:
    content = letter.content
    place, subject = SUBJECT, _shown(content.subject, content)
    if loud := _loud_words(subject, _acronyms(content)):
        yield (
            "warning",
            place,
            Sentence(
                "“{words}” in capitals shouts, and screen readers may spell it out.", words=loud
            ),
            Sentence("Write it in small letters."),
        )
    if len(re.findall("[!！]", subject)) > 1:
        yield (
            "warning",
            place,
            Sentence("It has more than one exclamation mark."),
            Sentence("Take them out; the words say it."),
        )


@check("preheader")
def _preheader(letter: Examined) -> Iterator[Found]:
    content = letter.content
    preheader = _shown(content.preheader, content)
    place = PREHEADER
    titles = {" ".join(item.title.split()) for item in content.items}
    if not preheader:
        yield (
            "warning",
            place,
            Sentence("It is missing; inboxes show whatever comes first in the letter."),
            Sentence("Write a sentence that goes on from the subject."),
        )
    elif preheader.casefold() == _shown(content.subject, content).casefold():
        yield (
            "warning",
            place,
            Sentence("It says the same as the subject."),
            Sentence("Use it for something more, or for the next item."),
        )
    elif len(preheader) > LONG_PREHEADER and preheader not in titles:
        yield (
            "warning",
            place,
            Sentence(
                "It has {count} characters; inboxes show about {most}.",
                count=len(preheader),
                most=LONG_PREHEADER,
            ),
            Sentence("Shorten it to a sentence."),
        )


@check("language")
def _language(letter: Examined) -> Iterator[Found]:
    language = letter.content.language.strip()
    if not language or not _LANGUAGE.fullmatch(language):
        yield (
            "warning",
            LANGUAGE,
            Sentence("{language!r} is no language.", language=language)
            if language
            else Sentence("It is missing."),
            Sentence('Set it like "en" or "es-PE": screen readers choose their voice by it.'),
        )


@check("merge_fields", stops=True)
def _merge_fields(letter: Examined) -> Iterator[Found]:
    for place, text in authored(letter.content):
        for written in fields_in(text):
            if written.name not in letter.known_fields:
                known = ", ".join(sorted(letter.known_fields))
                yield (
                    "error",
                    place,
                    Sentence("There is no merge field {name!r}.", name=written.name),
                    Sentence("Write one of {known}, or take it out.", known=known),
                )
            elif not written.fallback and written.name not in _NEVER_EMPTY:
                yield (
                    "warning",
                    place,
                    Sentence(
                        "Readers without {name!r} see nothing in its place.", name=written.name
                    ),
                    Sentence(
                        "Write what they see, like {field}.",
                        field="{{ " + written.name + " | friend }}",
                    ),
                )
        if "{{" in (rest := fill(text, lambda _: "")) or "}}" in rest:
            yield (
                "warning",
                place,
                Sentence("Double braces that make no merge field are shown as they are."),
                Sentence("Write a field like {field}, or take the braces out.", field="{{ name }}"),
            )


@check("fields_in_links")
def _fields_in_links(letter: Examined) -> Iterator[Found]:
    for item in letter.prose:
        for link in item.links:
            if link.fault:
                # In a text that the letter does not show, it is the page's link that is broken.
                severity: Severity = "error" if letter.page.fault == link.fault else "warning"
                reason = Sentence("{url!r}: {fault}", url=link.url, fault=link.fault)
                yield severity, item.place(link.field), reason, Sentence("Take the field out.")


def _shown(text: str, content: IssueLetter) -> str:
    """`text` in one line, as a reader without a name sees it."""
    return " ".join(without_reader(text, content.language).split())


def _only_a_number(content: IssueLetter) -> bool:
    """Whether the title says no more than which issue it is: "Update 120"."""
    rest = content.title.removeprefix(content.publication)
    return rest != content.title and bool(re.fullmatch(r"\s*\d+\s*", rest))


def _made_by_import(content: IssueLetter) -> str:
    return f"{content.title}. {long_date(content.date, content.language)}"


def _acronyms(content: IssueLetter) -> set[str]:
    """Words that the items write in capitals among small letters: names, like IACHR."""
    texts = [text for item in content.items for text in (item.title, item.summary, item.body)]
    return {
        word
        for text in texts
        if any(letter.islower() for letter in text)
        for word in _WORD.findall(text)
        if word.isupper()
    }


def _loud_words(subject: str, acronyms: set[str]) -> str:
    """The first run of words in capitals that is too long to be an acronym.

    Only letters that have a small form count: most of the world's scripts know no capitals.
    """
    for run in _RUN.findall(subject):
        loud: list[str] = []
        for word in [*re.findall(r"[^\W\d_]+", run), ""]:
            if word.isupper() and word not in acronyms:
                loud.append(word)
                continue
            letters = [sum(letter.isupper() for letter in word) for word in loud]
            if max(letters, default=0) >= _LOUD_WORD or (
                len(letters) > 1 and sum(letters) >= _LOUD_RUN
            ):
                return " ".join(loud)
            loud = []
    return ""
