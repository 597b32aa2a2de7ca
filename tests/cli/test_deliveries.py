"""`mailer deliveries`: what one mailbox was sent, for a reader who asks on the telephone."""

import pytest

from mailer.cli import deliveries as deliveries_module
from mailer.delivery.states import STATES
from tests.cli.conftest import Shell
from tests.conftest import NOW
from tests.delivery.desk import Desk

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

ANA = "ana@example.org"
UNKNOWN = "550 5.1.1 no such user"


@pytest.fixture
def sent(desk: Desk) -> Desk:
    desk.subscribe(ANA, "tom@example.org")
    desk.send()
    desk.put([1], state="failed", tries=2, reply_code=550, reason=UNKNOWN, fault="mailbox",
             finished_at=NOW)  # fmt: skip
    return desk


def test_what_became_of_each_letter(shell: Shell, sent: Desk) -> None:
    assert shell.say("deliveries", ANA).splitlines() == [
        "2007-03-31 10:00  Update 120, updates, issue: failed (2 tries)",
        "                  letter en-html-public, version 1",
        f"                  {UNKNOWN}",
        "                  fault: mailbox",
    ]
    assert shell.json("deliveries", ANA) == [
        {
            "at": "2007-03-31T09:00:00+00:00",
            "kind": "issue",
            "publication": "updates",
            "title": "Update 120",
            "version": 1,
            "variant": "en-html-public",
            "state": "failed",
            "tries": 2,
            "reply_code": 550,
            "reply": UNKNOWN,
            "fault": "mailbox",
        }
    ]


def test_every_state_has_its_words(shell: Shell, sent: Desk) -> None:
    said = set()
    for state in STATES:
        sent.put([1], state=state)
        said.add(shell.say("deliveries", ANA).splitlines()[0].partition("issue: ")[2])
    assert len(said) == len(STATES)
    assert "" not in said


def test_the_newest_unless_all_are_asked_for(
    shell: Shell, sent: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries_module, "_SHOWN", 1)
    assert shell.run("deliveries", ANA).remarks == ""
    with sent.database.write() as session:
        session.connection().exec_driver_sql(
            "INSERT INTO mailings (kind, status, start_at, nonce, created_at, created_by, reason,"
            " fan_out_cursor, message_id_domain)"
            " VALUES ('test', 'sent', '2007-04-01', 'n', '2007-04-01', 'ana', '', 0, '')"
        )
        session.connection().exec_driver_sql(
            "INSERT INTO deliveries (mailing_id, address, letter_id, state, reason, due_at, tries,"
            f" doubts) VALUES (2, '{ANA}', 1, 'sent', '250 ok', '2007-04-01', 1, 0)"
        )
    sent.count_anew()
    said = shell.run("deliveries", ANA)
    assert "test: sent" in said.answer
    assert "issue: failed" not in said.answer
    assert "--all" in said.remarks
    assert len(shell.json("deliveries", ANA)) == 1
    said = shell.run("deliveries", ANA, "--all")
    assert said.answer.index("test: sent") < said.answer.index("issue: failed")
    assert said.remarks == ""


def test_who_was_sent_nothing(shell: Shell, desk: Desk) -> None:
    desk.subscribe(ANA)
    assert shell.say("deliveries", ANA) == f"Nothing was sent to {ANA} yet.\n"
    assert shell.json("deliveries", ANA) == []


@pytest.mark.parametrize("address", ["tom@example.net", "nobody"])
def test_who_is_not_known(shell: Shell, address: str) -> None:
    assert address in shell.refusal("deliveries", address)
