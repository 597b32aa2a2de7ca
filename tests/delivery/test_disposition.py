"""What an SMTP reply means for a delivery: the whole table."""

import pytest

from mailer.delivery.disposition import RELAY_STAGES, Reply, Stage, Verdict, judge

DELIVERY_STAGES = [stage for stage in Stage if stage not in RELAY_STAGES]


def verdict(stage: Stage, code: int, words: str = "words") -> Verdict:
    return judge(stage, Reply(code, (words,))).verdict


@pytest.mark.parametrize("code", [250, 251, 252])
def test_an_accepted_message_is_sent(code: int) -> None:
    assert verdict(Stage.DOT, code) is Verdict.SENT


@pytest.mark.parametrize("stage", DELIVERY_STAGES)
@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (421, Verdict.SOON),
        (432, Verdict.DEFERRED),
        (450, Verdict.DEFERRED),
        (451, Verdict.DEFERRED),
        (452, Verdict.DEFERRED),
        (454, Verdict.DEFERRED),
        (500, Verdict.FAILED),
        (501, Verdict.FAILED),
        (503, Verdict.FAILED),
        (550, Verdict.FAILED),
        (552, Verdict.FAILED),
        (554, Verdict.FAILED),
    ],
)
def test_a_refused_delivery(stage: Stage, code: int, meaning: Verdict) -> None:
    assert verdict(stage, code) is meaning


@pytest.mark.parametrize("code", [530, 534, 535, 538])
def test_authentication_is_the_relays_matter_only_before_a_reader_is_named(code: int) -> None:
    assert verdict(Stage.MAIL, code) is Verdict.RELAY
    assert verdict(Stage.RCPT, code) is Verdict.FAILED
    assert verdict(Stage.DOT, code) is Verdict.FAILED


@pytest.mark.parametrize("stage", sorted(RELAY_STAGES, key=lambda stage: stage.value))
@pytest.mark.parametrize("code", [421, 450, 454, 500, 535, 550, 554])
def test_what_comes_before_any_delivery_concerns_the_relay(stage: Stage, code: int) -> None:
    assert verdict(stage, code) is Verdict.RELAY


@pytest.mark.parametrize("stage", [Stage.MAIL, Stage.RCPT, Stage.DATA])
def test_a_positive_reply_that_is_no_acceptance_sends_nothing(stage: Stage) -> None:
    assert verdict(stage, 250) is Verdict.SOON


def test_only_a_positive_reply_to_the_dot_means_sent() -> None:
    sent = {
        (stage, code)
        for stage in Stage
        for code in range(200, 600)
        if verdict(stage, code) is Verdict.SENT
    }
    assert sent == {(Stage.DOT, code) for code in range(200, 300)}


def test_the_reason_has_the_relays_words_and_the_stage() -> None:
    found = judge(Stage.RCPT, Reply(550, ("5.1.1 no such", "mailbox here ")))
    assert found.reason == "550 5.1.1 no such mailbox here (in reply to RCPT TO)"
    assert found.code == 550


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("5.1.1 no such mailbox", "5.1.1"),
        ("4.7.28 too fast", "4.7.28"),
        ("2.0.0", "2.0.0"),
        ("5.1.1: no", None),
        ("1.2.3 no class of ours", None),
        ("5.1 short", None),
        ("see 5.1.1 there", None),
        ("", None),
    ],
)
def test_the_enhanced_status_code(words: str, code: str | None) -> None:
    assert Reply(550, (words,)).enhanced == code


def test_a_long_reason_is_cut() -> None:
    assert len(str(Reply(550, ("x" * 5000,)))) == 500
