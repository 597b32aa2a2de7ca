"""Markdown, parsed once: the same tree gives the HTML and the plain text.

The dialect is in dialect.py. What the renderer gives is sanitised again against one table of
tags. Pictures by URL become links to them: nothing is loaded from elsewhere.

A footnote is called by a number in brackets, and the notes stand in a list at the text's end.
They have neither links nor ids: several items stand in one letter and several on a page, so ids
would meet; a mail program may follow no anchor, or open the browser for one; and in a feed an
anchor leads out of the item. In the plain text, where links are numbered too, it is "[note 1]".

A members' block (`::: members` … `:::`) exists only where `members` is asked for.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

from mailer.letter.dialect import MEMBERS_CLASS, parser_for
from mailer.letter.fields import PLACEHOLDER, without_reader
from mailer.letter.phrases import say
from mailer.letter.plain import plain_lines
from mailer.letter.tree_text import to_text

if TYPE_CHECKING:
    from markdown_it.token import Token

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
    "div": set(),
}
# An attribute that may have these values and no others.
ALLOWED_VALUES = {"div": {"class": {MEMBERS_CLASS}}}

# Where a link leads, given what the author wrote; None takes the link away, not its words.
Resolve = Callable[[str], str | None]


def render_markdown(source: str, language: str) -> str:
    """Markdown as sanitised HTML for a page that anybody may see, headings from h2 down.

    Merge fields show their fallback in `language`; where that leaves a link leading nowhere,
    its words stand alone.
    """
    public = without_reader(source, language)
    return to_html(parse(public, language, lambda url: url or None), top_heading=2)


def plain_text(source: str, language: str = "en") -> str:
    """Markdown as one plain line that anybody may see, for feeds and descriptions."""
    tree = parse(without_reader(source, language), language, lambda _: None)
    texts, notes = to_text(tree, [])
    return " ".join(" ".join(one.text for one in (*texts, *notes)).split())


def has_members_block(source: str) -> bool:
    """Whether a part of `source` is for members only."""
    return members_blocks(source) > 0


@lru_cache(maxsize=64)  # each group of readers asks it of the same items
def members_blocks(source: str) -> int:
    """How many parts of `source` are for members only."""
    if ":::" not in source:
        return 0
    env: dict[str, object] = {}
    _tokens(source, "en", env)
    return int(str(env["members_blocks"]))


def parse(
    source: str,
    language: str,
    resolve: Resolve = lambda url: url,
    *,
    members: bool = False,
    notes_before: int = 0,
) -> "list[Token]":
    """The tree of `source`, every link passed through `resolve`, without members' blocks.

    With `members`, it has them. Its notes are numbered from behind `notes_before`.
    """
    tokens = _tokens(source, language, {"members": members})
    for token in tokens:
        if token.type == "inline":
            token.children = list(_inline(token.children or [], language, resolve, notes_before))
        elif token.type == "footnote_block_open":
            token.content = escape(say(language, "notes"))
            token.meta = {"number": notes_before + 1}
        elif token.type == "footnote_block_close":
            token.tag = "ol"
        elif token.type == "footnote_open":
            token.tag = "li"
            _name_note(token, language, notes_before)
        elif token.type == "footnote_close":
            token.tag = "li"
        elif token.type == "container_members_open":
            token.attrs = {"class": MEMBERS_CLASS}
    return [token for token in tokens if token.type != "footnote_anchor"]


def notes_in(tokens: "list[Token]") -> int:
    """How many notes stand at the end of this tree."""
    return sum(token.type == "footnote_open" for token in tokens)


def to_html(tokens: "list[Token]", *, top_heading: int) -> str:
    """Sanitised HTML; the author's highest level of heading becomes h`top_heading`."""
    import nh3

    parser = parser_for("en")
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    highest = min((int(token.tag[1]) for token in headings), default=1)
    for token in headings:
        token.tag = f"h{min(6, int(token.tag[1]) - highest + top_heading)}"
    return nh3.clean(
        parser.renderer.render(tokens, parser.options, {}),
        tags=set(ALLOWED),
        attributes=ALLOWED,
        tag_attribute_values=ALLOWED_VALUES,
        url_schemes=set(LINK_SCHEMES),
        filter_style_properties={"text-align"},
        link_rel=None,
    )


def _tokens(source: str, language: str, env: dict[str, object]) -> "list[Token]":
    # The plug-in of members' blocks reads one character past a last line that has no end.
    return parser_for(language).parse(plain_lines(source) + "\n", env)


def _inline(
    children: "list[Token]", language: str, resolve: Resolve, notes_before: int
) -> "Iterator[Token]":
    from markdown_it.token import Token

    open_links: list[bool] = []
    for token in children:
        if token.type == "link_open":
            written = str(token.attrs.get("href", ""))
            # Nobody asked for this link, so it is no error that a field cannot stand in one.
            unasked = token.markup == "linkify" and PLACEHOLDER.search(written)
            url = None if unasked else resolve(written)
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
            if token.type == "footnote_ref":
                _name_note(token, language, notes_before)
            yield token


def _name_note(token: "Token", language: str, notes_before: int) -> None:
    number = notes_before + token.meta["id"] + 1
    token.meta["number"] = number
    token.content = say(language, "note", number=number)
