"""What is posted to the desk: forms, files and JSON, read up to what the route takes."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from mailer.web.forms import Form

_MOST_FIELDS = 2_000
_MOST_FILES = 20


class Posted(Form):
    """A form of the desk: its texts may have several lines, and files may come with it."""

    def __init__(
        self, fields: Mapping[str, list[str]], files: Mapping[str, list[UploadFile]] | None = None
    ) -> None:
        super().__init__(fields)
        self._files = files or {}
        self.json: Any = None

    def has(self, name: str) -> bool:
        """Whether the form has the field: a box that is not ticked is not sent."""
        return name in self._fields

    def text(self, name: str) -> str:
        """The value of a field with its lines, which end in LF."""
        value = self._fields.get(name, [""])[0].replace("\0", "")
        return value.replace("\r\n", "\n").replace("\r", "\n")

    def all(self, name: str) -> list[str]:
        """Every value of a field that may stand in the form several times, each on one line."""
        return [" ".join(value.replace("\0", "").split()) for value in self._fields.get(name, [])]

    def files(self, name: str) -> list[UploadFile]:
        """The files chosen in a field; an empty choice is none."""
        return [file for file in self._files.get(name, []) if file.filename]

    async def close(self) -> None:
        """Let go of the files; what somebody wanted of them was read."""
        for files in self._files.values():
            for file in files:
                await file.close()

    def fields(self) -> dict[str, list[str]]:
        """Everything but the files, for whoever keeps it for later."""
        return {name: list(values) for name, values in self._fields.items()}


NOTHING = Posted({})


async def read(request: Request, largest: int) -> Posted:
    """What was posted, as a form, a form with files, or JSON.

    Raises:
        HTTPException: 413 longer than `largest` octets, 400 cut off or not what it says it is.
    """
    try:
        return await _read(request, largest)
    except ClientDisconnect:
        raise HTTPException(400) from None


async def _read(request: Request, largest: int) -> Posted:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if int(request.headers.get("content-length", "0") or 0) > largest:
        raise HTTPException(413)
    if kind == "multipart/form-data":
        return await _multipart(request, largest)
    body = b"".join([chunk async for chunk in _up_to(request, largest)])
    try:
        if kind == "application/json":
            posted = Posted({})
            posted.json = json.loads(body)
            return posted
        text = body.decode("ascii", "replace")
        return Posted(parse_qs(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except (ValueError, RecursionError):
        raise HTTPException(400) from None


async def _multipart(request: Request, largest: int) -> Posted:
    parser = MultiPartParser(
        request.headers,
        _up_to(request, largest),
        max_files=_MOST_FILES,
        max_fields=_MOST_FIELDS,
        max_part_size=largest,
    )
    try:
        form = await parser.parse()
    except MultiPartException:
        raise HTTPException(400) from None
    fields: dict[str, list[str]] = {}
    files: dict[str, list[UploadFile]] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            files.setdefault(name, []).append(value)
        else:
            fields.setdefault(name, []).append(value)
    return Posted(fields, files)


async def _up_to(request: Request, largest: int) -> Any:
    """The body in chunks, as long as it is not too long; its own word for that is not believed."""
    octets = 0
    async for chunk in request.stream():
        octets += len(chunk)
        if octets > largest:
            raise HTTPException(413)
        yield chunk
