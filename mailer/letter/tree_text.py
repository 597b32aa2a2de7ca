"""The tree of a Markdown text as paragraphs of plain text, to be read aloud.

Nothing is drawn: a rule is one more blank line, a heading has one above it, a table is read row
by row. Only the first line of a point is set in, so that the rest can flow.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from mailer.letter.flowed import BLANK, Paragraph, lines_of, paragraph

if TYPE_CHECKING:
    from markdown_it.token import Token
    from markdown_it.tree import SyntaxTreeNode

_CODE_INDENT = 4


def to_text(tokens: "list[Token]", links: list[str]) -> tuple[list[Paragraph], list[Paragraph]]:
    """The paragraphs of a tree and those of its notes, with blank lines between.

    Each link is numbered in the text and put into `links`.
    """
    from markdown_it.tree import SyntaxTreeNode

    nodes = SyntaxTreeNode(tokens).children
    notes = [note for node in nodes if node.type == "footnote_block" for note in node.children]
    return (
        _joined(_blocks(nodes, links)),
        _joined([_note(note, links) for note in notes]),
    )


def apart(blocks: list[list[Paragraph]]) -> list[Paragraph]:
    """The blocks that are not empty, a blank line between each two."""
    return _joined([block for block in blocks if block])


def _joined(blocks: "list[list[Paragraph]] | Iterator[list[Paragraph]]") -> list[Paragraph]:
    joined: list[Paragraph] = []
    for block in blocks:
        joined += [BLANK, *block] if joined else block
    return joined


def _blocks(nodes: "list[SyntaxTreeNode]", links: list[str]) -> Iterator[list[Paragraph]]:
    for number, node in enumerate(nodes):
        match node.type:
            case "paragraph":
                yield lines_of(_words(node, links))
            case "heading":
                lines = lines_of(_words(node, links))
                yield [BLANK, *lines] if number else lines
            case "bullet_list" | "ordered_list":
                yield _list(node, links)
            case "blockquote":
                inner = _joined(_blocks(node.children, links))
                yield [replace(one, depth=one.depth + 1) for one in inner]
            case "container_members":
                yield from _blocks(node.children, links)
            case "fence" | "code_block":
                code = node.content.expandtabs(_CODE_INDENT).rstrip("\n").split("\n")
                yield [_fixed(" " * _CODE_INDENT + line) for line in code]
            case "hr":
                yield []
            case "table":
                yield _table(node, links)


def _list(node: "SyntaxTreeNode", links: list[str]) -> list[Paragraph]:
    number = int(node.attrs.get("start", 1))
    loose, entries = False, []
    for item in node.children:
        mark = f"{number}. " if node.type == "ordered_list" else "- "
        number += 1
        blocks = list(_blocks(item.children, links))
        loose = loose or len(blocks) > 1
        first, *others = _joined(blocks) or [BLANK]
        if first.fixed or first.depth:
            others = [first, *others]
            first = BLANK
        entries.append(
            [
                replace(first, text=(mark + first.text).rstrip(" ")),
                *(_set_in(other, len(mark)) for other in others),
            ]
        )
    return _joined(entries) if loose else [one for entry in entries for one in entry]


def _set_in(one: Paragraph, indent: int) -> Paragraph:
    return replace(one, text=" " * indent + one.text) if one.text else one


def _table(node: "SyntaxTreeNode", links: list[str]) -> list[Paragraph]:
    """Each row as an entry that can be read aloud: "- Term: one year; Price: £20"."""
    head, *body = (
        [[_words(cell, links) for cell in row.children] for row in part.children]
        for part in node.children
    )
    names = head[0]
    rows = [
        "- " + "; ".join(f"{name}: {cell}" for name, cell in zip(names, row, strict=False) if cell)
        for part in body
        for row in part
    ] or ["; ".join(names)]
    return [paragraph(row) for row in rows]


def _note(node: "SyntaxTreeNode", links: list[str]) -> list[Paragraph]:
    """A note's paragraphs, the first behind its name: "Note 1: …"."""
    first, *others = _joined(_blocks(node.children, links)) or [BLANK]
    name = _opening(node).content
    name = name[:1].upper() + name[1:] + ":"
    if first.fixed or first.depth:
        return [paragraph(name), first, *others]
    return [paragraph(f"{name} {first.text}"), *others]


def _words(node: "SyntaxTreeNode", links: list[str]) -> str:
    match node.type:
        case "text" | "code_inline":
            return node.content
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n"
        case "footnote_ref":
            return f" [{node.content}]"
    words = "".join(_words(child, links) for child in node.children)
    if node.type == "link":
        url = str(node.attrs["href"])
        if words in (url, url.removeprefix("mailto:"), url.removeprefix("https://")):
            return words
        if url not in links:
            links.append(url)
        words += f" [{links.index(url) + 1}]"
    return words


def _fixed(line: str) -> Paragraph:
    return Paragraph(line.rstrip(), fixed=True)


def _opening(node: "SyntaxTreeNode") -> "Token":
    assert node.nester_tokens is not None
    return node.nester_tokens.opening
