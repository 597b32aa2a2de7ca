"""What a browser posts: read up to a limit, and as text without surprises."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Depends, Path, Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

LARGEST_BODY = 64 * 1024
_MOST_FIELDS = 200


class Form:
    """The fields of a form; those that it does not have are empty."""

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        self._fields = dict(fields)

    def one(self, name: str) -> str:
        """The value of a field, on one line."""
        return " ".join(self._fields.get(name, [""])[0].replace("\0", "").split())

    def ids(self, name: str) -> list[int]:
        """The values of a field that are ids; what is none is left out."""
        return [int(v) for v in self._fields.get(name, []) if v.isdecimal() and len(v) < 10]


async def form_of(request: Request) -> Form:
    """The posted form (application/x-www-form-urlencoded).

    Raises:
        HTTPException: 413 too long, 400 cut off or not a form.
    """
    try:
        body, whole = await _read(request)
    except ClientDisconnect:
        raise HTTPException(400) from None
    if not whole:
        raise HTTPException(413)
    try:
        text = body.decode("ascii", "replace")
        return Form(parse_qs(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise HTTPException(400) from None


async def is_one_click(request: Request) -> bool:
    """Whether a mailbox provider posts for its user (RFC 8058 section 3.2).

    It may post urlencoded or multipart; all else is a person at the button. Nothing in a body
    keeps anybody from leaving: what is too long or cut off is simply not looked at.
    """
    try:
        body, _ = await _read(request)
    except ClientDisconnect:
        return False
    return b"List-Unsubscribe" in body and b"One-Click" in body


async def network_of(request: Request) -> str | None:
    """The address that the request came from, for the record of consent.

    None where there is none, or where a proxy passes on something else.
    """
    # The zone of a link-local address (RFC 4007) means something on our machine only.
    said = request.client.host.partition("%")[0] if request.client else ""
    try:
        return str(ip_address(said))
    except ValueError:
        return None


async def _read(request: Request) -> tuple[bytes, bool]:
    """The body, and whether it is all of it: no more than the limit is kept."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            return body[:LARGEST_BODY], False
    return body, True


PostedForm = Annotated[Form, Depends(form_of)]
OneClick = Annotated[bool, Depends(is_one_click)]
Network = Annotated[str | None, Depends(network_of)]

Id = Annotated[int, Path(ge=1, le=2**31 - 1)]
"""An id in a page's address; what no database could hold is a page that does not exist."""
