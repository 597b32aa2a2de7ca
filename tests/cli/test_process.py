"""A process that runs until it is told to end: what ends it, and what does not."""

import asyncio

import pytest
from sqlalchemy.exc import OperationalError

from mailer.cli import process
from mailer.errors import Failed


def test_trouble_with_the_database_is_ridden_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_AGAIN_AFTER_S", 0.0)
    answers: list[object] = [
        OperationalError("", None, Exception("gone")),
        Failed("gone"),
        False,
        True,
    ]

    def until() -> bool:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return bool(answer)

    async def go() -> None:
        ending = asyncio.Event()
        async with asyncio.timeout(5):
            await process._watch(until, 0.0, ending)
        assert ending.is_set()

    asyncio.run(go())
    assert answers == []


def test_a_bug_in_watching_ends_the_process_and_is_told() -> None:
    def until() -> bool:
        raise RuntimeError("boom")

    async def go() -> None:
        ending = asyncio.Event()
        with pytest.raises(RuntimeError, match="boom"):
            await process._watch(until, 0.0, ending)
        assert ending.is_set()

    asyncio.run(go())
