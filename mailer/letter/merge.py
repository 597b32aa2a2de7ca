"""Merging: one reader's values into the pieces of a compiled letter, and one join.

What merging does is found out once for each letter: a `Plan` knows which of a message's pieces
are whose. A value is written once, however often it stands in the message. Nearly all values
need no escaping of any kind, and one loop in C over their bytes says so; the others go the long
way, which a test holds to the same bytes.
"""

import html
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mailer.errors import WrongInput
from mailer.letter import headers
from mailer.letter.content import MergeValues
from mailer.letter.fields import Field, fill, with_fallback
from mailer.letter.plain import one_line
from mailer.letter.quoted import quoted_plain, quoted_value
from mailer.sentence import Sentence, shown

Place = Literal["to", "subject", "message_id", "list_unsubscribe", "html", "text"]

# A table of what does not stand for itself both in quoted-printable and in HTML.
_NOT_PLAIN = bytes(not 0x20 <= byte < 0x7F or byte in b"\"'&<=>" for byte in range(256))


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a value goes, which decides how it is written, and which field it is."""

    place: Place
    field: str = ""
    fallback: str = ""


@dataclass(frozen=True, slots=True)
class _FieldPlan:
    """Where one field's value stands among a message's pieces."""

    name: str
    fallback: str
    is_link: bool
    in_text: tuple[int, ...]
    in_html: tuple[int, ...]
    in_list_unsubscribe: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A message's `pieces`, with nothing yet where values go, and which of them are whose."""

    pieces: list[bytes]
    fields: tuple[_FieldPlan, ...]
    in_to: tuple[int, ...]
    in_message_id: tuple[int, ...]
    in_subject: tuple[int, ...]
    subject: str
    language: str

    @classmethod
    def of(
        cls,
        slots: Sequence[Slot],
        order: Sequence[int],
        segments: Sequence[bytes],
        subject: str,
        language: str,
    ) -> "Plan":
        """The plan of a letter: `segments` with a slot after each but the last, as `order` says."""
        pieces = [b""] * (2 * len(segments) - 1)
        pieces[::2] = segments
        where: dict[Slot, tuple[int, ...]] = defaultdict(tuple)
        for nth, slot in enumerate(order):
            where[slots[slot]] += (2 * nth + 1,)
        named = dict.fromkeys((slot.field, slot.fallback) for slot in slots if slot.field)
        return cls(
            pieces,
            tuple(
                _FieldPlan(
                    name,
                    fallback,
                    is_link=name.endswith("_url"),
                    in_text=where[Slot("text", name, fallback)],
                    in_html=where[Slot("html", name, fallback)],
                    in_list_unsubscribe=where[Slot("list_unsubscribe", name, fallback)],
                )
                for name, fallback in named
            ),
            where[Slot("to")],
            where[Slot("message_id")],
            where[Slot("subject")],
            subject,
            language,
        )

    def fill(self, values: MergeValues) -> list[bytes]:
        """One reader's whole message, in pieces.

        Raises:
            WrongInput: the address, Message-ID or a link is none.
        """
        pieces = self.pieces.copy()
        for field in self.fields:
            if field.is_link:
                value = values.fields.get(field.name) or field.fallback
                text, markup = _link(field.name, value)
            else:
                value = _words(field.name, field.fallback, values)
                text, markup = _written(value)
            for at in field.in_text:
                pieces[at] = text
            for at in field.in_html:
                pieces[at] = markup
            for at in field.in_list_unsubscribe:
                pieces[at] = value.encode()
        for at in self.in_to:
            pieces[at] = headers.to_line(values.to_name, values.to_address)
        for at in self.in_message_id:
            pieces[at] = headers.message_id_line(values.message_id)
        for at in self.in_subject:
            pieces[at] = headers.subject_header(self._subject_for(values))
        return pieces

    def _subject_for(self, values: MergeValues) -> str:
        def written(field: Field) -> str:
            field = with_fallback(field, self.language)
            return _words(field.name, field.fallback, values)

        return fill(self.subject, written)


def _words(field: str, fallback: str, values: MergeValues) -> str:
    """A field's words for this reader; a greeting defaults to the name, the name to To's."""
    value = values.fields.get(field)
    if (not value or value.isspace()) and field in ("greeting", "name"):
        value = values.fields.get("name") or values.to_name
    return (one_line(value).strip() if value else "") or fallback


def _written(value: str) -> tuple[bytes, bytes]:
    """Words as they go into the text part and, escaped, into the HTML part."""
    line = value.encode()
    if 1 not in line.translate(_NOT_PLAIN) and "  " not in value:
        return (plain := quoted_plain(line)), plain
    text, markup = quoted_value(value), html.escape(value)
    return text, text if markup == value else quoted_value(markup)


def _link(field: str, url: str) -> tuple[bytes, bytes]:
    """The same for a link, which never runs a script, nor ends the attribute it stands in.

    Raises:
        WrongInput: it is no plain web address.
    """
    if line := headers.plain_link(url):
        return (plain := quoted_plain(line)), plain
    if not headers.is_link(url):
        raise WrongInput(
            Sentence(
                "The link “{field}” cannot be “{url}”; it must be a plain https URL.",
                field=shown(field),
                url=shown(url),
            )
        )
    return _written(url)
