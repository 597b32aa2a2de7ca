"""The letter: how it looks. Content in, bytes out; no files, no clock, no database.

1. A room that knows what is to be said fills in an `IssueLetter` or a `NoteLetter`; whoever
   sends fills in the `Letterhead`. A caller reads a `Theme` from its files.
2. `preflight` names what is wrong with an issue before it is sent; what the letter cannot know
   of the world comes in as `Facts` (`EarlierItem`, `LinkAnswer`).
3. `compile_letter` does the slow work once for each `Variant`: theme, styles, text part,
   MIME. What comes out, a `CompiledLetter`, is stored (`to_bytes`, `from_bytes`).
4. `CompiledLetter.merge` puts one reader's `MergeValues` in: a whole message with CRLF line
   ends, in microseconds. `CompiledLetter.parts` shows it in a browser.

Beside the letter: `as_read` and `kept_for_members` for whoever shows a letter to its author,
`render_markdown` and `plain_text` for pages and feeds, `markdown_from_html`
for what somebody pastes, `has_members_block` for whoever chooses variants, `parse_mailbox` and
`mailbox_header` for mailboxes in configuration and headers, `accent` and `contrast` for colours
that can be read, and `LetterDue`, which any room returns that needs a letter sent.
"""

from mailer.letter.colour import READABLE, Accent, accent, contrast
from mailer.letter.compile import compile_letter
from mailer.letter.compiled import CompiledLetter
from mailer.letter.content import (
    IssueLetter,
    LetterDue,
    Letterhead,
    LetterItem,
    Mailbox,
    MergeValues,
    NoteLetter,
    Organisation,
    Picture,
    Theme,
    Variant,
)
from mailer.letter.draft import kept_for_members
from mailer.letter.dress import DARK_PAPERS, PAPERS, legible, shown_accent
from mailer.letter.fields import ISSUE_FIELDS, MERGE_FIELDS, fields_in
from mailer.letter.headers import mailbox_header, parse_mailbox
from mailer.letter.markdown import has_members_block, plain_text, render_markdown
from mailer.letter.merge import as_read
from mailer.letter.pasting import markdown_from_html
from mailer.letter.phrases import has_phrases, long_date, spoken
from mailer.letter.phrases import primary as primary_language
from mailer.letter.preflight import (
    CUT_HTML,
    EARLIER_CHARACTERS,
    EarlierItem,
    Facts,
    Finding,
    LinkAnswer,
    Where,
    errors_in_content,
    links_to_ask,
    preflight,
)

__all__ = [
    "CUT_HTML",
    "DARK_PAPERS",
    "EARLIER_CHARACTERS",
    "ISSUE_FIELDS",
    "MERGE_FIELDS",
    "PAPERS",
    "READABLE",
    "Accent",
    "CompiledLetter",
    "EarlierItem",
    "Facts",
    "Finding",
    "IssueLetter",
    "LetterDue",
    "LetterItem",
    "Letterhead",
    "LinkAnswer",
    "Mailbox",
    "MergeValues",
    "NoteLetter",
    "Organisation",
    "Picture",
    "Theme",
    "Variant",
    "Where",
    "accent",
    "as_read",
    "compile_letter",
    "contrast",
    "errors_in_content",
    "fields_in",
    "has_members_block",
    "has_phrases",
    "kept_for_members",
    "legible",
    "links_to_ask",
    "long_date",
    "mailbox_header",
    "markdown_from_html",
    "parse_mailbox",
    "plain_text",
    "preflight",
    "primary_language",
    "render_markdown",
    "shown_accent",
    "spoken",
]
