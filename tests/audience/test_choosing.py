"""What a reader chooses on the page of preferences, and leaving."""

import pytest
from sqlalchemy import select

from mailer import audience
from mailer.audience import Wording
from mailer.audience.models import ConsentRow, WordingRow
from mailer.database import Database
from mailer.errors import NotFound, Refused, WrongInput
from tests.audience.readers import events, publication, reader, state
from tests.conftest import NOW


def test_leaving_one_publication_ends_that_one_only_and_once(database: Database) -> None:
    update, other = publication(database), publication(database, "Other")
    with database.write() as session:
        ana = reader(session, "ana@example.org", update)
        reader(session, "ana@example.org", other)
    for expected in (True, False):
        with database.write() as session:
            assert expected == audience.leave(
                session, ana, update, method="one-click", network="192.0.2.0/24", now=NOW
            )
    with database.read() as session:
        assert (state(session, ana, update), state(session, ana, other)) == ("ended", "active")
        assert events(session, ana) == ["added", "added", "left"]
        assert audience.suppression_of(session, ["ana@example.org"]) == {}


def test_leaving_all_ends_all_and_suppresses(database: Database) -> None:
    update, other = publication(database), publication(database, "Other")
    with database.write() as session:
        ana = reader(session, "ana@example.org", update)
        reader(session, "ana@example.org", other)
        assert audience.leave_all(session, ana, method="form", network=None, now=NOW)
        assert not audience.leave_all(session, ana, method="form", network=None, now=NOW)
    with database.read() as session:
        assert (state(session, ana, update), state(session, ana, other)) == ("ended", "ended")
        assert audience.suppression_of(session, ["ana@example.org"])[
            "ana@example.org"
        ] == audience.Suppression("left", "address")


def change(
    database: Database,
    subscriber: int,
    name: str = "",
    subscribed: dict[int, bool] | None = None,
    formats: dict[int, str] | None = None,
) -> audience.Choices:
    with database.write() as session:
        return audience.change(
            session,
            subscriber,
            name=name,
            greeting="",
            language="",
            subscribed=subscribed or {},
            formats=formats or {},
            wordings={id_: Wording(f"Yes, {id_}.", "en") for id_ in subscribed or {}},
            network=None,
            now=NOW,
        )


def test_choices_are_kept_and_recorded(database: Database) -> None:
    update, other = publication(database), publication(database, "Other")
    with database.write() as session:
        ana = reader(session, "ana@example.org", update)
    chosen = change(
        database, ana, " Ana\r\nMaría\0 ", {update: True, other: True}, {update: "text"}
    )
    assert chosen.name == "Ana María"
    assert [(c.publication_id, c.subscribed, c.format) for c in chosen.subscriptions] == [
        (update, True, "text"),
        (other, True, "html"),
    ]
    assert (
        change(
            database, ana, "Ana María", {update: True, other: True}, {update: "text", other: "html"}
        )
        == chosen
    )
    left = change(database, ana, "Ana María", {update: False})
    assert [choice.subscribed for choice in left.subscriptions] == [False, True]
    with database.read() as session:
        assert events(session, ana) == ["added", "confirmed", "changed", "left"]
        began = select(WordingRow.text).join(ConsentRow).where(ConsentRow.event == "confirmed")
        assert session.scalars(began).all() == [f"Yes, {other}."]
        assert audience.choices(session, ana) == left


def test_a_wrong_choice_changes_nothing(database: Database) -> None:
    update = publication(database)
    with database.write() as session:
        ana = reader(session, "ana@example.org", update)
    with pytest.raises(WrongInput, match="html or text"):
        change(database, ana, "Ana", {update: False}, {update: "pdf"})
    with pytest.raises(WrongInput, match="characters"):
        change(database, ana, "A" * 201)
    with database.read() as session:
        assert audience.by_id(session, ana).name == ""
        assert state(session, ana, update) == "active"


def test_a_complaint_is_not_undone_by_a_choice(database: Database) -> None:
    update, other = publication(database), publication(database, "Other")
    with database.write() as session:
        ana = reader(session, "ana@example.org", update)
        audience.suppress(session, "ana@example.org", "address", "complaint", NOW)
    with pytest.raises(Refused):
        change(database, ana, subscribed={other: True})


def test_nothing_is_kept_of_nobody(database: Database) -> None:
    with database.read() as session, pytest.raises(NotFound, match="Nothing is kept"):
        audience.choices(session, 99)
