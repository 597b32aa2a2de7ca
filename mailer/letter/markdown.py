"""Markdown, parsed once: the same tree gives the HTML and the plain text.

CommonMark with tables. HTML that an author writes is shown, not obeyed; what the renderer
gives is sanitised again against one table of tags. Pictures by URL become links to them:
nothing is loaded from elsewhere.
"""

import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from mailer.letter.fields import without_reader
from mailer.letter.phrases import say
from mailer.letter.plain import plain_lines

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token
    from markdown_it.tree import SyntaxTreeNode

WIDTH = 72
LINK_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
ALLOWED: dict[str, set[str]] = {
    "p": set(),
    "br": set(),
    "hr": set(),
    "h2": set(),
    "h3": set(),
    "h4": set(),
    "h5": set(),
    "h6": set(),
    "strong": set(),
    "em": set(),
    "code": set(),
    "pre": set(),
    "blockquote": set(),
    "ul": set(),
    "ol": {"start"},
    "li": set(),
    "a": {"href", "title"},
    "table": set(),
    "thead": set(),
    "tbody": set(),
    "tr": set(),
    "th": {"style"},
    "td": {"style"},
}

# Where a link leads, given what the author wrote; None takes the link away, not its words.
Resolve = Callable[[str], str | None]


def render_markdown(source: str, language: str) -> str:
    """Markdown as sanitised HTML for a page that anybody may see, headings from h2 down.

    Merge fields show their fallback in `language`.
    """
    return to_html(parse(without_reader(source, language), language), top_heading=2)


def plain_text(source: str, language: str = "en") -> str:
    """Markdown as one plain line, for feeds and descriptions."""
    blocks = to_text(parse(without_reader(source, language), language, lambda _: None), [])
    return " ".join(blocks.split())


def parse(source: str, language: str, resolve: Resolve = lambda url: url) -> "list[Token]":
    """The tree of `source`, every link passed through `resolve`."""
    tokens = _parser().parse(plain_lines(source))
    for token in tokens:
        if token.type == "inline":
            token.children = list(_inline(token.children or [], language, resolve))
    return tokens


def to_html(tokens: "list[Token]", *, top_heading: int) -> str:
    """Sanitised HTML; the author's highest level of heading becomes h`top_heading`."""
    import nh3

    parser = _parser()
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    highest = min((int(token.tag[1]) for token in headings), default=1)
    for token in headings:
        token.tag = f"h{min(6, int(token.tag[1]) - highest + top_heading)}"
    return nh3.clean(
        parser.renderer.render(tokens, parser.options, {}),
        tags=set(ALLOWED),
        attributes=ALLOWED,
        url_schemes=set(LINK_SCHEMES),
        filter_style_properties={"text-align"},
        link_rel=None,
    )


def to_text(tokens: "list[Token]", links: list[str], width: int = WIDTH) -> str:
    """Plain text wrapped at `width`; each link is numbered in the text and put into `links`."""
    from markdown_it.tree import SyntaxTreeNode

    return "\n\n".join(_blocks(SyntaxTreeNode(tokens).children, links, width))


def wrap(text: str, width: int = WIDTH) -> str:
    """`text` wrapped between words, each of its own lines for itself."""
    return "\n".join(
        textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
        for line in text.split("\n")
    )


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _inline(children: "list[Token]", language: str, resolve: Resolve) -> "Iterator[Token]":
    from markdown_it.token import Token

    open_links: list[bool] = []
    for token in children:
        if token.type == "link_open":
            url = resolve(str(token.attrs.get("href", "")))
            open_links.append(url is not None)
            if url is not None:
                token.attrs["href"] = url
                yield token
        elif token.type == "link_close":
            if open_links.pop():
                yield token
        elif token.type == "image":
            words = (
                say(language, "picture", words=token.content)
                if token.content
                else say(language, "picture_unnamed")
            )
            url = None if open_links else resolve(str(token.attrs.get("src", "")))
            if url is not None:
                yield Token("link_open", "a", 1, attrs={"href": url})
            yield Token("text", "", 0, content=words)
            if url is not None:
                yield Token("link_close", "a", -1)
        else:
            yield token


def _blocks(nodes: "list[SyntaxTreeNode]", links: list[str], width: int) -> Iterator[str]:
    for node in nodes:
        match node.type:
            case "paragraph" | "heading":
                yield wrap(_words(node, links), width)
            case "bullet_list" | "ordered_list":
                yield _list(node, links, width)
            case "blockquote":
                inner = "\n\n".join(_blocks(node.children, links, width - 2))
                yield textwrap.indent(inner, "> ", lambda _: True)
            case "fence" | "code_block":
                yield textwrap.indent(node.content.rstrip("\n"), "    ")
            case "hr":
                yield "* * *"
            case "table":
                yield _table(node, links, width)


def _list(node: "SyntaxTreeNode", links: list[str], width: int) -> str:
    number = int(node.attrs.get("start", 1))
    loose, entries = False, []
    for item in node.children:
        mark = f"{number}. " if node.type == "ordered_list" else "- "
        number += 1
        blocks = list(_blocks(item.children, links, width - len(mark)))
        loose = loose or len(blocks) > 1
        body = textwrap.indent("\n\n".join(blocks), " " * len(mark))
        entries.append(mark + body[len(mark) :])
    return ("\n\n" if loose else "\n").join(entries)


def _table(node: "SyntaxTreeNode", links: list[str], width: int) -> str:
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
    return "\n".join(
        textwrap.fill(
            row, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
        for row in rows
    )


def _words(node: "SyntaxTreeNode", links: list[str]) -> str:
    match node.type:
        case "text" | "code_inline":
            return node.content
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n"
    words = "".join(_words(child, links) for child in node.children)
    if node.type == "link":
        url = str(node.attrs["href"])
        if words in (url, url.removeprefix("mailto:")):
            return words
        if url not in links:
            links.append(url)
        words += f" [{links.index(url) + 1}]"
    return words
