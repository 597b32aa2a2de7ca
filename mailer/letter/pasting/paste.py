"""HTML from the clipboard in, Markdown out; whatever comes in, words come out."""

import html as entities
import re
from typing import Any

from mailer.errors import WrongInput
from mailer.letter.fields import MERGE_FIELDS
from mailer.letter.pasting.blocks import Run
from mailer.letter.pasting.reading import read_blocks
from mailer.letter.pasting.wording import paragraphs
from mailer.letter.pasting.writing import write_blocks
from mailer.letter.plain import plain_lines
from mailer.sentence import Sentence

LIMIT = 2_000_000

_UNSEEN = re.compile(r"<(script|style|head|title)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")
_ENCODED_FIELD = re.compile(r"%7B%7B(?:%20)*([a-z_]+)(?:%20)*%7D%7D", re.IGNORECASE)


def markdown_from_html(html: str) -> str:
    """The Markdown of pasted HTML; empty if nothing in it can be read.

    Pictures leave their alternative text, links to scripts, data and files their words. Merge
    fields stay. Raises WrongInput for more than `LIMIT` characters.
    """
    if len(html) > LIMIT:
        raise WrongInput(
            Sentence(
                "What was pasted has {count} characters of HTML, more than "
                "{limit}; paste it in parts, or without its pictures.",
                count=f"{len(html):,}",
                limit=f"{LIMIT:,}",
            )
        )
    text = _ENCODED_FIELD.sub(_field, plain_lines(html))
    root, whole = _parse(text)
    if not whole:
        # Nested deeper than any parser follows: nothing but the words is worth keeping.
        words = entities.unescape(_TAG.sub(" ", _UNSEEN.sub(" ", text)))
        return write_blocks(paragraphs([Run(words)]))
    return "" if root is None else write_blocks(read_blocks(root))


def _parse(text: str) -> tuple[Any, bool]:
    """The tree of a page, and whether the whole page is in it."""
    from lxml import etree

    parser = etree.HTMLParser(
        encoding="utf-8", huge_tree=True, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(f"<div>{text}</div>".encode(), parser)
    except etree.XMLSyntaxError:
        return None, not parser.error_log.filter_from_fatals()
    return root, not any("RESOURCE_LIMIT" in entry.type_name for entry in parser.error_log)


def _field(match: re.Match[str]) -> str:
    return f"{{{{ {match[1]} }}}}" if match[1] in MERGE_FIELDS else match[0]
