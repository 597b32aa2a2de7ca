"""Who wins where several declarations reach one element, before inlining and after.

In the page as it was written, the order is that of CSS Cascade, section 6: importance, then
style attribute, then specificity, then place. A style attribute beats every style sheet, so
inlining alone would turn a media query against a plain rule from winner to loser. Therefore:

1. Inlined declarations stand in the order of the cascade, without `!important`: in one
   attribute the last one wins.
2. What is kept becomes `!important` where it had won over something that is now inlined, and
   only there.
3. What is inlined becomes `!important` where it had won over something kept that is important.
4. Where it had won over one and lost to another such, its rule is kept too, important: among
   important rules in a style sheet the old order holds.
5. What its author made important beats what became so only here: where that is not so by
   itself, the rule is kept once more with a selector that counts for more.

One thing cannot be said so: a style attribute of the author's that won over a rule of 2 and lost
to one of his own important ones, on the same element, loses to both.

So a reader's inbox without support for style sheets shows the inlined styles, and every other
one shows what the author wrote.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mailer.letter.inlining.selectors import Specificity
from mailer.letter.inlining.stylesheet import Declaration

# The sheet, the rule and the piece that a declaration stands in; None in a style attribute.
Origin = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Claim:
    """One declaration that reaches an element. `rank` orders claims, the winner last."""

    said: Declaration
    rank: tuple[bool, bool, Specificity, Origin]
    origin: Origin | None
    layered: bool = False

    @classmethod
    def of_rule(
        cls, said: Declaration, specificity: Specificity, origin: Origin, layered: bool = False
    ) -> "Claim":
        return cls(said, (said.important, False, specificity, origin), origin, layered)

    @classmethod
    def of_attribute(cls, said: Declaration, at: int) -> "Claim":
        return cls(said, (said.important, True, (0, 0, 0), (0, 0, at)), None)


@dataclass(frozen=True, slots=True)
class Reached:
    """Elements that the same claims reach, through plain rules, their attribute, and kept rules.

    `inlined` are those of the first two that survive.
    """

    plain: tuple[Claim, ...]
    inlined: tuple[Claim, ...]
    kept: tuple[Claim, ...]

    @classmethod
    def by(cls, plain: Iterable[Claim], kept: Iterable[Claim]) -> "Reached":
        plain = tuple(plain)
        return cls(plain, survivors(plain), tuple(kept))


@dataclass(frozen=True, slots=True)
class Ruling:
    """What changes in the style sheets: kept claims `raised` to important or `boosted` above
    those, inlined ones kept `again`.
    """

    raised: frozenset[Origin] = frozenset()
    again: frozenset[Origin] = frozenset()
    boosted: frozenset[Origin] = frozenset()

    def strong(self, group: Reached) -> tuple[Claim, ...]:
        """What of the style sheet beats a plain style attribute."""
        return (
            *(one for one in group.kept if one.said.important or one.origin in self.raised),
            *(one for one in group.plain if one.origin in self.again),
        )


def rule(reached: Sequence[Reached]) -> Ruling:
    """What must change, so that everybody who won goes on winning."""
    ruling = Ruling()
    while True:
        raised, again, boosted = set(ruling.raised), set(ruling.again), set(ruling.boosted)
        for group in reached:
            strong = ruling.strong(group)
            lifted = tuple(claim for claim in strong if not claim.said.important)
            above = tuple(claim for claim in strong if claim.said.important)
            for claim in group.kept:
                if claim.layered or claim in strong or claim.origin is None:
                    continue
                if any(beats(claim, other) for other in (*group.inlined, *lifted)):
                    raised.add(claim.origin)
            for claim in group.inlined:
                if (
                    claim.origin is not None
                    and any(beats(claim, other) for other in strong)
                    and any(beats(other, claim) for other in strong)
                ):
                    again.add(claim.origin)
            for claim in above if lifted else ():
                if claim.origin is not None and (
                    any(beats(claim, other) and claim.rank[1:] < other.rank[1:] for other in lifted)
                    or any(beats(claim, other) and other.origin in boosted for other in above)
                ):
                    boosted.add(claim.origin)
        new = Ruling(frozenset(raised), frozenset(again), frozenset(boosted))
        if new == ruling:
            return ruling
        ruling = new


def attribute(group: Reached, ruling: Ruling) -> str:
    """The style attribute of the elements of `group`."""
    strong = ruling.strong(group)
    written: list[tuple[Claim, bool]] = []
    for claim in group.inlined:
        against = any(beats(claim, other) for other in strong) and not any(
            beats(other, claim) for other in strong
        )
        # An important declaration would beat those behind it in the attribute.
        against = against or any(
            important and overlap(claim.said.name, before.said.name)
            for before, important in written
        )
        mine = claim.origin is None and claim.said.important
        written.append((claim, against or mine))
    return ";".join(
        f"{f'{claim.said.name}:' if claim.said.name else ''}{claim.said.text}"
        f"{' !important' if important else ''}"
        for claim, important in written
    )


def beats(one: Claim, other: Claim) -> bool:
    return one.rank > other.rank and overlap(one.said.name, other.said.name)


def survivors(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """`claims` in rank, without those that no program would honour.

    A declaration goes when a later one of another rule says the same property in a way that
    every program knows. Otherwise it stays, as what a program falls back to that does not know
    the later one.
    """
    left: list[Claim] = []
    covered: dict[str | None, Origin | None] = {}
    said: set[tuple[str, str]] = set()
    for claim in sorted(claims, key=lambda claim: claim.rank, reverse=True):
        name, origin = claim.said.name, claim.origin
        if not name:
            left.append(claim)
            continue
        if (name, claim.said.text) in said:
            continue
        by = [covered[known] for known in (name, _SHORT.get(name)) if known in covered]
        if any(other is None or origin is None or other[:2] != origin[:2] for other in by):
            continue
        said.add((name, claim.said.text))
        left.append(claim)
        if known_to_all(name, claim.said.text):
            covered.setdefault(name, origin)
    return tuple(reversed(left))


# Which properties share something

_SIDES = ("top", "right", "bottom", "left", "block", "inline")
_SHORT = {f"{short}-{side}": short for short in ("margin", "padding") for side in _SIDES}
_ASPECTS = ("width", "style", "color")
_RESETS = {
    "font": ("line-height",),
    "flex-flow": ("flex-direction", "flex-wrap"),
    "columns": ("column-width", "column-count"),
    "inset": ("top", "right", "bottom", "left"),
    "text-decoration": (),
    "gap": ("row-gap", "column-gap"),
    "place-items": ("align-items", "justify-items"),
    "place-content": ("align-content", "justify-content"),
    "place-self": ("align-self", "justify-self"),
    "grid-area": ("grid-row", "grid-column"),
    "overflow": ("overflow-x", "overflow-y"),
    "width": ("inline-size",),
    "height": ("block-size",),
}
_BORDER = re.compile(r"border(?:-(?:top|right|bottom|left|block|inline)(?:-start|-end)?)?"
                     r"(?:-(?:width|style|color))?")  # fmt: skip


def overlap(one: str, other: str) -> bool:
    """True where both properties set something in common; a shorthand sets all its longhands."""
    if not one or not other:
        return False
    if one == other or "all" in (one, other):
        return not (one.startswith("--") and one != other)
    if one.startswith(f"{other}-") or other.startswith(f"{one}-"):
        return not {one, other} & {"border-collapse", "border-spacing", "border-radius"}
    if other in _RESETS.get(one, ()) or one in _RESETS.get(other, ()):
        return True
    if _BORDER.fullmatch(one) and _BORDER.fullmatch(other):
        words, others = set(one.split("-")), set(other.split("-"))
        return all(
            not (words & set(kind) and others & set(kind)) or words & others & set(kind)
            for kind in (_SIDES, _ASPECTS)
        )
    head, rest = one.partition("-")[::2]
    if head in ("margin", "padding") and other.startswith(f"{head}-"):
        # Logical sides are also physical ones.
        return rest.startswith(("block", "inline")) or "-block" in other or "-inline" in other
    return False


# What every mail program knows

_LENGTH = r"(?:0|\d*\.?\d+(?:px|em|pt|%))"
_SIGNED = rf"(?:auto|-?{_LENGTH})"
_NUMBER = r"\d*\.?\d+"
_COLOUR = r"(?:#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?|black|white|red|green|blue|gray|transparent)"
_KNOWN = {
    "background-color": _COLOUR,
    "border-collapse": "collapse|separate",
    "color": _COLOUR,
    "display": "block|inline|inline-block|none|table|table-cell|table-row",
    "font-size": _LENGTH,
    "font-style": "normal|italic",
    "font-weight": "normal|bold|[1-9]00",
    "height": rf"auto|{_LENGTH}",
    "letter-spacing": rf"normal|{_SIGNED}",
    "line-height": rf"normal|{_NUMBER}|{_LENGTH}",
    "margin": rf"{_SIGNED}(?: {_SIGNED}){{0,3}}",
    "max-width": rf"none|{_LENGTH}",
    "padding": rf"{_LENGTH}(?: {_LENGTH}){{0,3}}",
    "text-align": "left|right|center|justify",
    "text-decoration": "none|underline",
    "text-transform": "none|uppercase|lowercase|capitalize",
    "vertical-align": "top|middle|bottom|baseline",
    "white-space": "normal|nowrap|pre",
    "width": rf"auto|{_LENGTH}",
    **{f"margin-{side}": _SIGNED for side in _SIDES[:4]},
    **{f"padding-{side}": _LENGTH for side in _SIDES[:4]},
}
_KNOWN_PATTERNS = {name: re.compile(pattern) for name, pattern in _KNOWN.items()}


def known_to_all(name: str, value: str) -> bool:
    """True for the values of a property that no mail program fails to understand."""
    pattern = _KNOWN_PATTERNS.get(name)
    return pattern is not None and pattern.fullmatch(value.strip()) is not None
