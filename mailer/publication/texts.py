"""What may stand in the fields of issues and items: how long it may be, and how it is cleaned."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from urllib.parse import urlsplit

from mailer.errors import WrongInput
from mailer.publication.content import LARGEST_NUMBER
from mailer.sentence import Sentence

LONGEST: Mapping[str, int] = {
    "title": 200,
    "subject": 300,
    "preheader": 300,
    "topic": 80,
    "summary": 2_000,
    "body": 100_000,
    "link": 2_000,
    "picture_alt": 1_000,
    "picture_caption": 500,
}
SEVERAL_LINES = frozenset({"summary", "body"})
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)

_SAID: Mapping[str, Sentence] = {
    "title": Sentence("The title"),
    "subject": Sentence("The subject"),
    "preheader": Sentence("The preheader"),
    "topic": Sentence("The topic"),
    "summary": Sentence("The summary"),
    "body": Sentence("The text"),
    "link": Sentence("The link"),
    "picture_alt": Sentence("The picture's description"),
    "picture_caption": Sentence("The picture's caption"),
}

# Lines end in many ways; what moves the text after it about stands in no text of ours.
_LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_UNSEEN = re.compile("[\0-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\ufeff\ufffe\uffff\ud800-\udfff]")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_HOST = re.compile(r"[\w-]+(\.[\w-]+)+")


class WrongFields(WrongInput):
    """Fields that cannot be taken: the sentence for each, by name; nothing was changed."""

    def __init__(self, fields: Mapping[str, Sentence]) -> None:
        super().__init__(next(iter(fields.values())))
        self.fields = dict(fields)


def cleaned(name: str, text: str) -> str:
    """The text of a field without what nobody sees; on one line, unless it may have several."""
    text = _UNSEEN.sub("", _LINE_ENDS.sub("\n", text))
    if name not in SEVERAL_LINES:
        text = " ".join(text.split())
    return unicodedata.normalize("NFC", text)


def fit(name: str, text: str) -> str:
    """`text` as the field keeps it.

    Raises:
        WrongInput: it is too long, or a link that leads nowhere.
    """
    text = cleaned(name, text)
    if len(text) > LONGEST[name]:
        raise WrongInput(
            Sentence(
                "{field} has {n} characters; {most} are the most.",
                field=_SAID[name],
                n=len(text),
                most=LONGEST[name],
            )
        )
    return _link(text) if name == "link" else text


def fit_language(text: str) -> str:
    """A language by its tag, "en" or "pt-BR".

    Raises:
        WrongInput: it is none.
    """
    if len(text) > 20 or not _LANGUAGE.fullmatch(text):
        raise WrongInput(
            Sentence("“{text}” is no language; write it like “en” or “es”.", text=text[:20])
        )
    return text


def fit_date(day: date) -> date:
    """A date that an issue can have.

    Raises:
        WrongInput: it is centuries away.
    """
    if not EARLIEST <= day <= LATEST:
        raise WrongInput(
            Sentence("The year {year} is too far away; look at the date again.", year=day.year)
        )
    return day


def fit_number(number: int) -> int:
    """A number that an issue can have.

    Raises:
        WrongInput: it is none.
    """
    if not 1 <= number <= LARGEST_NUMBER:
        raise WrongInput(Sentence("An issue's number is 1 or more."))
    return number


def _link(text: str) -> str:
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        if not parts.scheme or "." in parts.scheme:
            text = f"https://{text}"
            parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    else:
        leads = parts.scheme in {"http", "https"} and (_HOST.fullmatch(host) or host == "localhost")
        if (leads and " " not in text) or re.fullmatch(r"mailto:[^\s@]+@[^\s@]+", text):
            return text
    raise WrongInput(
        Sentence(
            "“{text}” leads nowhere; copy the link from the browser, with https:// in front.",
            text=text[:80],
        )
    )
