"""What is written when, and what each reply means: the two cursors, without a wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.delivery.dialogue import Dialogue, Envelope, Happened, OutOfStep
from mailer.delivery.disposition import Reply, Stage
from mailer.errors import WrongInput

AHEAD = {"PIPELINING": "", "8BITMIME": ""}
ANA = Envelope("bounces@psg.example", "ana@example.org", 1000)
TOM = Envelope("bounces@psg.example", "tom@example.org", 1000)
OK = Reply(250, ("ok",))
GO = Reply(354, ("go on",))
NO = Reply(550, ("5.1.1 no",))


def ahead() -> Dialogue:
    return Dialogue(AHEAD, ahead=True)


def let_go(dialogue: Dialogue, envelope: Envelope) -> None:
    dialogue.begin(envelope)
    dialogue.answered(OK)
    dialogue.answered(OK)
    assert dialogue.answered(GO).happened is Happened.GO


def test_an_envelope_is_one_write_where_the_server_reads_ahead() -> None:
    assert ahead().begin(ANA) == (
        b"MAIL FROM:<bounces@psg.example>\r\nRCPT TO:<ana@example.org>\r\nDATA\r\n"
    )


@pytest.mark.parametrize("offered", [AHEAD, {"8BITMIME": ""}])
def test_in_lock_step_each_command_waits_for_a_reply(offered: dict[str, str]) -> None:
    dialogue = Dialogue(offered, ahead=False)
    assert dialogue.begin(ANA) == b"MAIL FROM:<bounces@psg.example>\r\n"
    assert dialogue.answered(OK).write == b"RCPT TO:<ana@example.org>\r\n"
    assert dialogue.answered(OK).write == b"DATA\r\n"
    assert dialogue.answered(GO).happened is Happened.GO


def test_the_next_envelope_goes_behind_the_last_dot() -> None:
    dialogue = ahead()
    let_go(dialogue, ANA)
    written = dialogue.dot(ANA) + dialogue.begin(TOM)
    assert written.startswith(b".\r\nMAIL FROM:")
    assert dialogue.past_dot is ANA
    assert dialogue.ran_ahead is False
    decided = dialogue.answered(OK)
    assert (decided.happened, decided.envelope, decided.stage) == (Happened.OVER, ANA, Stage.DOT)
    assert dialogue.past_dot is None
    assert dialogue.ran_ahead is True
    dialogue.answered(OK)
    dialogue.answered(OK)
    assert dialogue.answered(GO).envelope is TOM


@pytest.mark.parametrize("is_ahead", [True, False])
def test_a_refused_envelope_is_reset_before_the_next(is_ahead: bool) -> None:
    dialogue = Dialogue(AHEAD, ahead=is_ahead)
    dialogue.begin(ANA)
    dialogue.answered(OK)
    step = dialogue.answered(NO)
    if is_ahead:
        assert (step.happened, dialogue.refused) == (Happened.NOTHING, (Stage.RCPT, NO))
        step = dialogue.answered(Reply(503, ("no recipient",)))
    assert (step.happened, step.stage, step.reply) == (Happened.OVER, Stage.RCPT, NO)
    assert dialogue.refused is None
    written = dialogue.begin(TOM)
    assert written.startswith(b"RSET\r\n")
    assert written.endswith(b"DATA\r\n") is is_ahead
    assert dialogue.resetting
    dialogue.answered(OK)
    assert not dialogue.resetting


def test_data_without_a_recipient_gets_an_empty_message() -> None:
    dialogue = ahead()
    dialogue.begin(ANA)
    dialogue.answered(OK)
    dialogue.answered(NO)
    step = dialogue.answered(GO)
    assert (step.happened, step.write) == (Happened.OVER, b".\r\n")
    assert dialogue.past_dot is None
    assert dialogue.answered(Reply(554, ("no recipient",))).happened is Happened.NOTHING


@pytest.mark.parametrize(
    ("replies", "words"),
    [
        ([OK, OK, OK], "out of step"),
        ([GO], "out of step"),
        ([OK, OK, GO, OK], "unasked"),
    ],
)
def test_a_reply_that_cannot_come_is_out_of_step(replies: list[Reply], words: str) -> None:
    dialogue = ahead()
    dialogue.begin(ANA)
    *before, last = replies
    for reply in before:
        dialogue.answered(reply)
    with pytest.raises(OutOfStep, match=words):
        dialogue.answered(last)


def test_no_dot_amid_replies() -> None:
    dialogue = ahead()
    dialogue.begin(ANA)
    with pytest.raises(OutOfStep):
        dialogue.dot(ANA)


@pytest.mark.parametrize("address", ["a\r\nRCPT TO:<x@y>@example.org", "a b@c", "a>b@c", "a\0@c"])
def test_an_address_that_would_be_a_command_is_refused(address: str) -> None:
    for envelope in (Envelope(address, "b@c", 1), Envelope("b@c", address, 1)):
        with pytest.raises(WrongInput, match="cannot stand in an envelope"):
            Dialogue.require_written(envelope)


def test_reports_name_the_delivery_where_the_relay_knows_how() -> None:
    named = Envelope("b@psg.example", "ana@example.org", 10, envid="abc.7")
    dialogue = Dialogue({"DSN": "", **AHEAD}, ahead=True)
    assert b"RET=HDRS ENVID=abc.7\r\n" in dialogue.begin(named)
    assert b"ENVID" not in ahead().begin(named)


@given(st.lists(st.integers(200, 599), max_size=30), st.booleans())
def test_whatever_is_said_each_message_has_one_end(codes: list[int], is_ahead: bool) -> None:
    """And no message is let go, or passes its dot, but by a 354 to its own DATA."""
    dialogue = Dialogue(AHEAD, ahead=is_ahead)
    readers = iter([Envelope("b@psg.example", f"r{number}@example.org", 1) for number in range(99)])
    begun, over, current = [], [], next(readers)
    begun.append(current)
    dialogue.begin(current)
    for code in codes:
        stage = dialogue.stage
        try:
            step = dialogue.answered(Reply(code, ("words",)))
        except OutOfStep:
            break
        if step.happened is Happened.GO:
            assert (code, stage, step.envelope) == (354, Stage.DATA, begun[len(over)])
            assert step.envelope is not None
            dialogue.dot(step.envelope)
            if is_ahead:
                begun.append(next(readers))
                dialogue.begin(begun[-1])
        elif step.happened is Happened.OVER:
            assert step.envelope is begun[len(over)]
            over.append(step.envelope)
            if len(over) == len(begun):
                begun.append(next(readers))
                dialogue.begin(begun[-1])
    assert over == begun[: len(over)]
    assert len(begun) - len(over) <= 2
