"""Addresses and domains that get no mail."""

import pytest
from sqlalchemy import select

from mailer import audience
from mailer.audience.models import AudienceKeyRow, SuppressionRow
from mailer.database import Database
from mailer.errors import WrongInput
from tests.audience.readers import count
from tests.conftest import NOW

ANA, BO = "ana@bücher.example", "bo@xn--bcher-kva.example"


def reasons(database: Database, *mailboxes: str) -> dict[str, str]:
    with database.read() as session:
        found = audience.suppression_of(session, mailboxes)
        return {mailbox: suppression.words for mailbox, suppression in found.items()}


def suppress(database: Database, what: str, scope: audience.Scope, reason: audience.Reason) -> None:
    with database.write() as session:
        audience.suppress(session, what, scope, reason, NOW)


def test_an_address_however_written_or_a_whole_domain(database: Database) -> None:
    ana = audience.normalise(ANA).mailbox
    assert reasons(database, ana) == {}
    suppress(database, "ANA@xn--bcher-kva.example", "address", "bounce")
    assert reasons(database, ana, BO) == {ana: "suppressed: bounce"}
    suppress(database, "BÜCHER.example", "domain", "staff")
    assert reasons(database, ana, BO, "x@example.org") == {
        ana: "suppressed: staff (its domain)",
        BO: "suppressed: staff (its domain)",
    }


def test_a_weaker_reason_does_not_replace_a_stronger(database: Database) -> None:
    for reason, expected in (
        ("left", "left"), ("complaint", "complaint"), ("erased", "complaint"),
        ("staff", "staff"), ("bounce", "staff"),
    ):  # fmt: skip
        suppress(database, "ana@example.org", "address", reason)  # type: ignore[arg-type]
        assert reasons(database, "ana@example.org") == {
            "ana@example.org": f"suppressed: {expected}"
        }


def test_only_a_keyed_hash_is_kept_under_one_key(database: Database) -> None:
    suppress(database, "ana@example.org", "address", "left")
    suppress(database, "bo@example.org", "address", "left")
    with database.read() as session:
        keys = session.scalars(select(SuppressionRow.key)).all()
        assert count(session, AudienceKeyRow) == 1
        assert len(session.scalars(select(AudienceKeyRow.secret)).one()) == 32
    assert all(len(key) == 64 and int(key, 16) for key in keys)


@pytest.mark.parametrize(("what", "scope"), [("no address", "address"), ("no domain", "domain")])
def test_what_cannot_be_suppressed_is_refused(
    database: Database, what: str, scope: audience.Scope
) -> None:
    with pytest.raises(WrongInput, match="“no"):
        suppress(database, what, scope, "staff")
