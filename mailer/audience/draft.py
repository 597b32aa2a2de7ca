"""What somebody says of a reader, and what is known of the reader after that."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from mailer.audience.address import Address
from mailer.audience.subscription import EVENT_TO, Event, State, after


@dataclass(frozen=True, slots=True)
class Draft:
    """What a row of a file, or a command, says of one reader; empty where it says nothing."""

    address: Address
    name: str = ""
    greeting: str = ""
    language: str = ""
    member: bool | None = None
    tags: tuple[str, ...] = ()
    custom_fields: Mapping[str, str] = field(default_factory=dict)
    state: State | None = None
    format: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a reader, and their standing with one publication (None: there is none)."""

    name: str = ""
    greeting: str = ""
    language: str = ""
    custom_fields: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    member_from: date | None = None
    member_until: date | None = None
    state: State | None = None
    format: str = "html"


def is_member(member_from: date | None, member_until: date | None, day: date) -> bool:
    """Whether somebody is a member on `day`; both ends of the term belong to it."""
    return (
        member_from is not None
        and member_from <= day
        and (member_until is None or day <= member_until)
    )


def event_of(draft: Draft, event: Event) -> Event:
    """What a draft means for its subscription: `event`, unless it names a state itself."""
    return event if draft.state is None else EVENT_TO[draft.state]


def merge(known: Known, draft: Draft, event: Event, day: date) -> Known:
    """What is known after `draft` came by `event` on `day`.

    What a draft leaves empty overwrites nothing. Of a reader who left and is not brought back,
    nothing changes at all.
    """
    state = after(known.state, event_of(draft, event))
    if known.state is State.ENDED and state is State.ENDED:
        return known
    return replace(
        known,
        name=draft.name or known.name,
        greeting=draft.greeting or known.greeting,
        language=draft.language or known.language,
        custom_fields={**known.custom_fields, **draft.custom_fields},
        tags=draft.tags or known.tags,
        state=state,
        format=draft.format or known.format,
        **membership(known, draft.member, day),
    )


def membership(known: Known, member: bool | None, day: date) -> dict[str, date | None]:
    """The columns that make a reader a member on `day`, or none, where they are not already."""
    if member is None or member == is_member(known.member_from, known.member_until, day):
        return {}
    return {"member_from": day if member else None, "member_until": None}
