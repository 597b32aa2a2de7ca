"""What is paced, over which relay, and which addresses get everything: only what was asked for."""

import pytest

from mailer.config import DomainLimit
from tests.config.files import TEXT, changed, read, refusal

PORT = "port = 2525"


def test_nothing_is_paced_by_default() -> None:
    config = read()
    assert (config.pace.domain, config.pace.pause_after_first) == ((), 0)
    (relay,) = config.relay
    assert (relay.messages_per_minute, relay.weight) == (None, 1)
    assert config.delivery.seeds == ()


def test_what_was_asked_for_is_taken() -> None:
    text = changed(PORT, f"{PORT}\nmessages_per_minute = 90")
    text += '\n[delivery]\nseeds = ["seed@psg.example"]\n[pace]\npause_after_first = 50\n'
    text += '[[pace.domain]]\ndomain = "Slow.Example"\nconnections = 2\n'
    text += '[[pace.domain]]\ndomain = "*"\nmessages_per_minute = 0.5\n'
    config = read(text)
    assert config.relay[0].messages_per_minute == 90.0
    assert config.delivery.seeds == ("seed@psg.example",)
    assert (config.pace.pause_after_first, config.pace.pause_at_share) == (50, 0.2)
    assert config.pace.domain == (
        DomainLimit(domain="slow.example", connections=2),
        DomainLimit(domain="*", messages_per_minute=0.5),
    )


def test_the_environment_sets_it_too() -> None:
    config = read(
        environ={
            "MAILER_PACE__DOMAIN__0__DOMAIN": "slow.example",
            "MAILER_PACE__DOMAIN__0__CONNECTIONS": "2",
            "MAILER_PACE__DOMAIN__0__MESSAGES_PER_MINUTE": "0.5",
            "MAILER_PACE__PAUSE_AT_SHARE": "0.1",
            "MAILER_RELAY__0__MESSAGES_PER_MINUTE": "90",
            "MAILER_DELIVERY__SEEDS": "a@psg.example,b@psg.example",
        }
    )
    limit = DomainLimit(domain="slow.example", connections=2, messages_per_minute=0.5)
    assert config.pace.domain == (limit,)
    assert config.pace.pause_at_share == 0.1
    assert config.relay[0].messages_per_minute == 90.0
    assert config.delivery.seeds == ("a@psg.example", "b@psg.example")


def limits(*domains: str) -> str:
    return TEXT + "".join(f"\n[[pace.domain]]\n{domain}\n" for domain in domains)


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        (changed(PORT, f"{PORT}\nweight = -1"), "relay.0.weight", "0"),
        (changed(PORT, f"{PORT}\nweight = 0"), "relay", "weight 0"),
        (changed(PORT, f"{PORT}\nmessages_per_minute = 0"), "messages_per_minute", "greater"),
        (changed(PORT, f"{PORT}\nmessages_per_minute = true"), "messages_per_minute", "number"),
        (TEXT + '\n[delivery]\nseeds = ["nobody"]\n', "delivery.seeds", "'nobody'"),
        (TEXT + '\n[delivery]\nseeds = ["a@b.c", "A@b.c"]\n', "delivery.seeds", "twice"),
        (TEXT + "\n[pace]\npause_at_share = 0.0\n", "pace.pause_at_share", "greater"),
        (TEXT + "\n[pace]\npause_after_first = -1\n", "pace.pause_after_first", "0"),
        (TEXT + '\n[pace.domain]\ndomain = "a.b"\n', "pace.domain", "two brackets"),
        (limits("connections = 1"), "pace.domain.0.domain", "missing"),
        (limits('domain = "a.b"'), "pace.domain.0", "limits nothing"),
        (limits('domain = "señor.es"\nconnections = 1'), "pace.domain.0.domain", "ASCII"),
        (limits('domain = "a.b"\nconnections = 0'), "pace.domain.0.connections", "1"),
        (limits(*['domain = "a.b"\nconnections = 1'] * 2), "pace.domain", "twice"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(text: str, key: str, words: str) -> None:
    sentence = refusal(text)
    assert key in sentence
    assert words in sentence
