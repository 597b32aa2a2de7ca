"""The environment overrides the file; a variable that names no key is refused by its name."""

import pytest

from tests.config.files import TEXT, read, refusal


def test_a_key_is_overridden() -> None:
    config = read(
        environ={
            "MAILER_DATABASE__URL": "postgresql://mailer@db.example/mailer",
            "MAILER_RELAY__0__PORT": "25",
            "MAILER_MAIL__FROM": "Ana <ana@psg.example>",
            "MAILER_MAIL__VERP": "False",
            "MAILER_PACE__RETRY_FIRST": "200ms",
            "MAILER_SITE__TRUSTED_PROXIES": "10.0.0.1, 10.1.0.0/16,",
            "MAILER_SITE__OLD_SECRET_KEYS": f"{'a' * 32},{'b' * 32}",
        }
    )
    assert config.database.url == "postgresql://mailer@db.example/mailer"
    assert config.relay[0].port == 25
    assert config.relay[0].host == "127.0.0.1"
    assert config.mail.from_ == "Ana <ana@psg.example>"
    assert config.mail.verp is False
    assert config.pace.retry_first.total_seconds() == 0.2
    assert config.site.trusted_proxies == ("10.0.0.1", "10.1.0.0/16")
    assert config.site.old_secret_keys == ("a" * 32, "b" * 32)


def test_relays_are_added_behind_the_last_in_whatever_order() -> None:
    config = read(
        environ={
            "MAILER_RELAY__2__HOST": "third.example",
            "MAILER_RELAY__1__PORT": "2526",
            "MAILER_RELAY__1__HOST": "second.example",
        }
    )
    assert [(relay.host, relay.port) for relay in config.relay] == [
        ("127.0.0.1", 2525),
        ("second.example", 2526),
        ("third.example", 587),
    ]


def test_a_site_may_have_all_its_relays_from_the_environment() -> None:
    config = read(TEXT.partition("[[relay]]")[0], {"MAILER_RELAY__0__HOST": "smtp.example"})
    assert [relay.host for relay in config.relay] == ["smtp.example"]


@pytest.mark.parametrize(
    "name",
    [
        "MAILER_SIT__URL",
        "MAILER_SITE__URLL",
        "MAILER_SITE__URL__HOST",
        "MAILER_SITE__",
        "MAILER___URL",
        "MAILER_RELAY__HOST",
        "MAILER_RELAY__0",
        "MAILER_RELAY__2__HOST",
        "MAILER_RELAY__-1__HOST",
        "MAILER_RELAY__FIRST__HOST",
        "MAILER_RELAY__0__HOSTT",
    ],
)
def test_a_variable_that_names_no_key_is_refused(name: str) -> None:
    sentence = refusal(environ={name: "127.0.0.1"})
    assert sentence == f"The environment variable {name} names no key of the configuration."


def test_other_variables_are_nobodys_business() -> None:
    others = {"MAILER_CONFIG": "x", "MAILER_PORT": "tcp://10.0.0.1", "OTHER__KEY": "x"}
    assert read(environ=others) == read()


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        ("MAILER_RELAY__0__PORT", "many", "relay.0.port"),
        ("MAILER_MAIL__VERP", "perhaps", "mail.verp"),
        ("MAILER_DELIVERY__LEASE", "60", "delivery.lease"),
        ("MAILER_SITE__SECRET_KEY", "", "site.secret_key"),
    ],
)
def test_a_wrong_value_names_the_key(name: str, value: str, key: str) -> None:
    sentence = refusal(environ={name: value})
    assert f" at {key} (which {name} in the environment sets): " in sentence


def test_a_variable_with_one_underscore_too_few_is_refused() -> None:
    sentence = refusal(environ={"MAILER_DATABASE_URL": "postgresql://db/mailer"})
    assert "write MAILER_DATABASE__URL." in sentence
    assert "MAILER_MAIL__FROM" in refusal(environ={"MAILER_MAIL_FROM": "a@b.example"})


def test_a_variable_that_is_no_text_is_refused() -> None:
    assert "not UTF-8" in refusal(environ={"MAILER_ORGANISATION__NAME": "Ana\udcff"})
