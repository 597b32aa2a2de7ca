"""Styles out of style sheets and into the elements, for inboxes that know no style sheet.

1. Find the tags of the page (tags), and read its style elements and the theme's sheet with a
   CSS parser (stylesheet).
2. Ask premailer, or css-inline, which elements each selector reaches (matching). Neither sees
   the page's own bytes or any declaration, so that neither can damage one.
3. Decide who wins, and where `!important` is needed so that he goes on winning (cascade).
4. Write style attributes into the page at the places that were found, and what is kept of the
   style sheets back to where it stood. Nothing else is touched: doctype, comments of Outlook,
   entities, placeholders and template syntax are the same byte for byte.

**`!important`.** A style attribute beats every style sheet, so a media query that overrode a
plain rule loses against it once that is inlined. It gets `!important` then, and only then; and
so do inlined declarations that had won over something important. See cascade.py for the rule.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from html import escape

from mailer.letter.inlining.cascade import Claim, Origin, Reached, Ruling, attribute, rule
from mailer.letter.inlining.matching import Inliner, matches
from mailer.letter.inlining.outline import HEAD_ONLY
from mailer.letter.inlining.selectors import Selector
from mailer.letter.inlining.stylesheet import (
    Changes,
    Rule,
    Sheet,
    declarations,
    kept_blocks,
    read_sheet,
)
from mailer.letter.inlining.tags import Tag, tags

_CSS_TYPES = {"", "text/css"}
_EVERYWHERE = {"", "all"}
_DOCTYPE = re.compile(r"\s*<!doctype[^>]*>", re.IGNORECASE)
# A browser makes them where no tag asks for them.
_IMPLIED = {"html", "head", "body", "tbody", "tr", "colgroup", "p"}


def inline(page: str, css: str = "", kept: str = "", inliner: Inliner = "premailer") -> str:
    """`page` with the styles of its style elements, and then of `css`, moved into attributes.

    What cannot be moved stays in style elements: media queries, dark mode, fonts, states; and
    all of `kept`, which comes last.

    Raises:
        WrongInput: a style sheet is nested too deep, or `inliner` is not installed.
    """
    found = tags(page)
    places = [place for place, tag in enumerate(found) if _is_sheet(tag)]
    sheets = [_sheet_of(page, found[place]) for place in places]
    sheets += [read_sheet(css), read_sheet(kept, conditional=True)]
    matched = matches(page, found, tuple(_asked(sheets, found)), inliner)
    bound = _Bound(sheets, matched.get(None, ()))

    alike: dict[tuple[tuple[str, ...], str | None], list[int]] = defaultdict(list)
    for place, which in matched.items():
        if place is not None and found[place].name not in HEAD_ONLY:
            alike[which, dict(found[place].attributes).get("style")].append(place)
    reached = {key: bound.reached(*key) for key in alike}
    ruling = rule(tuple(reached.values()))
    styles = {
        place: style
        for key, places_ in alike.items()
        for style in [attribute(reached[key], ruling)]
        if style != attribute(reached[key], _NOTHING) or any(c.origin for c in reached[key].plain)
        for place in places_
    }
    blocks = [
        kept_blocks(sheet, _changes(number, ruling, bound.stay))
        for number, sheet in enumerate(sheets)
    ]
    return _written(page, found, styles, dict(zip(places, blocks, strict=False)), blocks[-2:])


_NOTHING = Ruling()


def _changes(number: int, ruling: Ruling, stay: Iterable[tuple[int, int]]) -> Changes:
    """What of the ruling concerns the sheet `number`."""

    def of(origins: Iterable[Origin]) -> frozenset[tuple[int, int]]:
        return frozenset(origin[1:] for origin in origins if origin[0] == number)

    return Changes(
        of(ruling.raised),
        of(ruling.again),
        of(ruling.boosted),
        frozenset(which for sheet, which in stay if sheet == number),
    )


def _is_sheet(tag: Tag) -> bool:
    kind = dict(tag.attributes).get("type", "").strip().lower()
    return tag.name == "style" and tag.content is not None and kind in _CSS_TYPES


def _sheet_of(page: str, tag: Tag) -> Sheet:
    assert tag.content is not None
    media = dict(tag.attributes).get("media", "").strip().lower()
    return read_sheet(page[slice(*tag.content)], conditional=media not in _EVERYWHERE)


def _asked(sheets: Sequence[Sheet], found: tuple[Tag, ...]) -> Iterable[str]:
    """What is to be matched: selectors whose every word stands somewhere in the page."""
    there = set(_IMPLIED)
    for tag in found:
        there.add(tag.name)
        for name, value in tag.attributes:
            if name == "class":
                there.update(f".{word}" for word in value.split())
            elif name == "id":
                there.add(f"#{value}")
    for sheet in sheets:
        for one in sheet.rules:
            for selector in (*one.inlined, *one.kept):
                if selector.matches is not None and selector.words <= there:
                    yield selector.matches


class _Bound:
    """The rules of all sheets by what they match.

    `stay` are those that reach an element without a tag to write to: they are kept as well.
    """

    def __init__(self, sheets: Sequence[Sheet], untagged: Iterable[str]) -> None:
        self._plain: dict[str, list[tuple[int, Rule, Selector]]] = defaultdict(list)
        self._kept: dict[str, list[tuple[int, Rule, Selector]]] = defaultdict(list)
        self.stay: set[tuple[int, int]] = set()
        untagged = set(untagged)
        for number, sheet in enumerate(sheets):
            for one in sheet.rules:
                stays = any(selector.matches in untagged for selector in one.inlined)
                if stays:
                    self.stay.add((number, one.number))
                for selector in one.inlined:
                    if selector.matches is not None:
                        self._plain[selector.matches].append((number, one, selector))
                for selector in (*one.kept, *(one.inlined if stays else ())):
                    if selector.matches is not None:
                        self._kept[selector.matches].append((number, one, selector))

    def reached(self, which: Iterable[str], style: str | None) -> Reached:
        """What reaches the elements that `which` match and that have the attribute `style`."""
        which = tuple(which)
        plain = [claim for matching in which for claim in _claims(self._plain[matching])]
        plain += [Claim.of_attribute(said, at) for at, said in enumerate(declarations(style or ""))]
        kept = [claim for matching in which for claim in _claims(self._kept[matching])]
        return Reached.by(plain, kept)


def _claims(bound: Iterable[tuple[int, Rule, Selector]]) -> Iterable[Claim]:
    for number, one, selector in bound:
        for at, said in one.declarations:
            origin: Origin = (number, one.number, at)
            yield Claim.of_rule(said, selector.specificity, origin, one.layered)


def _written(
    page: str,
    found: tuple[Tag, ...],
    styles: dict[int, str],
    inside: dict[int, list[str]],
    more: Sequence[list[str]],
) -> str:
    """`page` with its style attributes, and what is kept of its style elements, put in."""
    body = next(
        (
            place
            for place, tag in enumerate(found)
            if tag.name not in (*HEAD_ONLY, "html", "noscript")
            or (tag.name == "head" and tag.closing)
        ),
        len(found),
    )
    head_end = _end_of_head(page, found, body)
    edits: list[tuple[int, int, str]] = []
    late: list[tuple[str, str]] = []
    for place, tag in enumerate(found):
        if place in styles:
            edits.append(_style_attribute(page, tag, styles[place]))
        elif place in inside and tag.content:
            blocks = inside[place]
            if place > body and not tag.conditional:
                # Gmail honours a style element in the head only. It stays, empty, since
                # selectors count it among its siblings.
                late += [(page[tag.start : tag.end], block) for block in blocks]
                edits.append((*tag.content, ""))
                continue
            if not blocks and place < body and place + 1 < len(found) and found[place + 1].closing:
                edits.append((tag.start, found[place + 1].end, ""))
                continue
            parting = f"</style>\n{page[tag.start : tag.end]}"
            edits.append((*tag.content, parting.join(f"\n{block}\n" for block in blocks)))
    late += [("<style>", block) for blocks in more for block in blocks]
    if late:
        text = "".join(f"{start}\n{block}\n</style>\n" for start, block in late)
        edits.append((head_end, head_end, text))
    pieces: list[str] = []
    at = 0
    for start, end, text in sorted(edits, key=lambda edit: edit[:2]):
        pieces += [page[at:start], text]
        at = end
    return "".join((*pieces, page[at:]))


def _end_of_head(page: str, found: tuple[Tag, ...], body: int) -> int:
    if body < len(found) and found[body].name in ("head", "body"):
        return found[body].start
    if body:
        return found[body - 1].end
    doctype = _DOCTYPE.match(page)
    return doctype.end() if doctype else 0


def _style_attribute(page: str, tag: Tag, style: str) -> tuple[int, int, str]:
    value = f'"{escape(style, quote=False).replace(chr(34), "&quot;")}"'
    if tag.style is None:
        return tag.room, tag.room, f" style={value}"
    start, end = tag.style
    return (
        start,
        end,
        value if "=" in page[tag.start : start].rpartition("style")[2] else f"={value}",
    )
