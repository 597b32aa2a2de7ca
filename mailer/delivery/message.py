"""From a claimed delivery to its message and envelope: merging, without templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mailer.audience import Recipient
from mailer.config import Config
from mailer.delivery.claim import Claimed, Sending
from mailer.delivery.dialogue import Envelope
from mailer.letter import CompiledLetter, MergeValues
from mailer.tokens import LinksOf, Signer, letter_links

_LETTERS_KEPT = 64


@dataclass(frozen=True, slots=True)
class Message:
    """What goes over the wire: the envelope (RFC 5321) and the message (RFC 5322), in pieces.

    Its lines end in CRLF and none begins with a dot, so that it may stand as it is between DATA
    and the final dot.
    """

    envelope: Envelope
    pieces: Sequence[bytes]

    @property
    def content(self) -> bytes:
        """The message in one piece."""
        return b"".join(self.pieces)


class MessageMaker:
    """Makes messages; knows the site, the keys and the sender's address."""

    def __init__(self, config: Config, signer: Signer) -> None:
        self._site = config.site.url
        self._signer = signer
        self._verp = config.mail.verp
        self._bounce = config.mail.bounce_address
        self._bounce_local, _, self._bounce_domain = self._bounce.rpartition("@")
        self._links_in = lru_cache(_LETTERS_KEPT)(self._links_anew)

    def make(self, letter: CompiledLetter, delivery: Claimed) -> Message:
        """The message of one delivery: the same bytes whenever it is made again.

        Raises:
            WrongInput: a value cannot stand in a message.
        """
        sending, recipient = delivery.sending, delivery.recipient
        links_of = self._links_in(sending, delivery.letter_id)
        values = reader_values(recipient, links_of, delivery.values)
        name = f"{sending.nonce}.{delivery.delivery_id}"
        message_id = f"<{name}@{sending.message_id_domain}>"
        pieces = letter.pieces(MergeValues(recipient.name, recipient.address, message_id, values))
        return Message(
            Envelope(
                self.envelope_sender(delivery.delivery_id),
                f"{recipient.address.rpartition('@')[0]}@{recipient.domain}",
                sum(map(len, pieces)),
                name,
            ),
            pieces,
        )

    def envelope_sender(self, delivery_id: int) -> str:
        """Where bounces of this delivery go: a signed address of its own (VERP)."""
        if not self._verp:
            return self._bounce
        return f"{self._bounce_local}+{self._signer.verp(delivery_id)}@{self._bounce_domain}"

    def _links_anew(self, sending: Sending, letter_id: int) -> LinksOf:
        publication, made_at = sending.publication_id or 0, sending.started_at
        return letter_links(self._signer, self._site, publication, letter_id, made_at)


def reader_values(
    recipient: Recipient, links_of: LinksOf, more: Mapping[str, str]
) -> dict[str, str]:
    """The merge fields of one reader; links carry ids, never an address.

    A test's recipient is nobody in the list (subscriber 0): its links open, and change nothing.
    """
    values = {field: str(value) for field, value in recipient.custom_fields.items()}
    values["greeting"] = recipient.greeting
    values["name"] = recipient.name
    values |= links_of(recipient.subscriber_id)
    values |= more
    return values
