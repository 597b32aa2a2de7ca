"""Merge fields: how an author writes one, and what stands in its place until the merge.

An author writes `{{ greeting }}`, or `{{ greeting | friend }}` to say what stands there for
readers without one. Before any Markdown, HTML or CSS tool sees the text, each field becomes
a placeholder: one word of lower-case letters and digits that no such tool alters. It holds
a nonce hashed from the content itself, so that no content can contain it.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from mailer.errors import WrongInput
from mailer.letter.phrases import say
from mailer.sentence import Sentence

ISSUE_FIELDS = frozenset({"greeting", "name", "unsubscribe_url", "preferences_url", "letter_url"})
# A note has a button as well, and only whoever has the note sent says where that leads.
MERGE_FIELDS = ISSUE_FIELDS | {"action_url"}

# A placeholder of any letter; `Placeholders` knows which are its own.
PLACEHOLDER = re.compile("mf[0-9a-f]{16}n[0-9]+e")

_WRITTEN = re.compile(r"\{\{([^{}]*)\}\}")


@dataclass(frozen=True, slots=True)
class Field:
    """A merge field as written: its name, and what stands there when it has no value."""

    name: str
    fallback: str = ""


def fields_in(text: str) -> tuple[Field, ...]:
    """Every merge field that an author wrote in `text`, in order, known or not."""
    return tuple(_read(match) for match in _WRITTEN.finditer(text))


def fill(text: str, value_of: Callable[[Field], str]) -> str:
    """`text` with each merge field replaced by `value_of` it."""
    return _WRITTEN.sub(lambda match: value_of(_read(match)), text)


def without_reader(text: str, language: str) -> str:
    """`text` as anybody may see it: each merge field replaced by its fallback."""
    return fill(text, lambda field: with_fallback(field, language).fallback)


def with_fallback(field: Field, language: str) -> Field:
    """`field`; where its author gave no fallback, a name falls back to "reader"."""
    if not field.fallback and field.name in ("greeting", "name"):
        return Field(field.name, say(language, "reader"))
    return field


def refuse_unknown(place: str, text: str, known: Collection[str]) -> None:
    """Raises WrongInput at the first merge field in `text` that is not `known`."""
    for written in fields_in(text):
        if written.name not in known:
            raise WrongInput(
                Sentence("{place}: {reason}", place=place, reason=unknown_field(written, known))
            )


def unknown_field(written: Field, known: Collection[str]) -> Sentence:
    """The sentence about a merge field that nobody knows."""
    return Sentence(
        "there is no merge field “{name}”; write one of {known}, or take it out.",
        name=written.name,
        known=", ".join(sorted(known)),
    )


@dataclass(slots=True)
class Placeholders:
    """The merge fields of one letter while it is compiled, each behind its placeholder."""

    nonce: str
    language: str
    _words: dict[Field, str] = field(default_factory=dict)

    @classmethod
    def of(cls, language: str, *sources: object) -> "Placeholders":
        """None yet, for `sources`: all that the letter is made of, as it prints by `repr`."""
        everything = repr(sources).encode("utf-8", "replace")
        return cls(hashlib.sha256(everything).hexdigest()[:16], language)

    def put(self, written: Field) -> str:
        """The placeholder of one merge field; the same field gets the same one."""
        written = with_fallback(written, self.language)
        return self._words.setdefault(written, f"mf{self.nonce}n{len(self._words)}e")

    def put_all(self, text: str) -> str:
        """`text` with every merge field that its author wrote behind a placeholder."""
        return fill(text, self.put)

    def cut(self, text: str) -> Iterator[str | Field]:
        """`text` cut at its placeholders: static text and fields in turn, text first and last."""
        fields = {word: written for written, word in self._words.items()}
        at = 0
        for found in re.finditer(f"mf{self.nonce}n[0-9]+e", text):
            if written := fields.get(found[0]):
                yield text[at : found.start()]
                yield written
                at = found.end()
        yield text[at:]


def _read(match: re.Match[str]) -> Field:
    name, _, fallback = match[1].partition("|")
    return Field(name.strip(), " ".join(fallback.split()))
