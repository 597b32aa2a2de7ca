"""How a route is entered, and where the site begins."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Never, TypeVar

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Handler = TypeVar("Handler", bound=Callable[..., Response])


def look_only(router: APIRouter, path: str) -> Callable[[Handler], Handler]:
    """A page to look at: GET and HEAD, which change nothing."""
    return _route(router, path, ["GET", "HEAD"])


def post(router: APIRouter, path: str) -> Callable[[Handler], Handler]:
    """What a form or a mailbox provider posts."""
    return _route(router, path, ["POST"])


def _route(router: APIRouter, path: str, methods: list[str]) -> Callable[[Handler], Handler]:
    enter: Any = router.api_route(path, methods=methods, response_model=None)
    return enter  # type: ignore[no-any-return]


class ForgottenSlash(Exception):
    """The page stands, at this address with a slash behind it."""


def slashless(routers: Iterable[APIRouter]) -> APIRouter:
    """What is asked where no route fits: from an address without its last slash to the page.

    The page itself says whether it stands: to what does not exist nothing leads.
    """
    twins = APIRouter(redirect_slashes=False)
    known = (route for router in routers for route in router.routes)
    for route in (route for route in known if isinstance(route, APIRoute)):
        address, looks = route.path.removesuffix("/"), "GET" in (route.methods or ())
        if looks and address and address != route.path:
            look_only(twins, address)(_standing(route.endpoint))
    return twins


def _standing(page: Callable[..., Response]) -> Callable[..., Never]:
    @wraps(page)
    def look(**values: Any) -> Never:
        page(**values)
        raise ForgottenSlash

    return look


class BelowPath:
    """Serves a site that stands below a path of its host, like "/news".

    Proxies differ in whether they hand that part of an address on; both are understood.
    """

    def __init__(self, app: ASGIApp, path: str) -> None:
        self.app = app
        self.path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and f"{scope['path']}/".startswith(f"{self.path}/"):
            scope = {**scope, "path": scope["path"].removeprefix(self.path)}
        await self.app(scope, receive, send)
