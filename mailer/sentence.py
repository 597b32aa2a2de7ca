"""Sentences that people read, in English and ready for other languages.

A `Sentence` is a `str`, so commands, logs and tests read it as it is. It also keeps its template
and its values: a page that speaks another language looks up the template in its catalogue and
puts the values in there. What was stored as text alone, a `Recogniser` takes apart again.
"""

from collections.abc import Iterable, Mapping
from string import Formatter
from typing import Any, NamedTuple, Self


class Sentence(str):
    """`template` with `values` put in as `str.format` does; a plain `str` in every other way.

    A value may be a sentence itself. Without values the template stands as it is, braces too.
    """

    __slots__ = ("template", "values")

    template: str
    values: dict[str, object]

    def __new__(cls, template: str, /, **values: object) -> Self:
        made = super().__new__(cls, template.format(**values) if values else template)
        made.template = template
        made.values = values
        return made

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (self.template, self.values)


def _again(template: str, values: dict[str, object]) -> Sentence:
    return Sentence(template, **values)


def parts_of(said: str) -> dict[str, object]:
    """A sentence as JSON, which `of_parts` gives back; a plain text is one without values."""
    if not isinstance(said, Sentence):
        return {"template": said, "values": {}}
    values = {
        name: parts_of(value)
        if isinstance(value, Sentence)
        else value
        if isinstance(value, int | float)
        else str(value)
        for name, value in said.values.items()
    }
    return {"template": said.template, "values": values}


def of_parts(parts: Mapping[str, Any]) -> Sentence:
    """The sentence that `parts_of` was given."""
    values = {
        name: of_parts(value) if isinstance(value, dict) else value
        for name, value in parts["values"].items()
    }
    return Sentence(parts["template"], **values)


def shown(text: object) -> str:
    """What somebody typed or named, fit to stand in a line: what cannot be printed is escaped."""
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape", "surrogatepass").decode()
        for character in str(text)
    )


SAID = frozenset({"reason", "status", "otherwise", "span"})
"""Values that are sentences themselves, in whatever template they stand."""

LETTERS_TO_KNOW_BY = 4
"""A template with fewer letters of its own would fit anything."""


class Recogniser:
    """Finds the template of a text that was made from one of `templates`.

    What it finds is the same text: where several fit, the one that says most itself is taken.
    """

    def __init__(self, templates: Iterable[str]) -> None:
        shapes = [shape for shape in map(_Shape.of, templates) if shape is not None]
        self._whole = frozenset(shape.template for shape in shapes if not shape.names)
        self._shapes = sorted(
            (shape for shape in shapes if shape.names and shape.letters >= LETTERS_TO_KNOW_BY),
            key=lambda shape: (-shape.letters, shape.template),
        )

    def __call__(self, text: str) -> Sentence | None:
        """`text` as a sentence; None where no template fits."""
        if text in self._whole:
            return Sentence(text)
        for shape in self._shapes:
            if (found := shape.values_in(text)) is not None:
                values: dict[str, object] = {
                    name: (self(value) if name in SAID else None) or value
                    for name, value in found.items()
                }
                return Sentence(shape.template, **values)
        return None


class _Shape(NamedTuple):
    """A template as what stands before, between and behind its values."""

    template: str
    literals: tuple[str, ...]
    names: tuple[str, ...]
    letters: int

    @classmethod
    def of(cls, template: str) -> "_Shape | None":
        """None where it is no template of ours: with a format of its own, or broken."""
        literals, names = [""], []
        try:
            for literal, name, spec, conversion in Formatter().parse(template):
                literals[-1] += literal
                if name is not None:
                    if spec or conversion or not name.isidentifier():
                        return None
                    names.append(name)
                    literals.append("")
        except ValueError:
            return None
        letters = sum(character.isalpha() for literal in literals for character in literal)
        return cls(template, tuple(literals), tuple(names), letters)

    def values_in(self, text: str) -> dict[str, str] | None:
        """The values that make `text` of the template, the first as short as may be."""
        first, *between = self.literals
        last = between.pop()
        end = len(text) - len(last)
        if not (text.startswith(first) and text.endswith(last)):
            return None
        values: dict[str, str] = {}
        at = len(first)
        for name, literal in zip(self.names, (*between, None), strict=True):
            # Each literal is sought from behind one character on: no value is empty.
            until = end if literal is None else text.find(literal, at + 1, end)
            if until <= at or values.setdefault(name, text[at:until]) != text[at:until]:
                return None
            at = until + len(literal or "")
        return values
