"""The HTML part: theme → HTML → styles inlined.

A theme's template sees these names, and no others:

- `language`, `direction`: of the reader's variant; `subject`; `organisation`
- `say(phrase, **words)`: a fixed phrase (mailer/letter/phrases.py)
- `fields.NAME`: the merge fields (`action_url` in a note only)
- an issue: `letter` (IssueLetter), `day` (its date in words), `missing` (a count), `join_url`,
  `archive_url`, and `items`, each with `title`, `summary`, `body` (HTML), `url`, `topic`,
  `members_only`
- a note: `letter` (NoteLetter), `paragraphs` (HTML)
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mailer.errors import WrongInput
from mailer.letter.content import NoteLetter, Organisation, Theme, Variant
from mailer.letter.draft import IssueDraft, links_from, web_link
from mailer.letter.fields import ISSUE_FIELDS, MERGE_FIELDS, Field, Placeholders, without_reader
from mailer.letter.inlining import inline
from mailer.letter.inlining.tags import quote_bare
from mailer.letter.markdown import Resolve, parse, to_html
from mailer.letter.phrases import direction, long_date, say
from mailer.letter.plain import plain_lines

if TYPE_CHECKING:
    from jinja2 import Template

COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_TOP_HEADING = 3  # the letter's title is the h1, an item's the h2


def html_part(
    draft: IssueDraft | NoteLetter, theme: Theme, variant: Variant, put: Placeholders
) -> str:
    """The whole HTML document of a letter, with placeholders for its merge fields.

    Raises:
        WrongInput: the theme cannot be rendered, or asks for what is not there.
    """
    organisation = (
        draft.content.organisation if isinstance(draft, IssueDraft) else (draft.organisation)
    )
    page = render_theme(draft, theme, variant, put)
    if re.search(rf"=[^\"'<>]*mf{put.nonce}", page):
        page = quote_bare(page)
    page = inline(
        page,
        _css(theme.inlined_css, organisation),
        _css(theme.kept_css, organisation),
        theme.inliner,
    )
    return plain_lines(page).rstrip("\n") + "\n"


def render_theme(
    draft: IssueDraft | NoteLetter, theme: Theme, variant: Variant, put: Placeholders
) -> str:
    """The theme filled in, before any style is inlined.

    Raises:
        WrongInput: the theme cannot be rendered, or asks for what is not there.
    """
    from jinja2 import TemplateError

    if isinstance(draft, IssueDraft):
        names, known = _issue_names(draft, put), ISSUE_FIELDS
    else:
        names, known = _note_names(draft, put), MERGE_FIELDS
    try:
        return _template(theme.html).render(
            language=variant.language,
            direction=direction(variant.language),
            say=_speaker(variant.language),
            fields={name: put.put(Field(name)) for name in sorted(known)},
            **names,
        )
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise WrongInput(
            f"Theme {theme.name!r} cannot be rendered: {type(error).__name__}: {error}."
        ) from error


@lru_cache(maxsize=16)
def _template(source: str) -> "Template":
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    return SandboxedEnvironment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(source)


def _issue_names(draft: IssueDraft, put: Placeholders) -> Mapping[str, Any]:
    letter = draft.content
    return {
        "letter": letter,
        "organisation": letter.organisation,
        "subject": without_reader(letter.subject, put.language),
        "day": long_date(letter.date, put.language),
        "missing": draft.missing,
        "join_url": web_link(letter.join_url),
        "archive_url": web_link(letter.archive_url),
        "items": [
            {
                "title": item.title,
                "summary": _markup(item.summary, letter.language, base),
                "body": _markup(item.body, letter.language, base),
                "url": item.url,
                "topic": item.topic,
                "members_only": item.members_only,
            }
            for item in draft.items
            for base in [links_from(item.url or letter.organisation.url, put)]
        ],
    }


def _note_names(note: NoteLetter, put: Placeholders) -> Mapping[str, Any]:
    base = links_from(note.organisation.url, put)
    return {
        "letter": note,
        "organisation": note.organisation,
        "subject": without_reader(note.subject, put.language),
        "paragraphs": [_markup(text, note.language, base) for text in note.paragraphs],
    }


def _markup(source: str, language: str, resolve: Resolve) -> str:
    from markupsafe import Markup

    return Markup(to_html(parse(source, language, resolve), top_heading=_TOP_HEADING))  # noqa: S704


def _speaker(language: str) -> Callable[..., str]:
    return lambda phrase, **words: say(language, phrase, **words)


def _css(source: str, organisation: Organisation) -> str:
    """`source` with the organisation's colours: mail readers know no custom properties."""
    for name, colour in (
        ("accent", organisation.accent),
        ("accent-dark", organisation.accent_dark),
    ):
        if not COLOUR.fullmatch(colour):
            raise WrongInput(f"{colour!r} is no colour; write the accent like #1F4E79.")
        source = source.replace(f"var(--{name})", colour)
    return _COMMENT.sub("", source)
