"""From an issue, or a letter that a room has due, to compiled letters; no database here."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from typing import Literal

from mailer.config import Config
from mailer.delivery.notes import OF_COLLEAGUES, note_letter
from mailer.delivery.themes import theme
from mailer.errors import WrongInput
from mailer.letter import (
    MERGE_FIELDS,
    CompiledLetter,
    EarlierItem,
    Facts,
    Finding,
    IssueLetter,
    Letterhead,
    LetterItem,
    LinkAnswer,
    MergeValues,
    Organisation,
    Picture,
    Variant,
    compile_letter,
    errors_in_content,
    links_to_ask,
    parse_mailbox,
    preflight,
    spoken,
)
from mailer.publication import (
    Issue,
    Item,
    Look,
    Publication,
    Welcome,
    issue_path,
    item_path,
    logo_path,
    picture_path,
    publication_path,
    read_logo,
)
from mailer.sentence import Sentence


def preload() -> None:
    """Import what compiling needs, so that the first letter does not wait for it."""
    import premailer  # noqa: F401
    import tinycss2  # noqa: F401


def issue_letter(config: Config, issue: Issue) -> IssueLetter:
    """The issue as a letter's content, with whole links to the archive."""
    return IssueLetter(
        publication=issue.publication.title,
        title=issue.title,
        date=issue.date,
        subject=issue.subject or issue.title,
        preheader=issue.preheader,
        language=issue.language,
        items=tuple(
            LetterItem(
                title=item.title,
                summary=item.summary,
                body=item.body,
                url=item.link or config.site.url + item_path(issue, item),
                topic=item.topic,
                members_only=item.members_only,
                picture=_picture(config, item),
            )
            for item in issue.items
        ),
        organisation=organisation(config, issue.publication.look),
        archive_url=config.site.url + issue_path(issue),
        join_url=_join_url(config),
    )


def organisation(config: Config, own: Look = Look()) -> Organisation:
    """Who writes, as letters show it; what a publication has of its own goes first."""
    configured = config.organisation
    return Organisation(
        name=config.organisation.name,
        address=config.organisation.address,
        url=config.site.url,
        language=config.organisation.language,
        accent=own.accent or configured.accent,
        accent_dark=own.accent_dark or configured.accent_dark,
        logo=_logo(config, own),
        heading_font=_font(own.heading_font) or configured.heading_font,
        text_font=_font(own.text_font) or configured.text_font,
        footer=configured.footer,
        own_footer=own.footer,
    )


def _font(name: str) -> Literal["serif", "sans"] | None:
    return "serif" if name == "serif" else "sans" if name == "sans" else None


def _picture(config: Config, item: Item) -> Picture | None:
    if item.picture is None:
        return None
    kept = item.picture
    url = config.site.url + picture_path(kept.hash)
    return Picture(url, kept.width, kept.height, kept.alt, kept.caption, kept.octets)


def _join_url(config: Config) -> str | None:
    url = config.organisation.join_url
    return (config.site.url + url if url.startswith("/") else url) or None


def _logo(config: Config, own: Look) -> Picture | None:
    """The logo, where mail programs can show it; else letters have the name in text."""
    if not own.with_logo:
        return None
    if own.logo is not None:
        url, name = config.site.url + picture_path(own.logo.hash), config.organisation.name
        return Picture(url, own.logo.width, own.logo.height, name, octets=own.logo.octets)
    logo = read_logo(config.organisation.logo)
    if logo is None or not logo.width:
        return None
    url = config.site.url + logo_path(logo)
    alt = config.organisation.name
    return Picture(url, logo.width, logo.height, alt, octets=len(logo.content))


def check_issue(
    config: Config,
    issue: Issue,
    earlier: Sequence[EarlierItem] = (),
    answers: Sequence[LinkAnswer] = (),
) -> tuple[Finding, ...]:
    """Everything that preflight finds in the issue's letter.

    Every error is found without `earlier` (`publication.earlier_items`) and `answers`
    (`publication.ask_links`), and so are most warnings.
    """
    facts = Facts(
        sender=issue.publication.sender or config.mail.from_,
        bounce_address=config.mail.bounce_address,
        earlier=tuple(earlier),
        answers=tuple(answers),
    )
    look = theme(config, issue.publication.theme, "letter")
    return preflight(issue_letter(config, issue), look, facts=facts)


def check_before_compiling(config: Config, issue: Issue) -> None:
    """Raise `WrongInput` with the first error that `compile_issue`, called next, would not see."""
    look = theme(config, issue.publication.theme, "letter")
    require_sendable(errors_in_content(issue_letter(config, issue), look))


def outside_links(config: Config, issue: Issue) -> tuple[str, ...]:
    """The links to other sites in the issue's letter, for `publication.ask_links`."""
    return links_to_ask(issue_letter(config, issue))


def require_sendable(findings: Sequence[Finding]) -> None:
    """Raise `WrongInput` with the first error among the findings."""
    for finding in findings:
        if finding.severity == "error":
            raise WrongInput(
                Sentence(
                    "{place}: {reason} {remedy}",
                    place=finding.place,
                    reason=finding.reason,
                    remedy=finding.remedy,
                )
            )


def compile_issue(
    config: Config, issue: Issue, at: datetime, variants: Sequence[Variant]
) -> tuple[CompiledLetter, ...]:
    """The issue's letter in each of these variants; `at` is the Date of every message."""
    return _compile(config, issue_letter(config, issue), issue.publication, at, variants)


def _compile(
    config: Config,
    content: IssueLetter,
    publication: Publication,
    at: datetime,
    variants: Sequence[Variant],
) -> tuple[CompiledLetter, ...]:
    head = letterhead(config, at, publication)
    look = theme(config, publication.theme, "letter")
    letters = tuple(compile_letter(content, head, variant, look) for variant in variants)
    for letter in letters:
        require_mergeable(config, letter)
    return letters


def short_letter(
    config: Config, issue: Issue, day: date, heading: str, subject: str, language: str, text: str
) -> IssueLetter:
    """A letter that says `text` about an issue, to its readers, and leads to its page."""
    whole = issue_letter(config, issue)
    url = whole.archive_url if issue.public and issue.number is not None else ""
    return replace(
        whole,
        title=heading,
        date=day,
        subject=subject,
        preheader="",
        language=language,
        items=(LetterItem(title=issue.title, summary=text, body="", url=url),),
        archive_url=config.site.url + publication_path(issue.publication),
        join_url=None,
    )


def compile_short(
    config: Config,
    content: IssueLetter,
    publication: Publication,
    at: datetime,
    variants: Sequence[Variant],
) -> tuple[CompiledLetter, ...]:
    """A letter of `short_letter` in each of these variants.

    Raises:
        WrongInput: preflight finds an error, or it does not compile.
    """
    look = theme(config, publication.theme, "letter")
    require_sendable(errors_in_content(content, look))
    return _compile(config, content, publication, at, variants)


def compile_welcome(
    config: Config, publication: Publication, welcome: Welcome, form: str, at: datetime
) -> CompiledLetter:
    """The letter that greets a new subscriber, in the format that they read.

    It is a letter of the publication, from its sender, with the links by which a reader leaves.
    Like a note it is compiled once a minute, however many it is due to.
    """
    minute = at.replace(second=0, microsecond=0)
    return _compile_welcome(config, publication, welcome, form, minute)


@lru_cache(maxsize=16)
def _compile_welcome(
    config: Config, publication: Publication, welcome: Welcome, form: str, at: datetime
) -> CompiledLetter:
    content = IssueLetter(
        publication=publication.title,
        title=publication.title,
        date=at.astimezone(config.organisation.zone).date(),
        subject=welcome.subject,
        preheader="",
        language=welcome.language,
        items=(LetterItem(title=welcome.subject, summary=welcome.body, body="", url=""),),
        organisation=organisation(config, publication.look),
        archive_url=config.site.url + publication_path(publication),
    )
    language = spoken(welcome.language)
    variant = Variant(language, "text" if form == "text" else "html", member=False)
    (letter,) = _compile(config, content, publication, at, (variant,))
    return letter


def require_mergeable(config: Config, letter: CompiledLetter) -> None:
    """Merge the letter once for nobody, so that what is wrong for everybody is found in time.

    Raises:
        WrongInput: no reader's message could be made, whoever it is for.
    """
    somewhere = f"{config.site.url}/letter/{'A' * 48}"
    links = ("unsubscribe_url", "preferences_url", "letter_url", "action_url")
    message_id = f"<0123456789abcdef.1@{message_id_domain(config)}>"
    nobody = MergeValues("", "nobody@example.org", message_id, dict.fromkeys(links, somewhere))
    letter.merge(nobody)


def compile_note(config: Config, note: str, language: str, at: datetime) -> CompiledLetter:
    """A short letter that a room has due; its Date is `at` to the minute.

    It is compiled once a minute, however many readers it is due to: what differs between them is
    merged.
    """
    minute = at.replace(second=0, microsecond=0)
    return _compile_note(config, note, language or config.organisation.language, minute)


@lru_cache(maxsize=16)
def _compile_note(config: Config, note: str, language: str, at: datetime) -> CompiledLetter:
    content = note_letter(note, language, organisation(config))
    variant = Variant(content.language, "html", False)
    look = theme(config, "", "note")
    letter = compile_letter(
        content, letterhead(config, at), variant, look, MERGE_FIELDS | OF_COLLEAGUES
    )
    require_mergeable(config, letter)
    return letter


def letterhead(config: Config, at: datetime, publication: Publication | None = None) -> Letterhead:
    """What the header of every message of a mailing says of its sender and list (RFC 2919)."""
    sender = (publication and publication.sender) or config.mail.from_
    reply_to = (publication and publication.reply_to) or config.mail.reply_to
    return Letterhead(
        sender=parse_mailbox(sender),
        reply_to=parse_mailbox(reply_to) if reply_to else None,
        date=at.astimezone(config.organisation.zone),
        list_name=f"{config.organisation.name} {publication.title}" if publication else "",
        list_id=f"{publication.slug}.{_host_name(config)}" if publication else None,
    )


def message_id_domain(config: Config) -> str:
    """The right side of Message-IDs: configured, or the site's host."""
    return config.mail.message_id_domain or _host_name(config)


def _host_name(config: Config) -> str:
    """The site's host, as it may stand in a header; an IPv6 address may not."""
    return "localhost" if ":" in config.site.host else config.site.host
