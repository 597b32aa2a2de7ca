"""Text without what no letter may hold: control characters, odd line ends, half characters."""

import re
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

T = TypeVar("T")

# C0, DEL, C1, the line ends of Unicode, and surrogates, which have no UTF-8.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_CONTROL_BUT_TAB = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]+")
_LINE_END = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")


def one_line(text: str) -> str:
    """`text` with every run of control characters and line ends made one space."""
    if text.isprintable():
        return text
    return _CONTROL.sub(" ", text)


def plain_lines(text: str) -> str:
    """`text` with lines parted by LF, and no other control character but tabs."""
    return _CONTROL_BUT_TAB.sub(" ", _LINE_END.sub("\n", text))


def plain_content(content: T) -> T:
    """A frozen dataclass with `plain_lines` made of every text in it, however deep."""
    if not is_dataclass(content) or isinstance(content, type):
        return content
    values = {field.name: _plain(getattr(content, field.name)) for field in fields(content)}
    return replace(content, **values)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return plain_lines(value)
    if isinstance(value, tuple):
        return tuple(_plain(part) for part in value)
    return plain_content(value)
