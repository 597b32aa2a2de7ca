"""Where the tags of a page stand, as a browser's tokenizer finds them (HTML, section 13.2.5).

Only the places are told, and nothing is changed: what was not asked for (comments of Outlook,
the doctype, entities, template syntax) can then be kept byte for byte.
"""

import re
from dataclasses import dataclass
from html import unescape

_TOKEN = re.compile(r"<(?:!--|[!?]|/[A-Za-z]|/[^>]|[A-Za-z])")
_COMMENT_END = re.compile(r"--!?>")
_NAME = re.compile(r"[^\t\n\f\r />]*")
_ATTRIBUTE = re.compile(
    r"""[\t\n\f\r /]*(?P<name>=?[^\t\n\f\r />=]+|=)
        (?:[\t\n\f\r ]*=[\t\n\f\r ]*
           (?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\t\n\f\r >"'][^\t\n\f\r >]*)
             |(?P<open>["'])|(?=>)))?""",
    re.VERBOSE,
)
_CLOSE = re.compile(r"[\t\n\f\r /]*>")
# Their content is text, up to their own end tag.
_TEXT_ONLY = {"style", "script", "title", "textarea", "xmp", "iframe", "noembed", "noframes"}
_REVEALED = re.compile(r"<!--\[if[^\]]*\]>(?:<!)?--+>?\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Tag:
    """A start tag (`start` to `end`), or an end tag, which has `closing` and no attributes.

    The first of two attributes with one name counts. `style` is where the value of the style
    attribute stands, its quotes included; `room` is where a further attribute may be written.
    `content` is the text of an element that holds text alone, such as a style sheet.
    """

    name: str
    start: int
    end: int
    closing: bool = False
    empty: bool = False
    attributes: tuple[tuple[str, str], ...] = ()
    style: tuple[int, int] | None = None
    room: int = 0
    content: tuple[int, int] | None = None
    conditional: bool = False
    bare: tuple[tuple[int, int], ...] = ()


def tags(page: str) -> tuple[Tag, ...]:
    """Every tag of `page`, in order.

    A tag is `conditional` between `<!--[if !mso]><!-->` and `<!--<![endif]-->`.
    """
    found: list[Tag] = []
    at = 0
    conditional = False
    while (token := _TOKEN.search(page, at)) is not None:
        start = token.start()
        if page.startswith("<!--", start):
            at = _comment_end(page, start)
            comment = page[start:at]
            if _REVEALED.match(comment):
                conditional = True
            elif "[endif]" in comment:
                conditional = False
            continue
        if token[0][1] in "!?" or not token[0][-1].isalpha():
            end = page.find(">", start)
            at = len(page) if end < 0 else end + 1
            continue
        tag = _tag(page, start, conditional)
        if tag is None:  # the page ends within it
            break
        found.append(tag)
        at = tag.content[1] if tag.content else tag.end
    return tuple(found)


def quote_bare(page: str) -> str:
    """`page` with quotes around every attribute value that has none.

    What a merge later puts into an attribute then stays in it, white space and all.
    """
    pieces: list[str] = []
    at = 0
    for tag in tags(page):
        for start, end in tag.bare:
            pieces += [page[at:start], '"', page[start:end].replace('"', "&quot;"), '"']
            at = end
    return "".join((*pieces, page[at:]))


def _comment_end(page: str, start: int) -> int:
    for short in ("<!-->", "<!--->"):
        if page.startswith(short, start):
            return start + len(short)
    end = _COMMENT_END.search(page, start + 4)
    return end.end() if end else len(page)


def _tag(page: str, start: int, conditional: bool) -> Tag | None:
    closing = page[start + 1] == "/"
    name = _NAME.match(page, start + 1 + closing)
    assert name is not None
    at = name.end()
    attributes: dict[str, str] = {}
    bare: list[tuple[int, int]] = []
    style = None
    while (close := _CLOSE.match(page, at)) is None:
        found = _ATTRIBUTE.match(page, at)
        if found is None or found["open"]:
            return None
        at = found.end()
        if found["bare"] is not None:
            bare.append(found.span("bare"))
        key = found["name"].translate(_LOWER)
        if key in attributes:
            continue
        kind = found.lastgroup or "name"
        value = "" if kind == "name" else found[kind]
        attributes[key] = unescape(value) if "&" in value else value
        if key == "style":
            quoted = kind in ("double", "single")
            style = (
                (found.start(kind) - quoted, found.end(kind) + quoted)
                if value or quoted
                else (found.end("name"), found.end())
            )
    lowered = name[0].translate(_LOWER)
    end = close.end()
    content = None
    if not closing and lowered in _TEXT_ONLY:
        until = re.compile(rf"</{lowered}(?=[\t\n\f\r />])", re.IGNORECASE).search(page, end)
        content = (end, until.start() if until else len(page))
    return Tag(
        lowered,
        start,
        end,
        closing,
        page[end - 2] == "/" and not closing,
        () if closing else tuple(attributes.items()),
        None if closing else style,
        at,
        content,
        conditional,
        tuple(bare),
    )


# Only ASCII letters: a browser leaves all others as they are.
_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
