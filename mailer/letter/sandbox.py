"""A theme's template filled in, whoever wrote it: staff may, and need not be trusted with more.

1. The sources of the theme are measured, parsed, checked (theme_tree) and compiled, once.
2. Each rendering counts what it does (meter) and ends at a limit.
3. Whatever is wrong is one sentence with the theme's file and line.

Names that are not in the table given to `fill_in` do not exist; attributes are keys of tables,
and the few of texts and loops that meter.py lists. No object of Python can be reached.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import TracebackType
from typing import Any

from jinja2 import (
    DictLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateSyntaxError,
    Undefined,
    nodes,
)
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import pass_context

from mailer.errors import WrongInput
from mailer.letter import meter
from mailer.letter.content import Theme
from mailer.letter.theme_tree import checked, metered
from mailer.sentence import Sentence, shown

SOURCE = 64_000
"""Characters of one file of a theme."""
PARTS = 20

# What Jinja2 itself passes to whatever is called.
_JINJA = frozenset({"caller", "_loop_vars", "_block_vars"})
# What values of the wrong kind raise.
_TROUBLE = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)


def fill_in(theme: Theme, names: Mapping[str, Any]) -> str:
    """The template of `theme` filled in with `names`: plain values, tables, and functions.

    Raises:
        WrongInput: the template is broken, asks for what is not there, or does too much; the
            sentence has the theme, file and line.
    """
    template = _template(theme.name, theme.file, theme.html, tuple(sorted(theme.parts.items())))
    meter.start()
    try:
        # `Template.render` would turn the traceback into one of its own.
        pieces = template.root_render_func(template.new_context(dict(names)))
        return "".join(meter.streamed(pieces))
    except (TemplateError, meter.OverLimit, meter.WrongUse, *_TROUBLE) as error:
        file, line = _place(error.__traceback__, theme.file)
        raise _wrong(theme.name, file, line, error) from error


@lru_cache(maxsize=32)
def _template(name: str, file: str, source: str, parts: tuple[tuple[str, str], ...]) -> Template:
    sources = {**dict(parts), file: source}
    if len(parts) > PARTS:
        raise WrongInput(
            Sentence(
                "Theme “{name}” has more than {limit} shared parts.", name=shown(name), limit=PARTS
            )
        )
    for part, text in sources.items():
        if len(text) > SOURCE:
            raise WrongInput(
                Sentence(
                    "Theme “{name}”, {part}: it has {count} characters, and {limit} are allowed.",
                    name=shown(name),
                    part=part,
                    count=f"{len(text):,}",
                    limit=f"{SOURCE:,}",
                )
            )
    environment = Sandbox(sources, file)
    at = file
    try:
        # Every part now, so that a fault in it is found whether or not it is asked for.
        for at in sorted(sources, key=lambda part: part == file):
            template = environment.get_template(at)
    except TemplateSyntaxError as error:
        raise _wrong(name, error.name or at, error.lineno, error) from error
    except (RecursionError, MemoryError) as error:
        raise WrongInput(
            Sentence("Theme “{name}”, {at}: it is nested too deeply.", name=shown(name), at=at)
        ) from error
    except SyntaxError as error:
        # Of Python, which has the template as code: twenty nested loops, a name given twice.
        deep = "nested" in error.msg
        reason = "it is nested too deeply" if deep else f"it cannot be read ({error.msg})"
        raise WrongInput(
            Sentence("Theme “{name}”, {at}: {reason}.", name=shown(name), at=at, reason=reason)
        ) from error
    except (OverflowError, ValueError) as error:
        raise WrongInput(
            Sentence(
                "Theme “{name}”, {at}: it cannot be read ({reason}).",
                name=shown(name),
                at=at,
                reason=error,
            )
        ) from error
    return template


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2 with what the tables of meter.py and theme_tree.py allow, and no more."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def __init__(self, sources: Mapping[str, str], main: str) -> None:
        super().__init__(
            loader=DictLoader(sources),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            # Nothing may be worked out while compiling, where nothing is counted.
            optimized=False,
            finalize=_finalize,
        )
        self.main = main
        self.filters = {**meter.FILTERS, **meter.HOOKS}
        self.tests = dict(meter.TESTS)
        self.globals = {}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        file = name or self.main
        loader: Any = self.loader
        parts = frozenset(loader.mapping) - {self.main}
        checked(tree, file, parts, file != self.main)
        tree = metered(tree)
        tree.set_environment(self)
        return tree

    def getattr(self, obj: Any, attribute: str) -> Any:
        """An entry of a table; a few methods of a text; a few numbers of a loop."""
        if isinstance(obj, Undefined):
            return getattr(obj, attribute)
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        if isinstance(obj, str) and attribute in meter.TEXT_METHODS:
            return meter.TextMethod(obj, attribute)
        if isinstance(obj, LoopContext) and attribute in meter.LOOP_NAMES:
            return getattr(obj, attribute)
        return self._not_there(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """An entry of a table by its name, or of a list by its number."""
        if isinstance(obj, dict) and isinstance(argument, str):
            return obj[argument] if argument in obj else self._not_there(obj, argument)
        if isinstance(obj, list | tuple) and type(argument) is int:
            if -len(obj) <= argument < len(obj):
                return obj[argument]
            return self._not_there(obj, argument)
        if isinstance(obj, Undefined):
            return obj[argument]
        raise meter.WrongUse(f"{meter.kind_of(obj)} has no entries")

    def call(self, context: Context, called: Any, /, *args: Any, **kwargs: Any) -> Any:
        """A macro with any values; a function, or a method, with plain ones."""
        if not isinstance(called, Macro):
            if isinstance(called, Undefined):
                str(called)
            if not isinstance(called, Function | meter.TextMethod) and not _is_cycle(called):
                raise meter.WrongUse(f"{meter.kind_of(called)} is called like a macro")
            for value in (*args, *(kwargs[name] for name in kwargs.keys() - _JINJA)):
                str(value) if isinstance(value, Undefined) else meter.plain(value)
        return meter.called(lambda: context.call(called, *args, **kwargs))

    def call_binop(self, _: Context, /, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic on numbers of ordinary size; `+` joins two texts."""
        for value in (left, right):
            if isinstance(value, Undefined):
                str(value)
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return meter.joined([left, right])
        for value in (left, right):
            meter.sound_number(value)
        return meter.sound_number(self.binop_table[operator](left, right))

    def _not_there(self, obj: Any, name: object) -> Undefined:
        known = f"; there is: {', '.join(sorted(obj))}" if isinstance(obj, dict) and obj else ""
        return self.undefined(hint=f"there is no {name!r} in {meter.kind_of(obj)}{known}")


class Function:
    """A function that a theme may call with plain values."""

    def __init__(self, function: Callable[..., str]) -> None:
        self._function = function

    def __call__(self, *args: Any, **kwargs: Any) -> str:
        return self._function(*args, **kwargs)


@pass_context
def _finalize(_: Context, value: Any) -> Any:
    # With the context, Jinja2 does not try it on constants while it compiles.
    return meter.written(value)


def _is_cycle(called: Any) -> bool:
    return isinstance(getattr(called, "__self__", None), LoopContext)


def _place(trace: TracebackType | None, otherwise: str) -> tuple[str, int | None]:
    """The innermost place in a template that `trace` goes through."""
    file, line = otherwise, None
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if isinstance(template, Template):
            file = template.name or otherwise
            line = template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return file, line


def _wrong(theme: str, file: str, line: int | None, error: Exception) -> WrongInput:
    message = (error.message if isinstance(error, TemplateError) else str(error)) or ""
    if isinstance(error, RecursionError):
        message = "it is nested too deeply"
    place = f"{file}, line {line}" if line else file
    return WrongInput(
        Sentence(
            "Theme “{theme}”, {place}: {reason}.",
            theme=shown(theme),
            place=place,
            reason=message.strip().rstrip("."),
        )
    )
