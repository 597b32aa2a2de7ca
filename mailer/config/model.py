"""Every key of the configuration, with its type, its default and what makes it wrong.

`config.example.toml` documents the same keys for people; a test holds the two together.
"""

import ipaddress
from datetime import timedelta
from importlib.util import find_spec
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    Field,
    field_validator,
    model_validator,
)

from mailer.config.pace import Pace
from mailer.config.section import Section
from mailer.config.values import (
    ADDRESS,
    DOMAIN,
    HELO,
    LINK,
    Colour,
    Duration,
    FilePath,
    Line,
    Lines,
    MailboxLine,
    Port,
    Rate,
    SecretKey,
    http_url,
)

EXAMPLE_KEY = "replace-this-by-32-characters-or-more-of-your-own"


class Organisation(Section):
    """Who publishes."""

    name: Annotated[Line, Field(min_length=1)]
    address: Lines = ""
    timezone: str = "Europe/London"
    language: Literal["en", "es"] = "en"
    accent: Colour = "#1F4E79"
    accent_dark: Colour = "#9CC3E8"
    logo: FilePath | None = None
    heading_font: Literal["serif", "sans"] = "serif"
    text_font: Literal["sans", "serif"] = "sans"
    footer: str = ""
    join_url: str = ""

    @field_validator("join_url")
    @classmethod
    def _page(cls, value: str) -> str:
        """Empty, a path on the site, or a whole address; `letter` takes no other as a link."""
        on_site = value.startswith("/") and not value.startswith("//")
        whole = f"https://site.example{value}" if on_site else value
        if value and not (whole.startswith("https://") and LINK.fullmatch(whole)):
            raise ValueError(
                'write a path on the site, like "/pages/why-join/", or an https address'
            )
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f'{value!r} is no time zone; write one like "Europe/London"') from None
        return value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class Site(Section):
    """Where the pages stand, and the keys that sign the links to them."""

    url: str
    listen: Line = "127.0.0.1:8000"
    secret_key: Annotated[SecretKey, Field(repr=False)]
    old_secret_keys: Annotated[tuple[SecretKey, ...], Field(repr=False)] = ()
    trusted_proxies: tuple[str, ...] = ()

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        return http_url(value)

    @field_validator("old_secret_keys", "trusted_proxies", mode="before")
    @classmethod
    def _tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ipaddress.ip_network(network)
        return value

    @field_validator("listen")
    @classmethod
    def _listen(cls, value: str) -> str:
        host, colon, port = value.rpartition(":")
        if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise ValueError('write host and port, like "127.0.0.1:8000"')
        return value

    @property
    def listen_host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def listen_port(self) -> int:
        return int(self.listen.rpartition(":")[2])

    @property
    def host(self) -> str:
        """The host name of the public address."""
        return urlsplit(self.url).hostname or ""

    @property
    def path(self) -> str:
        """The path below which the site stands: "" at a host's top, else like "/news"."""
        return urlsplit(self.url).path

    @property
    def key_is_known(self) -> bool:
        """True where the key is the one that stands in `config.example.toml` for all to read."""
        return self.secret_key == EXAMPLE_KEY

    @property
    def on_loopback(self) -> bool:
        return is_loopback(self.host)


class Database(Section):
    """SQLite in a file, or PostgreSQL."""

    url: Annotated[str, Field(repr=False)] = "sqlite:///mailer.db"
    pool_size: Annotated[int, Field(ge=1, le=200)] = 10

    @field_validator("url")
    @classmethod
    def _known(cls, value: str) -> str:
        of_file = value.removeprefix("sqlite:///")
        known = value.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://"))
        no_file = not of_file or of_file in (":memory:", ".", "..") or of_file.endswith("/")
        if not known or no_file or (of_file != value and "?" in of_file):
            raise ValueError('write "sqlite:///mailer.db" or "postgresql://user@host/name"')
        return value


class Mail(Section):
    """What the letters say of their sender."""

    from_: Annotated[MailboxLine, Field(alias="from")]
    reply_to: MailboxLine | None = None
    bounce_address: Line
    verp: bool = True
    message_id_domain: Line | None = None
    inliner: Literal["premailer", "css-inline"] = "premailer"
    theme: Annotated[Line, Field(min_length=1)] = "update"
    themes: FilePath | None = None

    @field_validator("inliner")
    @classmethod
    def _installed(cls, value: str) -> str:
        if value == "css-inline" and find_spec("css_inline") is None:
            raise ValueError(
                '"css-inline" is not installed; say pip install mailer[css-inline], '
                "or leave this key out"
            )
        return value

    @field_validator("bounce_address")
    @classmethod
    def _address(cls, value: str) -> str:
        if not ADDRESS.fullmatch(value) or not value.isascii():
            raise ValueError('write an address, like "bounces@psg.example"')
        return value

    @field_validator("message_id_domain")
    @classmethod
    def _domain(cls, value: str | None) -> str | None:
        if value is not None and not DOMAIN.fullmatch(value):
            raise ValueError('write a domain, like "updates.example.org"')
        return value


class Relay(Section):
    """An SMTP server that takes our letters on."""

    host: Annotated[Line, Field(min_length=1)]
    port: Port = 587
    security: Literal["none", "starttls", "tls"] = "starttls"
    username: Line | None = None
    password: Annotated[Line | None, Field(repr=False)] = None
    ca_file: FilePath | None = None
    connections: Annotated[int, Field(ge=1, le=500)] = 10
    messages_per_connection: Annotated[int, Field(ge=1)] = 1000
    messages_per_minute: Rate | None = None
    weight: Annotated[int, Field(ge=0, le=1000)] = 1
    senders: tuple[Line, ...] = ()
    helo: Line | None = None

    @field_validator("senders", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("senders")
    @classmethod
    def _addresses_or_domains(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for sender in value:
            if not ADDRESS.fullmatch(f"any{sender}" if sender.startswith("@") else sender):
                raise ValueError(
                    f'{sender!r} is no sender; write "updates@psg.example" or "@psg.example"'
                )
        return tuple(sender.lower() for sender in value)

    @field_validator("helo")
    @classmethod
    def _name(cls, value: str | None) -> str | None:
        if value is not None and not HELO.fullmatch(value):
            raise ValueError('write a name, like "mailer.psg.example"')
        return value

    @model_validator(mode="after")
    def _no_password_in_clear(self) -> "Relay":
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together; give both or neither")
        if self.security == "none" and not is_private(self.host):
            raise ValueError(
                'security "none" is for loopback and private networks; use "starttls" or "tls"'
            )
        return self


class Delivery(Section):
    """How the ledger is worked off."""

    lease: Duration = timedelta(seconds=60)
    in_doubt: Literal["resend", "hold"] = "resend"
    seeds: tuple[Line, ...] = ()

    @field_validator("seeds", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("seeds")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            if not ADDRESS.fullmatch(address):
                raise ValueError(f'{address!r} is no address; write one like "seed@psg.example"')
        if len({address.lower() for address in value}) < len(value):
            raise ValueError("an address stands there twice")
        return value

    @field_validator("lease")
    @classmethod
    def _some(cls, value: timedelta) -> timedelta:
        # A worker renews its leases each second, or four times in its length if that is more often.
        if value < timedelta(seconds=2):
            raise ValueError("must be at least 2s")
        return value


class Schedule(Section):
    """What happens to a mailing whose time went by while nobody was there to send it."""

    late_after: Duration = timedelta(hours=6)


class Privacy(Section):
    """How long what is known of readers is kept."""

    unconfirmed: Duration = timedelta(days=30)
    networks: Duration = timedelta(days=90)


class Staff(Section):
    """Who works at the desk, how they sign in, and whether a second person sees what is sent."""

    require_totp: bool = False
    approval: bool = False


class Log(Section):
    """What is told on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class Config(Section):
    """The whole configuration, as `config.example.toml` documents it."""

    organisation: Organisation
    site: Site
    database: Database = Database()
    mail: Mail
    relay: tuple[Relay, ...]
    delivery: Delivery = Delivery()
    pace: Pace = Pace()
    schedule: Schedule = Schedule()
    privacy: Privacy = Privacy()
    staff: Staff = Staff()
    log: Log = Log()

    @field_validator("relay", mode="before")
    @classmethod
    def _relays(cls, value: Any) -> Any:
        if isinstance(value, dict):
            raise ValueError("write [[relay]], with two brackets")
        return tuple(value) if isinstance(value, list) else value

    @field_validator("relay")
    @classmethod
    def _one_at_least(cls, value: tuple[Relay, ...]) -> tuple[Relay, ...]:
        if not value:
            raise ValueError("there is none; write a section [[relay]]")
        if all(relay.senders for relay in value):
            raise ValueError("all have senders; leave one without, for the letters of all others")
        for senders in {frozenset(relay.senders) for relay in value}:
            of = [relay for relay in value if frozenset(relay.senders) == senders]
            if not any(relay.weight for relay in of):
                raise ValueError(
                    "all have weight 0, and stand in for nobody; give one another weight"
                )
        return value

    @model_validator(mode="after")
    def _verp_fits(self) -> "Config":
        # RFC 5321 section 4.5.3.1.1: a local part has at most 64 octets; ours ends in "+" and
        # 24 characters of token.
        local = self.mail.bounce_address.rpartition("@")[0]
        if self.mail.verp and len(local) > 64 - 25:
            raise ValueError(
                "mail.bounce_address: its local part may have 39 characters at most, "
                "since the token of each delivery is added to it; or set mail.verp = false"
            )
        return self


def is_loopback(host: str) -> bool:
    """True where `host` can only be this machine (RFC 6761 section 6.3, RFC 1122, RFC 4291)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_private(host: str) -> bool:
    """True for loopback, a private network, or a bare name, which only a local resolver knows."""
    if is_loopback(host) or ("." not in host.rstrip(".") and ":" not in host):
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host.endswith((".internal", ".local", ".home.arpa"))
