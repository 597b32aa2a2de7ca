"""`mailer init`: a site from nothing, or nothing at all."""

import stat
import tomllib

import pytest

from mailer.config import load
from tests.cli.conftest import Shell

pytestmark = pytest.mark.usefixtures("cheap_hashes")


def test_with_yes_it_takes_the_defaults(empty: Shell) -> None:
    said = empty.say("init", "--yes")
    path = empty.folder / "config.toml"
    assert "Configuration: config.toml" in said
    assert "First account: owner@our.example" in said
    assert "shown only now: " in said
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((empty.folder / "mailer.db").stat().st_mode) == 0o600
    assert len(load(path, {}).site.secret_key) >= 32
    assert empty.json("staff", "list") == [{"address": "owner@our.example", "role": "owner"}]
    assert empty.json("issues", "list") == []
    assert "sound" in empty.say("db", "check")


def test_each_site_has_a_secret_of_its_own(empty: Shell) -> None:
    empty.run("init", "a", "--yes")
    empty.run("init", "b/c", "--yes")
    keys = {
        tomllib.loads((empty.folder / name / "config.toml").read_text())["site"]["secret_key"]
        for name in ("a", "b/c")
    }
    assert len(keys) == 2


ANSWERS = {
    "name": 'Apoyo "Perú" \\ Ltd',
    "address": "Jirón 1, Lima",
    "zone": "America/Lima",
    "language": "es",
    "url": "https://apoyo.example",
    "sender": "Apoyo <apoyo@apoyo.example>",
    "bounces": "",
    "relay": "smtp.apoyo.example",
    "port": "587",
    "security": "starttls",
    "owner": "Ana@apoyo.example",
}


def typed(**changes: str) -> str:
    return "".join(f"{answer}\n" for answer in {**ANSWERS, **changes}.values())


def test_on_a_terminal_it_asks(empty: Shell) -> None:
    said = empty.run("init", typed=typed(), person=True)
    assert "The organisation's name [Our Organisation]: " in said.remarks
    config = load(empty.folder / "config.toml", {})
    assert config.organisation.name == ANSWERS["name"]
    assert config.organisation.zone.key == "America/Lima"
    assert config.mail.bounce_address == "bounces@our.example"
    assert (config.relay[0].port, config.relay[0].security) == (587, "starttls")
    assert empty.json("staff", "list") == [{"address": "ana@apoyo.example", "role": "owner"}]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "a\tb"}, "organisation.name"),
        ({"zone": "Lima"}, "organisation.timezone"),
        ({"language": "qu"}, "organisation.language"),
        ({"url": "apoyo.example"}, "site.url"),
        ({"sender": "Apoyo"}, "mail.from"),
        ({"bounces": "b" * 40 + "@apoyo.example"}, "mail.bounce_address"),
        ({"port": "smtp"}, "relay.0.port"),
        ({"security": "none"}, "relay.0"),
        ({"owner": "ana"}, "“ana” is no email address"),
    ],
)
def test_a_wrong_answer_leaves_nothing(empty: Shell, change: dict[str, str], words: str) -> None:
    said = empty.run("init", "new", typed=typed(**change), person=True, status=2)
    assert words in said.remarks.partition("]: mailer: ")[2]
    assert said.remarks.count("\n") == 1
    assert list(empty.folder.iterdir()) == []


def test_a_configuration_that_stands_is_not_touched(empty: Shell) -> None:
    path = empty.folder / "config.toml"
    path.write_text("precious")
    assert "stands already" in empty.refusal("init", "--yes")
    assert path.read_text() == "precious"
    assert list(empty.folder.iterdir()) == [path]


def test_a_database_that_stands_gets_no_other_key(empty: Shell) -> None:
    empty.run("init", "--yes")
    configuration = (empty.folder / "config.toml").rename(empty.folder / "kept.toml")
    before = (empty.folder / "mailer.db").read_bytes()
    assert "mailer.db stands already" in empty.refusal("init", "--yes")
    assert not (empty.folder / "config.toml").exists()
    assert (empty.folder / "mailer.db").read_bytes() == before
    configuration.rename(empty.folder / "config.toml")
    assert len(empty.json("staff", "list")) == 1


def test_a_folder_that_cannot_be_made_is_named(empty: Shell) -> None:
    (empty.folder / "file").write_text("")
    assert "file is a file; name a folder" in empty.refusal("init", "file", "--yes")
    assert "cannot be used" in empty.refusal("init", "a" * 300, "--yes")
