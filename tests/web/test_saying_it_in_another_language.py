"""Texts in a reader's language: values, plurals, times; and English wherever that fails."""

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from structlog.testing import capture_logs

from mailer.errors import Refused
from mailer.sentence import Sentence
from mailer.web.catalogue import Catalogue, catalogue_of, install, languages, spoken

LONDON = ZoneInfo("Europe/London")
MORNING = datetime(2026, 4, 3, 8, 0, tzinfo=UTC)

HEADER = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""
TEXTS = """
msgid "Saved {time}"
msgstr "Guardado a las {time}"

msgid "The {thing} is gone."
msgstr "Ya no existe: {thing}."

msgid "issue"
msgstr "número"

msgid "Tea & cake"
msgstr "Té & pan"

msgid "{mailbox} left."
msgstr "{buzón} se fue."

msgid "{a} and {b}"
msgstr "{a} y {b"

#, fuzzy
msgid "Perhaps"
msgstr "Quizá"

msgid "Not yet"
msgstr ""
"""
PLURALS = """
msgid "{n} reader of {title}"
msgid_plural "{n} readers of {title}"
msgstr[0] "{n} lector de «{title}»"
msgstr[1] "{n} lectores de «{title}»"

msgid "{weekday} {day} {month} at {time}"
msgid_plural "{weekday} {day} {month} at {time}"
msgstr[0] "{weekday} {day} de {month} a la {time}"
msgstr[1] "{weekday} {day} de {month} a las {time}"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "es").mkdir()
    (tmp_path / "es" / "one.po").write_text(HEADER + TEXTS, encoding="utf-8")
    (tmp_path / "es" / "two.po").write_text(HEADER + PLURALS, encoding="utf-8")
    return tmp_path


@pytest.fixture
def spanish(folder: Path) -> Catalogue:
    return Catalogue("es-PE", folder)


def page(catalogue: Catalogue, source: str, **values: object) -> str:
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    install(environment, catalogue, LONDON)
    return environment.from_string(source).render(values)


def test_a_text_with_its_values(spanish: Catalogue) -> None:
    assert spanish.say("Saved {time}", time="10:42") == "Guardado a las 10:42"
    assert Catalogue("en").say("Saved {time}", time="10:42") == "Saved 10:42"


def test_a_sentence_in_a_sentence(spanish: Catalogue) -> None:
    gone = Sentence("The {thing} is gone.", thing=Sentence("issue"))
    assert spanish.tell(gone) == "Ya no existe: número."
    assert spanish.say("Saved {time}", time=gone) == "Guardado a las Ya no existe: número."


def test_a_sentence_that_was_stored_as_text(spanish: Catalogue) -> None:
    stored = str(Sentence("The {thing} is gone.", thing="<b>"))
    assert spanish.tell(stored) == "Ya no existe: <b>."
    assert page(spanish, "{{ tell(said) }}", said=stored) == "Ya no existe: &lt;b&gt;."
    assert spanish.tell("Nobody has written this.") == "Nobody has written this."


def test_what_an_error_says(spanish: Catalogue) -> None:
    assert spanish.tell(Refused(Sentence("The {thing} is gone.", thing=3))) == "Ya no existe: 3."
    assert spanish.tell(Refused("Tea & cake")) == "Té & pan"
    assert spanish.tell(Refused()) == ""


@pytest.mark.parametrize(
    ("n", "said"),
    [(1, "1 lector de «U»"), (0, "0 lectores de «U»"), (12_345, "12,345 lectores de «U»")],
)
def test_one_and_many(spanish: Catalogue, n: int, said: str) -> None:
    assert spanish.count("{n} reader of {title}", "{n} readers of {title}", n, title="U") == said


def test_one_and_many_in_english() -> None:
    english = Catalogue("en")
    assert english.count("{n} reader", "{n} readers", 1) == "1 reader"
    assert english.count("{n} reader", "{n} readers", 1874) == "1,874 readers"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Friday 3 April at 9:00"),
        ("es", "viernes 3 de abril a las 9:00"),
        ("xx", "Friday 3 April at 9:00"),
    ],
)
def test_a_moment_in_the_zone_of_the_organisation(language: str, said: str) -> None:
    assert Catalogue(language).moment(MORNING, LONDON) == said


def test_one_in_the_morning_of_another_year_in_spanish() -> None:
    at = datetime(2026, 4, 3, 0, 5, tzinfo=UTC)
    said = Catalogue("es").moment(at, LONDON, datetime(2027, 1, 1, tzinfo=UTC))
    assert said == "viernes 3 de abril de 2026 a la 1:05"


def test_the_year_is_that_of_the_zone() -> None:
    lima, at = ZoneInfo("America/Lima"), datetime(2027, 1, 1, 4, 0, tzinfo=UTC)
    assert Catalogue("en").moment(at, lima, MORNING) == "Thursday 31 December at 23:00"


@pytest.mark.parametrize(
    ("language", "day", "number"),
    [
        ("en", "3 April 2026", "12,345"),
        ("en-US", "April 3, 2026", "12,345"),
        ("es", "3 de abril de 2026", "12.345"),
        ("es-PE", "3 de abril de 2026", "12,345"),
        ("no language", "3 April 2026", "12,345"),
    ],
)
def test_dates_and_numbers(language: str, day: str, number: str) -> None:
    catalogue = Catalogue(language)
    assert (catalogue.date(date(2026, 4, 3)), catalogue.number(12_345)) == (day, number)


@pytest.mark.parametrize("text", ["Nowhere {time}", "Perhaps", "Not yet"])
def test_what_is_not_translated_is_said_in_english(spanish: Catalogue, text: str) -> None:
    assert spanish.say(text, time="x") == text.format(time="x")


def test_what_is_not_translated_is_logged_once(spanish: Catalogue) -> None:
    with capture_logs() as logs:
        for name in ("Ana", "Tom"):
            spanish.say("Nobody has translated {name}", name=name)
    assert [(entry["event"], entry["text"]) for entry in logs] == [
        ("text_untranslated", "Nobody has translated {name}")
    ]


def test_a_broken_translation_is_said_in_english(spanish: Catalogue) -> None:
    assert spanish.say("{mailbox} left.", mailbox="ana@psg.example") == "ana@psg.example left."
    assert spanish.say("{a} and {b}", a=1, b=2) == "1 and 2"


def test_a_value_that_is_missing_costs_nobody_the_page(spanish: Catalogue) -> None:
    assert spanish.say("Saved {time}", day="Friday") == "Saved {time}"
    assert page(spanish, "<p>{{ _('Saved {time}', day=1) }}</p>") == "<p>Saved {time}</p>"


def test_in_a_page_all_is_escaped_but_markup(spanish: Catalogue) -> None:
    source = "{{ _('Saved {time}', time=time_) }}"
    assert page(spanish, source, time_="<b>") == "Guardado a las &lt;b&gt;"
    assert page(spanish, source, time_=Markup("<b>9</b>")) == "Guardado a las <b>9</b>"
    assert page(spanish, "{{ _('Tea & cake') }}") == "Té &amp; pan"


def test_a_sentence_with_script_in_it_is_text_in_a_page(spanish: Catalogue) -> None:
    said = Sentence("The {thing} is gone.", thing="<script>")
    assert page(spanish, "{{ tell(said) }}", said=said) == "Ya no existe: &lt;script&gt;."
    assert page(spanish, "{{ tell(said) }}", said="<i>") == "&lt;i&gt;"


def test_every_word_of_a_page(spanish: Catalogue) -> None:
    source = (
        "{{ n_('{n} reader of {title}', '{n} readers of {title}', 2, title='<') }}; "
        "{{ date(at) }}; {{ moment(at, at) }}; {{ time(at) }}; {{ number(1874) }}"
    )
    assert page(spanish, source, at=MORNING) == (
        "2 lectores de «&lt;»; 3 de abril de 2026; viernes 3 de abril a las 9:00; 9:00; 1,874"
    )


def test_without_escaping_the_text_stays_as_it_is(spanish: Catalogue) -> None:
    environment = Environment(autoescape=False)  # as a letter's plain text
    install(environment, spanish, LONDON)
    assert environment.from_string("{{ _('Tea & cake') }}").render() == "Té & pan"


def test_the_languages_by_their_own_names() -> None:
    assert languages() == {"en": "English", "es": "Español"}
    assert [spoken(tag) for tag in ("es", "es-PE", "es_PE", "EN", "fr", "")] == [
        *("es", "es", "es", "en", "en", "en")
    ]


def test_a_language_is_read_once() -> None:
    assert catalogue_of("es") is catalogue_of("es")


def test_commands_start_without_it() -> None:
    looked = "import sys, mailer.cli.app, mailer.web; print('babel' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True)
    assert ran.stdout.strip() == "False", ran.stderr
