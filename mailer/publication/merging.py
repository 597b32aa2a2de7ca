"""Two people's changes of the same thing, put together where nobody's is lost by it.

Fields that only one of them changed are theirs. A text that both changed is put together where
they changed lines that are apart; else it is for a person to decide.
"""

from collections.abc import Mapping
from dataclasses import dataclass

# A field's value: a text, a tick, the hash of a picture or None, a number, a date as text.
Value = str | bool | int | None
Fields = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Merge:
    """What comes of both; of the fields in `undecided` it has yours.

    `from_theirs` are the fields that have, or have in them, what the other person changed.
    """

    fields: dict[str, Value]
    from_theirs: tuple[str, ...]
    undecided: tuple[str, ...]


def merge(base: Fields, theirs: Fields, yours: Fields) -> Merge:
    """Put together what became of `base` twice. A field that `yours` lacks was left as it was.

    A field that `base` lacks was changed by both, for all that is known.
    """
    fields: dict[str, Value] = {}
    from_theirs: list[str] = []
    undecided: list[str] = []
    for name, their in theirs.items():
        your = yours.get(name, base.get(name, their))
        known = name in base
        was = base.get(name)
        if your == their or (known and their == was):
            fields[name] = your
            continue
        if known and your == was:
            fields[name] = their
            from_theirs.append(name)
            continue
        both = None
        if known and isinstance(was, str) and isinstance(their, str) and isinstance(your, str):
            both = merge_texts(was, their, your)
        fields[name] = your if both is None else both
        (undecided if both is None else from_theirs).append(name)
    return Merge(fields, tuple(from_theirs), tuple(undecided))


def merge_texts(base: str, theirs: str, yours: str) -> str | None:
    """Both texts in one; None where they changed the same lines, or lines side by side.

    Each text has one stretch of lines that it changed, between the lines that it left at the
    beginning and at the end; this takes no longer than to read them.
    """
    if theirs == yours or yours == base:
        return theirs
    if theirs == base:
        return yours
    was, their, your = (text.splitlines(keepends=True) for text in (base, theirs, yours))
    first, second = _changed(was, their), _changed(was, your)
    if second[0] < first[0]:
        first, second = second, first
        their, your = your, their
    if first[1] >= second[0]:
        return None
    # The tail of each is counted from the end, where both have the base's lines.
    head = their[: len(their) - (len(was) - first[1])]
    tail = your[second[0] :]
    return "".join([*head, *was[first[1] : second[0]], *tail])


def _changed(was: list[str], became: list[str]) -> tuple[int, int]:
    """The lines of `was` from which and to which they changed."""
    shorter = min(len(was), len(became))
    begin = 0
    while begin < shorter and was[begin] == became[begin]:
        begin += 1
    end = 0
    while end < shorter - begin and was[-1 - end] == became[-1 - end]:
        end += 1
    return begin, len(was) - end
