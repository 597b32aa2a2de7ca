"""`mailer issues doubts` and `settle`: what may have come, and what a person decides about it."""

import pytest

from mailer.delivery.models import DeliveryRow
from tests.cli.conftest import Shell
from tests.conftest import NOW
from tests.delivery.desk import Desk, address

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

WHY = "in doubt: the connection was lost after the final dot"
SETTLE = ("issues", "settle", "120")


@pytest.fixture
def doubtful(desk: Desk) -> Desk:
    """Update 120 went to four readers, and it is not known whether two of them have it."""
    desk.subscribe(*map(address, range(4)))
    desk.send()
    desk.put([1, 2], state="in_doubt", tries=1, due_at=NOW, reason=WHY)
    desk.put([3, 4], state="sent")
    with desk.database.write() as session:
        session.connection().exec_driver_sql("UPDATE mailings SET status = 'sent'")
    return desk


def test_doubts_are_listed_with_what_to_do(shell: Shell, doubtful: Desk) -> None:
    said = shell.say("issues", "doubts", "120").splitlines()
    assert said[:3] == [
        "address                since             tries  why",
        f"reader000@example.org  2007-03-31 10:00      1  {WHY}",
        f"reader001@example.org  2007-03-31 10:00      1  {WHY}",
    ]
    for way in ("`mailer issues settle 120 --resend`", "--sent`", "`--failed`"):
        assert way in "\n".join(said[3:])
    assert shell.json("issues", "doubts", "120")[0] == {
        "address": address(0), "since": "2007-03-31T09:00:00+00:00", "tries": 1, "reason": WHY,
    }  # fmt: skip


def test_where_nothing_is_in_doubt(shell: Shell) -> None:
    assert shell.say("issues", "doubts", "120") == "Nothing of Update 120 is in doubt.\n"
    assert shell.json("issues", "doubts", "120") == []
    assert "Nothing of Update 120 is in doubt" in shell.refusal(*SETTLE, "--sent", "--yes")


def test_all_are_sent_again_after_it_was_asked(shell: Shell, doubtful: Desk) -> None:
    assert "Send 2 letters of Update 120 again that may have come? Nobody" in shell.refusal(
        *SETTLE, "--resend"
    )
    shell.run(*SETTLE, "--resend", typed="n\n", person=True, status=2)
    assert doubtful.states() == {"in_doubt": 2, "sent": 2}
    said = shell.say(*SETTLE, "--resend", typed="y\n", person=True)
    assert said == "Update 120: 2 letters are queued again.\n"
    told = shell.json("issues", "status", "120")
    assert (told["status"], told["queued"], told["resent_in_doubt"]) == ("sending", 2, 2)


@pytest.mark.parametrize(("way", "state"), [("--sent", "sent"), ("--failed", "failed")])
def test_some_are_taken_as_what_they_were(
    shell: Shell, doubtful: Desk, way: str, state: str
) -> None:
    assert f"Count 1 letter of Update 120 that may have come as {state}?" in shell.refusal(
        *SETTLE, address(1), way
    )
    said = shell.say(*SETTLE, address(1), way, "--yes")
    assert said == f"Update 120: 1 letter is taken as {state}.\n"
    assert [one for (one,) in doubtful.rows(DeliveryRow.state)][:2] == ["in_doubt", state]
    assert shell.json("issues", "status", "120")["status"] == "sent"


@pytest.mark.parametrize("ways", [(), ("--sent", "--failed"), ("--resend", "--sent")])
def test_one_thing_becomes_of_them(shell: Shell, doubtful: Desk, ways: tuple[str, ...]) -> None:
    assert "one of --resend, --sent or --failed" in shell.refusal(*SETTLE, *ways, "--yes")
    assert doubtful.states()["in_doubt"] == 2


def test_an_address_that_is_not_in_doubt_changes_nothing(shell: Shell, doubtful: Desk) -> None:
    two = (address(1), address(3))
    assert address(3) in shell.refusal(*SETTLE, *two, "--sent", "--yes")
    assert doubtful.states()["in_doubt"] == 2


def test_a_cancelled_issue_is_not_sent_again(shell: Shell, doubtful: Desk) -> None:
    with doubtful.database.write() as session:
        session.connection().exec_driver_sql("UPDATE mailings SET status = 'cancelled'")
    assert "was cancelled" in shell.refusal(*SETTLE, "--resend", "--yes")
    assert shell.say(*SETTLE, "--failed", "--yes").endswith("2 letters are taken as failed.\n")
