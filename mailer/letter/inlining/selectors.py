"""What a selector asks for: read once, so that it is known who can match it, and how it ranks.

Selectors, level 4: https://www.w3.org/TR/selectors-4/, its section 17 for specificity.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mailer.letter.inlining.outline import FOLDED, WAS

if TYPE_CHECKING:
    from tinycss2.ast import Node

Specificity = tuple[int, int, int]

# Whether they match stands in the page itself.
_STATIC = {
    "first-child", "last-child", "only-child", "first-of-type", "last-of-type", "only-of-type",
}  # fmt: skip
_COUNTING = {
    "nth-child", "nth-last-child", "nth-of-type", "nth-last-of-type",
}  # fmt: skip
# Whether they match depends on the reader, or no style attribute can say them.
_DYNAMIC = {
    "active", "any-link", "autofill", "checked", "default", "defined", "dir", "disabled",
    "empty", "enabled", "focus", "focus-visible", "focus-within", "fullscreen", "has", "host",
    "hover", "in-range", "indeterminate", "invalid", "is", "lang", "link", "modal",
    "optional", "out-of-range", "placeholder-shown", "read-only", "read-write", "required",
    "root", "scope", "target", "valid", "visited", "where", "-webkit-any-link", "-webkit-any",
    "-webkit-autofill", "-webkit-full-screen",
}  # fmt: skip
_ELEMENTS = {
    "after", "backdrop", "before", "cue", "file-selector-button", "first-letter",
    "first-line", "marker", "part", "placeholder", "selection", "slotted",
}  # fmt: skip
# A mail program puts these around or beside a letter: they match nothing in the page, and yet
# must stay. (Gmail, Outlook's apps and site, Hotmail, Yahoo, Samsung, Thunderbird, Comcast.)
_PUT_IN = {
    "ExternalClass", "ReadMsgBody", "yshortcuts", "AppleMailSignature", "outlook",
    "MessageViewBody", "MessageWebViewDiv", "moz-text-html", "aolmail", "a6S", "im",
}  # fmt: skip
_PUT_IN_ATTRIBUTES = {"data-ogsc", "data-ogsb", "data-ogab", "data-ogac", "owa"}


@dataclass(frozen=True, slots=True)
class Selector:
    """One selector of a list.

    `text` is as it was written. `matches` asks in plain form for the elements that it may
    match, whatever else it demands of the reader's program; None where what it styles is no
    element. `static` is True where the page alone decides, so that it can be inlined.
    """

    text: str
    specificity: Specificity
    matches: str | None
    static: bool
    words: frozenset[str]


class _Strange(Exception):
    """A browser drops the whole rule, or reads it in a way that is not known here."""


def selectors(prelude: Sequence["Node"]) -> tuple[Selector, ...] | None:
    """The selectors of a rule, or None where the rule is best left alone."""
    parts: list[list[Any]] = [[]]
    for node in prelude:
        if node.type == "comment":
            continue
        if node == ",":
            parts.append([])
        else:
            parts[-1].append(node)
    try:
        return tuple(_selector(part) for part in parts)
    except _Strange:
        return None


@dataclass(slots=True)
class _Reading:
    """What is known of a selector so far."""

    pieces: list[str]
    specificity: list[int]
    words: set[str]
    static: bool = True
    element: bool = True  # False: what is styled is a pseudo-element
    hack: bool = False
    compound: int = 0  # where the last compound begins in `pieces`


def _selector(nodes: Sequence[Any]) -> Selector:
    from tinycss2 import serialize

    text = serialize(nodes).strip()
    read = _Reading([], [0, 0, 0], set())
    _read(nodes, read)
    pieces = read.pieces
    if not pieces and read.static:
        raise _Strange
    if read.hack:
        # Where the program puts the rest is not known; the last part is in the page.
        pieces = pieces[read.compound :]
        read.words.clear()
    matches: str | None = "".join(pieces)
    if not matches or matches[-1] in " >+~":
        matches = f"{matches}*"
    if matches[0] in " >+~":
        raise _Strange
    assert matches is not None
    static = read.static and read.element and not read.hack
    if not _understood(matches):
        static = False
        matches = "".join(pieces[read.compound :]) or "*"
        if not _understood(matches):
            matches = "*"
        read.words.clear()
    a, b, c = read.specificity
    return Selector(
        text, (a, b, c), matches if read.element else None, static, frozenset(read.words)
    )


def _read(nodes: Sequence[Any], read: _Reading) -> None:
    """Write the plain form of `nodes` to `read.pieces`, compound by compound."""
    from tinycss2.serializer import serialize_identifier as ident

    at = 0
    nodes = list(nodes)
    while at < len(nodes):
        node = nodes[at]
        following = nodes[at + 1] if at + 1 < len(nodes) else None
        at += 1
        if node.type == "whitespace":
            if read.pieces and at < len(nodes) and read.pieces[-1] not in tuple(" >+~"):
                _combine(" ", read)
        elif node == ">" or node == "+" or node == "~":
            if read.pieces and read.pieces[-1] == " ":
                read.pieces.pop()
            _combine(node.value, read)
            if following is None:
                raise _Strange
        elif node == "*":
            read.pieces.append("*")
        elif node.type == "ident":
            read.pieces.append(ident(node.lower_value))
            read.words.add(node.lower_value)
            read.specificity[2] += 1
        elif node.type == "hash" and node.is_identifier:
            read.pieces.append("#" + ident(node.value))
            read.words.add("#" + node.value)
            read.hack |= node.value in _PUT_IN
            read.specificity[0] += 1
        elif node == "." and following is not None and following.type == "ident":
            at += 1
            read.pieces.append("." + ident(following.value))
            read.words.add("." + following.value)
            read.hack |= following.value in _PUT_IN
            read.specificity[1] += 1
        elif node.type == "[] block":
            read.pieces.append(_attribute(node, read))
            read.specificity[1] += 1
        elif node == ":" and following is not None:
            if following == ":":
                if at + 1 >= len(nodes):
                    raise _Strange
                following = nodes[at + 1]
                at += 2
                _pseudo_element(following, read)
            else:
                at += 1
                _pseudo_class(following, read)
        else:
            raise _Strange
    if read.pieces and read.pieces[-1] == " ":
        read.pieces.pop()


def _combine(combinator: str, read: _Reading) -> None:
    # Gmail puts <u></u> before the letter.
    if read.pieces in (["u"], ["*"]) and combinator == "+":
        read.hack = True
    read.pieces.append(combinator)
    read.compound = len(read.pieces)


def _attribute(block: Any, read: _Reading) -> str:
    """An attribute selector with its value quoted, as every matcher understands it."""
    inner = [node for node in block.content if node.type not in ("whitespace", "comment")]
    if not inner or inner[0].type != "ident":
        raise _Strange
    name = inner[0].lower_value
    read.hack |= name in _PUT_IN_ATTRIBUTES
    folded = name in FOLDED
    name = WAS if name == "style" else name
    if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
        read.static = False
        return ""
    if len(inner) == 1:
        return f"[{name}]"
    operator = "".join(node.value for node in inner[1:-1] if node.type == "literal")
    value = inner[-1]
    if len(inner) > 3:
        read.static = False  # with a flag, as in [type="a" i]
        return f"[{name}]"
    if operator not in ("=", "~=", "|=", "^=", "$=", "*=") or value.type not in (
        "ident",
        "string",
    ):
        raise _Strange
    word = value.value.lower() if folded else value.value
    if not word.isprintable():
        read.static = False
        return f"[{name}]"
    word = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'[{name}{operator}"{word}"]'


def _pseudo_class(node: Any, read: _Reading) -> None:
    from tinycss2 import serialize

    if node.type == "ident":
        name = node.lower_value
        if name in _STATIC:
            read.pieces.append(f":{name}")
        elif name in ("after", "before", "first-letter", "first-line"):
            _pseudo_element(node, read)
            return
        elif name in _DYNAMIC:
            read.static = False
            if name == "root" and read.compound == len(read.pieces):
                read.pieces.append("html")
        else:
            raise _Strange
    elif node.type == "function":
        name = node.lower_name
        if name in _COUNTING:
            argument = serialize(node.arguments).strip().lower()
            if " of " in f" {argument} ":
                read.static = False
            else:
                read.pieces.append(f":{name}({argument})")
        elif name == "not":
            _negation(node, read)
            return
        elif name in _DYNAMIC:
            read.static = False
            if name == "where":
                return
            if name in ("is", "has", "-webkit-any"):
                # As specific as the most specific of its arguments.
                inner = selectors(node.arguments) or ()
                best = max((one.specificity for one in inner), default=(0, 0, 0))
                read.specificity[:] = [
                    sum(pair) for pair in zip(read.specificity, best, strict=True)
                ]
                return
        else:
            raise _Strange
    else:
        raise _Strange
    read.specificity[1] += 1


def _negation(node: Any, read: _Reading) -> None:
    inner = selectors(node.arguments)
    if not inner:
        raise _Strange
    best = max(one.specificity for one in inner)
    read.specificity[:] = [sum(pair) for pair in zip(read.specificity, best, strict=True)]
    (one, *more) = inner
    if more or not one.static or one.matches is None or set(one.matches) & set(" >+~,"):
        read.static = False
    else:
        read.pieces.append(f":not({one.matches})")


def _pseudo_element(node: Any, read: _Reading) -> None:
    name = node.lower_value if node.type == "ident" else getattr(node, "lower_name", "")
    if name not in _ELEMENTS and not name.startswith("-webkit-"):
        raise _Strange
    read.element = False
    read.specificity[2] += 1


def _understood(plain: str) -> bool:
    """True where the matcher can be asked for `plain`."""
    from cssselect import GenericTranslator, SelectorError

    try:
        GenericTranslator().css_to_xpath(plain)
    except (SelectorError, ValueError, RecursionError):
        return False
    return True
