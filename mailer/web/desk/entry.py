"""Which routes the desk has, and what each of them needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import APIRouter
from starlette.responses import Response

from mailer.staff import Act

# Ten items of the longest text, percent-encoded.
LARGEST_FORM = 4 * 1024 * 1024

Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Entry:
    """What a route needs. Without `act` it is open to whoever is not signed in."""

    act: Act | None
    largest: int = LARGEST_FORM


ENTRIES: dict[Callable[..., Any], Entry] = {}
"""By handler."""


def look(router: APIRouter, path: str, act: Act | None) -> Callable[[Handler], Handler]:
    """A page to look at, for whoever may `act`: GET and HEAD, which change nothing."""
    return _route(router, path, ["GET", "HEAD"], Entry(act))


def act(
    router: APIRouter, path: str, act: Act | None, *, largest: int = LARGEST_FORM
) -> Callable[[Handler], Handler]:
    """What a form or a script posts, `largest` octets at most, by whoever may `act`."""
    return _route(router, path, ["POST"], Entry(act, largest))


def _route(
    router: APIRouter, path: str, methods: list[str], entry: Entry
) -> Callable[[Handler], Handler]:
    def enter(handler: Handler) -> Handler:
        # One function may stand behind several paths, all of them of one kind.
        assert ENTRIES.setdefault(handler, entry) == entry, f"{path} is entered in two ways"
        router.api_route(path, methods=methods, response_model=None, response_class=Response)(
            handler
        )
        return handler

    return enter
