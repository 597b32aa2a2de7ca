"""Sentences that people read, in English and ready for other languages.

A `Sentence` is a `str`, so commands, logs and tests read it as it is. It also keeps its template
and its values: a page that speaks another language looks up the template in its catalogue and
puts the values in there.
"""

from typing import Self


class Sentence(str):
    """`template` with `values` put in as `str.format` does; a plain `str` in every other way.

    A value may be a sentence itself. Without values the template stands as it is, braces too.
    """

    __slots__ = ("template", "values")

    template: str
    values: dict[str, object]

    def __new__(cls, template: str, **values: object) -> Self:
        made = super().__new__(cls, template.format(**values) if values else template)
        made.template = template
        made.values = values
        return made

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (self.template, self.values)


def _again(template: str, values: dict[str, object]) -> Sentence:
    return Sentence(template, **values)
