"""Secrets: from files of their own, and in nobody's log."""

from pathlib import Path

import pytest

from mailer.config import Config, read_config
from mailer.errors import WrongInput
from tests.config.files import TEXT, changed, read

SECRET = "a-secret-of-a-site-that-nobody-knows"
FROM_FILES = (
    changed('secret_key = "a-key-for-tests-only-0123456789abcdef"', 'secret_key_file = "key"')
    .replace('url = "sqlite:///mailer.db"', 'url_file = "secrets/url"')
    .replace('security = "none"', 'security = "none"\nusername = "u"\npassword_file = "password"')
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a site, with its secrets in files."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "key").write_text(f"{SECRET}\n")
    (tmp_path / "secrets/url").write_text("  postgresql://u:hunter2@db.example/mailer\r\n")
    (tmp_path / "password").write_text("hunter2")
    return tmp_path


def read_in(folder: Path, text: str, environ: dict[str, str] | None = None) -> Config:
    return read_config(text, folder / "config.toml", environ or {})


def test_secrets_are_read_from_files_beside_the_configuration(folder: Path) -> None:
    config = read_in(folder, FROM_FILES)
    assert config.site.secret_key == SECRET
    assert config.database.url == "postgresql://u:hunter2@db.example/mailer"
    assert config.relay[0].password == "hunter2"


def test_the_environment_may_name_the_file(folder: Path) -> None:
    text = changed('secret_key = "a-key-for-tests-only-0123456789abcdef"\n', "")
    environ = {
        "MAILER_SITE__SECRET_KEY_FILE": "key",
        "MAILER_RELAY__0__USERNAME": "u",
        "MAILER_RELAY__0__PASSWORD_FILE": str(folder / "password"),
    }
    config = read_in(folder, text, environ)
    assert (config.site.secret_key, config.relay[0].password) == (SECRET, "hunter2")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (FROM_FILES.replace('"key"', '"no-such-key"'), "site.secret_key_file"),
        (FROM_FILES.replace('"key"', '"."'), "site.secret_key_file"),
        (FROM_FILES.replace('"key"', '"a\\u0000b"'), "site.secret_key_file"),
        (FROM_FILES.replace('"key"', "3"), "site.secret_key_file: not text"),
        (FROM_FILES.replace('"key"', '"password"'), "site.secret_key: "),
        (
            changed('security = "none"', 'username = "u"\npassword = "p"\npassword_file = "p"'),
            "both relay.password and relay.password_file",
        ),
        (changed("[site]", '[site]\nsecret_key_file = "key"'), "both site.secret_key and"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(folder: Path, text: str, words: str) -> None:
    with pytest.raises(WrongInput) as refused:
        read_in(folder, text)
    assert words in str(refused.value)
    assert str(folder / "config.toml") in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_no_secret_is_shown() -> None:
    config = read(
        environ={
            "MAILER_DATABASE__URL": "postgresql://u:hunter2@db.example/mailer",
            "MAILER_RELAY__0__USERNAME": "u",
            "MAILER_RELAY__0__PASSWORD": "hunter2",
            "MAILER_SITE__SECRET_KEY": f"{SECRET} hunter2",
            "MAILER_SITE__OLD_SECRET_KEYS": f"{SECRET} hunter2",
        }
    )
    assert config.relay[0].password == "hunter2"
    for shown in (repr(config), str(config), f"{config.site} {config.database} {config.relay}"):
        assert "hunter2" not in shown
        assert SECRET not in shown


def test_a_configuration_does_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        read(TEXT).site.url = "https://elsewhere.example"  # type: ignore[misc]
