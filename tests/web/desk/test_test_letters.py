"""Test letters from the desk: to oneself, to others, not too many, and not waited for too long."""

import re

import pytest

from mailer.config import Config
from mailer.database import Database
from mailer.web import create_app
from tests.services import free_port
from tests.sink import STALL, Sink
from tests.web.desk.conftest import AtDesk, SignIn, at_desk
from tests.web.desk.sending import Update120
from tests.web.desk.test_checking_and_sending import follow, text

# What the databases do differently is tried in the room's own tests.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def desk_with(sink_port: int, config: Config, database: Database, browser: AtDesk) -> AtDesk:
    """The same person at a desk whose relay listens on this port."""
    relay = config.relay[0].model_copy(update={"port": sink_port})
    app = create_app(config.model_copy(update={"relay": (relay,)}), database)
    return at_desk(app, database, browser.account)


def test_to_oneself(update: Update120, sign_in: SignIn, config: Config, database: Database) -> None:
    with Sink().running() as sink:
        writer = desk_with(sink.port, config, database, sign_in("writer"))
        page = follow(writer, writer.submit(f"{update.path}/test"))
    assert sink.recipients == ["writer@psg.example"]
    assert "1 test letter is on its way." in page
    assert re.search(r"writer@psg.example \w+ \d+ \w+ at \d+:\d\d ✓ taken", page)


def test_to_others_each_with_its_answer(
    update: Update120, sign_in: SignIn, config: Config, database: Database
) -> None:
    def picky(stage: str, argument: str) -> str | None:
        return "550 5.1.1 nobody here" if (stage, argument) == ("RCPT", "no@psg.example") else None

    with Sink(picky).running() as sink:
        editor = desk_with(sink.port, config, database, sign_in("editor"))
        answer = editor.submit(f"{update.path}/test", others="yes@psg.example, no@psg.example")
        page = follow(editor, answer)
    assert sink.recipients == ["yes@psg.example"]
    assert "1 test letter was not taken; see below why." in page
    assert re.search(r"yes@psg.example [\w :]+ ✓ taken", page)
    assert re.search(r"no@psg.example [\w :]+ 550 5.1.1 nobody here [^●]*● not taken", page)


def test_a_writer_sends_to_nobody_else(update: Update120, sign_in: SignIn) -> None:
    answer = sign_in("writer").submit(f"{update.path}/test", others="bo@psg.example")
    assert answer.status_code == 422
    assert "Your role sends test letters to yourself alone." in text(answer.text)


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ("ana", "is not an address"),
        ("ana@psg.example\r\nBcc: x@y.example", "is not an address"),
        (" ".join(f"a{n}@psg.example" for n in range(11)), "At most 10 test letters"),
    ],
)
def test_what_cannot_be_taken_is_said_beside_the_field(
    update: Update120, sign_in: SignIn, others: str, said: str
) -> None:
    answer = sign_in("editor").submit(f"{update.path}/test", others=others)
    assert answer.status_code == 422
    assert said in text(answer.text)
    assert "aria-invalid" in answer.text


def test_an_issue_with_an_error_is_not_sent_to_anybody(update: Update120, sign_in: SignIn) -> None:
    update.spoil()
    answer = sign_in("editor").submit(f"{update.path}/test")
    assert answer.status_code == 422


def test_a_relay_that_is_not_there_is_named(
    update: Update120, sign_in: SignIn, config: Config, database: Database
) -> None:
    port = free_port()
    editor = desk_with(port, config, database, sign_in("editor"))
    page = follow(editor, editor.submit(f"{update.path}/test"))
    assert f"127.0.0.1:{port}" in page


def test_too_many_in_an_hour(
    update: Update120,
    sign_in: SignIn,
    config: Config,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mailer.delivery.tested.AN_HOUR", 1)
    with Sink().running() as sink:
        editor = desk_with(sink.port, config, database, sign_in("editor"))
        follow(editor, editor.submit(f"{update.path}/test"))
        answer = editor.submit(f"{update.path}/test")
    assert answer.status_code == 422
    assert "You have sent 1 test letters in this hour" in text(answer.text)
    assert len(sink.recorded) == 1


def test_a_slow_relay_does_not_keep_the_page(
    update: Update120,
    sign_in: SignIn,
    config: Config,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mailer.web.desk.testing.WAIT_S", 0.1)
    with Sink(lambda stage, _: STALL if stage == "dot" else None).running() as sink:
        editor = desk_with(sink.port, config, database, sign_in("editor"))
        page = follow(editor, editor.submit(f"{update.path}/test"))
    assert "The test letters are on their way; look again in a moment." in page
