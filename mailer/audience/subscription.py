"""The states of a subscription, and what leads from one to another.

    state    │ asked    confirmed  imported  added   paused  left
    ─────────┼──────────────────────────────────────────────────────
    (none)   │ pending  active     active    active  paused  ended
    pending  │ pending  active     active    active  pending ended
    active   │ active   active     active    active  paused  ended
    paused   │ paused   active     paused    active  paused  ended
    ended    │ ended    active     ended     active  ended   ended

Only the reader's own confirmation, or a person who adds them by name, brings back somebody who
left: neither a file nor a stranger who types the address into a form does. (A file may say that
somebody paused or left, of whom nothing was known here.)
"""

from enum import StrEnum


class State(StrEnum):
    """A subscriber's standing with one publication."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class Event(StrEnum):
    """What happens to a subscription, as its record of consent says it."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    IMPORTED = "imported"
    ADDED = "added"
    CHANGED = "changed"
    PAUSED = "paused"
    LEFT = "left"
    MOVED = "moved"


_STATES = (None, State.PENDING, State.ACTIVE, State.PAUSED, State.ENDED)
_P, _A, _Z, _E = State.PENDING, State.ACTIVE, State.PAUSED, State.ENDED
_AFTER: dict[Event, tuple[State | None, ...]] = {
    Event.ASKED: (_P, _P, _A, _Z, _E),
    Event.CONFIRMED: (_A, _A, _A, _A, _A),
    Event.IMPORTED: (_A, _A, _A, _Z, _E),
    Event.ADDED: (_A, _A, _A, _A, _A),
    Event.CHANGED: _STATES,
    Event.PAUSED: (_Z, _P, _Z, _Z, _E),
    Event.LEFT: (_E, _E, _E, _E, _E),
    Event.MOVED: _STATES,
}

EVENT_TO: dict[State, Event] = {
    State.PENDING: Event.ASKED,
    State.ACTIVE: Event.IMPORTED,
    State.PAUSED: Event.PAUSED,
    State.ENDED: Event.LEFT,
}
"""Which event a file means that names a subscription's state."""


def after(state: State | None, event: Event) -> State | None:
    """The state in which `event` leaves a subscription; None is one that does not exist."""
    return _AFTER[event][_STATES.index(state)]
