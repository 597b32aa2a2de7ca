"""What a theme may do with values, and how much of it: every act is counted and has a limit.

Counted, not timed: the same theme meets the same verdict on a slow machine and on a fast one,
and this room needs no clock. A theme sees plain values only: text, numbers, lists, and tables
of names. What could make much of little (repeating, padding, formatting, powers) is not there,
nor what alters letters: a merge field stands in a text as one word that must stay whole.
"""

from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from jinja2 import Undefined
from markupsafe import Markup, escape

STEPS = 300_000
"""Parts of a template carried out, each as often as it is."""
CHARACTERS = 16_000_000
"""Characters read, joined or compared."""
WRITTEN = 4_000_000
"""Characters written, each as often as a macro hands it on to another."""
LARGEST_LETTER = 1_000_000
"""Characters of the whole letter; Gmail cuts one at a tenth of that."""
CALLS = 30
"""Macros inside of one another."""
LARGEST_NUMBER = 10**15

PLAIN = (str, Markup, int, float, bool, type(None))
TEXT_METHODS = frozenset({"splitlines", "startswith", "endswith", "strip"})
LOOP_NAMES = frozenset(
    {"index", "index0", "revindex", "revindex0", "first", "last", "length", "cycle"}
)


class OverLimit(Exception):
    """A theme did more than it may; the message says of what."""


class WrongUse(Exception):
    """A theme did with a value what cannot be done with it."""


@dataclass(slots=True)
class Meter:
    """What one rendering has spent."""

    steps: int = 0
    characters: int = 0
    written: int = 0
    calls: int = 0


_METER: ContextVar[Meter] = ContextVar("meter")


def start() -> None:
    """Begin to count anew: one rendering begins."""
    _METER.set(Meter())


def step(weight: int) -> None:
    """Count `weight` parts of a template."""
    meter = _METER.get()
    meter.steps += weight
    if meter.steps > STEPS:
        raise OverLimit(f"it takes more than {STEPS:,} steps; loop over less")


def handle(value: object) -> None:
    """Count the characters of a text that is worked on."""
    if isinstance(value, str):
        _handle(len(value))


def _handle(characters: int) -> None:
    meter = _METER.get()
    meter.characters += characters
    if meter.characters > CHARACTERS:
        raise OverLimit(f"it works on more than {CHARACTERS:,} characters; use less text")


def write(characters: int) -> None:
    """Count what is written."""
    meter = _METER.get()
    meter.written += characters
    if meter.written > WRITTEN:
        raise OverLimit(f"it writes more than {WRITTEN:,} characters; write less")


def streamed(pieces: Iterator[str]) -> Iterator[str]:
    """The pieces of a letter as they come, as long as there are not too many."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > LARGEST_LETTER:
            raise OverLimit(f"the letter has more than {LARGEST_LETTER:,} characters")
        yield piece


def called(function: Callable[[], Any]) -> Any:
    """What `function` gives, one call deeper."""
    meter = _METER.get()
    meter.calls += 1
    if meter.calls > CALLS:
        raise OverLimit(f"more than {CALLS} macros call one another; perhaps one calls itself")
    try:
        return function()
    finally:
        meter.calls -= 1


def plain(value: Any) -> Any:
    """`value`, if it is a text or a number; what is undefined is left to say so itself."""
    if type(value) in PLAIN:
        handle(value)
        return value
    if isinstance(value, Undefined):
        return value
    raise WrongUse(f"{kind_of(value)} stands where a text or a number is wanted")


def sound_number(value: Any) -> Any:
    """`value`, if it is a number of ordinary size."""
    if type(value) not in (int, float, bool):
        raise WrongUse(f"{kind_of(value)} stands where a number is wanted")
    if not abs(value) <= LARGEST_NUMBER:
        raise OverLimit(f"a number is larger than {LARGEST_NUMBER:,}")
    return value


def kind_of(value: object) -> str:
    """What `value` is, to somebody who writes a theme."""
    if isinstance(value, str):
        return "a text"
    if isinstance(value, bool | int | float):
        return "a number"
    if value is None:
        return "nothing"
    if isinstance(value, list | tuple):
        return "a list"
    return "a table of names" if isinstance(value, dict) else "something else"


# What stands in a template as {{ value }}.


def written(value: Any) -> Markup:
    """`value` as it comes to stand in the letter, escaped unless it is HTML already."""
    if isinstance(value, Undefined):
        str(value)  # raises, and says what is undefined
    if value is None:
        raise WrongUse("there is nothing to write; ask with `if` first")
    text = escape(plain(value))
    write(len(text))
    return text


# What a theme cannot name, and theme_tree puts in: a loop's list, `~`, comparisons, slices.


@dataclass(frozen=True, slots=True)
class Counted:
    """A list whose loop counts its turns, each as `weight` steps."""

    values: list[Any] | tuple[Any, ...]
    weight: int

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Any]:
        for value in self.values:
            step(self.weight)
            yield value


def looped(value: Any, weight: int) -> Any:
    """The list that a loop goes over."""
    if isinstance(value, Undefined):
        return value
    if not isinstance(value, list | tuple):
        raise WrongUse(f"{kind_of(value)} stands where a list to loop over is wanted")
    return Counted(value, weight)


def joined(values: list[Any]) -> str:
    """What `~` makes of its texts."""
    return together(values, "")


def together(values: list[Any] | tuple[Any, ...], between: Any) -> str:
    """Texts and numbers in a row, as HTML if one of them is."""
    kept = [plain(value) for value in (between, *values)]
    for value in kept:
        if isinstance(value, Undefined):
            str(value)
    first, *others = kept
    # Before it is made, not after: each value was counted once, and `between` once.
    _handle(len(str(first)) * len(others))
    if any(isinstance(value, Markup) for value in kept):
        return escape(first).join(others)
    return str(first).join(map(str, others))


def compared(value: Any) -> Any:
    """One side of a comparison."""
    return plain(value)


def searched(value: Any) -> Any:
    """The right side of `in`."""
    if isinstance(value, list | tuple | dict):
        step(len(value))
        return value
    return plain(value)


def cut(value: Any) -> Any:
    """What is sliced: a list."""
    if not isinstance(value, list | tuple):
        raise WrongUse(f"{kind_of(value)} cannot be cut; only a list can")
    step(len(value))
    return value


def weighed(weight: int) -> str:
    """Count `weight` steps; it stands at the beginning of a template and of a macro."""
    step(weight)
    return ""


def counted(characters: int) -> str:
    """Count fixed text that is written."""
    write(characters)
    return ""


# What a theme may name.


def _default(value: Any, otherwise: Any = "", boolean: bool = False) -> Any:
    missing = isinstance(value, Undefined) or (boolean and not value)
    return otherwise if missing else value


def _length(value: Any) -> int:
    if isinstance(value, str | list | tuple | dict):
        return len(value)
    if isinstance(value, Undefined):
        return len(value)
    raise WrongUse(f"{kind_of(value)} has no length")


def _edge(at: int) -> Callable[[Any], Any]:
    def entry(value: Any) -> Any:
        entries = cut(value)
        if not entries:
            raise WrongUse("an empty list has no first and no last entry")
        return entries[at]

    return entry


def _join(values: Any, between: Any = "") -> str:
    return together(cut(values), between)


def _trim(value: Any) -> Any:
    return plain(value).strip()


def _escape(value: Any) -> Markup:
    return escape(plain(value))


FILTERS: Mapping[str, Callable[..., Any]] = {
    "default": _default,
    "d": _default,
    "escape": _escape,
    "e": _escape,
    "first": _edge(0),
    "last": _edge(-1),
    "join": _join,
    "length": _length,
    "count": _length,
    "trim": _trim,
}
TESTS: Mapping[str, Callable[..., bool]] = {
    "defined": lambda value: not isinstance(value, Undefined),
    "undefined": lambda value: isinstance(value, Undefined),
    "none": lambda value: value is None,
    "odd": lambda value: sound_number(value) % 2 == 1,
    "even": lambda value: sound_number(value) % 2 == 0,
}


@dataclass(frozen=True, slots=True)
class TextMethod:
    """A method of a text that a theme may call."""

    text: str
    name: str

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        handle(self.text)
        return getattr(self.text, self.name)(*args, **kwargs)


# A name for each hook that no theme can spell: names with an underscore in front are refused.
HOOKS: Mapping[str, Callable[..., Any]] = {
    "_looped": looped,
    "_joined": joined,
    "_compared": compared,
    "_searched": searched,
    "_cut": cut,
    "_weighed": weighed,
    "_counted": counted,
}
