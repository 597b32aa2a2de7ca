"""What a theme may be written with, and where its rendering is counted.

A template is parsed to a tree. `checked` refuses every kind of node that is not in the table
below, and every name that begins with an underscore. `metered` then puts the hooks of meter.py
in: at each beginning of a template, macro or call, round each loop's list, each `~`, each
comparison and slice, and before fixed text.
"""

from collections.abc import Iterator
from typing import Any

from jinja2 import TemplateSyntaxError, nodes
from jinja2.visitor import NodeTransformer

from mailer.letter.meter import LARGEST_NUMBER

DEPTH = 40
"""Levels of a template's tree; the deepest of ours has 10."""

ALLOWED: tuple[type[nodes.Node], ...] = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.With),
    *(nodes.Macro, nodes.CallBlock, nodes.FilterBlock, nodes.Assign, nodes.AssignBlock),
    *(nodes.FromImport, nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Dict),
    *(nodes.Pair, nodes.Keyword, nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Call),
    *(nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Concat, nodes.Compare, nodes.Operand),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg),
    *(nodes.Pos, nodes.Not, nodes.And, nodes.Or),
)
IN_WORDS = {
    nodes.Include: "`include`; import a macro from a shared part instead",
    nodes.Import: "`import`; write `from … import …`",
    nodes.Extends: "`extends`; import a macro from a shared part instead",
    nodes.Block: "`block`; write a macro instead",
    nodes.Pow: "`**`",
    nodes.NSRef: "`set` with a dot",
}
# Names that Jinja2 gives a meaning, which a theme has no use for.
KEPT_BACK = frozenset({"self", "super", "varargs", "kwargs"})


def checked(tree: nodes.Template, file: str, parts: frozenset[str], is_part: bool) -> None:
    """Raise `TemplateSyntaxError` at the first thing that a theme may not do."""
    for node, depth in _walk(tree):
        reason = None
        if depth > DEPTH:
            reason = "it is nested too deeply"
        elif type(node) not in ALLOWED:
            words = IN_WORDS.get(type(node), f"`{type(node).__name__.lower()}`")
            reason = f"a theme cannot use {words}"
        elif isinstance(node, nodes.FromImport):
            reason = _wrong_import(node, parts, is_part)
        elif isinstance(node, nodes.For) and node.recursive:
            reason = "a theme cannot use `recursive`"
        elif isinstance(node, nodes.Dict) and not all(
            isinstance(pair.key, nodes.Const) for pair in node.items
        ):
            reason = "the keys of a table are written out as texts"
        elif isinstance(node, nodes.Const) and _too_large(node.value):
            reason = f"a number is larger than {LARGEST_NUMBER:,}"
        else:
            reason = next(filter(None, map(_wrong_name, _names(node))), None)
        if reason:
            raise TemplateSyntaxError(reason, node.lineno or 1, file)


def metered(tree: nodes.Template) -> nodes.Template:
    """The same template, counting what it does."""
    return Metering().visit(tree)  # type: ignore[no-any-return]


def _walk(tree: nodes.Node) -> Iterator[tuple[nodes.Node, int]]:
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting.extend((child, depth + 1) for child in reversed([*node.iter_child_nodes()]))


def _wrong_import(node: nodes.FromImport, parts: frozenset[str], is_part: bool) -> str | None:
    if is_part:
        return "a shared part cannot import another one"
    if not isinstance(node.template, nodes.Const) or node.template.value not in parts:
        known = ", ".join(sorted(parts)) or "none"
        return f"only a shared part can be imported; there is: {known}"
    return None


def _too_large(value: object) -> bool:
    """Whether it is a number that arithmetic would refuse; 1e999 is infinite, which is no name."""
    return isinstance(value, int | float) and not abs(value) <= LARGEST_NUMBER


def _names(node: nodes.Node) -> Iterator[str]:
    match node:
        case nodes.Name() | nodes.Macro() | nodes.Filter() | nodes.Test():
            yield node.name
        case nodes.Getattr():
            yield node.attr
        case nodes.Keyword():
            yield node.key
        case nodes.FromImport():
            for name in node.names:
                yield from (name,) if isinstance(name, str) else name
        case nodes.Getitem(arg=nodes.Const(value=str() as name)):
            yield name


def _wrong_name(name: str) -> str | None:
    if name.startswith("_"):
        return f"{name!r} begins with an underscore, and no name of a theme does"
    return f"there is no {name!r} in a theme" if name in KEPT_BACK else None


class Metering(NodeTransformer):
    """Puts the hooks in; a filter whose name no theme can spell is how a template calls one."""

    def visit_Template(self, node: nodes.Template) -> nodes.Node:  # noqa: N802
        return self._begin(node)

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:  # noqa: N802
        return self._begin(node)

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:  # noqa: N802
        return self._begin(node)

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        weight = _weight(node)
        self.generic_visit(node)
        node.iter = _hook("_looped", node.iter, _constant(weight, node))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _hook("_joined", nodes.List(node.nodes, lineno=node.lineno))

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.expr = _hook("_compared", node.expr)
        for operand in node.ops:
            inside = operand.op in ("in", "notin")
            operand.expr = _hook("_searched" if inside else "_compared", operand.expr)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            node.node = _hook("_cut", node.node)
        return node

    def visit_Output(self, node: nodes.Output) -> Any:  # noqa: N802
        self.generic_visit(node)
        fixed = sum(len(part.data) for part in node.nodes if isinstance(part, nodes.TemplateData))
        return [_count("_counted", fixed, node), node] if fixed else node

    def _begin(self, node: Any) -> nodes.Node:
        weight = _weight(node)
        self.generic_visit(node)
        node.body.insert(0, _count("_weighed", weight, node))
        return node  # type: ignore[no-any-return]


def _weight(node: nodes.Node) -> int:
    return sum(1 for _ in _walk(node))


def _hook(name: str, value: Any, *more: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(value, name, [*more], [], None, None, lineno=value.lineno)


def _constant(value: int, near: nodes.Node) -> nodes.Const:
    return nodes.Const(value, lineno=near.lineno)


def _count(name: str, value: int, near: nodes.Node) -> nodes.ExprStmt:
    return nodes.ExprStmt(_hook(name, _constant(value, near)), lineno=near.lineno)
