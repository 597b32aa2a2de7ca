"""`mailer doctor`: a line for each thing, and what to do about it."""

from collections.abc import Iterator

import pytest

from tests.cli.conftest import Shell
from tests.conftest import CONFIG
from tests.services import free_port
from tests.sink import Sink

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

# "localhost" is found without asking anybody.
HERE = CONFIG.replace("bounces@psg.example", "bounces@localhost")


@pytest.fixture
def healthy(shell: Shell, database_url: str) -> Iterator[Shell]:
    """A site whose relay is there."""
    with Sink().running() as relay:
        write(shell, HERE.format(url=database_url, port=relay.port))
        yield shell


def write(shell: Shell, text: str) -> None:
    (shell.folder / "config.toml").write_text(text)


def verdicts(shell: Shell, status: int = 0) -> dict[str, tuple[str, str]]:
    return {
        found["subject"]: (found["verdict"], found["words"])
        for found in shell.json("doctor", status=status)
    }


def test_a_site_in_good_order(healthy: Shell) -> None:
    found = verdicts(healthy)
    assert {subject for subject, (verdict, _) in found.items() if verdict == "ok"} == {
        "configuration", "database", "relay", "site's host", "bounce domain"
    }  # fmt: skip
    assert "PIPELINING" in found["relay"][1]
    # What was not looked up is not OK.
    assert found["SPF, DKIM, DMARC"][0] == "warning"
    assert "psg.example" in found["SPF, DKIM, DMARC"][1]


def test_each_thing_has_a_line(healthy: Shell) -> None:
    lines = healthy.say("doctor").splitlines()
    assert lines[0] == "ok       configuration: it can be read, and every key is known."
    assert len(lines) == len(verdicts(healthy))
    assert all(line.endswith(".") for line in lines)


def test_a_relay_that_is_not_there_is_wrong(shell: Shell, database_url: str) -> None:
    port = free_port()
    write(shell, HERE.format(url=database_url, port=port))
    verdict, words = verdicts(shell, status=1)["relay"]
    assert verdict == "wrong"
    assert f"127.0.0.1:{port}" in words
    assert "refused" in words


def test_a_database_that_is_not_there_is_one_line_of_several(healthy: Shell) -> None:
    config = healthy.folder / "config.toml"
    text = config.read_text()
    for url, said in (
        ("sqlite:///none.db", "`mailer db upgrade` creates it"),
        (f"postgresql://mailer@127.0.0.1:{free_port()}/mailer", "refused"),
        ("postgresql://mailer@db.example:port/mailer", "database.url"),
    ):
        before = next(line for line in text.splitlines() if line.startswith('url = "sqlite'))
        write(healthy, text.replace(before, f'url = "{url}"'))
        found = verdicts(healthy, status=1)
        assert found["database"][0] == "wrong"
        assert said in found["database"][1]
        assert found["relay"][0] == "ok"


def test_what_keeps_letters_back_is_wrong(healthy: Shell) -> None:
    config = healthy.folder / "config.toml"
    text = config.read_text().replace("1 Example Street, London", "")
    write(healthy, text.replace("http://127.0.0.1:8000", "http://192.168.0.1"))
    found = verdicts(healthy, status=1)
    assert found["postal address"][0] == "wrong"
    assert "organisation.address" in found["postal address"][1]
    assert found["site"] == ("wrong", "site.url must be https for the links in letters.")


def test_a_name_that_cannot_be_one_is_a_warning(healthy: Shell) -> None:
    config = healthy.folder / "config.toml"
    write(healthy, config.read_text().replace("bounces@localhost", "bounces@a..b"))
    assert verdicts(healthy)["bounce domain"][0] == "warning"


def test_a_configuration_that_is_wrong_ends_it(shell: Shell) -> None:
    write(shell, "[site\n")
    assert "not TOML" in shell.refusal("doctor")
