"""What pages say, in each reader's language.

1. English is the source: a text's English is its key. Every other language has its folder,
   `templates/catalogues/es/*.po` (gettext's format), and all of its files are read together.
   English has one for what pages say otherwise than commands do.
2. `catalogue_of("es")` is that language's `Catalogue`, read once in each process. It puts values
   into texts as `str.format` does; a value that is a `Sentence` is translated first.
3. `install` gives a template environment the words `_`, `n_`, `tell`, `date`, `moment`, `time` and
   `number`. Where the environment escapes, text and values are escaped.

A text without translation, or with a broken one, is said in English, and logged once: nobody
loses a page over it. Tests hold the catalogues to the texts (`tests/web/test_catalogues.py`).
"""

import datetime as calendar
from collections.abc import Callable
from functools import lru_cache, partial
from gettext import c2py
from pathlib import Path
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import structlog
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from jinja2 import Environment
from markupsafe import Markup, escape

from mailer import clock
from mailer.config import resource
from mailer.errors import MailerError
from mailer.sentence import Recogniser, Sentence

SOURCE = "en"

HABITS = {"en": "en_GB"}
"""Whose way of writing dates and numbers a language takes where it names no country."""

# What a text and its values can be wrong in.
_BROKEN = (LookupError, ValueError, TypeError, AttributeError)

log = structlog.get_logger()

Text = TypeVar("Text", str, Markup)


class Texts(NamedTuple):
    """All texts of one language: by the English one, and by the English one and many."""

    single: dict[str, str]
    plural: dict[tuple[str, str], tuple[str, ...]]
    form: Callable[[int], int]


class Catalogue:
    """The texts of one language, and its way of writing numbers, dates and times.

    `language` may name a country ("es-PE"); a language without a folder speaks English.
    """

    def __init__(self, language: str, folder: Path | None = None) -> None:
        folder = folder or _folder()
        self.language = spoken(language, folder)
        self._locale = _locale(language, self.language)
        self._texts = read_texts(folder / self.language)
        self._recognised = lru_cache(maxsize=4096)(Recogniser(self._texts.single))
        # A page has hundreds of them, and most pages the same.
        self._number = lru_cache(maxsize=4096, typed=True)(
            partial(format_decimal, locale=self._locale)
        )
        self._date = lru_cache(maxsize=4096)(
            partial(format_date, format="long", locale=self._locale)
        )

    def say(self, template: str, /, **values: object) -> str:
        """The text `template` in this language, with `values` put in."""
        return self._said(template, values, str)

    def tell(self, said: str | MailerError) -> str:
        """A sentence that a room made, or an error's, in this language.

        A plain text, as it is stored for a mailing or a delivery, is known again by its template.
        """
        if isinstance(said, MailerError):
            said = said.said
        found = said if isinstance(said, Sentence) else self._recognised(said)
        return str(said) if found is None else self._said(found.template, found.values, str)

    def count(self, one: str, many: str, n: int, /, **values: object) -> str:
        """The text for `n` things by the language's plural rule; `{n}` is the number."""
        return self._counted(one, many, n, values, str)

    def number(self, n: int | float) -> str:
        """1874 as "1,874"."""
        return self._number(n)

    def date(self, day: calendar.date) -> str:
        """A civil date: "3 April 2026"."""
        return self._date(day)

    def language_name(self, language: str) -> str:
        """What a language is called: "es" as "Spanish"."""
        try:
            return Locale.parse(language, sep="-").get_display_name(self._locale) or language
        except (ValueError, UnknownLocaleError):
            return language

    def month(self, day: calendar.date) -> str:
        """A month with its year: "April 2026"."""
        return format_skeleton("yMMMM", day, locale=self._locale)

    def weekdays(self) -> list[str]:
        """The days of the week, Monday first."""
        return [self._locale.days["format"]["wide"][day] for day in range(7)]

    def time(self, at: calendar.datetime, zone: ZoneInfo) -> str:
        """The time of day in `zone`: "9:00"."""
        local = at.astimezone(zone)
        return f"{local.hour}:{local.minute:02}"

    def moment(
        self, at: calendar.datetime, zone: ZoneInfo, now: calendar.datetime | None = None
    ) -> str:
        """A moment in `zone`: "Friday 3 April at 9:00", with its year if that is not `now`'s."""
        local = at.astimezone(zone)
        values = {
            "weekday": self._locale.days["format"]["wide"][local.weekday()],
            "day": local.day,
            "month": self._locale.months["format"]["wide"][local.month],
            "time": self.time(at, zone),
        }
        # The hour is what is counted: Spanish says "a la 1:00", and "a las 9:00".
        if now is None or now.astimezone(zone).year == local.year:
            return self.count(
                "{weekday} {day} {month} at {time}",
                "{weekday} {day} {month} at {time}",
                local.hour,
                **values,
            )
        return self.count(
            "{weekday} {day} {month} {year} at {time}",
            "{weekday} {day} {month} {year} at {time}",
            local.hour,
            year=local.year,
            **values,
        )

    def _said(self, template: str, values: dict[str, object], text: Callable[[str], Text]) -> Text:
        translated = self._texts.single.get(template)
        if translated is None and self.language != SOURCE:
            _note("text_untranslated", self.language, template)
        return self._filled(translated or template, template, values, text)

    def _counted(
        self,
        one: str,
        many: str,
        n: int,
        values: dict[str, object],
        text: Callable[[str], Text],
    ) -> Text:
        source = one if n == 1 else many
        forms = self._texts.plural.get((one, many))
        if forms is None and self.language != SOURCE:
            _note("text_untranslated", self.language, one)
        form = self._texts.form(abs(n))
        translated = forms[form] if forms and form < len(forms) else source
        return self._filled(translated, source, {**values, "n": self.number(n)}, text)

    def _filled(
        self,
        translated: str,
        source: str,
        values: dict[str, object],
        text: Callable[[str], Text],
    ) -> Text:
        """`translated` with `values`; English where that fails, and as it is where all fails."""
        told = {
            name: self.tell(value) if isinstance(value, Sentence) else value
            for name, value in values.items()
        }
        for template in (translated, source):
            try:
                return text(template).format(**told) if told else text(template)
            except _BROKEN:
                _note("text_broken", self.language, template)
        return text(source)


def install(environment: Environment, catalogue: Catalogue, zone: ZoneInfo) -> None:
    """Let the templates of `environment` speak `catalogue`'s language, at the time of `zone`.

    A value that is `Markup` (a link) stays as it is; all else is escaped, the text too.
    """
    text: Callable[[str], Markup] | Callable[[str], str] = escape if environment.autoescape else str

    def say(template: str, /, **values: object) -> str:
        return catalogue._said(template, values, text)

    def count(one: str, many: str, n: int, /, **values: object) -> str:
        return catalogue._counted(one, many, n, values, text)

    def moment(at: calendar.datetime, now: calendar.datetime | None = None) -> str:
        return catalogue.moment(at, zone, now or clock.now())

    def time(at: calendar.datetime) -> str:
        return catalogue.time(at, zone)

    environment.globals.update(
        _=say,
        n_=count,
        tell=catalogue.tell,
        number=catalogue.number,
        date=catalogue.date,
        moment=moment,
        time=time,
    )


@lru_cache(maxsize=64)
def catalogue_of(language: str) -> Catalogue:
    """The catalogue of `language`, read at most once."""
    return Catalogue(language)


def spoken(language: str, folder: Path | None = None) -> str:
    """The language whose texts serve `language` ("es-PE" → "es"), else English."""
    primary = language.replace("_", "-").partition("-")[0].lower()
    return primary if primary in languages(folder or _folder()) else SOURCE


@lru_cache(maxsize=8)
def languages(folder: Path | None = None) -> dict[str, str]:
    """The languages that pages speak, each by its own name: {"en": "English", "es": "Español"}."""
    found = sorted(path.parent.name for path in (folder or _folder()).glob("*/*.po"))
    names = {code: Locale.parse(code).get_display_name() or code for code in (SOURCE, *found)}
    return {code: name[:1].upper() + name[1:] for code, name in names.items()}


@lru_cache(maxsize=8)
def read_texts(folder: Path) -> Texts:
    """Everything translated in the files of `folder`; what is fuzzy or empty counts as missing."""
    texts = Texts({}, {}, c2py("n != 1"))
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as file:
            read = read_po(file, locale=folder.name)
        texts = texts._replace(form=c2py(read.plural_expr))
        for message in read:
            said = message.string
            if not message.id or message.fuzzy:
                continue
            if isinstance(message.id, str):
                if isinstance(said, str) and said:
                    texts.single[message.id] = said
            elif isinstance(said, tuple | list) and all(said):
                one, many = message.id[:2]
                texts.plural[one, many] = tuple(said)
    return texts


def _folder() -> Path:
    return resource("templates") / "catalogues"


def _locale(language: str, served: str) -> Locale:
    """How numbers and dates are written: as in the country that `language` names, if it does."""
    try:
        named = Locale.parse(language.replace("_", "-"), sep="-")
    except (ValueError, UnknownLocaleError):
        named = Locale.parse(served)
    if named.language != served or named.territory is None:
        return Locale.parse(HABITS.get(served, served))
    return named


@lru_cache(maxsize=1024)
def _note(what: str, language: str, text: str) -> None:
    """Log it once for each text, and not for each page."""
    log.warning(what, language=language, text=text[:200])
