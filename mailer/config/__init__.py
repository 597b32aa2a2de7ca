"""The configuration: one TOML file, read once, into one frozen and typed object.

1. `load()` finds the file (`--config`, else `MAILER_CONFIG`, else `./config.toml`) and parses it.
2. Environment variables override it: `MAILER_` and the path of the key, its parts joined by two
   underscores (`MAILER_DATABASE__URL`, `MAILER_RELAY__0__HOST`).
3. Secrets named by a file (`secret_key_file`) are read from that file.
4. Everything is checked at once; what is wrong is one sentence that names file and key.

`resource()` finds what is shipped with the code: email themes, page templates, migrations.
"""

from mailer.config.load import load, read_config
from mailer.config.model import (
    Config,
    Database,
    Delivery,
    Log,
    Mail,
    Organisation,
    Privacy,
    Relay,
    Schedule,
    Site,
    is_loopback,
)
from mailer.config.pace import DomainLimit, Pace
from mailer.config.resources import resource
from mailer.config.values import parse_duration

__all__ = [
    "Config",
    "Database",
    "Delivery",
    "DomainLimit",
    "Log",
    "Mail",
    "Organisation",
    "Pace",
    "Privacy",
    "Relay",
    "Schedule",
    "Site",
    "is_loopback",
    "load",
    "parse_duration",
    "read_config",
    "resource",
]
