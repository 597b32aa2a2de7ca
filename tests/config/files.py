"""A configuration file to be changed, and the sentence that it is refused with."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from mailer.config import Config, read_config
from mailer.errors import WrongInput
from tests.conftest import CONFIG

TEXT = CONFIG.format(url="sqlite:///mailer.db", port=2525)


def changed(before: str, after: str) -> str:
    """The configuration with `after` in place of `before`, which must stand in it once."""
    assert TEXT.count(before) == 1
    return TEXT.replace(before, after)


def read(text: str = TEXT, environ: Mapping[str, str] | None = None) -> Config:
    """The configuration that `text` in /site/config.toml and the environment make."""
    return read_config(text, Path("/site/config.toml"), environ or {})


def refusal(text: str = TEXT, environ: Mapping[str, str] | None = None) -> str:
    """The one sentence that they are refused with."""
    with pytest.raises(WrongInput) as refused:
        read(text, environ)
    sentence = str(refused.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert not sentence.endswith("..")
    return sentence
