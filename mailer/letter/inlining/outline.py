"""The tree of elements that a browser makes of a page's tags (HTML, section 13.2.6).

lxml's own parser makes another: without the `tbody` that every browser puts into a table, so
that `table > tr` would match in ours and in no inbox. Text is not copied. Two rules are left
out, since no letter needs them: the adoption agency (overlapping `<b>` and `<i>`), and frames.
"""

import re
from typing import TYPE_CHECKING

from mailer.letter.inlining.tags import Tag

if TYPE_CHECKING:
    from lxml.etree import _Element

_VOID = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param",
    "source", "track", "wbr",
}  # fmt: skip
_IN_HEAD = {
    "base", "link", "meta", "noscript", "script", "style", "template", "title",
}  # fmt: skip
# They show nothing, so that no style reaches them.
HEAD_ONLY = (_IN_HEAD - {"noscript"}) | {"head"}
_CLOSES_P = {
    "address", "article", "aside", "blockquote", "center", "details", "dialog", "dir", "div",
    "dl", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5",
    "h6", "header", "hgroup", "hr", "li", "dd", "dt", "main", "menu", "nav", "ol", "p", "pre",
    "search", "section", "summary", "table", "ul", "xmp",
}  # fmt: skip
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_SECTIONS = {"tbody", "thead", "tfoot"}
_IN_TABLE = _SECTIONS | {"caption", "colgroup", "col", "tr", "td", "th"}
# What may stand between a table's tags without being put in front of the table.
_STAYS = _IN_TABLE | {"style", "script", "template"}
# An end tag closes nothing beyond one of these.
_SCOPE = {"table", "td", "th", "caption", "template", "object", "button", "marquee", "html"}
_SPECIAL = (
    (_CLOSES_P | _SCOPE | _SECTIONS | {"tr", "body", "head", "iframe", "select"})
    - {"dialog", "label"}
)  # fmt: skip
# Their values are compared without regard to case (HTML, section 4.16.2).
FOLDED = {
    "align", "alink", "axis", "bgcolor", "charset", "checked", "clear", "color", "compact",
    "dir", "disabled", "face", "frame", "hreflang", "http-equiv", "lang", "language", "link",
    "media", "method", "nowrap", "rel", "rev", "rules", "scope", "scrolling", "shape",
    "target", "text", "type", "valign", "valuetype", "vlink",
}  # fmt: skip
# The style attribute as it was: premailer writes to "style".
WAS = "style-was"

_XML_NAME = re.compile(r"[a-z_][a-z0-9_.-]*")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def outline(found: tuple[Tag, ...]) -> tuple["_Element", dict[int, "_Element"]]:
    """The root of the tree, and the element of each start tag by its place in `found`.

    Elements that no tag asked for (`tbody`, often) are in the tree only.
    """
    tree = _Tree()
    elements: dict[int, _Element] = {}
    for place, tag in enumerate(found):
        if tag.closing:
            tree.end(tag.name)
        elif (element := tree.start(tag)) is not None:
            elements.setdefault(place, element)
    return tree.root, elements


class _Tree:
    def __init__(self) -> None:
        from lxml.etree import Element, SubElement

        self._make = SubElement
        self.root = Element("html")
        self.head = SubElement(self.root, "head")
        self.body: _Element | None = None
        self.stack: list[_Element] = [self.root]

    def start(self, tag: Tag) -> "_Element | None":
        name = tag.name
        if name in ("html", "head", "body"):
            if name == "body":
                self._open_body()
            element = {"html": self.root, "head": self.head, "body": self.body}[name]
            _describe(element, tag)
            return element
        if self.body is None:
            if name in _IN_HEAD:
                return _describe(self._make(self.head, _name(name)), tag)
            self._open_body()
        if name in _CLOSES_P:
            self._close({"p"})
        if name in _IN_TABLE and not self._into_table(name):
            return None
        self._close_like(name)
        parent = self.stack[-1]
        if parent.tag in _SECTIONS | {"table", "tr"} and name not in _STAYS:
            # Foster parenting: a browser shows it before the table.
            table = next(e for e in reversed(self.stack) if e.tag == "table")
            element = self._make(parent, _name(name))
            table.addprevious(element)
        else:
            element = self._make(parent, _name(name))
        if name not in _VOID and not (tag.empty and self._has({"svg", "math"}, set())):
            self.stack.append(element)
        return _describe(element, tag)

    def end(self, name: str) -> None:
        if name in ("html", "body", "head") or name in _VOID or self.body is None:
            return
        if name == "p" and not self._has({"p"}, _SCOPE):
            self._make(self.stack[-1], "p")
        elif name in _HEADINGS:
            self._close(_HEADINGS)
        elif name in _IN_TABLE or name == "table":
            self._close({name}, {"table", "template", "html"})
        elif name in _SPECIAL:
            self._close({name})
        else:
            self._close({name}, _SPECIAL)

    def _open_body(self) -> None:
        if self.body is None:
            self.body = self._make(self.root, "body")
            self.stack.append(self.body)

    def _has(self, names: set[str], bounds: set[str]) -> bool:
        for element in reversed(self.stack):
            if element.tag in names:
                return True
            if element.tag in bounds:
                return False
        return False

    def _close(self, names: set[str], bounds: set[str] = _SCOPE) -> None:
        """Close the innermost element with one of `names`, and all in it."""
        for at in range(len(self.stack) - 1, 1, -1):
            if self.stack[at].tag in names:
                del self.stack[at:]
                return
            if self.stack[at].tag in bounds:
                return

    def _close_like(self, name: str) -> None:
        """Close what a start tag ends without saying so."""
        if name in _HEADINGS and self.stack[-1].tag in _HEADINGS:
            self.stack.pop()
        elif name == "li":
            self._close({"li"}, _SPECIAL - {"li", "address", "div", "p"})
        elif name in ("dd", "dt"):
            self._close({"dd", "dt"}, _SPECIAL - {"dd", "dt", "address", "div", "p"})
        elif name == "a":
            self._close({"a"})
        elif name in ("option", "optgroup"):
            self._close({name} | {"option"}, _SPECIAL)

    def _into_table(self, name: str) -> bool:
        """Make the innermost open table ready for a part of it; False where there is none."""
        open_ = [element.tag for element in self.stack]
        if "table" not in open_:
            return False
        table = len(open_) - 1 - open_[::-1].index("table")
        within = open_[table + 1 :]
        keep = table + 1
        if name not in _SECTIONS | {"caption", "colgroup"}:
            if name == "col":
                keep += within[:1] == ["colgroup"]
            elif within[:1] and within[0] in _SECTIONS:
                keep += 1
                if name in ("td", "th") and within[1:2] == ["tr"]:
                    keep += 1
        del self.stack[keep:]
        if name == "col" and self.stack[-1].tag == "table":
            self._push("colgroup")
        elif name in ("tr", "td", "th"):
            if self.stack[-1].tag == "table":
                self._push("tbody")
            if name != "tr" and self.stack[-1].tag in _SECTIONS:
                self._push("tr")
        return True

    def _push(self, name: str) -> None:
        self.stack.append(self._make(self.stack[-1], name))


def _name(name: str) -> str:
    return name if _XML_NAME.fullmatch(name) else "x-unknown"


def _describe(element: "_Element", tag: Tag) -> "_Element":
    for name, value in tag.attributes:
        key = WAS if name == "style" else name
        if _XML_NAME.fullmatch(key) and element.get(key) is None:
            value = value.lower() if key in FOLDED else value
            element.set(key, _NOT_XML.sub("\ufffd", value))
    return element
