"""`mailer issues status` with its details, and watched until it is over."""

import sys
from collections.abc import Callable
from datetime import timedelta

import pytest

from mailer import clock
from mailer.cli import status as status_module
from mailer.delivery import details as details_module
from mailer.delivery import tally
from mailer.delivery.models import TallyRow
from tests.cli.conftest import Shell
from tests.cli.test_sending import FIELDS
from tests.conftest import NOW
from tests.delivery.desk import Desk, address

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

STATUS = ("issues", "status", "120")
FULL = "452 4.2.2 The mailbox is over quota"


@pytest.fixture
def hindered(desk: Desk) -> Desk:
    """Five readers: two were put off, one refused, one is sent, one waits."""
    desk.subscribe(*map(address, range(4)), "tom@b.example")
    desk.send(clock.now() - timedelta(days=1))
    due = NOW + timedelta(minutes=90)
    desk.put([1, 2], state="deferred", tries=2, due_at=due, reply_code=452, fault="mailbox",
             reason=FULL)  # fmt: skip
    desk.put([3], state="sent")
    desk.put([5], state="failed", reply_code=550, fault="policy", reason=f"550 {'no ' * 90}")
    return desk


def test_the_details_in_words(shell: Shell, hindered: Desk) -> None:
    said = shell.say(*STATUS, "--details").splitlines()
    assert said[0].startswith("Update 120 is sending: 1 of 5 sent, 1 failed, 2 deferred, 1 waiting")
    assert said[3].startswith("Deferred the longest, since about ")
    assert said[3].endswith(": one to example.org, tried 2 times, again at 11:30 on 2007-03-31.")
    assert said[4] == FULL
    refused = f"550 {'no ' * 90}"[:100]
    assert said[6:] == [
        "count  state     code  fault    for example",
        f"    2  deferred   452  mailbox  {FULL}",
        f"    1  failed     550  policy   {refused}…",
        "",
        "domain       waiting  deferred  failed  in doubt",
        "example.org        1         2       0         0",
        "b.example          0         0       1         0",
    ]
    assert shell.say(*STATUS).splitlines() == said[:2]


def test_the_details_of_very_many_say_what_was_not_looked_at(
    shell: Shell, hindered: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(details_module, "MOST", 1)
    said = shell.say(*STATUS, "--details").splitlines()
    assert said[-4:] == [
        "domain       waiting  deferred  failed  in doubt",
        "example.org        1         1       0         0",
        "",
        "Looked at were 1 of 3 that are deferred, failed, skipped or in doubt.",
    ]
    hindered.put([5], state="queued")
    said = shell.say(*STATUS, "--details").splitlines()
    assert "domain       deferred  failed  in doubt" in said


def test_the_details_as_json_only_where_they_are_asked_for(shell: Shell, hindered: Desk) -> None:
    assert set(shell.json(*STATUS)) == FIELDS
    told = shell.json(*STATUS, "--details")
    assert set(told) == FIELDS | {
        "reasons", "domains", "oldest_deferred", "looked_at", "in_all",
    }  # fmt: skip
    assert told["reasons"][0] == {
        "state": "deferred", "count": 2, "reply_code": 452, "fault": "mailbox", "example": FULL,
    }  # fmt: skip
    assert told["domains"][1] == {
        "domain": "b.example", "waiting": 0, "deferred": 0, "failed": 1, "in_doubt": 0,
    }  # fmt: skip
    oldest = told["oldest_deferred"]
    assert (oldest["domain"], oldest["tries"], oldest["reply"]) == ("example.org", 2, FULL)
    assert oldest["due_at"] == "2007-03-31T10:30:00+00:00"


def test_a_draft_has_no_details(shell: Shell) -> None:
    assert shell.say(*STATUS, "--details") == "Update 120 is a draft.\n"
    told = shell.json(*STATUS, "--details")
    assert (told["reasons"], told["domains"], told["oldest_deferred"]) == ([], [], None)


def test_the_pace_and_the_end(shell: Shell, hindered: Desk) -> None:
    with hindered.database.write() as session:
        session.add(TallyRow(mailing_id=1, worker="sender-a"))
        session.flush()
        tally.measure(session, "sender-a", {1: 90}, clock.now())
    line = shell.say(*STATUS).splitlines()[1]
    assert line.startswith("1.5 a second; the last goes out at about ")
    with hindered.database.write() as session:
        tally.measure(session, "sender-a", {1: 0}, clock.now())
    assert shell.say(*STATUS).splitlines()[1] == "Nothing goes out at this moment."


def test_an_end_on_another_day_has_its_date(shell: Shell, hindered: Desk) -> None:
    with hindered.database.write() as session:
        session.add(TallyRow(mailing_id=1, worker="sender-a", audience=300_000))
        session.flush()
        tally.measure(session, "sender-a", {1: 60}, clock.now())
    tomorrows = shell.say(*STATUS).splitlines()[1]
    assert tomorrows.startswith("1 a second; the last goes out at about ")
    assert " on 20" in tomorrows
    with hindered.database.write() as session:
        tally.tell(session, "sender-a", {1: {"audience": -300_000}})


Steps = Callable[..., None]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    """Has these done, one each second that a watcher waits; then comes Ctrl-C."""

    def let(*doings: Callable[[], object]) -> None:
        waiting = iter(doings)

        def rest() -> None:
            doing = next(waiting, None)
            if doing is None:
                raise KeyboardInterrupt
            doing()

        monkeypatch.setattr(status_module, "_rest", rest)

    return let


def end(desk: Desk) -> None:
    desk.put([1, 2, 4], state="sent")
    with desk.database.write() as session:
        session.connection().exec_driver_sql("UPDATE mailings SET status = 'sent'")


def test_watched_it_tells_each_change_until_it_is_over(
    shell: Shell, hindered: Desk, steps: Steps
) -> None:
    steps(
        lambda: None,
        lambda: hindered.put([4], state="sent"),
        lambda: None,
        lambda: end(hindered),
    )
    said = shell.say(*STATUS, "--watch").splitlines()
    heads = [line for line in said if line.startswith("Update 120 is ")]
    assert heads[0].startswith("Update 120 is sending: 1 of 5 sent, 1 failed, 2 deferred, 1 wait")
    assert heads[-2].startswith("Update 120 is sending: 2 of 5 sent, 1 failed, 2 deferred. ")
    assert heads[-1] == "Update 120 is sent: 4 of 5 sent, 1 failed."
    rest = said[said.index(heads[-1]) + 1 :]
    assert rest[1] == "count  state   code  fault   for example"
    assert rest[-1] == "b.example        0         0       1         0"


def test_watched_until_ctrl_c(shell: Shell, hindered: Desk, steps: Steps) -> None:
    steps(lambda: None)
    said = shell.run(*STATUS, "--watch", status=0)
    assert said.answer.startswith("Update 120 is sending: 1 of 5 sent")
    assert said.remarks == ""


def test_on_a_terminal_it_is_drawn_anew(
    shell: Shell, hindered: Desk, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("LINES", "40")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    steps(lambda: end(hindered))
    drawn = shell.say(*STATUS, "--watch")
    first, _, last = drawn.rpartition("\x1b[1A")
    assert "Update 120 is sending: 1 of 5 sent" in first
    assert "452  mailbox" in first
    assert "Update 120 is sent: 4 of 5 sent, 1 failed." in last
    assert "example.org" not in last
    assert "b.example" in last


def test_watching_is_not_for_programs(shell: Shell) -> None:
    assert "--json" in shell.refusal(*STATUS, "--watch", "--json")


def test_what_is_over_is_not_waited_for(shell: Shell) -> None:
    assert shell.say(*STATUS, "--watch") == "Update 120 is a draft.\n"
