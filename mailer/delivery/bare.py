"""Deliveries to a bare address, which no subscriber has to have: tests, seeds, letters to staff."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer import audience
from mailer.delivery.models import DeliveryRow
from mailer.errors import WrongInput

_AT_ONCE = 500


def bare_to(session: Session, address: str) -> Iterator[int]:
    """Deliveries to this bare address; compared here, since databases differ in lower case."""
    mailbox = mailbox_of(address)
    # An index has the rows without a subscriber together.
    bare = select(DeliveryRow.id, DeliveryRow.address).where(
        DeliveryRow.subscriber_id.is_(None), DeliveryRow.address.not_like("erased %")
    )
    for delivery_id, known in session.execute(bare.execution_options(yield_per=_AT_ONCE)):
        if known is not None and mailbox_of(known) == mailbox:
            yield delivery_id


def mailbox_of(address: str) -> str:
    """By what two spellings of an address are the same, where it is one."""
    try:
        return audience.normalise(address).mailbox
    except WrongInput:
        return address.casefold()
