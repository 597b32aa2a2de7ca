"""A compiled letter: bytes cut at the merge fields; merging is one `b"".join`.

Stored form, version 1: a line of JSON, LF, then the segments one after another.

    {"format": 1, "subject": …, "variant": [language, format, member],
     "slots": [[place, field, fallback], …],   the distinct values to make
     "order": [slot, …],                       which of them stands after each segment
     "lengths": [octets, …]}                   of the segments, one more than in `order`
"""

import html
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from mailer.errors import WrongInput
from mailer.letter import headers
from mailer.letter.content import Mailbox, MergeValues, Variant
from mailer.letter.fields import Field, fill, with_fallback
from mailer.letter.plain import one_line
from mailer.letter.quoted import quoted_value

FORMAT = 1

Place = Literal["to", "subject", "message_id", "list_unsubscribe", "html", "text"]


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a value goes, which decides how it is written, and which field it is."""

    place: Place
    field: str = ""
    fallback: str = ""


@dataclass(frozen=True, slots=True)
class CompiledLetter:
    """One variant of a letter: `segments` with a slot after each but the last.

    `order` says which of the distinct `slots` that is. `subject` is as its author wrote it.
    """

    variant: Variant
    subject: str
    slots: tuple[Slot, ...]
    order: tuple[int, ...]
    segments: tuple[bytes, ...]

    @property
    def key(self) -> str:
        """The variant's key, "en-html-public"."""
        return self.variant.key

    @property
    def fallbacks(self) -> dict[str, str]:
        """The merge fields of this letter, each with what stands there without a value."""
        return {slot.field: slot.fallback for slot in self.slots if slot.field}

    def merge(self, values: MergeValues) -> bytes:
        """One reader's whole message (RFC 5322), every line ending in CRLF.

        Ready for SMTP's DATA but for the final dot: no line begins with a dot.

        Raises:
            WrongInput: the address, Message-ID or a link is none.
        """
        made = [_WRITE[slot.place](self, slot, values) for slot in self.slots]
        pieces = [b""] * (2 * len(self.order) + 1)
        pieces[::2] = self.segments
        pieces[1::2] = [made[slot] for slot in self.order]
        return b"".join(pieces)

    def parts(self, values: MergeValues) -> tuple[str | None, str]:
        """The HTML (None in a text letter) and the text that this reader sees, lines by LF."""
        from email import message_from_bytes, policy

        message = message_from_bytes(self.merge(values), policy=policy.default)

        def shown(kind: Literal["html", "plain"]) -> str | None:
            part = message.get_body((kind,))
            return str(part.get_content()).replace("\r\n", "\n") if part else None

        return shown("html"), shown("plain") or ""

    def to_bytes(self) -> bytes:
        """The stored form, as this module's docstring has it."""
        head = {
            "format": FORMAT,
            "subject": self.subject,
            "variant": [self.variant.language, self.variant.format, self.variant.member],
            "slots": [[slot.place, slot.field, slot.fallback] for slot in self.slots],
            "order": self.order,
            "lengths": [len(segment) for segment in self.segments],
        }
        return json.dumps(head).encode() + b"\n" + b"".join(self.segments)

    @classmethod
    def from_bytes(cls, data: bytes) -> "CompiledLetter":
        """Read the stored form.

        Raises:
            WrongInput: it is none, damaged, or of a format that this version does not know.
        """
        line, _, blob = data.partition(b"\n")
        try:
            head = json.loads(line)
            if head["format"] != FORMAT:
                raise WrongInput(
                    f"A compiled letter has format {head['format']!r}, and this Mailer reads "
                    f"format {FORMAT}; run the version that compiled it."
                )
            language, form, member = head["variant"]
            letter = cls(
                variant=Variant(language, form, member),
                subject=head["subject"],
                slots=tuple(Slot(*slot) for slot in head["slots"]),
                order=tuple(head["order"]),
                segments=tuple(_split(blob, head["lengths"])),
            )
            sound = (
                len(letter.segments) == len(letter.order) + 1
                and all(0 <= slot < len(letter.slots) for slot in letter.order)
                and all(slot.place in get_args(Place) for slot in letter.slots)
            )
        except (ValueError, KeyError, TypeError):
            sound = False
        if not sound:
            raise WrongInput("A compiled letter is damaged; compile its mailing anew.")
        return letter


def _split(blob: bytes, lengths: list[int]) -> list[bytes]:
    segments, at = [], 0
    for length in lengths:
        segments.append(blob[at : at + length])
        at += length
    if at != len(blob) or any(length < 0 for length in lengths):
        raise ValueError("lengths do not add up")
    return segments


def _value(field: str, fallback: str, values: MergeValues) -> str:
    """A field's value for this reader; a greeting defaults to the name, the name to To's."""
    value = values.fields.get(field)
    if field.endswith("_url"):
        return _link(field, value or fallback)
    if value and value.isprintable() and value[0] != " " and value[-1] != " ":
        return value  # as nearly all are
    if not value and field in ("greeting", "name"):
        value = values.fields.get("name") or values.to_name
    return (one_line(value).strip() if value else "") or fallback


def _link(field: str, url: str) -> str:
    """`url`, if it is a plain web address: a link never runs a script, nor ends its attribute."""
    if not headers.LINK.fullmatch(url):
        raise WrongInput(f"The link {field!r} cannot be {url!r}; it must be a plain https URL.")
    return url


def _to(_letter: CompiledLetter, _slot: Slot, values: MergeValues) -> bytes:
    return headers.mailbox_line("To", Mailbox(values.to_name, values.to_address))


def _subject(letter: CompiledLetter, _slot: Slot, values: MergeValues) -> bytes:
    def written(field: Field) -> str:
        field = with_fallback(field, letter.variant.language)
        return _value(field.name, field.fallback, values)

    return headers.subject_header(fill(letter.subject, written))


def _message_id(_letter: CompiledLetter, _slot: Slot, values: MergeValues) -> bytes:
    return headers.message_id_line(values.message_id)


def _list_unsubscribe(_letter: CompiledLetter, slot: Slot, values: MergeValues) -> bytes:
    return headers.unsubscribe_lines(_value(slot.field, slot.fallback, values))


def _html(_letter: CompiledLetter, slot: Slot, values: MergeValues) -> bytes:
    return quoted_value(html.escape(_value(slot.field, slot.fallback, values)))


def _text(_letter: CompiledLetter, slot: Slot, values: MergeValues) -> bytes:
    return quoted_value(_value(slot.field, slot.fallback, values))


_WRITE: dict[Place, Callable[[CompiledLetter, Slot, MergeValues], bytes]] = {
    "to": _to,
    "subject": _subject,
    "message_id": _message_id,
    "list_unsubscribe": _list_unsubscribe,
    "html": _html,
    "text": _text,
}
