"""Every text that somebody at the desk can read is marked, and translated into every language."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Message
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po

import mailer
from mailer.config import resource
from mailer.web.catalogue import SOURCE
from tests.web.marked import Fault, Text, in_python, in_script, in_template

CODE = Path(mailer.__file__).parent
TEMPLATES = resource("templates")
CATALOGUES = TEMPLATES / "catalogues"
LANGUAGES = sorted(path.name for path in CATALOGUES.iterdir() if path.is_dir())
OTHERS = [language for language in LANGUAGES if language != SOURCE]

PAGES = ("web",)
"""What makes pages: all of its texts are marked."""

ROOMS = (
    *("publication", "audience", "delivery", "letter", "schedule", "audit", "clock.py"),
    *("database/engine.py", "database/schema.py"),
)
"""What pages show the sentences of."""

COMMANDS = ("cli", "pages/variants.html.j2")
"""What speaks English alone; but for what it writes into the audit log."""

READ = {
    "pages/*.j2": in_template,
    "desk/**/*.j2": in_template,
    "static/desk/**/*.js": in_script,
}

HOT = {"sender", "trip", "dialogue", "courier", "ledger", "claim", "message", "outbox", "book"}
"""Modules of `delivery` whose errors no page shows; what they store is in its `reasons`."""

Key = str | tuple[str, str]


def modules(*parts: str) -> Iterator[Path]:
    for part in parts:
        path = CODE / part
        found = [path] if path.is_file() else sorted(path.rglob("*.py"))
        yield from (path for path in found if not (part == "delivery" and path.stem in HOT))


@cache
def found() -> tuple[Text | Fault, ...]:
    """All texts, marked and unmarked."""
    told: list[Text | Fault] = []
    for parts in (PAGES, ROOMS, COMMANDS):
        for path in modules(*parts):
            name, source = str(path.relative_to(CODE.parent)), path.read_text(encoding="utf-8")
            told += in_python(source, name, page=parts is PAGES, errors=parts is not COMMANDS)
    for pattern, read in READ.items():
        for path in sorted(TEMPLATES.glob(pattern)):
            name, source = str(path.relative_to(TEMPLATES)), path.read_text(encoding="utf-8")
            told += () if name in COMMANDS else read(source, name)
    return tuple(told)


@cache
def texts() -> dict[Key, Text]:
    return {text.key: text for text in found() if isinstance(text, Text)}


@cache
def messages(language: str) -> tuple[tuple[str, Message], ...]:
    """Each translation, with the file that it stands in."""
    read: list[tuple[str, Message]] = []
    for path in sorted((CATALOGUES / language).glob("*.po")):
        with path.open("rb") as file:
            catalog = read_po(file, locale=language, abort_invalid=True)
        assert not catalog.obsolete, f"{path.name} holds texts that are commented out"
        plural = get_plural(language)
        assert (catalog.num_plurals, catalog.plural_expr) == (
            plural.num_plurals,
            plural.plural_expr,
        ), f"{path.name}: Plural-Forms is to be {plural.plural_forms}"
        read += ((path.name, message) for message in catalog if message.id)
    return tuple(read)


def key(message: Message) -> Key:
    return message.id if isinstance(message.id, str) else (message.id[0], message.id[1])


def forms(message: Message) -> tuple[str, ...]:
    said = message.string or ""
    return (said,) if isinstance(said, str) else tuple(said)


def as_po(text: Text) -> str:
    """What a translator is to fill in."""
    quoted = [f"# {text.where}", f"msgid {_po(text.one)}"]
    if text.many is None:
        return "\n".join([*quoted, 'msgstr ""'])
    return "\n".join([*quoted, f"msgid_plural {_po(text.many)}", 'msgstr[0] ""', 'msgstr[1] ""'])


def _po(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def placeholders(template: str) -> set[tuple[str, str, str]]:
    return {
        (name, spec or "", conversion or "")
        for _text, name, spec, conversion in Formatter().parse(template)
        if name is not None
    }


def test_no_text_is_unmarked() -> None:
    faults = sorted({str(fault) for fault in found() if isinstance(fault, Fault)})
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated(language: str) -> None:
    known = {key(message) for _, message in messages(language) if all(forms(message))}
    missing = [as_po(text) for at, text in texts().items() if at not in known]
    assert not missing, f"{language} lacks {len(missing)}:\n\n" + "\n\n".join(missing)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_a_guess(language: str) -> None:
    assert not [(file, message.id) for file, message in messages(language) if message.fuzzy]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_translated_that_nobody_says(language: str) -> None:
    stale = [(file, key(said)) for file, said in messages(language) if key(said) not in texts()]
    assert not stale, "\n" + "\n".join(f"{file}: {text!r}" for file, text in stale)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_text_has_one_translation(language: str) -> None:
    said: dict[Key, tuple[str, tuple[str, ...]]] = {}
    for file, message in messages(language):
        first, before = said.setdefault(key(message), (file, forms(message)))
        assert before == forms(message), f"{key(message)!r} differs in {first} and {file}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_have_the_values_of_their_texts(language: str) -> None:
    for file, message in messages(language):
        counted = isinstance(message.id, tuple)
        one, *many = message.id if counted else (message.id,)
        wanted = placeholders(many[0] if many else one)
        for form in forms(message):
            spoken = placeholders(form)
            # "A reader" need not say the number, and a page names no command.
            free = {("n", "", "")} if counted else {("command", "", "")}
            assert spoken - free == wanted - free, f"{file}: {form!r} of {one!r}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_are_text_and_begin_and_end_as_theirs_do(language: str) -> None:
    for file, message in messages(language):
        one = message.id if isinstance(message.id, str) else message.id[0]
        for form in forms(message):
            where = f"{file}: {form!r}"
            html = {*re.findall(r"</?[a-z][^>]*>|&#?\w+;", form)}
            assert html <= {*re.findall(r"<\w+@[^>]*>", one)}, f"{where} holds HTML"
            assert _ends(form) == _ends(one), f"{where} begins or ends with other space"


def test_texts_name_their_values() -> None:
    for text in texts().values():
        for template in (text.one, text.many or ""):
            for name, _spec, _conversion in placeholders(template) if _has_values(template) else ():
                assert name.isidentifier(), f"{text.where}: {{{name}}} in {template!r}"


def test_texts_are_set_with_real_quotation_marks() -> None:
    wrong = [str(text) for text in texts().values() if '"' in f"{text.one}{text.many or ''}"]
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_are_set_with_the_quotation_marks_of_their_language(language: str) -> None:
    marks = {"es": '"“”„', "en": '"„«»'}.get(language, '"')
    wrong = [
        (file, form)
        for file, message in messages(language)
        for form in forms(message)
        if set(form) & set(marks)
    ]
    assert not wrong, "\n" + "\n".join(f"{file}: {form}" for file, form in wrong)


COMMAND = re.compile(r"`| --?[a-z]\w*|\bpip ")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_tells_anybody_to_type_a_command(language: str) -> None:
    said = {key(message): forms(message) for _, message in messages(language)}
    wrong = [
        f"{text.where}: {form}"
        for at, text in texts().items()
        for form in said.get(at, (text.one, text.many or ""))
        if COMMAND.search(form)
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def _ends(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


def _has_values(template: str) -> bool:
    """Without values a text stands as it is, braces too."""
    return "{{" not in template


@pytest.mark.parametrize(
    "source",
    [
        'raise Refused(f"{name} is gone.")',
        'raise WrongInput("Line %s" % f"{line}")',
        'raise NotFound(Sentence(f"{name} is gone."))',
        "Sentence(words, name=name)",
        'def f():\n said = f"{x}"\n return Sentence(said, name=name)',
        'audit.record(session, now, actor, f"issue {id}", f"{count} sent")',
        'audit.record(session, now, actor, f"issue {id}", "sent")',
        "desk.say(text)",
        'desk.say(f"{name} is gone")',
        'desk.count(one, "{n} readers", n)',
        'desk.page("issues/list", session, title="Issues")',
        'desk.back("/desk/", said=f"Sent {n}")',
        'desk.back("/desk/", said="Sent" if sent else "")',
    ],
)
def test_an_unmarked_text_of_python_is_found(source: str) -> None:
    assert [told for told in in_python(source, "x", page=True) if isinstance(told, Fault)]


def test_marked_texts_of_python_are_found() -> None:
    source = (
        'raise Refused(Sentence("{a} is gone.", a=f"{b}"))\nraise NotFound("Nothing.")\n'
        'desk.say("On" if on else "Off")\ndesk.back("/", said=_("Sent."))\n'
        'desk.count("{n} day", "{n} days", n)\n"abc".count("a", 1, 2)\nraise Failed(str(why))\n'
        'def f():\n said = "Named {a}"\n return Sentence(said, a=1)'
    )
    assert {told.key for told in in_python(source, "x", page=True) if isinstance(told, Text)} == {
        *("Nothing.", "On", "Off", ("{n} day", "{n} days"), "{a} is gone.", "Sent.", "Named {a}")
    }
    assert not [told for told in in_python(source, "x", page=True) if isinstance(told, Fault)]
    ast.parse(source)


@pytest.mark.parametrize(
    "source",
    [
        "<p>Hello</p>",
        "<p>{{ name }} left</p>",
        '<input title="Name">',
        '<img alt="A {{ thing }}">',
        '<button aria-label="{% if x %}Up{% endif %}"></button>',
        '<input type="submit" value="Send">',
        '<ul data-moved="Moved up."></ul>',
        "{{ _(text) }}",
        "{{ n_(one, many, 3) }}",
        "{{ field('Name') }}",
        "{% set title = 'All issues' %}",
        "{{ 'nothing is here yet.' if not x }}",
        '{{ _("{x}", x="Not marked") }}',
        "<kbd translate='no'>Ctrl</kbd> and",
    ],
)
def test_an_unmarked_text_of_a_template_is_found(source: str) -> None:
    assert [told for told in in_template(source, "x") if isinstance(told, Fault)]


def test_marked_texts_of_a_template_are_found() -> None:
    source = (
        "{# Nobody reads this #}<p class='lead {{ a }}' data-save='/desk/x'>{{ _('Saved {t}', t=t) "
        "}} · {{ n_('{n} item', '{n} items', 3) }}</p><kbd translate='no'>Ctrl</kbd>{% if x %}"
        "<option {% if y %}selected{% endif %}>{{ _('On' if x else 'Off') }}{% endif %}"
        "{% extends 'desk/layout.html.j2' %}{{ chip('good') }}<b title=\"{{ _('Up') }}\">→ 3</b>"
    )
    told = list(in_template(source, "x"))
    assert {text.key for text in told if isinstance(text, Text)} == {
        *("Saved {t}", "On", "Off", "Up"),
        ("{n} item", "{n} items"),
    }
    assert not [fault for fault in told if isinstance(fault, Fault)]


@pytest.mark.parametrize(
    "source", ["x = 'Saved'", "x = `Saved ${time}`", 'x = "nothing was saved."', "f(`${n} Items`)"]
)
def test_a_text_in_a_script_is_found(source: str) -> None:
    assert list(in_script(source, "x"))


def test_what_no_person_reads_in_a_script_is_left_alone() -> None:
    source = (
        "// Don't look here\n/* 'Nor here' */ const a = /['\"]Quote/.test(b) ? 'Escape' : \"\";\n"
        "fetch(`/desk/${x}`, {headers: {'X-CSRF': y, 'Content-Type': 'application/json'}});\n"
        "e.key === 'ArrowUp'; box.className = 'chip good'; q('form [name=csrf]'); 'Control+b';"
    )
    assert not list(in_script(source, "x"))
