"""Which colours the texts of a page have, in the light and in the dark scheme.

A small part of the CSS cascade (CSS Cascading and Inheritance Level 4, section 6), enough for
letters: style attributes, and the rules in `<style>`, also in a media query that asks for
nothing but the scheme. What is not known (a picture behind the text, a colour by a function)
makes the text's contrast unknown, and unknown is passed over.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from mailer.letter.colour import contrast

Scheme = Literal["light", "dark"]
Colour = tuple[float, float, float]  # red, green, blue, each from 0 to 1

_WHITE: Colour = (1.0, 1.0, 1.0)
_BLACK: Colour = (0.0, 0.0, 0.0)
_LINK: Colour = (0.0, 0.0, 238 / 255)  # of a link without a colour (HTML, rendering section)
_SHOWN_CHARACTERS = 30
_LOOKED_AT = {"color", "background-color", "background", "background-image", "display"}
_ASKED = {"light": "(prefers-color-scheme:light)", "dark": "(prefers-color-scheme:dark)"}


class Painted(NamedTuple):
    """The first text that has these two colours, and their contrast ratio (WCAG 2.2)."""

    words: str
    ink: str
    paper: str
    ratio: float
    scheme: Scheme


class _Said(NamedTuple):
    """One declaration, in the order in which the cascade ranks them."""

    important: bool
    inline: bool
    specificity: tuple[int, int, int]
    order: int
    value: Any


@lru_cache(maxsize=4)
def painted(page: str) -> tuple[Painted, ...]:
    """Each pair of colours that a text of `page` has, where both are known."""
    from lxml import html
    from lxml.etree import LxmlError

    if not page.strip():
        return ()
    try:
        root = html.document_fromstring(page)
    except (LxmlError, ValueError):
        return ()
    css = "\n".join(style.text or "" for style in root.iter("style"))
    found: dict[tuple[str, str, Scheme], Painted] = {}
    schemes: tuple[Scheme, ...] = ("light", "dark") if _has_dark(css) else ("light",)
    for scheme in schemes:
        said = _declarations(root, css, scheme)
        start = (_BLACK, _WHITE) if scheme == "light" else (None, None)
        for text, ink, paper in _texts(root, said, *start, scheme=scheme):
            ratio = contrast(_hex(ink), _hex(paper))
            one = Painted(text, _hex(ink), _hex(paper), ratio, scheme)
            found.setdefault((one.ink, one.paper, scheme), one)
    return tuple(found.values())


def _texts(
    element: Any,
    said: Mapping[Any, Mapping[str, _Said]],
    ink: Colour | None,
    paper: Colour | None,
    *,
    scheme: Scheme,
) -> Iterator[tuple[str, Colour, Colour]]:
    """Every text below `element`, with the colours that it inherits or has."""
    # Not by recursion: a letter may nest deeper than Python's stack.
    waiting: list[tuple[Any, Colour | None, Colour | None]] = [(element, ink, paper)]
    while waiting:
        element, ink, paper = waiting.pop()
        if not isinstance(element.tag, str) or element.tag in ("head", "script", "style"):
            continue
        own = said.get(element, {})
        if "display" in own and _ident(own["display"].value) == "none":
            continue
        paper = _paper(own, paper)
        if element.tag == "a" and element.get("href") is not None:
            ink = _LINK if scheme == "light" else None
        if "color" in own:
            ink = _ink(own["color"].value, ink, paper)
        texts = [element.text, *(child.tail for child in element)]
        words = " ".join(" ".join(filter(None, texts)).split())
        if words and ink and paper:
            yield words[:_SHOWN_CHARACTERS], ink, paper
        waiting.extend((child, ink, paper) for child in reversed(element))


def _paper(own: Mapping[str, _Said], paper: Colour | None) -> Colour | None:
    names = [name for name in ("background-color", "background") if name in own]
    for name in sorted(names, key=lambda name: own[name][:4]):
        significant = [token for token in own[name].value if token.type != "whitespace"]
        if len(significant) != 1:
            paper = None
        elif _ident(significant) not in ("none", "transparent", "initial", "unset"):
            paper = _ink(significant, paper, paper)
    if "background-image" in own and _ident(own["background-image"].value) != "none":
        return None
    return paper


def _ink(value: Any, inherited: Colour | None, paper: Colour | None) -> Colour | None:
    from tinycss2.color3 import parse_color

    significant = [token for token in value if token.type != "whitespace"]
    if _ident(significant) in ("inherit", "currentcolor", "unset"):
        return inherited
    colour = parse_color(significant[0]) if len(significant) == 1 else None
    if colour is None or isinstance(colour, str):
        return None
    if colour.alpha >= 1:
        return colour.red, colour.green, colour.blue
    if paper is None:
        return None
    parts = zip((colour.red, colour.green, colour.blue), paper, strict=True)
    red, green, blue = (a * colour.alpha + b * (1 - colour.alpha) for a, b in parts)
    return red, green, blue


def _declarations(root: Any, css: str, scheme: Scheme) -> dict[Any, dict[str, _Said]]:
    """For each element the declarations that win, by the name of the property."""
    said: dict[Any, dict[str, _Said]] = {}

    def put(element: Any, name: str, one: _Said) -> None:
        own = said.setdefault(element, {})
        if name not in own or own[name][:4] <= one[:4]:
            own[name] = one

    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        if bgcolor := element.get("bgcolor"):
            for name, value, _ in _set_in(f"background-color:{bgcolor}"):
                put(element, name, _Said(False, False, (0, 0, 0), -1, value))
        if style := element.get("style"):
            for order, (name, value, important) in enumerate(_set_in(style)):
                put(element, name, _Said(important, True, (0, 0, 0), order, value))
    for order, (xpath, specificity, declarations) in enumerate(_rules(css, scheme)):
        for element in root.xpath(xpath):
            for name, value, important in declarations:
                put(element, name, _Said(important, False, specificity, order, value))
    return said


@lru_cache(maxsize=256)  # a letter has a few styles, each on many elements
def _set_in(style: str) -> tuple[tuple[str, Any, bool], ...]:
    """What a style attribute, or a rule's block, sets of what is looked at."""
    from tinycss2 import parse_blocks_contents

    return tuple(
        (node.lower_name, node.value, node.important)
        for node in parse_blocks_contents(style)
        if node.type == "declaration" and node.lower_name in _LOOKED_AT
    )


@lru_cache(maxsize=8)
def _rules(
    css: str, scheme: Scheme
) -> tuple[tuple[str, tuple[int, int, int], tuple[tuple[str, Any, bool], ...]], ...]:
    """Each selector of a rule that counts in this scheme, as XPath, with what it sets."""
    from cssselect import HTMLTranslator, SelectorError, parse
    from tinycss2 import parse_stylesheet, serialize

    def within(rules: list[Any]) -> Iterator[Any]:
        for rule in rules:
            if rule.type == "qualified-rule":
                yield rule
            elif rule.type == "at-rule" and rule.lower_at_keyword == "media" and rule.content:
                query = "".join(serialize(rule.prelude).lower().split())
                if query.removeprefix("only").removeprefix("screen").removeprefix("all") in (
                    "",
                    _ASKED[scheme],
                    f"and{_ASKED[scheme]}",
                ):
                    yield from within(parse_stylesheet(rule.content, skip_comments=True))

    found = []
    for rule in within(parse_stylesheet(css, skip_comments=True)):
        declarations = _set_in(serialize(rule.content))
        if not declarations:
            continue
        try:
            for selector in parse(serialize(rule.prelude)):
                if selector.pseudo_element is None:
                    xpath = HTMLTranslator().selector_to_xpath(selector)
                    found.append((xpath, selector.specificity(), declarations))
        except SelectorError:
            continue
    return tuple(found)


def _has_dark(css: str) -> bool:
    return _ASKED["dark"] in "".join(css.lower().split())


def _ident(value: Any) -> str:
    significant = [token for token in value if token.type != "whitespace"]
    if len(significant) == 1 and significant[0].type == "ident":
        return str(significant[0].lower_value)
    return ""


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{round(255 * part):02X}" for part in colour)
