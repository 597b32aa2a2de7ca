"""A compiled letter: bytes cut at the merge fields; merging is one `b"".join`.

Stored form, version 1: a line of JSON, LF, then the segments one after another.

    {"format": 1, "subject": …, "variant": [language, format, member, [topic, …] or null],
     "slots": [[place, field, fallback], …],   the distinct values to make
     "order": [slot, …],                       which of them stands after each segment
     "lengths": [octets, …]}                   of the segments, one more than in `order`
"""

import json
from dataclasses import astuple, dataclass, field
from typing import Literal, get_args

from mailer.errors import WrongInput
from mailer.letter.content import MergeValues, Variant
from mailer.letter.flowed import as_lines
from mailer.letter.merge import Place, Plan, Slot
from mailer.sentence import Sentence, shown

FORMAT = 1


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
    _plan: Plan = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        plan = Plan.of(self.slots, self.order, self.segments, self.subject, self.variant.language)
        object.__setattr__(self, "_plan", plan)

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
        return b"".join(self.pieces(values))

    def pieces(self, values: MergeValues) -> list[bytes]:
        """The same in pieces, most of which are the letter's own: nothing of it is copied."""
        return self._plan.fill(values)

    def parts(self, values: MergeValues) -> tuple[str | None, str]:
        """The HTML (None in a text letter) and the text that this reader sees, lines by LF."""
        from email import message_from_bytes, policy

        message = message_from_bytes(self.merge(values), policy=policy.default)

        def shown(kind: Literal["html", "plain"]) -> str | None:
            part = message.get_body((kind,))
            if part is None:
                return None
            text = str(part.get_content()).replace("\r\n", "\n")
            flowed = part["Content-Type"].params.get("format") == "flowed"
            return as_lines(text) if flowed else text

        return shown("html"), shown("plain") or ""

    def to_bytes(self) -> bytes:
        """The stored form, as this module's docstring has it."""
        head = {
            "format": FORMAT,
            "subject": self.subject,
            "variant": astuple(self.variant),
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
                    Sentence(
                        "A compiled letter has format “{format}”, and this Mailer "
                        "reads format {ours}; run the version that compiled it.",
                        format=shown(head["format"]),
                        ours=FORMAT,
                    )
                )
            language, form, member, topics = head["variant"]
            letter = cls(
                variant=Variant(language, form, member, topics and tuple(topics)),
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
        except (ValueError, LookupError, TypeError):
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
