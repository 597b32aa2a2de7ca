"""What is shipped beside the code: at the top level of a checkout, inside an installed package."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def resource(name: str) -> Path:
    """The folder or file `name` ("templates", "migrations", "config.example.toml")."""
    installed = _PACKAGE / f"_{name}"
    return installed if installed.exists() else _PACKAGE.parent / name
