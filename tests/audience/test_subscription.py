"""The state machine of a subscription, without any database."""

from hypothesis import given
from hypothesis import strategies as st

from mailer.audience.subscription import EVENT_TO, Event, State, after

states = st.none() | st.sampled_from(State)
events = st.sampled_from(Event)


@given(states, events)
def test_the_same_event_twice_does_nothing_more(state: State | None, event: Event) -> None:
    once = after(state, event)
    assert after(once, event) == once


@given(st.lists(st.sampled_from([e for e in Event if e not in (Event.CONFIRMED, Event.ADDED)])))
def test_who_left_comes_back_by_nothing_but_confirming_or_being_added(said: list[Event]) -> None:
    state: State | None = State.ENDED
    for event in said:
        state = after(state, event)
    assert state is State.ENDED


@given(st.lists(events))
def test_nobody_is_active_who_was_never_confirmed_added_or_imported(said: list[Event]) -> None:
    state: State | None = None
    for event in said:
        state = after(state, event)
    if state is State.ACTIVE:
        assert {Event.CONFIRMED, Event.ADDED, Event.IMPORTED} & set(said)


@given(states)
def test_leaving_ends_every_subscription(state: State | None) -> None:
    assert after(state, Event.LEFT) is State.ENDED


@given(st.sampled_from(State))
def test_a_file_can_say_each_state_of_somebody_new(state: State) -> None:
    assert after(None, EVENT_TO[state]) is state
