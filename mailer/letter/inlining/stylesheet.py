"""A style sheet read with a CSS parser, and what of it stays a style sheet.

1. `read_sheet` parses with tinycss2: style rules, each under its number, and all else.
2. A selector that the page alone decides about, outside of any at-rule, is inlined. All else is
   *kept* as it was written: at-rules, pseudo-classes, what mail programs put around a letter.
3. `kept_blocks` writes what is kept, with `!important` where the cascade asks for it.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mailer.errors import WrongInput
from mailer.letter.inlining.selectors import Selector, selectors

# Gmail drops a style element that is larger.
LARGEST = 16_000
_CONDITIONAL = {"media", "supports", "document", "-moz-document", "container", "layer", "scope"}
_IDENTIFIER = re.compile(r"-?-?[A-Za-z_\x80-\U0010ffff][\w\x80-\U0010ffff-]*")


@dataclass(frozen=True, slots=True)
class Declaration:
    """`text` is its value, without `!important`.

    In a style attribute, what is no declaration (template syntax) has no name and is all text.
    """

    name: str
    text: str
    important: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """A style rule. `pieces` is its block as it was written, cut at the semicolons, each piece
    with the declaration in it, if there is one; `prelude` is what stands before the block.

    `inlined` and `kept` are its selectors. A rule that could not be read has neither.
    """

    number: int
    prelude: str
    pieces: tuple[tuple[str, Declaration | None], ...]
    inlined: tuple[Selector, ...]
    kept: tuple[Selector, ...]
    layered: bool

    @property
    def declarations(self) -> tuple[tuple[int, Declaration], ...]:
        return tuple((at, piece[1]) for at, piece in enumerate(self.pieces) if piece[1])


@dataclass(frozen=True, slots=True)
class Group:
    """An at-rule with rules in it; `before` is all up to its brace."""

    before: str
    inside: tuple["Node", ...]


Node = Rule | Group | str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one style sheet says; `rules` are all its style rules, by number."""

    nodes: tuple[Node, ...]
    rules: tuple[Rule, ...]


@lru_cache(maxsize=64)
def read_sheet(css: str, conditional: bool = False) -> Sheet:
    """Read a style sheet; where it is `conditional`, as under `media="print"`, all is kept.

    Raises:
        WrongInput: it is nested deeper than any inbox would follow.
    """
    from tinycss2 import parse_component_value_list, parse_stylesheet

    rules: list[Rule] = []
    try:
        values = parse_component_value_list(css.replace("\x00", "\ufffd"))
        _end_strings(values)
        parsed = parse_stylesheet(values, skip_comments=True)
        nodes = tuple(_nodes(parsed, rules, conditional, False))
    except RecursionError:
        raise WrongInput("The style sheet has too many brackets in brackets.") from None
    return Sheet(nodes, tuple(rules))


def _end_strings(values: list[Any]) -> None:
    """End what the end of the sheet ended, so that it does not run into what is written next."""
    for value in values:
        for inside in ("content", "arguments"):
            if isinstance(within := getattr(value, inside, None), list):
                _end_strings(within)
    if len(values) > 1 and values[-1].type == "error" and values[-1].kind.startswith("eof-in-"):
        values.pop()
        open_ = values[-1]
        open_.representation += ")" if open_.type == "url" else open_.representation[0]


def _nodes(
    parsed: Sequence[Any], rules: list[Rule], conditional: bool, layered: bool
) -> Iterator[Node]:
    from tinycss2 import parse_rule_list, serialize

    for node in parsed:
        if node.type == "qualified-rule":
            if any(token.type == "error" for token in node.prelude):
                continue
            rules.append(_rule(node, len(rules), conditional, layered))
            yield rules[-1]
        elif node.type == "at-rule" and (
            node.lower_at_keyword == "charset"  # ours is UTF-8
            # One behind a rule is void (CSS Cascade, section 2), and must not come to stand first.
            or (node.lower_at_keyword == "import" and rules)
        ):
            continue
        elif (
            node.type == "at-rule"
            and node.content is not None
            and node.lower_at_keyword in _CONDITIONAL
        ):
            inside = parse_rule_list(node.content, skip_comments=True)
            layer = layered or node.lower_at_keyword == "layer"
            yield Group(
                f"@{node.at_keyword}{serialize(node.prelude)}",
                tuple(_nodes(inside, rules, True, layer)),
            )
        elif node.type == "at-rule":
            yield node.serialize().strip()
        elif node.type == "whitespace":
            yield node.value


def _rule(node: Any, number: int, conditional: bool, layered: bool) -> Rule:
    from tinycss2 import serialize

    pieces = tuple(_pieces(node.content))
    nested = any(token.type == "{} block" for token in node.content)
    every = None if nested else selectors(node.prelude)
    inlined = () if conditional or every is None else tuple(one for one in every if one.static)
    return Rule(
        number,
        serialize(node.prelude),
        pieces,
        inlined,
        tuple(one for one in every or () if one not in inlined),
        layered,
    )


def _pieces(content: Sequence[Any]) -> Iterator[tuple[str, Declaration | None]]:
    from tinycss2 import serialize

    piece: list[Any] = []
    for node in (*content, None):
        if node is not None and node != ";":
            piece.append(node)
            continue
        if node is not None or piece:
            yield serialize(piece), _declaration(piece)
        piece = []


def declarations(style: str) -> tuple[Declaration, ...]:
    """What a style attribute says."""
    from tinycss2 import parse_component_value_list

    content = parse_component_value_list(style.replace("\x00", "\ufffd"))
    return tuple(
        said or Declaration("", text.strip(), False)
        for text, said in _pieces(content)
        if said or text.strip()
    )


def _declaration(tokens: Sequence[Any]) -> Declaration | None:
    """CSS Syntax, section 5.4.6, and section 8.1 for what a value cannot hold."""
    tokens = [token for token in tokens if token.type != "comment"]
    while tokens and tokens[0].type == "whitespace":
        tokens = tokens[1:]
    while tokens and tokens[-1].type == "whitespace":
        tokens = tokens[:-1]
    if not tokens or tokens[0].type != "ident":
        return None
    after = [token for token in tokens[1:] if token.type != "whitespace"]
    if not after or after[0] != ":" or len(after) < 2:
        return None
    value = tokens[tokens.index(after[0]) + 1 :]
    important = len(after) > 3 and after[-2] == "!" and _is_important(after[-1])
    if important:
        value = value[: value.index(after[-2])]
    wrong = any(node.type == "error" or node == "!" for node in value)
    if wrong or not any(token.type != "whitespace" for token in value):
        return None
    written = tokens[0].value
    name = written if written.startswith("--") else tokens[0].lower_value
    if not _IDENTIFIER.fullmatch(name):
        return None
    return Declaration(name, _written(value), important)


def _is_important(token: Any) -> bool:
    return bool(token.type == "ident" and token.lower_value == "important")


def _written(value: Sequence[Any]) -> str:
    """A value on one line, in single quotes where that can be: it goes into double ones."""
    from tinycss2 import serialize
    from tinycss2.ast import WhitespaceToken

    space = WhitespaceToken(0, 0, " ")
    text: str = serialize(
        [space if token.type == "whitespace" else token for token in value]
    ).strip()
    if "'" not in text:
        text = text.replace('"', "'")
    return text.replace("\n", " ")


Place = tuple[int, int]  # of a declaration: the number of its rule, and of its piece


@dataclass(frozen=True, slots=True)
class Changes:
    """How a sheet is kept otherwise than as it was written.

    `raised` become important; of inlined rules, those of `again` are kept as well, important;
    those of `boosted` are kept once more with a selector that counts for more. Rules of `stay`
    are kept whole, beside what was inlined of them.
    """

    raised: Collection[Place] = ()
    again: Collection[Place] = ()
    boosted: Collection[Place] = ()
    stay: Collection[int] = ()


def kept_blocks(sheet: Sheet, changes: Changes) -> list[str]:
    """What is kept, as the texts of one or more style elements.

    A block has at most 16 KB; an at-rule in an at-rule has a block of its own, since Gmail
    drops a whole block with it.
    """
    blocks: list[list[str]] = [[]]
    size = 0
    for text, alone in _written_nodes(sheet.nodes, changes, LARGEST):
        octets = len(text.encode("utf-8", "replace"))
        if blocks[-1] and (alone or size + octets > LARGEST):
            blocks.append([])
            size = 0
        if not text.isspace() or (blocks[-1] and not blocks[-1][-1].isspace()):
            blocks[-1].append(text)
            size += octets
        if alone:
            blocks.append([])
            size = 0
    texts = ("".join(block).strip() for block in blocks)
    # In a string, "<\/" says the same as "</", which would end the style element.
    return [text.replace("</", r"<\/") for text in texts if text]


def _written_nodes(
    nodes: Sequence[Node], changes: Changes, room: int
) -> Iterator[tuple[str, bool]]:
    """Each rule's text, and whether it needs a block of its own."""
    for node in nodes:
        if isinstance(node, Rule):
            yield from ((text, False) for text in _written_rule(node, changes))
        elif isinstance(node, Group):
            yield from _written_group(node, changes, room)
        else:
            yield node, False


def _written_group(group: Group, changes: Changes, room: int) -> Iterator[tuple[str, bool]]:
    """The at-rule, or where it is too large, several with the same condition."""
    nested = any(
        isinstance(node, Group) or (isinstance(node, str) and not node.isspace())
        for node in group.inside
    )
    room -= len(group.before) + 2
    inside: list[str] = []
    size = 0
    for text, _ in _written_nodes(group.inside, changes, room):
        octets = len(text.encode("utf-8", "replace"))
        if inside and size + octets > room:
            yield f"{group.before}{{{''.join(inside)}}}", nested
            inside, size = [], 0
        inside.append(text)
        size += octets
    yield f"{group.before}{{{''.join(inside)}}}", nested


def _written_rule(rule: Rule, changes: Changes) -> Iterator[str]:
    if rule.number in changes.stay or not rule.inlined:
        yield f"{rule.prelude}{{{_body(rule, changes.raised)}}}"
    else:
        if again := _of(rule, changes.again):
            yield f"{_list(rule.inlined)}{{{_body(rule, again, again)}}}"
        if rule.kept:
            yield f"{_list(rule.kept)}{{{_body(rule, changes.raised)}}}"
    if boosted := _of(rule, changes.boosted):
        which = rule.kept + tuple(one for one in rule.inlined if _of(rule, changes.again))
        yield f"{_list(which, _COUNTS)}{{{_body(rule, boosted, boosted)}}}"


# As specific as three ids, and true of everything.
_COUNTS = ":not(#_#_#_)"


def _of(rule: Rule, places: Collection[Place]) -> frozenset[Place]:
    return frozenset(place for place in places if place[0] == rule.number)


def _list(which: Iterable[Selector], more: str = "") -> str:
    return ",".join(f"{one.text}{more}" for one in which)


def _body(rule: Rule, important: Collection[Place], only: Collection[Place] | None = None) -> str:
    return ";".join(
        _raised(text) if said and not said.important and (rule.number, at) in important else text
        for at, (text, said) in enumerate(rule.pieces)
        if only is None or (rule.number, at) in only
    )


def _raised(text: str) -> str:
    kept = text.rstrip()
    return f"{kept} !important{text[len(kept) :]}"
