"""What is said of a reader in words: made one clean line, or refused."""

import re
import unicodedata

from mailer.errors import WrongInput
from mailer.sentence import Sentence

NAME_LIMIT = 200
TAG_LIMIT = 80
CUSTOM_FIELD_LIMIT = 2000
GROUND_LIMIT = 2000

FORMATS = ("html", "text")

WORDS = {
    "name": Sentence("name"),
    "greeting": Sentence("greeting"),
    "tag": Sentence("tag"),
    "ground": Sentence("ground"),
    "operator": Sentence("operator"),
    "text": Sentence("text"),
}
"""What `line_of` calls what it looks at; any other word is a column's own name."""

# RFC 5646 section 2.1, as far as people use it: en, es-PE, zh-Hant, sr-Latn-RS.
_LANGUAGE = re.compile(r"([a-z]{2,3})(-[a-z]{4})?(-(?:[a-z]{2}|[0-9]{3}))?", re.IGNORECASE)
# Surrogates stand for bytes that were no UTF-8; no file and no letter can hold them.
_HALF = re.compile("[\ud800-\udfff]")
_YES = frozenset({"yes", "true", "1"})
_NO = frozenset({"no", "false", "0"})


def one_line(text: str) -> str:
    """`text` with every run of white space and control characters made one blank.

    Raises:
        WrongInput: it holds half a character.
    """
    if not text.isprintable():
        _refuse_half_characters("text", text)
        text = "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)
    return " ".join(text.split())


def line_of(what: str, text: str, limit: int = NAME_LIMIT) -> str:
    """`text` as one clean line.

    Raises:
        WrongInput: it has more than `limit` characters, or holds half a one; the sentence names
            `what` it is.
    """
    _refuse_half_characters(what, text)
    line = one_line(text)
    if len(line) > limit:
        raise WrongInput(
            Sentence(
                "The {what} has {count} characters; {limit} is the most.",
                what=WORDS.get(what, what),
                count=len(line),
                limit=limit,
            )
        )
    return line


def ground_of(text: str) -> str:
    """On what ground somebody is subscribed, as one clean line.

    Raises:
        WrongInput: it is too long, or holds half a character.
    """
    return line_of("ground", text, GROUND_LIMIT)


def _refuse_half_characters(what: str, text: str) -> None:
    if _HALF.search(text):
        raise WrongInput(
            Sentence(
                "The {what} holds something that is not UTF-8; write it anew.",
                what=WORDS.get(what, what),
            )
        )


def language_of(text: str) -> str:
    """A language tag in its usual spelling ("ES-pe" → "es-PE"); "" stays.

    Raises:
        WrongInput: it is no language tag.
    """
    tag = text.strip().replace("_", "-")
    if not tag:
        return ""
    match = _LANGUAGE.fullmatch(tag)
    if match is None:
        raise WrongInput("The language must be a tag like en, es or es-PE.")
    language, script, region = (part or "" for part in match.groups())
    return language.lower() + script.title() + region.upper()


def yes_or_no(text: str) -> bool | None:
    """What a cell says; None where it says nothing.

    Raises:
        WrongInput: neither yes, true, 1 nor no, false, 0.
    """
    word = text.strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    if word:
        raise WrongInput("Member must be yes or no (or true, false, 1, 0).")
    return None


def format_of(text: str) -> str:
    """One of `FORMATS`, or "" where nothing is said.

    Raises:
        WrongInput: another word.
    """
    word = text.strip().lower()
    if word and word not in FORMATS:
        raise WrongInput("The format must be html or text.")
    return word
