"""What a mailing that was interrupted came to in the end: who got what, and what the ledger says.

`reckon` looks, `Reckoning.complaints` says what is wrong by the promises of DESIGN: nobody is
missing, so many messages at most came twice, both copies are the same message, and the ledger's
counts add up to the audience.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy import text

_STATES = text("SELECT state, count(*) FROM deliveries WHERE mailing_id = :mailing GROUP BY state")
_MAILINGS = text("SELECT id FROM mailings")
_HELD = ("claimed", "in_flight")

Copies = Mapping[str, Sequence[str]]
"""For each recipient what names the messages that a relay took: the Message-IDs, say."""


@dataclass(frozen=True, slots=True)
class Books:
    """What the ledger says of one mailing: its states, its tallies, and what those ought to be."""

    states: Mapping[str, int]
    tallied: Mapping[str, int]
    counted: Mapping[str, int]

    def complaints(self, *, stopped_in_order: bool = False) -> list[str]:
        """What is not true, or was left behind by a process that could have put it in order."""
        found = []
        if self.tallied != self.counted:
            found.append(f"the tallies say {self.tallied}, the ledger {self.counted}")
        held = {state: self.states[state] for state in _HELD if state in self.states}
        if stopped_in_order and held:
            found.append(f"it left behind {held}")
        return found


def books(database_url: str) -> Books:
    """The ledger of the one mailing in a database, as it is in one instant."""
    from mailer.database import connect
    from mailer.delivery import tally

    with closing(connect(database_url)) as database, database.read() as session:
        (mailing,) = session.scalars(_MAILINGS).all()
        rows = session.execute(_STATES, {"mailing": mailing}).all()
        return Books(
            {row[0]: row[1] for row in rows},
            tally.tallied(session, [mailing])[mailing],
            tally.recount(session, mailing),
        )


@dataclass(frozen=True, slots=True)
class Reckoning:
    """How a mailing to `readers` ended."""

    readers: int
    missing: int
    strangers: int
    """Recipients who do not belong to the audience."""
    doubles: int
    """Messages beyond the first of each recipient."""
    unlike: int
    """Recipients whose copies are not the same message."""
    books: Books

    def complaints(self, most_doubles: int) -> list[str]:
        """What is not as it was promised, where so many may have come twice; [] if all is well."""
        states = dict(self.books.states)
        found = [
            (self.missing, f"{self.missing} of {self.readers} readers got nothing"),
            (self.strangers, f"{self.strangers} others got it"),
            (self.doubles > most_doubles, f"{self.doubles} doubles, {most_doubles} may be"),
            (self.unlike, f"{self.unlike} readers got copies that are not the same message"),
            (states != {"sent": self.readers}, f"the ledger says {states}"),
        ]
        return [words for wrong, words in found if wrong] + self.books.complaints()


def reckon(readers: Collection[str], copies: Copies, ledger: Books) -> Reckoning:
    """Compare what a relay took with who was to get it, and with the ledger."""
    audience = set(readers)
    return Reckoning(
        readers=len(audience),
        missing=len(audience - copies.keys()),
        strangers=len(copies.keys() - audience),
        doubles=sum(len(names) - 1 for names in copies.values()),
        unlike=sum(len(set(names)) > 1 for names in copies.values()),
        books=ledger,
    )


def copies_of(taken: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """`Copies` of pairs: the recipient, and what names the message."""
    copies: dict[str, list[str]] = {}
    for recipient, name in taken:
        copies.setdefault(recipient, []).append(name)
    return copies


def in_words(states: Mapping[str, int]) -> str:
    """A ledger's states for people: "120 sent, 3 queued"."""
    return ", ".join(f"{count:,} {state}" for state, count in Counter(states).most_common())
