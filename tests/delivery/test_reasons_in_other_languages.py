"""What the ledger keeps in words is known again, so that it can be said in another language."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import mailer.delivery
from mailer.clock import in_words
from mailer.config import Pace
from mailer.delivery.disposition import Disposition, Reply, Stage, Verdict, judge
from mailer.delivery.reasons import STORED
from mailer.delivery.record import doubt_of, outcome_of
from mailer.sentence import Recogniser, Sentence
from tests.delivery.test_recording import CLAIMED, LATE, NOW, PACE

HERE = Path(mailer.delivery.__file__).parent
known = Recogniser(STORED)

SAID_BY = {"Disposition", "lose", "lost", "_lost", "end_unsent", "ConnectionLost"}
"""What is called with words that end up in the ledger."""


def said() -> Iterator[tuple[str, str]]:
    """Every text in such a call, with "x" for its values."""
    for path in sorted(HERE.glob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and _name(call.func) in SAID_BY:
                for text in filter(None, map(_text, call.args)):
                    yield f"{path.name}:{call.lineno}", text


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.BoolOp):
        return _text(node.values[-1])
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(
        part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else "x"
        for part in parts
        if isinstance(part, ast.Constant | ast.FormattedValue)
    ).strip()


@pytest.mark.parametrize(("where", "text"), list(said()))
def test_every_reason_in_the_code_is_known(where: str, text: str) -> None:
    assert known(text) == text, where


def test_reasons_are_found_in_the_code() -> None:
    assert len(list(said())) >= 15


def test_what_a_relay_replied_is_known_inside_of_what_became_of_it() -> None:
    for stage in Stage:
        refused = judge(stage, Reply(451, ("4.2.1 Later, (perhaps)",)))
        given_up = outcome_of(
            CLAIMED, Disposition(Verdict.DEFERRED, refused.reason), LATE, PACE, 0.5
        )
        found = known(given_up.reason)
        assert found is not None
        reason = found.values["reason"]
        assert isinstance(reason, Sentence)
        assert reason.values == {"reply": "451 4.2.1 Later, (perhaps)", "stage": stage.value}


@pytest.mark.parametrize("in_doubt", ["hold", "resend"])
def test_a_doubt_is_known(in_doubt: str) -> None:
    outcome = doubt_of(CLAIMED, "no reply to the message in time", NOW, in_doubt, Pace(), 0.5)
    found = known(outcome.reason)
    assert found is not None
    assert isinstance(found.values["reason"], Sentence)


def test_how_late_a_mailing_was_is_known() -> None:
    late = "It was due at {due}, more than {span} later."
    told = str(Sentence(late, due="2026-04-03 09:00", span=in_words(Pace().give_up)))
    found = Recogniser([late, "{count} days"])(told)
    assert found is not None
    span = found.values["span"]
    assert isinstance(span, Sentence)
    assert span.values == {"count": "2"}
