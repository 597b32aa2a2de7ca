"""`mailer init`: a configuration with fresh secrets, the database, the first account."""

import secrets
import sys
from pathlib import Path

from mailer.cli.database import upgrade_database
from mailer.cli.door import Door, show
from mailer.clock import now
from mailer.errors import Failed, Refused, WrongInput

QUESTIONS = (
    ("name", "The organisation's name", "Our Organisation"),
    ("address", "Its postal address, for every letter's footer", "1 Example Street, London"),
    ("timezone", "Its time zone", "Europe/London"),
    ("language", "Its language (en or es)", "en"),
    ("url", "Where readers will find the site", "http://127.0.0.1:8000"),
    ("sender", "Who the letters come from", "Our Updates <updates@our.example>"),
    ("bounces", "Where undeliverable letters go", "bounces@our.example"),
    ("relay_host", "The SMTP server that takes the letters", "127.0.0.1"),
    ("relay_port", "Its port", "2525"),
    ("relay_security", "Its security (none, starttls or tls)", "none"),
    ("owner", "The first account's email address", "owner@our.example"),
)

CONFIGURATION = """\
# The configuration of Mailer; config.example.toml explains every key, and the defaults of those
# that do not stand here.

[organisation]
name = {name}
address = {address}
timezone = {timezone}
language = {language}

[site]
url = {url}
listen = "127.0.0.1:8000"
secret_key = {secret_key}

[database]
url = "sqlite:///mailer.db"

[mail]
from = {sender}
bounce_address = {bounces}

[[relay]]
host = {relay_host}
port = {relay_port}
security = {relay_security}
"""


def new_site(door: Door, folder: Path, *, yes: bool) -> None:
    """Make a site in `folder`, asking on a terminal unless `yes`.

    Raises:
        Refused: there is a configuration already, or a database.
        WrongInput: an answer cannot be taken; nothing was written.
    """
    path = folder / "config.toml"
    if folder.exists() and not folder.is_dir():
        raise WrongInput(f"{folder} is a file; name a folder for the site.")
    if path.exists():
        raise Refused(f"{path} stands already; remove it first, or choose another folder.")
    if (database := folder / "mailer.db").exists():
        # Its letters' links were signed with a key that a new configuration would not have.
        raise Refused(
            f"{database} stands already, and a new configuration would not know the links in its "
            "letters; put its config.toml back, or choose another folder."
        )
    answers = {key: _ask(question, default, yes) for key, question, default in QUESTIONS}
    text = configuration(answers)
    password = write_site(door, path, text, answers["owner"])
    show(f"Configuration: {path}")
    show(f"Database: {door.config.database.url.partition('///')[2]}")
    show(f"First account: {answers['owner']}")
    show(f"Its password, shown only now: {password}")
    show(f"Next: mailer --config {path} serve")


def configuration(answers: dict[str, str]) -> str:
    """The text of a configuration with these answers and a fresh key."""
    port = answers["relay_port"] if answers["relay_port"].isdecimal() else '"?"'
    quoted = {key: _toml(value) for key, value in answers.items()}
    return CONFIGURATION.format(
        **{**quoted, "relay_port": port}, secret_key=_toml(secrets.token_urlsafe(36))
    )


def write_site(door: Door, path: Path, text: str, owner: str) -> str:
    """Check the configuration, write it, make the database and the first account.

    Returns its password.
    """
    from mailer import staff
    from mailer.config import read_config

    staff.mailbox_of(owner)
    door.config_path = path
    door.config = read_config(text, path, {})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror}.") from None
    password = staff.new_password()
    try:
        upgrade_database(door)
        with door.database.write() as session:
            staff.add(session, owner, "owner", password, now(), door.operator)
    except BaseException:
        path.unlink()
        raise
    return password


def _ask(question: str, default: str, yes: bool) -> str:
    if yes or not sys.stdin.isatty():
        return default
    sys.stderr.write(f"{question} [{default}]: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() or default


def _toml(text: str) -> str:
    """A TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in escaped) + '"'
