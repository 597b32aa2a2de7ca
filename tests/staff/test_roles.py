"""The table of what each role may, word for word as it was agreed."""

import pytest

from mailer.staff import MAY, ROLE_NAMES, ROLES, Act, may

AGREED = {
    "owner": "look write send approve readers_see readers_change pages settings people audit self",
    "editor": "look write send approve readers_see pages self",
    "writer": "look write self",
    "secretary": "look readers_see readers_change self",
    "auditor": "look readers_see audit self",
}


@pytest.mark.parametrize("role", AGREED)
def test_each_role_may_what_was_agreed_and_nothing_else(role: str) -> None:
    agreed = set(AGREED[role].split())
    assert {act.value for act in Act if may(role, act)} == agreed


def test_a_role_that_is_none_may_nothing() -> None:
    assert not any(may("boss", act) for act in Act)


def test_every_role_has_its_words() -> None:
    assert set(MAY) == set(ROLES) == set(ROLE_NAMES) == set(AGREED)


def test_who_only_looks_changes_nothing() -> None:
    changes = {Act.WRITE, Act.SEND, Act.APPROVE, Act.READERS_CHANGE, Act.PAGES, Act.SETTINGS}
    assert not MAY["auditor"] & (changes | {Act.PEOPLE})
