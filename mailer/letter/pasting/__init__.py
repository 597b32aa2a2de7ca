"""Pasting: what browsers put on the clipboard, as the Markdown that an author would have written.

1. `paste` takes the HTML in, and parses it within limits.
2. `habits` knows how Word, Google Docs and mail programs write what they mean.
3. `reading` walks the tree once and finds `blocks`: paragraphs, lists, quotations, tables.
4. `wording` writes one line of words; `writing` writes the blocks, in the dialect of `markdown`.
"""

from mailer.letter.pasting.paste import LIMIT, markdown_from_html

__all__ = ["LIMIT", "markdown_from_html"]
