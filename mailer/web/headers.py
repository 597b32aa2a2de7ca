"""What every response says to browsers: load nothing from elsewhere, guess nothing, tell nobody.

A page with a token in its address tells that address to no other page, and is kept in no cache.
"""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN_ROUTES = ("/confirm/", "/preferences/", "/unsubscribe/", "/letter/", "/address/")

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# A letter brings its styles with it, as mail programs want it.
LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

# Pages of the desk show who reads and what is not published yet; their handlers say what they load.
DESK = "/desk/"
DESK_PAGES: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
}

FOR_EVER = "public, max-age=31536000, immutable"

ALL_PAGES: Mapping[str, str] = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
TOKEN_PAGES: Mapping[str, str] = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}


def headers_for(path: str) -> dict[str, str]:
    """The headers of whatever is answered below `path`."""
    if path.startswith(DESK):
        return {**ALL_PAGES, **DESK_PAGES}
    return {**ALL_PAGES, **(TOKEN_PAGES if path.startswith(TOKEN_ROUTES) else {})}


def kept(current: bool) -> dict[str, str]:
    """How long a browser keeps a file whose address changes with its content: for ever, where it
    is the content of that address, and not that of another one."""
    return {"Cache-Control": FOR_EVER if current else "no-cache"}


class Headers:
    """Adds to each response the headers that its handler did not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wanted = headers_for(scope["path"])

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in wanted.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)
