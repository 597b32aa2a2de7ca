"""Forms of the desk as an attacker reads them: every page that links lead to, and every field."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import count
from typing import Any
from urllib.parse import urljoin, urlsplit

from tests.web.desk.conftest import AtDesk

TEXTS = {"text", "email", "search", "url", "tel", ""}
WANTED = {
    "title": "Title {}",
    "address": "reader{}@psg.example",
    "ground": "asked by letter",
    "field": "region",
    "value": "Andes",
}
_ADDRESSES = {"href", "src", "action", "formaction", "data", "xlink:href"}
NOT_PAGES = ("/progress/events", "/sign-out")

_numbers = count(1)


@dataclass
class Field:
    """One field of a form; `value` is None where nothing of it is sent."""

    name: str
    kind: str
    value: str | None

    @property
    def is_text(self) -> bool:
        return self.kind in TEXTS or self.kind == "textarea"


@dataclass
class Form:
    """A form on a page."""

    page: str
    action: str
    method: str
    fields: list[Field] = field(default_factory=list)

    def sent(self, **typed: str) -> dict[str, list[str]]:
        """What a browser posts, with `typed` in some of the fields, and what is wanted in others
        that are empty."""
        data: dict[str, list[str]] = {}
        for one in self.fields:
            value = typed[one.name] if one.is_text and one.name in typed else one.value
            if value is not None:
                wanted = WANTED.get(one.name, "").format(next(_numbers))
                data.setdefault(one.name, []).append(value or wanted)
        return data

    def again(self, browser: AtDesk) -> "Form":
        """The form as its page has it now."""
        found = Page(self.page, browser.get(self.page).text).forms
        alike = (one for one in found if (one.action, one.texts) == (self.action, self.texts))
        return next(alike, self)

    @property
    def texts(self) -> list[str]:
        """The names of the fields that somebody types into."""
        return list(dict.fromkeys(one.name for one in self.fields if one.is_text))


class Page(HTMLParser):
    """What stands on a page: its forms, its links, its text, and whatever would run in it."""

    def __init__(self, path: str, html: str) -> None:
        super().__init__()
        self.path = path
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.runs: list[str] = []
        self.text = ""
        self._choice: Field | None = None
        self._area: Field | None = None
        self._script = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.text += " " + " ".join(given.values())
        self._look_for_scripts(tag, given)
        if tag == "form":
            action = urljoin(self.path, given.get("action", ""))
            self.forms.append(Form(self.path, action, given.get("method", "get").lower()))
        elif tag == "a" or tag == "iframe":
            self.links.append(urljoin(self.path, given.get("href", given.get("src", ""))))
        elif "name" in given and self.forms and tag in ("input", "textarea", "select"):
            self._field(tag, given)
        elif tag == "option" and (choice := self._choice) is not None:
            chosen = choice.value is None or "selected" in given
            choice.value = given.get("value", "") if chosen else choice.value

    def _field(self, tag: str, given: dict[str, str]) -> None:
        kind = given.get("type", "") if tag == "input" else tag
        value: str | None = given.get("value", "")
        if kind in ("checkbox", "radio"):
            value = given.get("value", "on") if "checked" in given else None
        if kind == "file" or "disabled" in given:
            return
        one = Field(given["name"], kind, None if tag == "select" else value)
        self.forms[-1].fields.append(one)
        self._choice = one if tag == "select" else None
        self._area = one if tag == "textarea" else None

    def _look_for_scripts(self, tag: str, given: dict[str, str]) -> None:
        for name, value in given.items():
            address = re.sub(r"[\0-\x20]", "", value).lower()
            if name.startswith("on") or name == "srcdoc":
                self.runs.append(f"{tag} {name}={value}")
            if name in _ADDRESSES and address.startswith(("javascript:", "data:", "vbscript:")):
                self.runs.append(f"{tag} {name}={value}")
        if tag in ("object", "embed", "base", "svg:script") and "target" not in given:
            self.runs.append(tag)
        if tag == "script" and not given.get("src", "").startswith("/static/desk/"):
            self.runs.append(f"script {given}")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._choice = None
        if tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._area is not None:
            # The first line break behind the tag is not part of the text.
            self._area.value = (self._area.value or "") + data.removeprefix("\n")


def pages(browser: AtDesk, begin: Iterable[str] = ("/desk/",)) -> Iterator[Page]:
    """Every page of the desk and of the site that links and frames lead to, each once; of a list's
    pages and filters, those that the first one shows."""
    waiting, known = list(begin), set(begin)
    while waiting:
        path = waiting.pop(0)
        answer = browser.get(path)
        assert answer.status_code < 500, f"{path}: {answer.status_code}"
        if answer.status_code in (303, 307, 308):
            found = [urljoin(path, answer.headers["location"])]
        elif not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        else:
            page = Page(path, answer.text)
            yield page
            found = page.links
        for link in found:
            parts = urlsplit(link)
            where = parts.path + (f"?{parts.query}" if parts.query else "")
            if parts.netloc or parts.scheme or not parts.path.startswith("/"):
                continue
            if "?" in path or where in known or parts.path.endswith(NOT_PAGES):
                continue
            known.add(where)
            waiting.append(where)


def marker() -> str:
    """A word that stands nowhere else."""
    return f"hurt{next(_numbers)}z"


def payload(word: str) -> str:
    """What breaks out of text, attributes, scripts, styles, comments, Markdown and templates."""
    return (
        f"{word}'\"></textarea></title></style>--><script>{word}()</script>"
        f"<img src=x onerror={word}()><svg onload={word}()>"
        f"[a](javascript:{word}()) ![a](data:text/html,{word})"
    )


def short_payload(word: str) -> str:
    """The same for fields that take a few characters."""
    return f"{word}\"'><img src=x onerror={word}()>"


def named(word: str) -> str:
    """The same before an address, as a sender has it."""
    return f'"{short_payload(word)[len(word) + 2 :]}{word}" <a@psg.example>'


def linked(word: str) -> str:
    """The same in an address of the web."""
    return f"https://{word}.example/{short_payload(word)}"


def post(browser: AtDesk, form: Form, **typed: str) -> Any:
    return browser.post(form.action, data={**form.sent(**typed), "csrf": browser.csrf})
