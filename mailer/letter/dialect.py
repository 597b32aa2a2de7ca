"""The dialect of Markdown that authors write, as one parser for each language.

CommonMark with tables, footnotes, members' blocks, bare addresses as links, and typographic
quotes, dashes and ellipses. HTML that an author writes is shown, not obeyed.

Only what is plainly an address becomes a link: http://, https://, www. and mailboxes. "e.g.so"
and "the PSG.Aims" are slips of the keyboard, not hosts. Of typographic marks only those that
nobody can mistake are made: "(c)" is the third point of a list as often as a copyright.
"""

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from mailer.letter.phrases import primary

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

# Outer quotes and inner ones, as each language prints them; any other language has English ones.
QUOTES: dict[str, tuple[str, str, str, str]] = {
    "ca": ("«", "»", "“", "”"),
    "cs": ("„", "“", "‚", "‘"),
    "da": ("»", "«", "›", "‹"),
    "de": ("„", "“", "‚", "‘"),
    "el": ("«", "»", "“", "”"),
    "en": ("“", "”", "‘", "’"),
    "es": ("«", "»", "“", "”"),
    "eu": ("«", "»", "“", "”"),
    "fi": ("”", "”", "’", "’"),
    "fr": ("«\u00a0", "\u00a0»", "“", "”"),
    "gl": ("«", "»", "“", "”"),
    "hu": ("„", "”", "»", "«"),
    "it": ("«", "»", "“", "”"),
    "nb": ("«", "»", "‘", "’"),
    "pl": ("„", "”", "«", "»"),
    "ru": ("«", "»", "„", "“"),
    "sv": ("”", "”", "’", "’"),
    "uk": ("«", "»", "„", "“"),
}
MEMBERS_CLASS = "for-members"

_LONGEST_ADDRESS = 2000
_LONGEST_HOST = 253
_HOST = re.compile(r"[^./?#:\s]+\.[^./?#:\s][^/?#:\s]*")
_NO_LINK = ("ftp:", "//")
_MARKS = re.compile(r"(?<!\.)\.\.\.(?!\.)|(?<!-)-{2,3}(?!-)")
_WRITTEN_OUT = {"...": "…", "--": "–", "---": "—"}
# Letters or centuries left out at a word's beginning, which no rule can tell from a quote.
_LEFT_OUT = re.compile(r"(?<!\w)'(?=\d0s\b|\d\d\b(?!')|(?:tis|twas|em|til)\b)", re.IGNORECASE)
_LONE = re.compile(r"'(?=\w)")
_WORD = re.compile(r"\S+")
# So many nobody writes into one paragraph. What each of them may begin is looked for to its end.
_MOST_BRACKETS = 200
# A row of one letter gets as many cells as the table has columns.
_MOST_CELLS = 5_000
_TABLE_RULE = re.compile(r"[\s>]*[|:\-][|:\-\s]*")


def parser_for(language: str) -> "MarkdownIt":
    """The parser whose quotes are those of `language`."""
    served = primary(language)
    return _parser(served if served in QUOTES else "en")


def without_members(tokens: "list[Token]") -> "list[Token]":
    """The block tokens outside all members' blocks."""
    kept, depth = [], 0
    for token in tokens:
        if token.type.startswith("container_members"):
            depth += token.nesting
        elif not depth:
            kept.append(token)
    return kept


@cache
def _parser(language: str) -> "MarkdownIt":
    from markdown_it import MarkdownIt
    from mdit_py_plugins.container import container_plugin
    from mdit_py_plugins.footnote import footnote_plugin

    options = {"html": False, "linkify": True, "typographer": True, "quotes": QUOTES[language]}
    parser = MarkdownIt("commonmark", options).enable(["table", "linkify", "smartquotes"])
    footnote_plugin(parser)
    container_plugin(parser, "members", validate=_opens_members)
    _link_only_addresses(parser)
    _bound(parser)
    rules = parser.core.ruler
    rules.after("block", "members", _drop_members)
    rules.before("smartquotes", "marks", _put_marks)
    rules.after("smartquotes", "apostrophes", _put_apostrophes)
    render: dict[str, Any] = parser.renderer.rules  # type: ignore[attr-defined]
    for name in [rule for rule in render if rule.startswith(("footnote_", "container_"))]:
        del render[name]
    render["footnote_ref"] = _call
    render["footnote_block_open"] = lambda tokens, at, *_: (
        f'<p>{tokens[at].content}</p>\n<ol start="{tokens[at].meta["number"]}">\n'
    )
    return parser


def _call(tokens: "list[Token]", at: int, *_: object) -> str:
    """The number that calls a note, one blank behind the word before it."""
    before = tokens[at - 1] if at else None
    parted = before is None or before.type == "softbreak" or before.content.endswith(" ")
    return f"{'' if parted else ' '}[{tokens[at].meta['number']}]"


def _opens_members(words: str, _: str) -> bool:
    # An author's capital must not publish what is meant for members.
    return bool(re.fullmatch(r"members?\W*", words.strip(), re.IGNORECASE))


def _link_only_addresses(parser: "MarkdownIt") -> None:
    linkify = parser.linkify
    assert linkify is not None
    linkify.set({"fuzzy_link": False, "fuzzy_ip": False, "fuzzy_email": True})
    for schema in _NO_LINK:
        linkify.add(schema, None)

    def after_www(linkify: Any, text: str, at: int) -> int:
        # "www." and one word more is a slip, too.
        host = _HOST.match(text, at, at + _LONGEST_HOST + 1)
        if host is None or len(host[0]) > _LONGEST_HOST:
            return 0
        linkify.test_schema_at("http://e.example", "http:", 5)  # it makes its pattern late
        found = linkify.re["http"].match("//www." + text[at : at + _LONGEST_ADDRESS])
        return max(0, len(found[0]) - len("//www.")) if found else 0

    def in_full(_: Any, match: Any) -> None:
        match.url = "https://" + match.url

    linkify.add("www.", {"validate": after_www, "normalize": in_full})


def _bound(parser: "MarkdownIt") -> None:
    """Keep the work in proportion to the text, whatever somebody wrote to make it grow."""
    from markdown_it.rules_block import table

    def brackets(state: Any, silent: bool) -> bool:
        if not state.src.startswith(("[", "![", "^["), state.pos):
            return False
        # The parser's own memory of this paragraph, at a place that no character has.
        if state.cache.setdefault(-1, 0) == 0:
            state.cache[-1] = state.src.count("[")
        if state.cache[-1] <= _MOST_BRACKETS:
            return False
        if not silent:
            state.pending += state.src[state.pos]
        state.pos += 1
        return True

    def small_table(state: Any, begin: int, end: int, silent: bool) -> bool:
        if begin + 1 >= end or not _TABLE_RULE.fullmatch(_line(state, begin + 1)):
            return False
        last = begin
        while last < end and not state.isEmpty(last):
            last += 1
        cells = state.env.get("cells", 0) + _line(state, begin).count("|") * (last - begin)
        if cells > _MOST_CELLS or not table(state, begin, end, silent):
            return False
        if not silent:
            state.env["cells"] = cells
        return True

    parser.inline.ruler.before("link", "brackets", brackets)
    parser.block.ruler.at("table", small_table, {"alt": ["paragraph", "reference"]})


def _line(state: Any, at: int) -> str:
    return str(state.src[state.bMarks[at] : state.eMarks[at]])


def _drop_members(state: "StateCore") -> None:
    """Take members' blocks out for everybody else, with what is defined in them.

    It comes before footnotes and links are looked up: a note or an address that stands in a
    block is not there, wherever it is called.
    """
    state.env["members_blocks"] = sum(
        token.type == "container_members_open" for token in state.tokens
    )
    if state.env.get("members") or not state.env["members_blocks"]:
        return
    spans = [token.map for token in state.tokens if token.type == "container_members_open"]

    def is_public(lines: list[int] | None) -> bool:
        return not any(span and lines and span[0] <= lines[0] < span[1] for span in spans)

    references = state.env.get("references", {})
    for label in [label for label, found in references.items() if not is_public(found["map"])]:
        del references[label]
    for found in state.env.get("duplicate_refs", []):
        if is_public(found["map"]):
            references.setdefault(found["label"], found)
    state.tokens = without_members(state.tokens)
    if notes := state.env.get("footnotes"):
        there = {
            ":" + token.meta["label"]
            for token in state.tokens
            if token.type == "footnote_reference_open"
        }
        notes["refs"] = {label: at for label, at in notes["refs"].items() if label in there}


def _put_marks(state: "StateCore") -> None:
    """Dashes, ellipses and the apostrophes that look like opening quotes; addresses stay."""
    for block in state.tokens:
        within = 0
        auto = False
        for token in block.children or []:
            if token.type == "link_open":
                within, auto = within + 1, token.info == "auto"
            elif token.type == "link_close":
                within, auto = within - 1, False
            elif token.type == "text" and (auto or (within and "://" in token.content)):
                token.type = "text_special"  # which no other rule touches
            elif token.type == "text":
                token.content = _WORD.sub(_with_marks, token.content)
                token.content = _LEFT_OUT.sub("’", token.content)


def _with_marks(found: "re.Match[str]") -> str:
    """One word; what has "://" or "@" in it is an address, and keeps its characters."""
    word = found[0]
    if "://" in word or "@" in word:
        return word
    return _MARKS.sub(lambda mark: _WRITTEN_OUT[mark[0]], word)


def _put_apostrophes(state: "StateCore") -> None:
    """A quote before a word that none closes is an apostrophe."""
    for block in state.tokens:
        for token in block.children or []:
            if token.type == "text":
                token.content = _LONE.sub("’", token.content)
