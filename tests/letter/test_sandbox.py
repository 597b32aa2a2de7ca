"""A theme that staff wrote: what it may do, what it may not, and what it is told."""

import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import WrongInput
from mailer.letter import Theme, theme_tree
from mailer.letter.sandbox import SOURCE, Function, fill_in

NAMES = {
    "letter": {"title": "Update <120>", "language": "en"},
    "items": [{"title": f"Item {n}", "topic": "", "picture": None} for n in range(3)],
    "fields": {"greeting": "mf0123n0e"},
    "nothing_yet": None,
    "missing": 2,
    "say": Function(lambda phrase, **words: f"{phrase} {words}"),
}


def theme_of(html: str, **parts: str) -> Theme:
    files = {f"{name}.j2": source for name, source in parts.items()}
    return Theme("ours", html, "", "", parts=files)


def render(html: str, **parts: str) -> str:
    return fill_in(theme_of(html, **parts), NAMES)


def refusal(html: str, **parts: str) -> str:
    with pytest.raises(WrongInput) as caught:
        render(html, **parts)
    return str(caught.value)


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("{{ letter.title }}", "Update &lt;120&gt;"),
        ("{{ letter['title'] }}", "Update &lt;120&gt;"),
        ("{% for item in items %}{{ loop.index }}/{{ loop.length }} {% endfor %}", "1/3 2/3 3/3 "),
        ("{% for item in items if loop.first is undefined %}{{ item.title }}{% endfor %}", None),
        (
            "{% for a in items %}{{ a.title }}{% if not loop.last %}, {% endif %}{% endfor %}",
            "Item 0, Item 1, Item 2",
        ),
        ("{% for item in items[:1] %}{{ item.title }}{% else %}none{% endfor %}", "Item 0"),
        ("{% for item in items[3:] %}{{ item.title }}{% else %}none{% endfor %}", "none"),
        ("{{ loop.cycle('a', 'b') if loop is defined else 'no loop' }}", "no loop"),
        ("{% for item in items %}{{ loop.cycle('odd', 'even') }} {% endfor %}", "odd even odd "),
        (
            "{{ items | length }} {{ (items | first).title }} {{ items[-1].title }}",
            "3 Item 0 Item 2",
        ),
        ("{{ ['a', 'b<'] | join(', ') }}", "a, b&lt;"),
        ("{{ 'a' ~ missing ~ letter.title }}", "a2Update &lt;120&gt;"),
        ("{{ 'a' + 'b' }} {{ missing * 3 + 1 }} {{ 7 // 2 }} {{ 7 % 2 }}", "ab 7 3 1"),
        ("{{ 'yes' if missing == 2 and 'pdate' in letter.title else 'no' }}", "yes"),
        ("{{ 'yes' if letter.title in ['a', letter.title] else 'no' }}", "yes"),
        ("{{ unknown | default('-') }}{{ letter.unknown | d('-') }}", "--"),
        ("{{ letter.title.startswith('Up') }} {{ ' a ' | trim }}", "True a"),
        ("{% for line in 'a\nb'.splitlines() %}{{ line }};{% endfor %}", "a;b;"),
        ("{% macro b(x, y='?') %}<b>{{ x }}{{ y }}</b>{% endmacro %}{{ b('<') }}", "<b>&lt;?</b>"),
        (
            "{% macro b() %}<b>{{ caller() }}</b>{% endmacro %}{% call b() %}x{% endcall %}",
            "<b>x</b>",
        ),
        ("{% set x %}<i>{{ missing }}</i>{% endset %}{{ x }}{{ x }}", "<i>2</i><i>2</i>"),
        ("{% with x = 1 %}{{ x }}{% endwith %}", "1"),
        ("{{ 'odd' if missing is odd else 'even' }}", "even"),
    ],
)
def test_what_a_theme_may_do(html: str, shown: str | None) -> None:
    if shown is None:
        assert "undefined" in refusal(html)
    else:
        assert render(html) == shown


def test_a_theme_imports_macros_from_its_shared_parts() -> None:
    part = "{% macro top(word) %}<h1>{{ word }} {{ letter.title }}</h1>{% endmacro %}"
    html = "{% from 'parts.j2' import top as head with context %}{{ head('&') }}"
    assert render(html, parts=part) == "<h1>&amp; Update &lt;120&gt;</h1>"


TALKS_TO_ITSELF = "{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}"
DOUBLED = "{% set a = 'abcdefgh' %}" + "{% set a = a ~ a %}" * 60
DOUBLED_LIST = "{% set a = [1] %}" + "{% set a = [a, a] %}" * 60
LONG = "x" * 1000
AT_LINE = "Theme “ours”, letter.html.j2, line {}: "
UNENDED = (
    "Theme “ours”, letter.html.j2, line 1: Unexpected end of template. Jinja was looking for the "
    "following tags: 'endfor' or 'else'. The innermost block that needs to be closed is 'for'."
)
LOOPS = "{% for a in items %}" * 12 + "x" + "{% endfor %}" * 12


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        # Time
        (LOOPS, "more than 300,000 steps"),
        (
            "{% set l = ["
            + "1," * 9000
            + "] %}{% for a in l %}{% for b in l %}{% endfor %}{% endfor %}",
            "more than 300,000 steps",
        ),
        ("{% for a in range(10**9) %}{% endfor %}", "cannot use `**`"),
        ("{% for a in range(1000000000) %}{% endfor %}", "'range' is undefined"),
        (TALKS_TO_ITSELF, "macros call one another"),
        (
            "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
            "macros call one another",
        ),
        (
            "{% macro m() %}{{ caller() }}{{ caller() }}{% endmacro %}"
            + "{% call m() %}" * 30
            + "x"
            + "{% endcall %}" * 30,
            "macros call one another",
        ),
        ("{% for a in items recursive %}{{ loop(items) }}{% endfor %}", "cannot use `recursive`"),
        ("{{ 1e999 }}", "a number is larger than"),
        ("{{ 1" + "0" * 400 + ".0 }}", "a number is larger than"),
        ("{{ 2 ** 99 ** 99 }}", "cannot use `**`"),
        ("{% set a = 99999999 %}" + "{% set a = a * a %}" * 30, "larger than"),
        ("{{ " + "9" * 5000 + " }}", "cannot be read"),
        (DOUBLED_LIST + "{{ a == a }}", "a list stands where"),
        (DOUBLED_LIST + "{{ {}[a] }}", "has no entries"),
        (DOUBLED_LIST + "{{ {a: 1} }}", "keys of a table"),
        # Memory
        ("{{ 'a' * 10**9 }}", "cannot use `**`"),
        ("{{ 'a' * 1000000000 }}", "a text stands where a number"),
        ("{{ [1] * 1000000000 }}", "a list stands where a number"),
        ("{{ '%1000000000d' % 1 }}", "a text stands where a number"),
        ("{{ 'a'.center(1000000000) }}", "there is no 'center'"),
        ("{{ 'a'.ljust(1000000000) }}", "there is no 'ljust'"),
        ("{{ 'a'.replace('a', 'b') }}", "there is no 'replace'"),
        ("{{ '{:1000000000}'.format(1) }}", "there is no 'format'"),
        ("{{ 'a' | center(1000000000) }}", "No filter named 'center'"),
        ("{{ 'a' | indent(1000000000) }}", "No filter named 'indent'"),
        ("{{ 'a' | format(1) }}", "No filter named 'format'"),
        ("{{ 'a' | replace('a', 'b') }}", "No filter named 'replace'"),
        ("{{ items | map(attribute='title') | join }}", "No filter named 'map'"),
        ("{{ letter | attr('title') }}", "No filter named 'attr'"),
        ("{{ letter | pprint }}", "No filter named 'pprint'"),
        (DOUBLED, "more than 16,000,000 characters"),
        (DOUBLED_LIST + "{{ a }}", "a list stands where"),
        (DOUBLED_LIST + "{{ a | join }}", "a list stands where"),
        (DOUBLED_LIST + "{{ say('why', x=a) }}", "a list stands where"),
        (
            "{% set s = '" + "a" * 50_000 + "' %}{{ [" + "s," * 200 + "] | join(s) }}",
            "more than 16,000,000 characters",
        ),
        # Output
        (
            LONG.join(["{% for a in items %}" * 7, "{% endfor %}" * 7]),
            "the letter has more than 1,000,000",
        ),
        (
            "{% set x %}" + "{% for a in items %}" * 8 + LONG + "{% endfor %}" * 8 + "{% endset %}",
            "writes more than 4,000,000",
        ),
        (
            "{% set l = [" + "1," * 500 + "] %}{% set s = '" + "<" * 9000 + "' %}"
            "{% for a in l %}{{ s }}{% endfor %}",
            "the letter has more than 1,000,000",
        ),
        # Ways out
        ("{{ ''.__class__.__mro__ }}", "begins with an underscore"),
        ("{{ ''['__class__'] }}", "begins with an underscore"),
        ("{{ ''['__cla' ~ 'ss__'] }}", "a text has no entries"),
        ("{{ letter['__cla' ~ 'ss__'] }}", "there is no '__class__'"),
        ("{{ say.__globals__ }}", "begins with an underscore"),
        ("{{ say['__glo' ~ 'bals__'] }}", "has no entries"),
        ("{{ say._function }}", "begins with an underscore"),
        ("{{ say }}", "something else stands where"),
        ("{{ say.anything }}", "there is no 'anything' in something else"),
        ("{% macro m() %}{% endmacro %}{{ m.name }}", "there is no 'name'"),
        ("{% for a in items %}{{ loop.changed(a) }}{% endfor %}", "there is no 'changed'"),
        ("{% for a in items %}{{ loop(items) }}{% endfor %}", "called like a macro"),
        ("{{ letter.items }}", "there is no 'items'"),
        ("{{ letter.keys() }}", "there is no 'keys'"),
        ("{{ items.append(1) }}", "there is no 'append'"),
        ("{{ self }}", "there is no 'self'"),
        ("{% macro m() %}{{ varargs }}{% endmacro %}", "there is no 'varargs'"),
        ("{{ caller() }}", "'caller' is undefined"),
        ("{{ cycler('a') }}", "'cycler' is undefined"),
        ("{{ joiner() }}", "'joiner' is undefined"),
        ("{{ lipsum(n=1000000) }}", "'lipsum' is undefined"),
        ("{{ dict(a=1) }}", "'dict' is undefined"),
        ("{% set n = namespace() %}", "'namespace' is undefined"),
        ("{% set letter.title = 'x' %}", "cannot use `set` with a dot"),
        ("{{ 'x' | _joined }}", "begins with an underscore"),
        ("{% filter _looped(1) %}{% endfilter %}", "begins with an underscore"),
        ("{{ 'x' is _x }}", "begins with an underscore"),
        ("{% macro m(_loop_vars) %}{% endmacro %}", "begins with an underscore"),
        ("{{ say('x', _block_vars=1) }}", "begins with an underscore"),
        ("{% set _x = 1 %}", "begins with an underscore"),
        ("{{ 'x' | safe }}", "No filter named 'safe'"),
        ("{% autoescape false %}{{ letter.title }}{% endautoescape %}", "cannot use"),
        # Other files
        ("{% include 'parts.j2' %}", "cannot use `include`"),
        ("{% extends 'parts.j2' %}", "cannot use `extends`"),
        ("{% import 'parts.j2' as p %}", "cannot use `import`"),
        ("{% block a %}{% endblock %}", "cannot use `block`"),
        ("{% from '/etc/passwd' import x %}", "there is: none"),
        ("{% from letter.title import x %}", "only a shared part"),
        # The source
        ("{% for a in items %}" * 30 + "{% endfor %}" * 30, "nested too deeply"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "nested too deeply"),
        ("{{ " + "[" * 200 + "]" * 200 + " }}", "nested too deeply"),
        ("{{ " + "not " * 5000 + "1 }}", "nested too deeply"),
        ("{{ " + "-" * 3000 + "1 }}", ""),
        ("{{ 1" + "+1" * 5000 + " }}", "nested too deeply"),
        ("{{ ''" + "|trim" * 5000 + " }}", "nested too deeply"),
        ("{{ 1" + " if 1 else 1" * 4000 + " }}", "nested too deeply"),
        ("{{ letter" + ".title" * 5000 + " }}", "nested too deeply"),
        ("{% macro m(a, a) %}{% endmacro %}", "cannot be read (duplicate argument"),
        ("{{ say('x', a=1, a=2) }}", "cannot be read (keyword argument repeated"),
        ("x" * (SOURCE + 1), "64,000 are allowed"),
    ],
)
def test_what_a_theme_may_not_do(html: str, reason: str) -> None:
    tracemalloc.start()
    began = time.perf_counter()
    try:
        said = refusal(html)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert reason in said
    assert said.startswith("Theme “ours”, letter.html.j2")
    assert said.endswith(".")
    assert "\n" not in said
    # Far from both where it is well; tracing makes it several times as slow.
    assert time.perf_counter() - began < 20
    assert peak < 200_000_000


@pytest.mark.parametrize(
    ("html", "sentence"),
    [
        ("a\n{{ nobody }}", "Theme “ours”, letter.html.j2, line 2: 'nobody' is undefined."),
        (
            "a\n\n{% if %}",
            AT_LINE.format(3) + "Expected an expression, got 'end of statement block'.",
        ),
        ("{% for a in items %}", UNENDED),
        (
            "\n{{ letter.titel }}",
            AT_LINE.format(2)
            + "there is no 'titel' in a table of names; there is: language, title.",
        ),
        (
            "{{ missing + letter.title }}",
            "Theme “ours”, letter.html.j2, line 1: a text stands where a number is wanted.",
        ),
        (
            "{{ nothing_yet }}",
            "Theme “ours”, letter.html.j2, line 1: there is nothing to write; ask with `if` first.",
        ),
        (
            "{% for a in letter.title %}{% endfor %}",
            AT_LINE.format(1) + "a text stands where a list to loop over is wanted.",
        ),
        (
            "\n{{ missing() }}",
            "Theme “ours”, letter.html.j2, line 2: a number is called like a macro.",
        ),
        (
            "{{ [] | first }}",
            "Theme “ours”, letter.html.j2, line 1: an empty list has no first and no last entry.",
        ),
    ],
)
def test_a_broken_theme_is_told_where_and_why(html: str, sentence: str) -> None:
    assert refusal(html) == sentence


def test_a_fault_in_a_shared_part_names_the_part() -> None:
    html = "{% from 'parts.j2' import top with context %}\n\n{{ top() }}"
    assert refusal(html, parts="\n{% macro top() %}\n{{ gone }}{% endmacro %}") == (
        "Theme “ours”, parts.j2, line 3: 'gone' is undefined."
    )
    assert refusal(html, parts="\n{% macro top %}").startswith("Theme “ours”, parts.j2, line 2: ")
    assert "cannot import another one" in refusal(
        html, parts="{% from 'parts.j2' import x %}{% macro top() %}{% endmacro %}"
    )
    assert refusal("x", parts="{% for %}").startswith("Theme “ours”, parts.j2, line 1: ")


def test_the_limits_are_counted_anew_for_each_letter() -> None:
    html = "{% for a in items %}" * 6 + "{% endfor %}" * 6
    for _ in range(100):
        render(html)


def test_the_verdict_is_the_same_however_deep_the_caller_stands() -> None:
    html = "{{ " + "[" * (theme_tree.DEPTH - 3) + "]" * (theme_tree.DEPTH - 3) + "| length }}"

    def down(levels: int) -> str:
        return down(levels - 1) if levels else fill_in(theme_of(f"{html}<!--{levels}-->"), NAMES)

    assert down(0) == down(150) == "1<!--0-->"


@given(
    st.lists(
        st.sampled_from(
            [
                *("{{", "}}", "{%", "%}", "{#", "#}", "|", ".", "[", "]", "(", ")", "~", "+", "*"),
                *("letter", "items", "say", "fields", "title", "loop", "a", "b", "'x'", "1", "-"),
                *("for", "in", "endfor", "if", "else", "endif", "macro", "endmacro", "set", "call"),
                *("endcall", "endset", "is", "not", "==", ",", "=", "join", "first", "length"),
                *("defined", "caller", "()", "filter", "with", "from", "import", "\n", "<p>"),
            ]
        ),
        max_size=25,
    )
)
def test_whatever_is_written_is_rendered_or_refused(words: list[str]) -> None:
    try:
        said = render(" ".join(words))
    except WrongInput as error:
        said = str(error)
        place = "Theme “ours”, letter.html.j2"
    else:
        place = ""
    assert said.startswith(place)
