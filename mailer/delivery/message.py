"""From a claimed delivery to its message and envelope: merging, without templates."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mailer.audience import Recipient
from mailer.config import Config
from mailer.delivery.claim import Claimed
from mailer.letter import CompiledLetter, MergeValues
from mailer.tokens import Signer, letter_path, preferences_path, unsubscribe_path


@dataclass(frozen=True, slots=True)
class Message:
    """What goes over the wire: the envelope (RFC 5321) and the message (RFC 5322).

    `envid` names the delivery in delivery reports (RFC 3461 section 4.4).
    """

    sender: str
    recipient: str
    content: bytes
    envid: str


class MessageMaker:
    """Makes messages; knows the site, the keys and the sender's address."""

    def __init__(self, config: Config, signer: Signer) -> None:
        self._site = config.site.url
        self._signer = signer
        self._verp = config.mail.verp
        self._bounce = config.mail.bounce_address
        self._bounce_local, _, self._bounce_domain = self._bounce.rpartition("@")

    def make(self, letter: CompiledLetter, delivery: Claimed) -> Message:
        """The message of one delivery: the same bytes whenever it is made again.

        Raises:
            WrongInput: a value cannot stand in a message.
        """
        sending, recipient = delivery.sending, delivery.recipient
        values = reader_values(
            self._site,
            self._signer,
            recipient,
            sending.publication_id,
            delivery.letter_id,
            sending.started_at,
            delivery.values,
        )
        message_id = f"<{sending.nonce}.{delivery.delivery_id}@{sending.message_id_domain}>"
        return Message(
            sender=self.envelope_sender(delivery.delivery_id),
            recipient=f"{recipient.address.rpartition('@')[0]}@{recipient.domain}",
            content=letter.merge(
                MergeValues(recipient.name, recipient.address, message_id, values)
            ),
            envid=f"{sending.nonce}.{delivery.delivery_id}",
        )

    def envelope_sender(self, delivery_id: int) -> str:
        """Where bounces of this delivery go: a signed address of its own (VERP)."""
        if not self._verp:
            return self._bounce
        return f"{self._bounce_local}+{self._signer.verp(delivery_id)}@{self._bounce_domain}"


def reader_values(
    site: str,
    signer: Signer,
    recipient: Recipient,
    publication_id: int | None,
    letter_id: int,
    started_at: datetime,
    more: Mapping[str, str],
) -> dict[str, str]:
    """The merge fields of one reader; links carry ids, never an address.

    A test's recipient is nobody in the list (subscriber 0): its links open, and change nothing.
    """
    subscriber, publication = recipient.subscriber_id, publication_id or 0
    return {
        **{field: str(value) for field, value in recipient.custom_fields.items()},
        "greeting": recipient.greeting,
        "name": recipient.name,
        "unsubscribe_url": site + unsubscribe_path(signer, subscriber, publication),
        "preferences_url": site + preferences_path(signer, subscriber, publication, started_at),
        "letter_url": site + letter_path(signer, subscriber, letter_id),
        **more,
    }
