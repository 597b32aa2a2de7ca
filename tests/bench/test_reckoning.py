"""A reckoning finds whatever a mailing that was interrupted owes its readers."""

import pytest

from bench.reckoning import Books, Copies, copies_of, reckon

READERS = ("ana@example.org", "tom@example.org")
TRUE = {"audience": 2, "sent": 2}
GOOD = Books({"sent": 2}, TRUE, TRUE)
ONCE: Copies = {one: ["<1@example.org>"] for one in READERS}


def test_all_is_well() -> None:
    assert reckon(READERS, ONCE, GOOD).complaints(most_doubles=0) == []


@pytest.mark.parametrize(
    ("copies", "ledger", "words"),
    [
        ({READERS[0]: ["1"]}, GOOD, "1 of 2 readers got nothing"),
        ({**ONCE, "eve@example.org": ["1"]}, GOOD, "1 others got it"),
        ({**ONCE, READERS[0]: ["1", "1", "1"]}, GOOD, "2 doubles, 1 may be"),
        ({**ONCE, READERS[0]: ["1", "2"]}, GOOD, "1 readers got copies that are not the same"),
        (ONCE, Books({"sent": 1, "queued": 1}, TRUE, TRUE), "'queued': 1"),
        (ONCE, Books({"sent": 3}, TRUE, TRUE), "'sent': 3"),
        (ONCE, Books({"sent": 2}, {"sent": 1}, TRUE), "the tallies say {'sent': 1}"),
    ],
)
def test_what_it_complains_of(copies: Copies, ledger: Books, words: str) -> None:
    (complaint,) = reckon(READERS, copies, ledger).complaints(most_doubles=1)
    assert words in complaint


def test_what_a_process_that_stopped_in_order_may_not_leave_behind() -> None:
    left = Books({"sent": 1, "in_flight": 1}, TRUE, TRUE)
    assert left.complaints() == []
    assert left.complaints(stopped_in_order=True) == ["it left behind {'in_flight': 1}"]


def test_copies_are_kept_in_the_order_in_which_they_came() -> None:
    assert copies_of([("a", "1"), ("b", "2"), ("a", "3")]) == {"a": ["1", "3"], "b": ["2"]}
