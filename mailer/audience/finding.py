"""Finding readers among a million: by the beginnings of words, and by how they stand.

1. What was typed is cut into words. The rarest of them leads: its readers are read in the order of
   the words that begin so, and the others are looked for in each of them.
2. Without words, the newest come first, from the index of how readers stand.
3. A page looks at `LOOKED_AT` readers at most, so that it takes its few hundredths of a second
   whatever is asked for; where it ended before it was full, the next one goes on from there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, select, true, tuple_
from sqlalchemy.orm import Session

from mailer.audience.address import normalise
from mailer.audience.models import ReaderWordRow, SubscriberRow, SubscriptionRow
from mailer.audience.subscription import State
from mailer.audience.words import LENGTH_LIMIT, words_in, words_of
from mailer.database import among
from mailer.errors import WrongInput

LOOKED_AT = 1_000
AT_ONCE = 500

_RARE = 10_000
_ID_DIGITS = 18
_LAST = "\U0010ffff"

STANDINGS: Mapping[str, tuple[State, ...]] = {
    "": tuple(State),
    "reads": (State.ACTIVE,),
    "unconfirmed": (State.PENDING,),
    "paused": (State.PAUSED,),
    "left": (State.ENDED,),
    "suppressed": tuple(State),
}
"""How readers may stand; "" is anyhow."""


@dataclass(frozen=True, slots=True)
class Found:
    """A reader in a list; `standings` by publication, `suppressed` the reason or ""."""

    id: int
    address: str
    name: str
    suppressed: str
    standings: Mapping[int, State]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class FoundPage:
    """Some readers, and from where the list goes on; None at its end."""

    readers: tuple[Found, ...]
    after: str | None


def search(
    session: Session,
    words: str = "",
    *,
    publication: int | None = None,
    state: str = "",
    after: str = "",
    limit: int = 50,
) -> FoundPage:
    """The next `limit` readers behind `after` (a page's own) who have all these words.

    `state` is one of `STANDINGS`; with a `publication` it is their standing with that one.

    Raises:
        WrongInput: there is no such state, or `after` is of no page.
    """
    if state not in STANDINGS:
        raise WrongInput("Readers read, paused, left, are unconfirmed or suppressed.")
    wanted = words_in(words)
    if words.strip() and not wanted:
        return FoundPage((), None)
    if wanted and (only := _by_address(session, words, publication, state)):
        return FoundPage(_found(session, only), None)
    look = _by_words if wanted else _newest
    ids, goes_on = look(session, wanted, publication, state, after, limit)
    return FoundPage(_found(session, ids), goes_on)


def _by_address(session: Session, text: str, publication: int | None, state: str) -> list[int]:
    """The one reader whose whole address was typed."""
    if "@" not in text:
        return []
    try:
        mailbox = normalise(text).mailbox
    except WrongInput:
        return []
    theirs = select(SubscriberRow.id).where(
        SubscriberRow.mailbox == mailbox, _stands(publication, state)
    )
    return list(session.scalars(theirs))


def _by_words(
    session: Session,
    wanted: Sequence[str],
    publication: int | None,
    state: str,
    after: str,
    limit: int,
) -> tuple[list[int], str | None]:
    lead = _rarest(session, wanted)
    place = _place(after) if after else (lead, 0)
    ids: list[int] = []
    looked, size = 0, min(AT_ONCE, 2 * limit)
    while looked < LOOKED_AT:
        rows = session.execute(_led_by(lead, place, publication, state, size)).all()
        for row in rows:
            if row.stands and _fits(row, lead, wanted):
                if len(ids) == limit:
                    return ids, _mark(place)
                ids.append(row.id)
            place = row.word, row.id
        if len(rows) < size:
            return ids, None
        looked, size = looked + size, AT_ONCE
    return ids, _mark(place)


def _rarest(session: Session, wanted: Sequence[str]) -> str:
    """That word which the fewest readers have; of common ones the longest."""

    def commonness(word: str) -> tuple[int, int]:
        some = select(ReaderWordRow.word).where(*_begins(word)).limit(_RARE).subquery()
        return session.scalars(select(func.count()).select_from(some)).one(), -len(word)

    return wanted[0] if len(wanted) == 1 else min(wanted, key=commonness)


def _led_by(
    lead: str, place: tuple[str, int], publication: int | None, state: str, most: int
) -> Select[Any]:
    """The next readers with a word that begins with `lead`, and whether they stand so."""
    some = (
        select(ReaderWordRow.word, ReaderWordRow.subscriber_id)
        .where(
            *_begins(lead),
            tuple_(ReaderWordRow.word, ReaderWordRow.subscriber_id) > tuple_(*place),
        )
        .order_by(ReaderWordRow.word, ReaderWordRow.subscriber_id)
        .limit(most)
        .subquery()
    )
    return (
        select(
            some.c.word,
            SubscriberRow.id,
            SubscriberRow.mailbox,
            SubscriberRow.name,
            SubscriberRow.greeting,
            _stands(publication, state).label("stands"),
        )
        .join(SubscriberRow, SubscriberRow.id == some.c.subscriber_id)
        .order_by(some.c.word, some.c.subscriber_id)
    )


def _begins(word: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return ReaderWordRow.word >= word, ReaderWordRow.word < word + _LAST


def _fits(row: Row[Any], lead: str, wanted: Sequence[str]) -> bool:
    """Whether a reader has all words; of several that begin with `lead` the first counts."""
    own = words_of(row.mailbox or "", row.name, row.greeting)
    if row.word != min((word for word in own if word.startswith(lead)), default=None):
        return False
    return all(any(word.startswith(part) for word in own) for part in wanted)


def _stands(publication: int | None, state: str) -> ColumnElement[bool]:
    conditions = []
    if state == "suppressed":
        conditions.append(SubscriberRow.suppressed != "")
    if publication is not None or state not in ("", "suppressed"):
        theirs = [SubscriptionRow.subscriber_id == SubscriberRow.id]
        if publication is not None:
            theirs.append(SubscriptionRow.publication_id == publication)
        theirs.append(SubscriptionRow.state.in_(STANDINGS[state]))
        conditions.append(exists().where(*theirs))
    return and_(true(), *conditions)


def _newest(
    session: Session,
    _wanted: Sequence[str],
    publication: int | None,
    state: str,
    after: str,
    limit: int,
) -> tuple[list[int], str | None]:
    before = _place(after)[1] if after else None
    found = merge(
        *(
            session.scalars(statement.limit(limit + 1)).all()
            for statement in _newest_first(session, publication, state, before)
        ),
        reverse=True,
    )
    ids = list(islice(dict.fromkeys(found), limit + 1))
    return ids[:limit], _mark(("", ids[limit - 1])) if len(ids) > limit else None


def _newest_first(
    session: Session, publication: int | None, state: str, before: int | None
) -> Iterator[Select[int]]:
    """Statements that together give everybody who stands so; each reads along one index."""
    if state == "suppressed" or (not state and publication is None):
        everybody = select(SubscriberRow.id).where(
            SubscriberRow.mailbox.is_not(None), _stands(publication, state)
        )
        if before is not None:
            everybody = everybody.where(SubscriberRow.id < before)
        yield everybody.order_by(SubscriberRow.id.desc())
        return
    for of in [publication] if publication is not None else _publications(session):
        for stands in STANDINGS[state]:
            theirs = select(SubscriptionRow.subscriber_id).where(
                SubscriptionRow.publication_id == of, SubscriptionRow.state == stands
            )
            if before is not None:
                theirs = theirs.where(SubscriptionRow.subscriber_id < before)
            yield theirs.order_by(SubscriptionRow.subscriber_id.desc())


def _publications(session: Session) -> list[int]:
    """Those that anybody has to do with: one look into the index for each."""
    found: list[int] = []
    least = select(func.min(SubscriptionRow.publication_id))
    following = session.scalar(least)
    while following is not None:
        found.append(following)
        following = session.scalar(least.where(SubscriptionRow.publication_id > following))
    return found


def _found(session: Session, ids: Sequence[int]) -> tuple[Found, ...]:
    """These readers, in this order; who was erased is left out."""
    if not ids:
        return ()
    standings: dict[int, dict[int, State]] = {}
    for of, publication, state in session.execute(
        select(SubscriptionRow.subscriber_id, SubscriptionRow.publication_id, SubscriptionRow.state)
        .where(among(session, SubscriptionRow.subscriber_id, ids))
        .order_by(SubscriptionRow.publication_id)
    ):
        standings.setdefault(of, {})[publication] = State(state)
    rows = session.execute(
        select(
            SubscriberRow.id,
            SubscriberRow.address,
            SubscriberRow.name,
            SubscriberRow.suppressed,
            SubscriberRow.created_at,
        ).where(among(session, SubscriberRow.id, ids), SubscriberRow.mailbox.is_not(None))
    )
    found = {
        row.id: Found(
            row.id,
            row.address,
            row.name,
            row.suppressed,
            standings.get(row.id, {}),
            row.created_at,
        )
        for row in rows
    }
    return tuple(found[of] for of in ids if of in found)


def _mark(place: tuple[str, int]) -> str:
    word, subscriber_id = place
    return f"{subscriber_id}.{word}"


def _place(mark: str) -> tuple[str, int]:
    """Raises WrongInput where it is of no page."""
    number, dot, word = mark.partition(".")
    if not dot or not number.isascii() or not number.isdecimal() or len(number) > _ID_DIGITS:
        raise WrongInput("The list of readers cannot go on from there; begin it anew.")
    return word[:LENGTH_LIMIT], int(number)
