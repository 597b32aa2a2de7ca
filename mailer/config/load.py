"""From a TOML file and the environment to a `Config`, or to a sentence that says what is wrong."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin

from mailer.errors import WrongInput

if TYPE_CHECKING:
    from mailer.config.model import Config

_PREFIX = "MAILER_"
_NOT_KEYS = {"MAILER_CONFIG"}
_SEVERAL = {"relay", "domain"}
"""Of these sections there may be more than one."""
_SECRETS_FROM_FILES = {
    ("site", "secret_key_file"): "secret_key",
    ("database", "url_file"): "url",
    ("relay", "password_file"): "password",
}


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> "Config":
    """Read the configuration from `path`, `$MAILER_CONFIG` or `./config.toml`.

    Raises:
        WrongInput: no such file, not TOML, an unknown key, a value of the wrong kind, a file
            that a key names and that is not there; the sentence names file and key.
    """
    environ = os.environ if environ is None else environ
    chosen = path or Path(environ.get("MAILER_CONFIG") or "config.toml")
    try:
        text = chosen.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise WrongInput(
            f"There is no configuration at {chosen}; "
            "run `mailer init` here, or name the file with --config."
        ) from None
    except OSError as error:
        raise WrongInput(f"The configuration {chosen} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise WrongInput(f"The configuration {chosen} is not UTF-8 text; save it so.") from None
    config = read_config(text, chosen, environ)
    _require_files(config, chosen)
    return config


def read_config(text: str, path: Path, environ: Mapping[str, str]) -> "Config":
    """Check the TOML `text` of the file `path`, to whose folder relative paths belong."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WrongInput(f"The configuration {path} is not TOML: {error}.") from None
    except RecursionError:
        raise WrongInput(f"The configuration {path} is not TOML: it is nested too deep.") from None
    overridden = _override(tree, environ)
    _read_secret_files(tree, path)
    config = _check(tree, path, overridden)
    return _resolve_paths(config, path.resolve().parent)


def _override(tree: dict[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """Put in what the environment says; returns by which variable each key was set."""
    overridden = {}
    # Sorted, so that relay 1 is there before relay 2 is added behind it.
    for name, value in sorted(environ.items()):
        if not name.startswith(_PREFIX) or name in _NOT_KEYS:
            continue
        if "__" not in name:
            _refuse_almost_a_key(name)
            continue
        if not value.isprintable() and any("\ud800" <= c <= "\udfff" for c in value):
            raise WrongInput(f"The environment variable {name} is not UTF-8 text.")
        keys = name.removeprefix(_PREFIX).lower().split("__")
        place: Any = tree
        try:
            for key in keys[:-1]:
                if isinstance(place, list):
                    if int(key) == len(place):
                        place.append({})
                    place = place[int(key)]
                else:
                    place = place.setdefault(key, [] if key in _SEVERAL else {})
            place[keys[-1]] = _typed(keys, value)
        except (ValueError, LookupError, TypeError, AttributeError):
            raise WrongInput(
                f"The environment variable {name} names no key of the configuration."
            ) from None
        overridden[".".join(keys)] = name
    return overridden


def _refuse_almost_a_key(name: str) -> None:
    """Refuse `MAILER_DATABASE_URL`, which is meant for a key; other programs' names may stand."""
    from mailer.config.model import Config

    section, _, key = name.removeprefix(_PREFIX).lower().partition("_")
    field = Config.model_fields.get(section)
    known = getattr(field.annotation, "model_fields", {}) if field is not None else {}
    if key in {one.alias or its_name for its_name, one in known.items()}:
        meant = f"{_PREFIX}{section}__{key}".upper()
        raise WrongInput(
            f"The environment variable {name} has one underscore behind its section; write {meant}."
        )


def _typed(keys: list[str], value: str) -> object:
    """An environment variable is text; give it the type that its key wants.

    Raises:
        KeyError: there is no such key.
    """
    from mailer.config.model import Config

    if (keys[0], keys[-1]) in _SECRETS_FROM_FILES:
        return value
    model: Any = Config
    for key in keys:
        if key.isdecimal():
            continue
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        model = fields[key].annotation
        inner = [a for a in get_args(model) if hasattr(a, "model_fields")]
        model = inner[0] if inner else model
    kinds = {model, *(get_args(kind)[0] for kind in get_args(model) if get_args(kind))}
    if kinds & {int, float} and value.lstrip("-").isdecimal():
        return int(value)
    if float in kinds and re.fullmatch(r"\d*\.\d+", value):
        return float(value)
    if model is bool and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if get_origin(model) is tuple:
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _read_secret_files(tree: dict[str, Any], path: Path) -> None:
    for (section, key), target in _SECRETS_FROM_FILES.items():
        tables = tree.get(section)
        for table in tables if isinstance(tables, list) else [tables]:
            if not isinstance(table, dict) or key not in table:
                continue
            if target in table:
                raise WrongInput(
                    f"The configuration {path} has both {section}.{target} and "
                    f"{section}.{key}; keep one of them."
                )
            name = table.pop(key)
            if not isinstance(name, str):
                raise WrongInput(f"The configuration {path} is wrong at {section}.{key}: not text.")
            try:
                secret = (path.resolve().parent / name).read_text(encoding="utf-8").strip()
            except (OSError, ValueError) as error:
                raise WrongInput(
                    f"The file that {section}.{key} in {path} names cannot be read: {error}."
                ) from None
            table[target] = secret


def _check(tree: dict[str, Any], path: Path, overridden: Mapping[str, str]) -> "Config":
    from pydantic import ValidationError

    from mailer.config.model import Config

    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        problems = "; ".join(_in_words(problem, overridden) for problem in error.errors()[:3])
        raise WrongInput(f"The configuration {path} is wrong at {problems}.") from None


def _in_words(problem: Any, overridden: Mapping[str, str]) -> str:
    match problem["type"]:
        case "extra_forbidden":
            words = "there is no such key"
        case "missing":
            words = "this key is missing"
        case "too_short":
            words = "this is empty"
        case "model_type":
            words = "this is a section, with keys of its own"
        case "tuple_type":
            words = "write a list, in brackets"
        case "is_instance_of":
            words = "write the name of a file"
        case "value_error":
            words = str(problem["ctx"]["error"])
        case _:
            words = problem["msg"][:1].lower() + problem["msg"][1:]
    # What is wrong with the whole names its key itself.
    key = ".".join(map(str, problem["loc"]))
    if key in overridden:
        key += f" (which {overridden[key]} in the environment sets)"
    return ": ".join(filter(None, (key, words)))


def _resolve_paths(config: "Config", folder: Path) -> "Config":
    """Relative paths, and SQLite's, belong to the folder of the file that names them."""
    changes: dict[str, Any] = {}
    if config.database.url.startswith("sqlite:///"):
        database = folder / config.database.url.removeprefix("sqlite:///")
        changes["database"] = config.database.model_copy(update={"url": f"sqlite:///{database}"})
    if config.organisation.logo is not None:
        changes["organisation"] = config.organisation.model_copy(
            update={"logo": folder / config.organisation.logo}
        )
    if config.mail.themes is not None:
        changes["mail"] = config.mail.model_copy(update={"themes": folder / config.mail.themes})
    changes["relay"] = tuple(
        relay.model_copy(update={"ca_file": folder / relay.ca_file}) if relay.ca_file else relay
        for relay in config.relay
    )
    return config.model_copy(update=changes)


def _require_files(config: "Config", path: Path) -> None:
    named = {"organisation.logo": config.organisation.logo} | {
        f"relay.{number}.ca_file": relay.ca_file for number, relay in enumerate(config.relay)
    }
    for key, file in named.items():
        if file is not None and not file.is_file():
            raise WrongInput(
                f"The configuration {path} is wrong at {key}: there is no file {file}."
            )
    if config.mail.themes is not None and not config.mail.themes.is_dir():
        raise WrongInput(
            f"The configuration {path} is wrong at mail.themes: there is no folder "
            f"{config.mail.themes}."
        )
