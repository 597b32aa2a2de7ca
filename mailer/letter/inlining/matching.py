"""Which elements a selector reaches: asked of premailer, or of css-inline.

Either is given the page and one rule for each selector, whose only declaration is a name that
stands for it ("m7:0"), and writes these names into style attributes. What it does right is so
used, and what it does wrong never comes up. premailer 3.10:

- orders rules by its own idea of specificity, puts properties in the order in which each first
  came up, and lets a plain style attribute beat an important rule: here each name is a property
  of its own, and the cascade (cascade.py) is decided afterwards;
- drops or damages at-rules, pseudo-classes, hacks and unusual values: it is never shown them;
- writes the page anew, without its lower-case doctype, and with links merged, comments and
  attributes changed: only the names are read from its page, and the letter's stays as it is;
- takes what stands behind a colon in a selector for a state: such selectors are matched with
  lxml beforehand, and marked;
- has one cache for selectors and styles, so that `style="head"` would be taken for a selector:
  it is shown no style attribute.
"""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from mailer.errors import WrongInput
from mailer.letter.inlining.outline import WAS, outline
from mailer.letter.inlining.tags import Tag, tags

if TYPE_CHECKING:
    from lxml.etree import _Element

Inliner = Literal["premailer", "css-inline"]

# For each start tag, by its place among the tags, the selectors that match its element; under
# None, those that match an element which no tag asked for.
Matches = dict[int | None, tuple[str, ...]]

_NAME = re.compile(r"\bm([0-9]+):\s*0")
_PLACE = "tag-place"


def matches(
    page: str, found: tuple[Tag, ...], wanted: Collection[str], inliner: Inliner
) -> Matches:
    """Which of the selectors `wanted` match which start tags of `page`.

    Raises:
        WrongInput: css-inline is asked for and is not installed.
    """
    ordered = tuple(dict.fromkeys(wanted))
    reached = (
        _by_premailer(found, ordered)
        if inliner == "premailer"
        else _by_css_inline(page, found, ordered)
    )
    return {
        place: tuple(ordered[number] for number in sorted(numbers))
        for place, numbers in reached.items()
    }


def require(inliner: Inliner) -> None:
    """Raises WrongInput where css-inline is asked for and is not installed."""
    if inliner == "css-inline":
        try:
            import css_inline  # noqa: F401
        except ImportError:
            raise WrongInput(
                "mail.inliner is “css-inline”, which is not installed; "
                "say pip install mailer[css-inline], or take the key out."
            ) from None


def _by_premailer(found: tuple[Tag, ...], wanted: tuple[str, ...]) -> dict[int | None, set[int]]:
    import logging

    from premailer import Premailer

    root, elements = outline(found)
    inliner = Premailer(
        root,
        css_text="",
        keep_style_tags=True,  # else it takes them out, and :first-child means another
        strip_important=False,
        disable_validation=True,
        disable_leftover_css=True,  # there is none, and a head is not wanted
        disable_link_rewrites=True,
        align_floating_images=False,
        include_star_selectors=True,
        cssutils_logging_level=logging.CRITICAL,
        allow_network=False,
        allow_loading_external_files=False,
    )
    asked = [
        ((number,), _marked(root, selector, number), f"m{number}:0")
        for number, selector in enumerate(wanted)
    ]
    # In place of its own reading of a style sheet, which would go through cssutils.
    inliner.css_text = ["every selector"]
    inliner._parse_style_rules = lambda css, _: (asked if css else [], [])
    inliner.transform()
    places = {element: place for place, element in elements.items()}
    matched: dict[int | None, set[int]] = {}
    for element in root.iter():
        if style := element.get("style"):
            matched.setdefault(places.get(element), set()).update(_numbers(style))
    return matched


def _marked(root: "_Element", selector: str, number: int) -> str:
    """`selector`, or where premailer would misread it, a mark on what it matches."""
    if ":" not in selector:
        return selector
    for element in _compiled(selector)(root):
        element.set(f"mark-{number}", "")
    return f"[mark-{number}]"


@lru_cache(maxsize=256)
def _compiled(selector: str) -> Any:
    from lxml.cssselect import CSSSelector

    return CSSSelector(selector)


def _by_css_inline(
    page: str, found: tuple[Tag, ...], wanted: tuple[str, ...]
) -> dict[int | None, set[int]]:
    require("css-inline")
    from css_inline import CSSInliner

    inliner = CSSInliner(
        inline_style_tags=False,
        keep_style_tags=True,
        load_remote_stylesheets=False,
        extra_css="".join(f"{selector}{{m{at}:0}}" for at, selector in enumerate(wanted)),
    )
    matched: dict[int | None, set[int]] = {}
    for tag in tags(inliner.inline(_numbered(page, found))):
        attributes = dict(tag.attributes)
        if "style" in attributes:
            place = int(attributes[_PLACE]) if _PLACE in attributes else None
            matched.setdefault(place, set()).update(_numbers(attributes["style"]))
    return matched


def _numbered(page: str, found: tuple[Tag, ...]) -> str:
    """`page` with the place of each tag in an attribute, and no style of its own."""
    pieces: list[str] = []
    at = 0
    for place, tag in enumerate(found):
        if tag.closing:
            continue
        if tag.style:
            name = page.lower().rindex("style", tag.start, tag.style[0] + 5)
            pieces += [page[at:name], WAS]
            at = name + len("style")
        pieces += [page[at : tag.room], f' {_PLACE}="{place}"']
        at = tag.room
        if tag.name == "style" and tag.content:
            pieces.append(page[at : tag.content[0]])
            at = tag.content[1]
    return "".join((*pieces, page[at:]))


def _numbers(style: str) -> set[int]:
    return {int(number) for number in _NAME.findall(style)}
