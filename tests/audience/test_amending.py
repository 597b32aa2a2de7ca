"""What staff change about a reader; and a new address, which its reader confirms."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from mailer import audience
from mailer.database import Database
from mailer.errors import NotFound, Refused, WrongInput
from tests.audience.readers import events, publication, reader
from tests.conftest import NOW

DAY = date(2007, 4, 1)


@pytest.fixture
def ana(database: Database) -> int:
    update = publication(database)
    with database.write() as session:
        return reader(session, "ana@psg.example", update)


def amend(database: Database, ana: int, **more: Any) -> tuple[str, ...]:
    said: Mapping[str, Any] = {
        "name": "", "greeting": "", "language": "", "member": None, "tags": (),
        "custom_fields": {}, **more,
    }  # fmt: skip
    with database.write() as session:
        return audience.amend(session, ana, day=DAY, now=NOW, **said)


def test_what_was_changed_is_told_without_saying_to_what(database: Database, ana: int) -> None:
    said = {
        "name": " Ana\nQuispe ", "greeting": "Ana and Tom", "language": "ES-pe", "member": True,
        "tags": ("speaker",), "custom_fields": {"City": "Lima", "empty": " "},
    }  # fmt: skip
    changed = amend(database, ana, **said)
    assert changed == (
        *("the name", "the greeting", "the language", "the membership", "the tags"),
        "further fields",
    )
    assert amend(database, ana, **said) == ()
    with database.read() as session:
        found = audience.by_id(session, ana)
    assert (found.name, found.greeting, found.language) == ("Ana Quispe", "Ana and Tom", "es-PE")
    assert dict(found.custom_fields) == {"city": "Lima"}
    assert (found.member_from, found.member_until) == (DAY, None)
    assert amend(database, ana, **{**said, "member": False}) == ("the membership",)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "x" * 201},
        {"language": "Spanish, please"},
        {"custom_fields": {"unsubscribe_url": "x"}},
        {"custom_fields": {"email": "x"}},
        {"custom_fields": {"": "x"}},
        {"custom_fields": {"city": "x" * 2001}},
    ],
)
def test_what_cannot_be_taken_changes_nothing(
    database: Database, ana: int, wrong: dict[str, Any]
) -> None:
    with pytest.raises(WrongInput):
        amend(database, ana, **{"greeting": "Ana", **wrong})
    with database.read() as session:
        assert audience.by_id(session, ana).greeting == ""


def test_a_format_is_changed_by_staff(database: Database, ana: int) -> None:
    with database.write() as session:
        (choice,) = audience.choices(session, ana).subscriptions
        of = choice.publication_id
        assert audience.set_format(session, ana, of, "text", NOW)
        assert not audience.set_format(session, ana, of, "text", NOW)
        assert not audience.set_format(session, ana, of + 1, "text", NOW)
    with database.read() as session:
        assert audience.choices(session, ana).subscriptions[0].format == "text"
        assert events(session, ana) == ["added", "changed"]


def test_a_new_address_is_not_used_before_somebody_there_says_so(
    database: Database, ana: int
) -> None:
    with database.write() as session:
        asked = audience.ask_new_address(session, ana, "Ana@New.example", NOW)
    assert asked is not None
    due, change = asked
    assert (due.kind, due.note, due.address) == ("confirmation", "new address", "Ana@new.example")
    assert due.subscriber_id is None
    with database.write() as session:
        assert audience.by_id(session, ana).address.address == "ana@psg.example"
        assert audience.new_address_of(session, ana) == "Ana@new.example"
        with pytest.raises(NotFound):
            audience.confirm_new_address(session, ana, change + 1, None, NOW)
        audience.confirm_new_address(session, ana, change, "198.51.100.1", NOW)
    with database.write() as session:
        found = audience.find(session, "ana@new.example")
        assert (found.id, found.address.domain) == (ana, "new.example")
        assert audience.new_address_of(session, ana) is None
        assert [one.id for one in audience.search(session, "new").readers] == [ana]
        assert audience.search(session, "psg").readers == ()
        told = audience.story(session, ana, {})
        assert told.happenings[-1].words == "confirmed a new address by the link in a letter"
        with pytest.raises(NotFound, match="is done"):
            audience.confirm_new_address(session, ana, change, None, NOW)


def test_a_second_new_address_takes_the_place_of_the_first(database: Database, ana: int) -> None:
    changes = []
    for address in ("one@new.example", "two@new.example"):
        with database.write() as session:
            asked = audience.ask_new_address(session, ana, address, NOW)
            assert asked is not None
            changes.append(asked)
    assert changes[0][0].dedupe_key != changes[1][0].dedupe_key
    with database.write() as session:
        with pytest.raises(NotFound):
            audience.confirm_new_address(session, ana, changes[0][1], None, NOW)
        assert audience.new_address_of(session, ana) == "two@new.example"
        audience.forget_new_address(session, ana)
        with pytest.raises(NotFound):
            audience.confirm_new_address(session, ana, changes[1][1], None, NOW)


def test_the_same_mailbox_written_otherwise_needs_no_confirming(
    database: Database, ana: int
) -> None:
    with database.write() as session:
        assert audience.ask_new_address(session, ana, "Ana@PSG.example", NOW) is None
        assert audience.by_id(session, ana).address.address == "Ana@psg.example"


def test_an_address_that_is_taken_or_gets_no_mail_is_refused(database: Database, ana: int) -> None:
    with database.write() as session:
        audience.suppress(session, "no@psg.example", "address", "complaint", NOW)
        asked = audience.ask_new_address(session, ana, "free@psg.example", NOW)
        assert asked is not None
        (choice,) = audience.choices(session, ana).subscriptions
        reader(session, "free@psg.example", choice.publication_id)
    with database.write() as session:
        for address, why in (("free@psg.example", "another reader"), ("no@psg.example", "nothing")):
            with pytest.raises(Refused, match=why):
                audience.ask_new_address(session, ana, address, NOW)
        with pytest.raises(Refused, match="another reader"):
            audience.confirm_new_address(session, ana, asked[1], None, NOW)


def test_confirming_a_new_address_lifts_what_a_confirmation_lifts(
    database: Database, ana: int
) -> None:
    with database.write() as session:
        audience.suppress(session, "back@psg.example", "address", "bounce", NOW)
        asked = audience.ask_new_address(session, ana, "back@psg.example", NOW)
        assert asked is not None
        audience.confirm_new_address(session, ana, asked[1], None, NOW)
        assert audience.suppression_of(session, ["back@psg.example"]) == {}


def test_erasing_takes_the_new_address_along(database: Database, ana: int) -> None:
    with database.write() as session:
        audience.ask_new_address(session, ana, "zoila.unique@new.example", NOW)
        audience.erase(session, ana, NOW)
    audience.scrub(database)
    with database.read() as session:
        assert audience.new_address_of(session, ana) is None
    if database.is_sqlite:
        assert b"zoila.unique" not in database.sqlite_file.read_bytes()


@pytest.mark.parametrize("reason", ["complaint", "staff", "bounce"])
def test_staff_lift_what_is_not_the_readers_own_word(
    database: Database, ana: int, reason: audience.Reason
) -> None:
    with database.write() as session:
        audience.suppress(session, "ana@psg.example", "address", reason, NOW)
        audience.lift_by_staff(session, "ana@psg.example")
        assert audience.suppression_of(session, ["ana@psg.example"]) == {}
        with pytest.raises(Refused, match="not suppressed"):
            audience.lift_by_staff(session, "ana@psg.example")


def test_leaving_for_good_is_the_readers_to_take_back(database: Database, ana: int) -> None:
    with database.write() as session:
        audience.leave_all(session, ana, method="staff", network=None, now=NOW, ground="phoned")
        with pytest.raises(Refused, match="Only the reader"):
            audience.lift_by_staff(session, "ana@psg.example")
        told = audience.story(session, ana, {})
        assert told.happenings[-1].words.endswith("by staff: phoned")
        audience.suppress(session, "psg.example", "domain", "staff", NOW)
        with pytest.raises(Refused, match="whole domain"):
            audience.lift_by_staff(session, "ana@psg.example")
