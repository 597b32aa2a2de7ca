"""The desk's cookies: which, and how they are set.

On https their names begin with `__Host-`: a browser takes such a cookie from this host alone, over
TLS alone, so that no neighbour below the same domain can plant one.
"""

import base64
import hmac
import json
import secrets
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from mailer.config import Config

_SESSION, _BEFORE, _SAID = "desk", "desk-before", "desk-said"
_SAID_S = 60
_SESSION_S = 90 * 24 * 3600


class Cookies:
    """One organisation's cookies, read and written."""

    def __init__(self, config: Config) -> None:
        self._secure = config.site.url.startswith("https:")
        self._prefix = "__Host-mailer-" if self._secure else "mailer-"
        self._key = hmac.digest(
            config.site.secret_key.encode(), b"mailer desk cookies v1", "sha256"
        )

    def session(self, request: Request) -> str:
        """The secret of the visitor's session, or nothing."""
        return self._get(request, _SESSION)

    def begin(self, response: Response, secret: str) -> None:
        """Give the visitor the secret of a session that has just begun."""
        self._set(response, _SESSION, secret, _SESSION_S)
        self._drop(response, _BEFORE)

    def end(self, response: Response) -> None:
        """Take it from them."""
        self._drop(response, _SESSION)

    def before(self, request: Request) -> str:
        """What marks a visitor who is not signed in yet, so that their forms are their own."""
        return self._get(request, _BEFORE) or secrets.token_urlsafe(24)

    def keep_before(self, request: Request, response: Response, before: str) -> None:
        """Mark them, where they are not yet."""
        if self._get(request, _BEFORE) != before:
            self._set(response, _BEFORE, before, 24 * 3600)

    def csrf_of(self, before: str) -> str:
        """The CSRF token of a visitor who is not signed in."""
        return hmac.digest(self._key, b"before:" + before.encode(), "sha256").hex()

    def say(self, response: Response, visitor: str, said: Mapping[str, str]) -> None:
        """Have the next page tell `visitor` once what was done."""
        body = base64.urlsafe_b64encode(json.dumps(dict(said)).encode()).decode()
        self._set(response, _SAID, f"{body}.{self._mac(visitor, body)}", _SAID_S)

    def said(self, request: Request, visitor: str) -> dict[str, str]:
        """What the page is to tell, if anything."""
        body, _, mac = self._get(request, _SAID).rpartition(".")
        if not body or not hmac.compare_digest(mac, self._mac(visitor, body)):
            return {}
        told: dict[str, str] = json.loads(base64.urlsafe_b64decode(body))
        return told

    def forget_said(self, request: Request, response: Response) -> None:
        """It has been told."""
        if self._get(request, _SAID):
            self._drop(response, _SAID)

    def _mac(self, visitor: str, body: str) -> str:
        return hmac.digest(self._key, f"said:{visitor}:{body}".encode(), "sha256").hex()

    def _get(self, request: Request, name: str) -> str:
        value = request.cookies.get(self._prefix + name, "")
        return value if value.isascii() else ""

    def _set(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(
            self._prefix + name,
            value,
            max_age=seconds,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )

    def _drop(self, response: Response, name: str) -> None:
        response.delete_cookie(
            self._prefix + name, path="/", secure=self._secure, httponly=True, samesite="lax"
        )
