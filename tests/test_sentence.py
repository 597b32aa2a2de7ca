"""Sentences: English for everybody, and their parts for other languages."""

import copy
import pickle

from mailer.errors import Refused
from mailer.sentence import Sentence


def test_it_is_its_english_and_keeps_its_parts() -> None:
    said = Sentence("{mailbox} is the last owner.", mailbox="ana@psg.example")
    assert said == "ana@psg.example is the last owner."
    assert (said.template, said.values) == (
        "{mailbox} is the last owner.",
        {"mailbox": "ana@psg.example"},
    )


def test_without_values_braces_stand_as_they_are() -> None:
    assert Sentence("Write {{ name }}.") == "Write {{ name }}."


def test_an_error_says_it() -> None:
    assert str(Refused(Sentence("No {what}.", what="item"))) == "No item."


def test_it_survives_being_copied() -> None:
    said = Sentence("{count} readers", count=3)
    for again in (copy.deepcopy(said), pickle.loads(pickle.dumps(said))):
        assert (again, again.template, again.values) == (said, said.template, said.values)
