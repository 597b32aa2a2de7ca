"""Texts in our own source: those that are marked for translation, and those that are not.

Python: `Sentence` and the first value of an error; in pages also `say`, `_`, `count` and `n_`.
Templates: `_` and `n_`. What a person may read and is not marked so is a `Fault`.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

from jinja2 import Environment, nodes

ERRORS = {"WrongInput", "Refused", "NotFound", "Failed"}
SINGLE = {"say", "_"}
PLURAL = {"count", "n_"}
"""What texts are said by; `Sentence` keeps one for later, in rooms that make no pages too."""

READ_BY_PEOPLE = {"title", "said", "label", "help", "hint", "notice", "problem", "placeholder"}
"""Names of values that pages show."""

READ_ATTRIBUTES = {"title", "alt", "placeholder", "aria-label", "aria-description", "label"}
READ_ATTRIBUTES |= {"aria-roledescription", "aria-valuetext"}
BUTTONS = {"submit", "reset", "button"}

NO_END = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"}
NO_END |= {"track", "wbr"}

KEYS = re.compile(
    r"Arrow\w+|Page(Up|Down)|[A-Z][a-z]+\+.*|X-\w+|[A-Z][\w]+-[A-Z][\w-]+|[A-Z]\w+Error"
)
NAMES = {"Escape", "Enter", "Tab", "Shift", "Control", "Alt", "Meta", "Delete", "Backspace"}
NAMES |= {"Home", "End", "Space", "Accept", "Files", "Undo", "Redo"}
"""What scripts call keys, headers and kinds of data."""


@dataclass(frozen=True)
class Text:
    """A text to translate, and where it stands. `many` is None where nothing is counted."""

    one: str
    many: str | None
    where: str

    @property
    def key(self) -> str | tuple[str, str]:
        return self.one if self.many is None else (self.one, self.many)


@dataclass(frozen=True)
class Fault:
    """A text that no catalogue can know."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


Found = Iterator[Text | Fault]


def in_python(source: str, name: str, *, page: bool, errors: bool = True) -> Found:
    """Everything in a module; where it makes pages, also what it hands to them unmarked.

    What commands alone show is in English: there `errors` do not count.
    """
    tree = ast.parse(source)
    handed_on = {id(call) for call in _handed_on(tree)}
    written = _written(tree)
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        where, called = f"{name}:{call.lineno}", _name(call.func)
        if id(call) in handed_on:
            continue
        if (called == "Sentence" or (page and called in SINGLE)) and call.args:
            unmarked = Fault(where, f"{called}() takes a text as it stands, its values beside it")
            for text in written.get(id(call)) or _literals(call.args[0]):
                yield unmarked if text is None else Text(text, None, where)
        elif page and called in PLURAL and len(call.args) >= 2:
            one, many = (list(_literals(arg)) for arg in call.args[:2])
            if len(one) == len(many) == 1 and one[0] is not None and many[0] is not None:
                yield Text(one[0], many[0], where)
            elif called == "n_" or (len(call.args) > 2 and not _is_number(call.args[1])):
                yield Fault(where, f"{called}() takes two texts as they stand")
        elif called == "record" and len(call.args) == 5:
            if _has_f_string(call) or any(text is not None for text in _literals(call.args[4])):
                yield Fault(where, "the audit log is read at the desk; give it a Sentence")
        elif called in ERRORS and call.args and errors:
            if _has_f_string(call):
                yield Fault(where, f"{called}(f'…') can be said in English only; use a Sentence")
            for text in _literals(call.args[0]):
                if text is not None:
                    yield Text(text, None, where)
        if page:
            for keyword in call.keywords:
                if keyword.arg in READ_BY_PEOPLE and _reads(keyword.value):
                    yield Fault(where, f"{keyword.arg}= is not marked")


def in_template(source: str, name: str) -> Found:
    """Everything in a page's template."""
    environment = Environment()
    yield from _in_expressions(environment.parse(source), name)
    # A value stands as a character that is no letter, and the lines stay what they are.
    html = "".join(
        value
        if kind == "data"
        else "\n" * value.count("\n") + "\ufffc" * (kind == "variable_begin")
        for _line, kind, value in environment.lex(source)
    )
    reader = _Unmarked(name)
    reader.feed(html)
    reader.close()
    yield from reader.faults


def in_script(source: str, name: str) -> Found:
    """Texts of a script that a person would read; they belong into the page's data attributes."""
    for line, text in _script_strings(source):
        if _speaks(text) and text.strip() not in NAMES and not KEYS.fullmatch(text.strip()):
            yield Fault(f"{name}:{line}", f"{text!r} belongs into a data attribute of the page")


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _literals(node: ast.expr) -> Iterator[str | None]:
    """The text that stands there, or both texts of a choice; None for all else."""
    if isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)
    elif not _is_constant(node):
        said = node.value if isinstance(node, ast.Constant) else None
        yield said if isinstance(said, str) else None


def _handed_on(tree: ast.AST) -> Iterator[ast.Call]:
    """The calls by which one way of saying a text is made of another: `say`, in a `say`."""
    for made in ast.walk(tree):
        if isinstance(made, ast.FunctionDef) and made.name in SINGLE | PLURAL | {"back"}:
            yield from (node for node in ast.walk(made) if isinstance(node, ast.Call))


def _written(tree: ast.AST) -> dict[int, list[str]]:
    """Calls whose text was given a name just before, in the same function: by the call's id."""
    found: dict[int, list[str]] = {}
    for made in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        names: dict[str, list[str | None]] = {}
        for node in ast.walk(made):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                names.setdefault(node.targets[0].id, []).extend(_literals(node.value))
        for call in (node for node in ast.walk(made) if isinstance(node, ast.Call)):
            if call.args and isinstance(call.args[0], ast.Name):
                said = names.get(call.args[0].id, [])
                if texts := [text for text in said if text is not None]:
                    found[id(call)] = texts if len(texts) == len(said) else []
    return found


def _is_constant(node: ast.expr) -> bool:
    """As in `NOT_PAUSED` and `STANDS[status]`, which are marked where they are defined.

    What is called `template` was a sentence's before: it is made anew.
    """
    if isinstance(node, ast.Attribute) and node.attr == "template":
        return True
    name = node.value if isinstance(node, ast.Subscript) else node
    return isinstance(name, ast.Name) and (name.id.isupper() or name.id == "template")


def _is_number(node: ast.expr) -> bool:
    """As where `str.count` begins to look."""
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


def _has_f_string(call: ast.Call) -> bool:
    """Whether an error is made with one, or what is told last; a `Sentence`'s values may be."""
    waiting: list[ast.AST] = [*call.args[-1:]]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.JoinedStr):
            return True
        if not (isinstance(node, ast.Call) and _name(node.func) == "Sentence"):
            waiting.extend(ast.iter_child_nodes(node))
    return False


def _reads(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.Constant) and _letters(part.value) for part in node.values)
    return any(text is not None and _letters(text) for text in _literals(node))


def _letters(text: object) -> bool:
    return isinstance(text, str) and any(character.isalpha() for character in text)


def _in_expressions(node: nodes.Node, name: str) -> Found:
    where = f"{name}:{node.lineno}"
    skipped: list[nodes.Node] = []
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name):
        called, args = node.node.name, node.args
        if called == "_":
            skipped = args[:1]
            for text in _constants(args[0]) if args else [None]:
                yield (
                    Text(text, None, where)
                    if text is not None
                    else Fault(where, "_() takes a text as it stands")
                )
        elif called == "n_":
            skipped = args[:2]
            both = [text for arg in args[:2] for text in _constants(arg)]
            if len(both) == 2 and both[0] is not None and both[1] is not None:
                yield Text(both[0], both[1], where)
            else:
                yield Fault(where, "n_() takes two texts as they stand")
    if isinstance(node, nodes.Const) and isinstance(node.value, str) and _speaks(node.value):
        yield Fault(where, f"{node.value!r} is not marked")
    for child in node.iter_child_nodes():
        if child not in skipped:
            yield from _in_expressions(child, name)


def _constants(node: nodes.Node) -> Iterator[str | None]:
    if isinstance(node, nodes.CondExpr):
        yield from _constants(node.expr1)
        yield from _constants(node.expr2) if node.expr2 else ()
    else:
        said = node.value if isinstance(node, nodes.Const) else None
        yield said if isinstance(said, str) else None


def _speaks(text: str) -> bool:
    """Whether a literal reads like words for people, and not like a class or an address."""
    text = text.strip()
    if re.match(r"[A-ZÁÉÍÓÚÑ¿¡][a-zà-ÿ’]", text):
        return True
    return bool(re.fullmatch(r"[\w’,;:–—…“”-]+( [\w’,;:–—…“”-]+)+[.?!…]", text))


class _Unmarked(HTMLParser):
    """Letters in text and in attributes that people read, outside of Jinja's own marks."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.faults: list[Fault] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        for attribute, value in attrs:
            if attribute in READ_ATTRIBUTES or (
                attribute == "value" and tag == "input" and known.get("type") in BUTTONS
            ):
                wrong = _letters(value)
            else:
                wrong = attribute.startswith("data-") and _speaks(value or "")
            if wrong:
                self._fault(f"{attribute}={value!r} is not marked")
        if tag not in NO_END:
            self._open.append((tag, known.get("translate") == "no"))

    def handle_endtag(self, tag: str) -> None:
        # Where branches of a template open an element each, one end closes the last of them.
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index][0] == tag:
                del self._open[index:]
                break

    def handle_data(self, data: str) -> None:
        if _letters(data) and not any(tag == "style" or kept for tag, kept in self._open):
            self._fault(f"{' '.join(data.split())!r} is not marked")

    def _fault(self, what: str) -> None:
        self.faults.append(Fault(f"{self.name}:{self.getpos()[0]}", what))


def _script_strings(source: str) -> Iterator[tuple[int, str]]:
    """Each string of a script with its line; a template's parts are strings of their own."""
    at, before, line = 0, "(", 1
    while at < len(source):
        character = source[at]
        if source.startswith("//", at):
            end = source.find("\n", at)
            end = len(source) if end < 0 else end
        elif source.startswith("/*", at):
            end = source.find("*/", at + 2) + 2
        elif character == "/" and before in "(,=:[!&|?{};+-<>\n":
            found = re.compile(r"/(\\.|\[(\\.|[^\]\\\n])*\]|[^/\\\n])+/").match(source, at)
            end, before = (found.end() if found else at + 1), "/"
        elif character in "\"'":
            found = re.compile(rf"{character}(\\.|[^{character}\\\n])*{character}").match(
                source, at
            )
            end, before = (found.end() if found else at + 1), character
            yield line, source[at + 1 : end - 1]
        elif character == "`":
            end, before = _template_end(source, at), "`"
            for part in re.split(r"\$\{[^}]*\}", source[at + 1 : end - 1]):
                yield line, part
        else:
            end = at + 1
            before = before if character in " \t" else character
        line += source.count("\n", at, end)
        at = end


def _template_end(source: str, start: int) -> int:
    found = re.compile(r"`(\\.|\$\{[^}]*\}|[^`\\])*`", re.DOTALL).match(source, start)
    return found.end() if found else len(source)
