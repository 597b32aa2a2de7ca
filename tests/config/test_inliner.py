"""Which inliner is configured, and what is said where it is not installed."""

import pytest

from mailer.config import model
from tests.config.files import changed, read, refusal

CSS_INLINE = changed("[mail]", '[mail]\ninliner = "css-inline"')


def test_premailer_is_the_default() -> None:
    assert read().mail.inliner == "premailer"


def test_css_inline_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "find_spec", lambda name: name)
    assert read(CSS_INLINE).mail.inliner == "css-inline"


def test_css_inline_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "find_spec", lambda name: None)
    said = refusal(CSS_INLINE)
    assert "mail.inliner" in said
    assert "pip install mailer[css-inline]" in said


def test_another_is_refused() -> None:
    assert "'css-inline'" in refusal(changed("[mail]", '[mail]\ninliner = "juice"'))
