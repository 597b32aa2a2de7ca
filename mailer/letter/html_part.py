"""The HTML part: theme → HTML → styles inlined.

A theme's template sees these names, and no others; each is a text, a number, a list, or a table
of names (mailer/letter/sandbox.py):

- `language`, `direction`: of the reader's variant; `subject`
- `organisation`: `name`, `url`, `address` and `footer` (lists of lines), `own_footer` (HTML: what
  the publication has in the footer's place), `logo` (a picture, or nothing)
- `say(phrase, word=…)`: a fixed phrase (mailer/letter/phrases.py)
- `fields.NAME`: the merge fields (`action_url` in a note only)
- an issue: `letter` with `publication`, `title`, `language`, `direction` and `preheader`;
  `day` (its date in words), `missing` (a count), `join_url`, `archive_url`, and `items`, each
  with `title`, `summary`, `body` (HTML), `url`, `topic`, `members_only`, `picture`
- a picture: `url`, `width`, `height`, `alt`, `caption`
- a note: `letter` with `heading`, `language`, `direction`, `action_label` and `reason`;
  `paragraphs` (HTML)

A theme writes its own fixed texts in no language: they come from `say`.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from mailer.letter.content import NoteLetter, Organisation, Picture, Theme, Variant
from mailer.letter.draft import IssueDraft, base_of, links_from, web_link
from mailer.letter.dress import dressed
from mailer.letter.fields import ISSUE_FIELDS, MERGE_FIELDS, Field, Placeholders, without_reader
from mailer.letter.inlining import inline
from mailer.letter.inlining.tags import quote_bare
from mailer.letter.markdown import Resolve, notes_in, parse, to_html
from mailer.letter.phrases import PHRASES, direction, long_date, say, spoken
from mailer.letter.plain import plain_lines

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
        dressed(theme.inlined_css, organisation, theme.name),
        dressed(theme.kept_css, organisation, theme.name),
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
    from mailer.letter.sandbox import Function, fill_in

    if isinstance(draft, IssueDraft):
        names, known = _issue_names(draft, put), ISSUE_FIELDS
    else:
        names, known = _note_names(draft, put), MERGE_FIELDS
    return fill_in(
        theme,
        {
            "language": variant.language,
            "direction": direction(variant.language),
            "say": Function(_speaker(variant.language)),
            "fields": {name: put.put(Field(name)) for name in sorted(known)},
            **names,
        },
    )


def _issue_names(draft: IssueDraft, put: Placeholders) -> Mapping[str, Any]:
    letter = draft.content
    return {
        "letter": {
            "publication": letter.publication,
            "title": letter.title,
            "language": letter.language,
            "direction": direction(letter.language),
            "preheader": letter.preheader,
        },
        "organisation": _organisation_names(letter.organisation, letter.language, put),
        "subject": without_reader(letter.subject, put.language),
        "day": long_date(letter.date, put.language),
        "missing": draft.missing,
        "join_url": web_link(letter.join_url),
        "archive_url": web_link(letter.archive_url),
        "items": [
            {
                "title": item.title,
                "summary": summary,
                "body": body,
                "url": item.url,
                "topic": item.topic,
                "members_only": item.members_only,
                "picture": _picture_names(item.picture),
            }
            for item in draft.items
            for base in [base_of(item, letter.organisation)]
            for summary, body in [
                _markup((item.summary, item.body), letter.language, base, put, draft.member)
            ]
        ],
    }


def _note_names(note: NoteLetter, put: Placeholders) -> Mapping[str, Any]:
    return {
        "letter": {
            "heading": note.heading,
            "language": note.language,
            "direction": direction(note.language),
            "action_label": note.action_label,
            "reason": note.reason,
        },
        "organisation": _organisation_names(note.organisation, note.language, put),
        "subject": without_reader(note.subject, put.language),
        "paragraphs": _markup(note.paragraphs, note.language, note.organisation.url, put),
    }


def _organisation_names(
    organisation: Organisation, language: str, put: Placeholders
) -> Mapping[str, Any]:
    from markupsafe import Markup

    own = (organisation.own_footer,) if organisation.own_footer.strip() else ()
    return {
        "name": organisation.name,
        "url": web_link(organisation.url),
        "address": _lines(organisation.address),
        "footer": _lines(organisation.footer),
        "own_footer": Markup("").join(_markup(own, language, organisation.url, put)),
        "logo": _picture_names(organisation.logo),
    }


def _picture_names(picture: Picture | None) -> Mapping[str, Any] | None:
    """A picture that mail programs can show: by a web address, and with a size."""
    if picture is None or not web_link(picture.url) or min(picture.width, picture.height) < 1:
        return None
    return {
        "url": picture.url,
        "width": picture.width,
        "height": picture.height,
        "alt": " ".join(picture.alt.split()),
        "caption": " ".join(picture.caption.split()),
    }


def _lines(text: str) -> list[str]:
    return [line for line in (" ".join(line.split()) for line in text.splitlines()) if line]


def _markup(
    sources: tuple[str, ...], language: str, base: str, put: Placeholders, members: bool = False
) -> tuple[str, ...]:
    """Each text as HTML, their footnotes numbered through; links lead from `base`."""
    if put.nonce in "".join(sources):
        return _made(sources, language, links_from(base, put), members)
    return _made_without_fields(sources, language, base, members)


# Whoever writes an item sees its letter at every keystroke, and the other items stay as they are.
@lru_cache(maxsize=128)
def _made_without_fields(
    sources: tuple[str, ...], language: str, base: str, members: bool
) -> tuple[str, ...]:
    return _made(sources, language, links_from(base, Placeholders("", language)), members)


def _made(
    sources: tuple[str, ...], language: str, resolve: Resolve, members: bool
) -> tuple[str, ...]:
    from markupsafe import Markup

    made, notes = [], 0
    for source in sources:
        tree = parse(source, language, resolve, members=members, notes_before=notes)
        notes += notes_in(tree)
        made.append(Markup(to_html(tree, top_heading=_TOP_HEADING)))  # noqa: S704
    return tuple(made)


def _speaker(language: str) -> Callable[..., str]:
    def speak(phrase: str, /, **words: object) -> str:
        if phrase not in PHRASES[spoken(language)]:
            raise ValueError(f"there is no phrase {phrase!r}")
        try:
            return say(language, phrase, **words)
        except KeyError as error:
            raise ValueError(f"the phrase {phrase!r} wants {error.args[0]!r} as well") from error

    return speak
